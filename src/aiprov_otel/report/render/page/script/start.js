"use strict";
// Binds what the user does to the modules above.

document.documentElement.classList.add("scripted");

document.addEventListener("click", (event) => {
  const target = event.target;
  const link = target.closest("a[href^='?']");
  const box = target.closest(".box");
  const button = target.closest("button");
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link && !("plain" in link.dataset)) {
    event.preventDefault();
    Views.go(Address.follow(link.search), link.hash);
  } else if (box) {
    Flame.focus(box);
    Flame.zoom(box.dataset.id);
  } else if (button?.dataset.sort) {
    const { sort: before } = Address.current();
    const { sort } = button.dataset;
    const isNumber = "number" in button.parentElement.dataset;
    const first = isNumber ? `-${sort}` : sort;
    Address.change({ sort: before === first ? (isNumber ? sort : `-${sort}`) : first });
    Views.show();
  } else if (button?.dataset.all) {
    Address.change({ all: button.dataset.all });
    Views.show();
  } else if (button?.classList.contains("whole")) Flame.zoom("");
  else if (button?.id === "commit-clear") {
    Address.change({ commit: "" }, true);
    Views.show();
  } else if (button?.id === "help-open") document.getElementById("help").showModal();
});

document.addEventListener("input", (event) => {
  const { name, id, value, checked } = event.target;
  if (event.target.closest("#filters")) Address.change({ [name]: value });
  else if (id === "keys-on") Address.change({ keys: checked ? "" : "off" });
  else {
    if (event.target.closest(".scope")) Views.go({ ...Address.current(), [name]: value });
    return;
  }
  Views.show();
});

document.addEventListener("keydown", Keys.press);
for (const kind of ["focusin", "mouseover"]) {
  document.addEventListener(kind, (event) => {
    const box = event.target.closest?.(".box");
    if (box) Flame.tell(box);
  });
}

window.addEventListener("popstate", async () => {
  const left = Views.shown;
  const isLoaded = !Views.isServed() || Address.isSame(Address.current(), Views.loaded);
  if (isLoaded || !(await Views.load())) Views.show();
  Views.resume(left);
});

window.addEventListener("beforeprint", () => {
  document.querySelectorAll(".view.current details").forEach((box) => (box.open = true));
});

document.addEventListener("DOMContentLoaded", () => {
  Views.show();
  Views.reveal();
  if (Views.isServed()) Live.start();
});
