"use strict";

// Fetches the live parts of a page again every two seconds, and a waiting page as a whole.
const EVERY = 2000;
let paused = false;

// What had the focus gets it again after its part was replaced: found by its place among its kind.
function rememberFocus(part) {
  const focused = document.activeElement;
  if (!part.contains(focused)) {
    return () => {};
  }
  const kind = focused.tagName;
  const place = [...part.querySelectorAll(kind)].indexOf(focused);
  const scrolled = focused.scrollLeft;
  return () => {
    const again = part.querySelectorAll(kind)[place];
    if (again) {
      again.focus({ preventScroll: true });
      again.scrollLeft = scrolled;
    }
  };
}

function replace(part, text) {
  const refocus = rememberFocus(part);
  const scrolled = [...part.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  part.innerHTML = text;
  part.querySelectorAll(".scroll").forEach((box, n) => {
    box.scrollLeft = scrolled[n] ?? 0;
  });
  refocus();
}

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.live, { cache: "no-store" });
    const text = await answer.text();
    // Only what changed is put in, so that nobody's reading or focus is disturbed.
    if (!paused && part.dataset.shown !== text) {
      replace(part, text);
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

// Who reads, or uses a screen reader, can stop the page from changing.
function addPause(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet pause";
  button.textContent = "Pause updates";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
  place.append(button);
}

const parts = document.querySelectorAll("[data-live]");
for (const part of parts) {
  setTimeout(refresh, EVERY, part);
}
if (parts.length && document.querySelector("nav")) {
  addPause(document.querySelector(".title"));
}
const waiting = document.querySelector("[data-again]");
if (waiting) {
  setTimeout(() => location.replace(waiting.dataset.again), EVERY);
}
