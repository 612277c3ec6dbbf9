'use strict';

/* The start page's own elements: its state, its sentences, and whether it or Zoom is in front. */
window.greenroom = {};

window.greenroom.page = (() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const text = (name) => byId('texts').dataset[name] || '';
  const config = JSON.parse(byId('start-config').textContent);

  const state = () => root.dataset.state;

  const setState = (name) => {
    root.dataset.state = name;
  };

  const say = (message) => {
    byId('progress').textContent = message;
  };

  const answer = (check, result, message) => {
    const item = document.querySelector(`[data-check="${check}"]`);
    item.dataset.result = result;
    item.querySelector('[data-answer]').textContent = message;
  };

  const showZoom = () => {
    root.classList.remove('green-room');
    byId('green-room').hidden = true;
  };

  const showGreenRoom = () => {
    root.classList.add('green-room');
    byId('green-room').hidden = false;
  };

  // `attempt`: the code of the press that failed; without one nobody has pressed yet.
  const showFailure = ({ code, message, next, attempt = '', signIn = false }) => {
    root.dataset.errorCode = code;
    setState('failed');
    showGreenRoom();
    byId('setup').hidden = true;
    byId('failure-message').textContent = message;
    byId('failure-next').textContent = next;
    byId('failure-next').hidden = next === '';
    byId('failure-code').textContent = code;
    byId('failure-code-line').hidden = code === '';
    byId('attempt-code').value = attempt;
    byId('attempt').hidden = attempt === '';
    byId('sign-in').hidden = !signIn;
    byId('try-again').hidden = signIn;
    byId('failure').hidden = false;
    byId('failure').focus();
  };

  // Failures of the page's own, by the name of their sentences in the template.
  const ownFailure = (name) => ({
    code: name,
    message: text(`${name}Message`),
    next: text(`${name}Next`),
    signIn: name === 'session',
  });

  // Failures of the SDK, by its codes.
  const sdkFailure = (errorCode) => {
    const code = errorCode === undefined || errorCode === null ? '' : String(errorCode);
    const known = config.errors[code] || config.errors.default;
    return { code: code || 'none', message: known.message, next: known.next };
  };

  return {
    root, byId, text, config, state, setState, say, answer,
    showZoom, showGreenRoom, showFailure, ownFailure, sdkFailure,
  };
})();
