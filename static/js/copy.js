'use strict';

(() => {
  for (const button of document.querySelectorAll('button[data-copies]')) {
    const text = document.getElementById(button.dataset.copies);
    const result = button.nextElementSibling;
    button.hidden = false;
    button.addEventListener('click', async () => {
      text.select();
      // Emptied first: a live region stays silent when the same words are put in again.
      result.textContent = '';
      let said = button.dataset.copied;
      try {
        await navigator.clipboard.writeText(text.value);
      } catch {
        said = button.dataset.byHand;
      }
      window.setTimeout(() => { result.textContent = said; }, 50);
    });
  }
})();
