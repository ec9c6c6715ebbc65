"use strict";
// The view that the address names: in a copy all views are here, a served page fetches the others.

const Views = {
  loaded: Address.current(), // the address of what is in a served page
  shown: Address.current(), // the address that was shown last

  isServed: () => "served" in document.documentElement.dataset,

  find(parts) {
    return [...document.querySelectorAll(".view")].find(
      (view) => view.dataset.view === parts.view && view.dataset.key === parts.key,
    );
  },

  // Shows what the address names, filtered.
  show() {
    const parts = Address.current();
    Views.shown = parts;
    const view = Views.find(parts);
    for (const one of document.querySelectorAll(".view")) one.classList.toggle("current", one === view);
    document.getElementById("absent").hidden = Boolean(view) || Views.isServed();
    for (const link of document.querySelectorAll("[data-nav]")) {
      const isHere = link.dataset.nav === ({ group: "errors", file: "source" }[parts.view] ?? parts.view);
      isHere ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    }
    const heading = view?.querySelector("h2")?.textContent;
    document.title = [heading, document.querySelector("h1").textContent].filter(Boolean).join(" · ");
    if (!view) return;
    Rows.prepare(view);
    Views.offer(view, parts);
    Rows.apply(view);
    Flame.apply(view);
    const tables = [...view.querySelectorAll("table.sortable")];
    const open = tables.find((table) => !table.closest("details"));
    document.getElementById("shown").textContent = open?.dataset.shown ?? "";
    document.getElementById("keys-on").checked = parts.keys !== "off";
  },

  // The rows, lines, spans and boxes of a view that a filter holds for.
  having(view, name) {
    const parts = [".sortable tr", ".code tr", ".waterfall li", ".box"];
    return [...view.querySelectorAll(parts.map((one) => `${one}[data-${name}]`).join())];
  },

  // What of the filters that are set a view does not follow; empty where it follows all.
  reach(view, parts) {
    const set = Address.columns.filter((name) => parts[name]);
    const held = Address.columns.filter((name) => Views.having(view, name).length);
    const lost = held.length ? set.filter((name) => !held.includes(name)) : [];
    const isPart = view.dataset.view === "comparison" && (set.length > lost.length || parts.q);
    return [
      lost.length ? `No effect in this view: ${lost.join(", ")}.` : "",
      isPart ? "Only the table of functions is filtered." : "",
    ].filter(Boolean).join(" ");
  },

  // Offers the filters that tell the rows of a view apart, and shows those that are set.
  offer(view, parts) {
    const filters = document.getElementById("filters");
    document.getElementById("reach").textContent = Views.reach(view, parts);
    filters.hidden = parts.view === "comparison" && !view.querySelector("table.sortable");
    for (const label of filters.querySelectorAll("[data-filter]")) {
      const name = label.dataset.filter;
      const select = label.querySelector("select");
      const values = new Set(Views.having(view, name).flatMap((row) => Rows.values(row.dataset[name])));
      if (parts[name]) values.add(parts[name]);
      label.hidden = values.size < 2 && !parts[name];
      const options = [...values].sort().map((value) => new Option(value, value));
      select.replaceChildren(new Option("any", ""), ...options);
      select.value = parts[name] ?? "";
    }
    const search = filters.querySelector("[name=q]");
    if (search !== document.activeElement) search.value = parts.q ?? "";
    const commit = document.getElementById("commit-filter");
    commit.hidden = !parts.commit;
    commit.querySelector("code").textContent = (parts.commit ?? "").slice(0, 9);
  },

  // Goes to an address, as a step in the history.
  async go(parts, hash = "") {
    const isSame = Address.isSame(parts, Address.current());
    history.pushState(null, "", Address.format(parts) + hash);
    if (isSame || !Views.isServed() || !(await Views.load())) Views.show();
    if (!isSame) {
      window.scrollTo(0, 0);
      document.getElementById("content").focus({ preventScroll: true });
    }
    Views.reveal();
  },

  // Focuses the link to the view that was left, so that the next row is one key away.
  resume(left) {
    if (Address.isSame(left, Address.current())) return;
    const links = [...document.querySelectorAll(".view.current a[href^='?']")];
    const leadsThere = ({ view, key }) => view === left.view && key === left.key;
    links.find((link) => leadsThere(Address.parse(link.search)) && link.checkVisibility())?.focus();
  },

  // Scrolls to the line of a file that the address names: `#L17`.
  reveal() {
    for (const line of document.querySelectorAll(".target")) line.classList.remove("target");
    const number = /^#L(\d+)$/.exec(location.hash)?.[1];
    const line = number && document.querySelector(`.view.current [data-line="${number}"]`);
    line?.classList.add("target");
    line?.scrollIntoView({ block: "center" });
  },

  // Fetches what the address names, and puts it in the place of what is here.
  async load() {
    const asked = location.search;
    try {
      const answer = await fetch(location.pathname + asked, { cache: "no-store" });
      const news = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked !== location.search) return false; // the user has gone on
      if (!news.querySelector("main")) throw new Error(answer.status);
      Views.loaded = Address.current();
      Views.put(news);
      Live.say("live");
      return true;
    } catch {
      Live.say("aiprov does not answer; this page may be out of date");
      return false;
    }
  },

  // Puts the content of another document here; what is focused and open stays so.
  put(news) {
    const focused = Views.selector(document.activeElement);
    for (const box of document.querySelectorAll("main details[id][open]")) {
      const next = news.getElementById(box.id);
      if (next) next.open = true;
    }
    document.querySelector("main").replaceChildren(...news.querySelector("main").childNodes);
    for (const id of ["facts", "made"]) {
      document.getElementById(id).replaceWith(news.getElementById(id));
    }
    Views.show();
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  },

  selector(element) {
    if (!element?.closest("main")) return null;
    const href = element.getAttribute("href");
    if (href) return `main a[href="${CSS.escape(href)}"]`;
    const { id, sort } = element.dataset;
    if (id) return `.box[data-id="${CSS.escape(id)}"]`;
    if (sort) return `[data-sort="${CSS.escape(sort)}"]`;
    return element.id ? `#${CSS.escape(element.id)}` : null;
  },

  clear() {
    Address.change(Object.fromEntries(Address.filters().map((name) => [name, ""])), true);
    Views.show();
  },
};
