"use strict";
// The rows of a view: filtered and sorted as the address has it.

const Rows = {
  // What a row has of a filter: a file has the values of all its lines.
  values: (text) => text.split("\n").filter(Boolean),

  // Whether a row with this text has the value of a filter; a commit may be cut off.
  has(name, text, wanted) {
    const isSame = (value) => value === wanted || (name === "commit" && (value.startsWith(wanted) || wanted.startsWith(value)));
    return Rows.values(text).some(isSame);
  },

  // Whether a row, by its data and its text, passes the filters.
  passes(data, text, filters) {
    const words = (filters.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    return (
      words.every((word) => text.toLowerCase().includes(word)) &&
      Address.columns.every((name) => !filters[name] || data[name] === undefined || Rows.has(name, data[name], filters[name]))
    );
  },

  // Filters everything in a view: rows of tables disappear, lines, spans and boxes fade.
  apply(view) {
    const filters = { ...Address.current() };
    if (view.dataset.view === "errors") filters.outcome ||= "escaped";
    for (const table of view.querySelectorAll("table.sortable")) {
      Rows.sort(table, filters.sort);
      Rows.filter(table, filters);
    }
    const isFiltered = Rows.isFiltered(filters);
    for (const one of view.querySelectorAll(".code tr[data-origin], .waterfall li, .box")) {
      const text = one.querySelector("title, pre, .step")?.textContent ?? "";
      one.classList.toggle("dim", Boolean(isFiltered) && !Rows.passes(one.dataset, text, filters));
    }
    for (const link of view.querySelectorAll("[data-outcome-link]")) {
      const isChosen = link.dataset.outcomeLink === filters.outcome;
      isChosen ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    }
  },

  isFiltered(filters) {
    return Address.filters().some((name) => name !== "outcome" && filters[name]);
  },

  filter(table, filters) {
    const first = filters.all === table.id ? Infinity : Number(table.dataset.first || Infinity);
    const isPlain = !Rows.isFiltered(filters) && !filters.sort?.includes(`${table.id}.`);
    let matches = 0;
    let total = 0;
    for (const row of table.tBodies[0].rows) {
      const isFolder = "folder" in row.dataset;
      // A folder heads its files, unless they are sorted or filtered.
      const isWanted = isFolder ? isPlain : Rows.passes(row.dataset, row.textContent, filters);
      matches += isWanted && !isFolder;
      total += !isFolder;
      row.hidden = !isWanted || matches > first;
    }
    table.dataset.shown = `${matches} of ${total}`;
    const none = document.querySelector(`[data-none="${table.id}"]`);
    if (none) none.hidden = matches > 0;
    const button = document.querySelector(`[data-all="${table.id}"]`);
    if (button) {
      button.hidden = matches <= first;
      button.textContent = `Show all ${matches}`;
    }
  },

  // Sorts a table by `id.column`, or `-id.column` for the largest first.
  sort(table, order = "") {
    const [id, column] = order.replace(/^-/, "").split(".");
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    const rows = [...table.tBodies[0].rows];
    rows.forEach((row, place) => (row.dataset.place ??= place));
    const head = id === table.id ? heads[column] : undefined;
    if (head) head.setAttribute("aria-sort", order.startsWith("-") ? "descending" : "ascending");
    const turn = order.startsWith("-") ? -1 : 1;
    const isNumber = head && "number" in head.dataset;
    const key = (row) => {
      if (!head) return Number(row.dataset.place);
      const cell = row.cells[column];
      return isNumber ? Number(cell.dataset.value ?? NaN) : cell.textContent.trim();
    };
    rows.sort((row, other) => {
      const [a, b] = [key(row), key(other)];
      if (typeof a === "string") return turn * a.localeCompare(b);
      if (isNaN(a) || isNaN(b)) return isNaN(a) - isNaN(b); // unknown values come last
      return head ? turn * (a - b) : a - b;
    });
    table.tBodies[0].append(...rows);
  },

  // Makes the headings of the tables in a view buttons that sort.
  prepare(view) {
    for (const table of view.querySelectorAll("table.sortable")) {
      [...table.tHead.rows[0].cells].forEach((head, place) => {
        if (head.firstElementChild) return;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        button.dataset.sort = `${table.id}.${place}`;
        head.replaceChildren(button);
      });
    }
  },
};
