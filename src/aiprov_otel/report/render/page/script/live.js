"use strict";
// A served page lives: it is fetched again when the receiver reports that something came.

const Live = {
  isPending: false,
  isBusy: false,

  start() {
    const events = new EventSource("events");
    events.addEventListener("change", () => Live.refresh());
    events.addEventListener("open", () => Live.say("live"));
    events.addEventListener("error", () => Live.say("aiprov does not answer; this page may be out of date"));
    document.addEventListener("visibilitychange", () => Live.isPending && Live.refresh());
  },

  say(words) {
    const output = document.getElementById("live");
    if (output && output.textContent !== words) output.textContent = words;
  },

  // Fetches the view again, at once, unless it is not seen, or somebody copies text from it.
  async refresh() {
    Live.isPending = true;
    if (Live.isBusy || document.hidden || !getSelection().isCollapsed) return;
    Live.isBusy = true;
    Live.isPending = false;
    const began = performance.now();
    await Views.load();
    setTimeout(() => {
      Live.isBusy = false;
      if (Live.isPending) Live.refresh();
    }, Live.pause(performance.now() - began));
  },

  // A view of a large store takes CPU from the service beside it: one that takes a quarter of a
  // second rests as long, one that takes a second or more rests for four times as long.
  pause(took) {
    return Math.min(took ** 2 / 250, 4 * took);
  },
};
