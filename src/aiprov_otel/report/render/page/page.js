"use strict";
// Sorts and searches the functions, opens everything for print, and refreshes a served page.

const FIRST = 25; // functions, until the user asks for more
const chosen = { text: "", origin: "", column: -1, up: false, all: false };
const byId = (id) => document.getElementById(id);

function prepare() {
  const table = byId("functions-table");
  if (!table) return;
  table.querySelectorAll("thead th").forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.id = `sort-${place}`;
    button.dataset.column = place;
    head.replaceChildren(button);
  });
  byId("functions-search").value = chosen.text;
  byId("functions-origin").value = chosen.origin;
  byId("functions-controls").hidden = false;
  if (chosen.column >= 0) sort(table);
  filter(table);
}

function sort(table) {
  const heads = [...table.querySelectorAll("thead th")];
  heads.forEach((head, place) => {
    const way = chosen.up ? "ascending" : "descending";
    if (place === chosen.column) head.setAttribute("aria-sort", way);
    else head.removeAttribute("aria-sort");
  });
  const number = "number" in heads[chosen.column].dataset;
  const key = (row) => {
    const cell = row.cells[chosen.column];
    return number ? Number(cell.dataset.value ?? NaN) : cell.textContent;
  };
  const compare = (a, b) => (number ? a - b : a.localeCompare(b));
  const rows = [...table.tBodies[0].rows].sort((row, other) => {
    const [a, b] = [key(row), key(other)];
    if (number && (isNaN(a) || isNaN(b))) return isNaN(a) - isNaN(b); // unknown values come last
    return chosen.up ? compare(a, b) : compare(b, a);
  });
  table.tBodies[0].append(...rows);
}

function filter(table) {
  const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  let matches = 0;
  for (const row of table.tBodies[0].rows) {
    const text = row.textContent.toLowerCase();
    const origin = row.querySelector(".origin").textContent;
    const fits = words.every((word) => text.includes(word));
    const wanted = fits && (!chosen.origin || origin === chosen.origin);
    matches += wanted;
    row.hidden = !wanted || (!chosen.all && matches > FIRST);
  }
  const shown = chosen.all ? matches : Math.min(matches, FIRST);
  byId("functions-count").textContent = `${shown} of ${table.tBodies[0].rows.length}`;
  byId("functions-all").hidden = matches <= shown;
  byId("functions-all").textContent = `Show all ${matches}`;
}

document.addEventListener("click", (event) => {
  const table = byId("functions-table");
  const column = event.target.dataset?.column;
  if (event.target.id === "functions-all") {
    chosen.all = true;
    filter(table);
  } else if (column !== undefined) {
    const number = "number" in event.target.parentElement.dataset;
    chosen.up = chosen.column === Number(column) ? !chosen.up : !number;
    chosen.column = Number(column);
    sort(table);
    filter(table);
  }
});

document.addEventListener("input", (event) => {
  if (event.target.id === "functions-search") chosen.text = event.target.value;
  else if (event.target.id === "functions-origin") chosen.origin = event.target.value;
  else return;
  filter(byId("functions-table"));
});

window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((box) => (box.open = true));
});

async function refresh(box) {
  const began = performance.now();
  if (box.checked && !document.hidden) {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      if (answer.ok) show(await answer.text());
      byId("news").textContent = answer.ok ? "" : "Can't read the store; this page may be out of date.";
    } catch {
      byId("news").textContent = "aiprov serve does not answer; this page may be out of date.";
    }
  }
  // A report on a large store takes long, and takes CPU from the service beside it.
  const pause = Math.max(box.dataset.seconds * 1000, 10 * (performance.now() - began));
  setTimeout(refresh, pause, box);
}

function show(text) {
  const news = new DOMParser().parseFromString(text, "text/html");
  byId("made").textContent = news.getElementById("made").textContent;
  const main = news.querySelector("main");
  if (main.innerHTML === shown || !getSelection().isCollapsed) return; // the user may be copying
  shown = main.innerHTML;
  const focused = selector(document.activeElement);
  for (const box of document.querySelectorAll("main details[id]")) {
    const next = news.getElementById(box.id);
    if (next) next.open = box.open;
  }
  document.querySelector("nav").replaceWith(news.querySelector("nav"));
  document.querySelector("main").replaceWith(main);
  prepare();
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}

function selector(element) {
  const summary = element?.matches("details[id] > summary");
  const named = summary ? element.parentElement : element;
  return named?.id ? `#${CSS.escape(named.id)}${summary ? " > summary" : ""}` : null;
}

let shown = document.querySelector("main").innerHTML;
prepare();
const box = byId("refresh");
if (box) setTimeout(refresh, box.dataset.seconds * 1000, box);
