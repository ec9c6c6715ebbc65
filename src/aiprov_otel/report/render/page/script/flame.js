"use strict";
// The flame graph: zoom into a box, and go from box to box by the arrow keys.

const Flame = {
  // Where a box is, in percent, when the box `zoomed` is as wide as the graph.
  place(box, zoomed) {
    const wide = zoomed.share || 1;
    return { x: (100 * (box.begin - zoomed.begin)) / wide, width: (100 * box.share) / wide };
  },

  // Whether `id` is the box `other`, one above it, or one below it.
  isRelated(id, other) {
    return id === other || id.startsWith(`${other}.`) || other.startsWith(`${id}.`);
  },

  numbers(box) {
    return { begin: Number(box.dataset.begin), share: Number(box.dataset.share) };
  },

  // Shows the view as the address has it.
  apply(view) {
    const { at = "" } = Address.current();
    const zoomed = at && view.querySelector(`.box[data-id="${CSS.escape(at)}"]`);
    const whole = zoomed ? Flame.numbers(zoomed) : { begin: 0, share: 1 };
    const pixels = view.clientWidth;
    for (const box of view.querySelectorAll(".box")) {
      const isShown = !zoomed || Flame.isRelated(box.dataset.id, at);
      box.classList.toggle("away", !isShown);
      const isBelow = zoomed && at.startsWith(`${box.dataset.id}.`);
      const { x, width } = isBelow ? { x: 0, width: 100 } : Flame.place(Flame.numbers(box), whole);
      box.setAttribute("x", `${x.toFixed(3)}%`);
      box.setAttribute("width", `${width.toFixed(3)}%`);
      box.classList.toggle("narrow", (pixels * width) / 100 < 30); // a letter of its name is noise
    }
    const button = view.querySelector(".whole");
    if (button) button.hidden = !zoomed;
  },

  zoom(id) {
    Address.change({ at: id }, true);
    Views.show();
  },

  // The box that an arrow key leads to from the box `id`, of those in `ids`.
  next(ids, id, key) {
    const parts = id.split(".");
    const beside = (step) => [...parts.slice(0, -1), Number(parts.at(-1)) + step].join(".");
    const targets = {
      ArrowDown: `${id}.0`,
      ArrowUp: parts.slice(0, -1).join("."),
      ArrowRight: beside(1),
      ArrowLeft: beside(-1),
    };
    return ids.includes(targets[key]) ? targets[key] : id;
  },

  press(event) {
    const box = event.target.closest?.(".box");
    if (!box) return false;
    if (event.key === "Enter" || event.key === " ") Flame.zoom(box.dataset.id);
    else if (event.key === "Escape") Flame.zoom("");
    else if (event.key.startsWith("Arrow")) {
      const view = box.closest(".view");
      const boxes = [...view.querySelectorAll(".box:not(.away)")];
      const id = Flame.next(boxes.map((one) => one.dataset.id), box.dataset.id, event.key);
      Flame.focus(boxes.find((one) => one.dataset.id === id));
    } else return false;
    event.preventDefault();
    return true;
  },

  focus(box) {
    const view = box.closest(".view");
    for (const one of view.querySelectorAll(".box[tabindex='0']")) one.setAttribute("tabindex", "-1");
    box.setAttribute("tabindex", "0");
    box.focus();
  },

  tell(box) {
    const output = box.closest(".view").querySelector(".box-text");
    output.textContent = box.querySelector("title").textContent;
  },
};
