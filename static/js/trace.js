'use strict';

/*
 * What the start page tells the portal of each start, and the code under which the host's admin finds
 * it. Nobody waits for any of it. What does not arrive waits in the tab for the page's next load.
 */
window.greenroom.trace = (() => {
  const { byId, config } = window.greenroom.page;

  // Crockford's base 32, as in meetings/attempt_codes.py; 32 divides 256, so no letter is likelier.
  const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const WAITING = 'greenroom.trace';
  const MOST_WAITING = 12;
  const LONGEST_MS = 24 * 3600 * 1000;

  const press = { code: '', at: 0, step: '', ended: false };

  const makeCode = () => Array.from(
    crypto.getRandomValues(new Uint8Array(8)),
    (byte) => ALPHABET[byte % ALPHABET.length],
  ).join('');

  // ---- What waits --------------------------------------------------------------------------------

  const takeWaiting = () => {
    try {
      const waiting = JSON.parse(sessionStorage.getItem(WAITING)) || [];
      sessionStorage.removeItem(WAITING);
      return Array.from(waiting);
    } catch {
      return [];
    }
  };

  const keep = (item) => {
    const waiting = [...takeWaiting(), item].slice(-MOST_WAITING);
    sessionStorage.setItem(WAITING, JSON.stringify(waiting));
  };

  // ---- Telling -----------------------------------------------------------------------------------

  const span = (from, to) => String(Math.min(LONGEST_MS, Math.max(0, Math.round(to - from))));

  const post = (item) => fetch(item.url, {
    method: 'POST',
    body: new URLSearchParams({
      attempt: item.code,
      told: item.told,
      after: span(item.pressedAt, item.at),
      age: span(item.pressedAt, Date.now()),
      error: item.error,
      during: item.during,
    }),
    headers: { 'X-CSRFToken': byId('start-form').elements.csrfmiddlewaretoken.value },
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'manual',
    // Arrives also when it is the last thing that this page does.
    keepalive: true,
  });

  const send = async (item) => {
    try {
      const { type, status } = await post(item);
      // Signed out, too much at once, or the portal is in trouble. Any other refusal stays one.
      if (type === 'opaqueredirect' || status === 429 || status >= 500) {
        keep(item);
      }
    } catch {
      keep(item);
    }
  };

  const tell = (told, { error = '', at = Date.now() } = {}) => {
    if (press.code === '') {
      return;
    }
    send({
      person: config.person, url: config.traceUrl, code: press.code, pressedAt: press.at, at,
      told, error, during: told === 'failed' ? press.step : '',
    });
  };

  // ---- For the start -------------------------------------------------------------------------------

  // `carried`: of a press before the page was loaded anew by itself.
  const begin = (carried) => {
    const { code = makeCode(), at = Date.now() } = carried || {};
    Object.assign(press, { code, at, step: '', ended: false });
  };

  // The first end is the cause. A page that is left loses its requests too, and two messages that
  // are sent at once may arrive in either order.
  const fail = (error) => {
    if (!press.ended) {
      press.ended = true;
      tell('failed', { error });
    }
  };

  const reach = (step) => {
    press.step = step;
    tell(step);
  };

  // What the next page needs to go on with this press.
  const renew = () => {
    tell('renewed');
    return { code: press.code, at: press.at };
  };

  const shownCode = () => press.code && `${press.code.slice(0, 4)}-${press.code.slice(4)}`;

  // Of whoever sat here before, nothing is told in somebody else's name.
  takeWaiting().filter((item) => item.person === config.person).forEach(send);

  return {
    begin, reach, renew, fail, shownCode,
    lose: (at) => tell('lost', { at }),
  };
})();
