"use strict";
// The address bar: it names the view, what it is about, and every filter, so that it can be sent.

const Address = {
  // What rows are filtered by; words are a filter too.
  columns: document.documentElement.dataset.filters.split(" "),
  filters: () => [...Address.columns, "q"],

  // The parts of an address, `view` among them.
  parse(search) {
    return { view: "errors", key: "", ...Object.fromEntries(new URLSearchParams(search)) };
  },

  current() {
    return Address.parse(location.search);
  },

  // The address with these parts; empty ones are left out.
  format(parts) {
    const full = Object.entries(parts).filter(([, value]) => value);
    return `?${new URLSearchParams(full)}`;
  },

  // Whether both name the same data, whatever the filters.
  isSame(one, other) {
    return ["view", "key", "run", "days"].every((name) => (one[name] ?? "") === (other[name] ?? ""));
  },

  // Changes some parts; a step in the history only where `isStep`.
  change(parts, isStep = false) {
    const next = Address.format({ ...Address.current(), ...parts });
    history[isStep ? "pushState" : "replaceState"](null, "", next + location.hash);
  },

  // The address that a link leads to: the run and the days stay, and so do the filters, except for
  // outcomes, and except where the link is about a commit.
  follow(search) {
    const now = Address.current();
    const own = Address.parse(search);
    const filters = own.commit ? [] : Address.filters().filter((name) => name !== "outcome");
    const { run = "", days = "", keys } = now; // those of a link in the header may be old
    return { ...Object.fromEntries(filters.map((name) => [name, now[name]])), keys, ...own, run, days };
  },
};
