"use strict";
// Single keys: to the views, from row to row, to the search.

const Keys = {
  views: { e: "errors", s: "source", t: "time", c: "comparison" },

  isTyping(element) {
    return Boolean(element?.closest?.("input:not([type=checkbox]), select, textarea"));
  },

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || Flame.press(event)) return;
    const { keys } = Address.current();
    if (keys === "off" || Keys.isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const act = Keys.action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  },

  // What a key does; undefined for keys that do nothing.
  action(key) {
    if (key in Keys.views) return () => Views.go(Address.follow(`?view=${Keys.views[key]}`));
    return {
      j: () => Keys.step(1),
      k: () => Keys.step(-1),
      u: () => history.back(),
      "/": () => document.querySelector("#filters [name=q]").focus(),
      x: () => Views.clear(),
      "?": () => document.getElementById("help").showModal(),
    }[key];
  },

  // Focuses the next row, or the one before it.
  step(by) {
    const links = [...document.querySelectorAll(".view.current .sortable tbody th a, .view.current .raised a")];
    const shown = links.filter((link) => link.checkVisibility());
    const place = shown.indexOf(document.activeElement);
    const next = place < 0 ? (by > 0 ? 0 : shown.length - 1) : place + by;
    shown[Math.min(Math.max(next, 0), shown.length - 1)]?.focus();
  },
};
