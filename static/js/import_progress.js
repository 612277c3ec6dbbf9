'use strict';

(() => {
  const bar = document.getElementById('import-progress');
  const text = document.getElementById('import-text');
  const pause = 3000;

  async function look() {
    try {
      const answer = await fetch(bar.dataset.url, { headers: { Accept: 'application/json' } });
      const progress = await answer.json();
      // A screen reader says it again each time, so only what has changed.
      if (text.textContent !== progress.text) { text.textContent = progress.text; }
      if (progress.total) { bar.max = progress.total; bar.value = progress.done; }
      if (!progress.is_running) {
        bar.hidden = true;
        // Where a list is shown already, something may be chosen in it; then its reader decides.
        if (!document.getElementById('matching-form')) { location.reload(); }
        return;
      }
    } catch {
      // The network, or the session: the link beside the bar shows what is the matter.
    }
    setTimeout(look, pause);
  }

  setTimeout(look, pause / 3);
})();
