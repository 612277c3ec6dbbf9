'use strict';

(() => {
  // The token leaves the address before anything else can see it there.
  const form = document.getElementById('invitation-link');
  if (form && window.location.hash.length > 1) {
    form.elements.token.value = window.location.hash.slice(1);
    window.history.replaceState(null, '', window.location.pathname);
    form.submit();
  }
  const zone = document.querySelector('input[name="time_zone"]');
  if (zone) { zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || ''; }
})();
