'use strict';

(() => {
  // The token leaves the address before anything else can see it there.
  const form = document.querySelector('form[data-takes-token]');
  if (form && window.location.hash.length > 1) {
    form.elements.token.value = window.location.hash.slice(1);
    window.history.replaceState(null, '', window.location.pathname);
    form.submit();
  }
})();
