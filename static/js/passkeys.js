'use strict';

// allauth's script works the passkeys; this one says in words what went wrong.
(() => {
  const trouble = document.getElementById('passkey-trouble');

  const tell = (message) => {
    // Emptied first: a live region stays silent when the same words are put in again.
    trouble.textContent = '';
    trouble.hidden = false;
    window.setTimeout(() => { trouble.textContent = message; }, 50);
  };

  document.addEventListener('allauth.error', (event) => {
    event.preventDefault();
    tell(window.PublicKeyCredential ? trouble.dataset.failed : trouble.dataset.unsupported);
  });
})();
