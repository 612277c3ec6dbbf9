'use strict';

(() => {
  const button = document.getElementById('copy-invitation');
  const text = document.getElementById('invitation-text');
  const result = document.getElementById('copy-result');

  const announce = (message) => {
    // Emptied first: a live region stays silent when the same words are put in again.
    result.textContent = '';
    window.setTimeout(() => { result.textContent = message; }, 50);
  };

  const copy = async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      announce(button.dataset.copied);
    } catch {
      text.focus();
      announce(button.dataset.byHand);
    }
  };

  button.addEventListener('click', copy);
  button.hidden = false;
})();
