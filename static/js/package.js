'use strict';

/*
 * The start package: the POST that brings it, and what the portal says instead. It holds a key to the
 * host's Zoom identity; nothing here logs it, stores it or puts it into the page.
 */
window.greenroom.startPackage = (() => {
  const { byId, config, ownFailure } = window.greenroom.page;

  const ANSWER_MS = 45000;
  // Zoom answers an unknown key with "Join parameters: … are invalid", and an empty one is not "none".
  const REQUIRED_KEYS = ['signature', 'meetingNumber', 'passWord', 'userName'];
  const OPTIONAL_KEYS = ['userEmail', 'zak'];

  // An admin's reason, where the page asks for one, and the attempt's code.
  const makeBody = (attempt) => {
    const body = new URLSearchParams(new FormData(byId('start-form')));
    body.set('attempt', attempt);
    return body;
  };

  const request = async (attempt) => {
    const aborter = new AbortController();
    const timer = window.setTimeout(() => aborter.abort(), ANSWER_MS);
    try {
      return await fetch(config.startUrl, {
        method: 'POST',
        headers: {
          'X-CSRFToken': byId('start-form').elements.csrfmiddlewaretoken.value,
          Accept: 'application/json',
        },
        body: makeBody(attempt),
        credentials: 'same-origin',
        cache: 'no-store',
        // Not followed and told apart from a dead network, which "error" would not be.
        redirect: 'manual',
        signal: aborter.signal,
      });
    } finally {
      window.clearTimeout(timer);
    }
  };

  const readJson = async (response) => {
    try {
      return await response.json();
    } catch {
      return null;
    }
  };

  const isPackage = (body) => Boolean(body)
    && REQUIRED_KEYS.every((key) => typeof body[key] === 'string')
    && body.signature !== '' && body.meetingNumber !== '';

  // Exactly the keys that `join` knows.
  const joinArguments = (body) => {
    const args = {};
    REQUIRED_KEYS.forEach((key) => { args[key] = body[key]; });
    OPTIONAL_KEYS.filter((key) => body[key]).forEach((key) => { args[key] = body[key]; });
    return args;
  };

  const refusal = (response, body) => {
    const told = body && body.error;
    if (told && told.message) {
      // The portal's sentences hold the next step.
      return { code: told.code || String(response.status), message: told.message, next: '' };
    }
    if (response.type === 'opaqueredirect' || response.status === 401) {
      return ownFailure('session');
    }
    return ownFailure([403, 404].includes(response.status) ? 'refused' : 'answer');
  };

  // {args} for `join`, or {failure} to show.
  const get = async (attempt) => {
    let response;
    try {
      response = await request(attempt);
    } catch {
      return { failure: ownFailure('network') };
    }
    const body = await readJson(response);
    if (response.ok && isPackage(body)) {
      return { args: joinArguments(body) };
    }
    return { failure: refusal(response, body) };
  };

  return { get };
})();
