"use strict";

// Fetches the live parts of a page again every two seconds, and a waiting page as a whole.
const EVERY = 2000;

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.live, { cache: "no-store" });
    const text = await answer.text();
    // Only what changed is put in, so that nobody's reading or focus is disturbed.
    if (part.dataset.shown !== text) {
      part.innerHTML = text;
      part.dataset.shown = text;
    }
    if (answer.status === 410) {
      for (const stale of document.querySelectorAll(".actions, .notice, h2")) {
        stale.remove();
      }
      return;
    }
  } catch {
    // The sandbox is away; it may come back.
  }
  setTimeout(refresh, EVERY, part);
}

for (const part of document.querySelectorAll("[data-live]")) {
  setTimeout(refresh, EVERY, part);
}
const waiting = document.querySelector("[data-again]");
if (waiting) {
  setTimeout(() => location.replace(waiting.dataset.again), EVERY);
}
