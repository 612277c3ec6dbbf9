'use strict';

/*
 * The start page. What it is doing stands in data-state on the html element:
 *
 *   loading -> ready -> starting -> init -> joining -> joined
 *   any of them -> failed (data-error-code says why)
 *
 * The start package holds a key to the host's Zoom identity. It is fetched on the click, handed to
 * ZoomMtg.join and forgotten; nothing here logs it, stores it or puts it into the page.
 */
(() => {
  const SILENCE_MS = 45000;
  const ANSWER_MS = 45000;
  const STALE_ZAK_CODES = ['3623', '3265'];
  const OWN_KEYS = 'greenroom.';
  // Zoom answers an unknown key with "Join parameters: … are invalid", and an empty one is not "none".
  const REQUIRED_KEYS = ['signature', 'meetingNumber', 'passWord', 'userName'];
  const OPTIONAL_KEYS = ['userEmail', 'zak'];

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const text = (name) => byId('texts').dataset[name] || '';

  // The SDK's globals are there only after all its scripts ran; none of them is touched before.
  const sdk = () => window.ZoomMtg;

  // ---- State ---------------------------------------------------------------------------------

  const state = () => root.dataset.state;

  const setState = (name) => {
    root.dataset.state = name;
  };

  const say = (message) => {
    byId('progress').textContent = message;
  };

  const config = JSON.parse(byId('start-config').textContent);

  // ---- What the SDK leaves in the tab ----------------------------------------------------------

  /*
   * The SDK keeps the ZAK and the other tokens of a meeting in sessionStorage, as WEB_CLIENT_ZSK,
   * WEB-CLIENT_ZAK, WEB_CLIENT_ZTK, WEB_CLIENT_TK and WEB_CLIENT_OBF_TOKEN, and meeting data under
   * base64 names; a join without a ZAK takes up the one it finds there. So nothing but our own keys
   * may live in this tab's storage before a join and after a meeting.
   */
  const clearSdkStorage = () => {
    Object.keys(sessionStorage)
      .filter((key) => !key.startsWith(OWN_KEYS))
      .forEach((key) => sessionStorage.removeItem(key));
  };

  // ---- Renewal of a stale ZAK, once --------------------------------------------------------------

  const renewalKey = `${OWN_KEYS}renewed.${config.meetingId}`;

  // The mark lives only across the reload: taken away here, so a later visit has its own one try.
  const takeRenewalMark = () => {
    const marked = sessionStorage.getItem(renewalKey) !== null;
    sessionStorage.removeItem(renewalKey);
    return marked;
  };

  const renewed = takeRenewalMark();

  // A second join in the same document is not something the SDK promises to survive: reload instead.
  const renew = () => {
    say(text('renewing'));
    clearSdkStorage();
    sessionStorage.setItem(renewalKey, '1');
    window.location.reload();
  };

  // ---- Our page or Zoom's ------------------------------------------------------------------------

  const showZoom = () => {
    root.classList.remove('green-room');
    byId('green-room').hidden = true;
  };

  const showGreenRoom = () => {
    root.classList.add('green-room');
    byId('green-room').hidden = false;
  };

  // ---- Failure -----------------------------------------------------------------------------------

  const fail = ({ code, message, next, signIn = false }) => {
    stopWaiting();
    stopPreview();
    clearSdkStorage();
    root.dataset.errorCode = code;
    setState('failed');
    showGreenRoom();
    byId('setup').hidden = true;
    byId('failure-message').textContent = message;
    byId('failure-next').textContent = next;
    byId('failure-next').hidden = next === '';
    byId('failure-code').textContent = code;
    byId('failure-code-line').hidden = code === '';
    byId('sign-in').hidden = !signIn;
    byId('try-again').hidden = signIn;
    byId('failure').hidden = false;
    byId('failure').focus();
  };

  const failWith = (name, options = {}) => {
    fail({ code: name, message: text(`${name}Message`), next: text(`${name}Next`), ...options });
  };

  const failByCode = (errorCode) => {
    const code = errorCode === undefined || errorCode === null ? '' : String(errorCode);
    const known = config.errors[code] || config.errors.default;
    fail({
      code: code || 'none',
      message: known ? known.message : text('unknownMessage'),
      next: known ? known.next : text('unknownNext'),
    });
  };

  // What init and join hand to their error callbacks: {errorCode, errorMessage, …}.
  const onSdkError = (error) => {
    if (state() === 'joined' || state() === 'failed') {
      return;
    }
    const code = error ? String(error.errorCode) : undefined;
    if (STALE_ZAK_CODES.includes(code) && !renewed) {
      stopWaiting();
      renew();
      return;
    }
    failByCode(error ? error.errorCode : undefined);
  };

  // The SDK throws in places where its documentation promises the error callback.
  const guarded = (step) => {
    try {
      step();
    } catch {
      failByCode('exception');
    }
  };

  // ---- Checks ------------------------------------------------------------------------------------

  const answer = (check, result, message) => {
    const item = document.querySelector(`[data-check="${check}"]`);
    item.dataset.result = result;
    item.querySelector('[data-answer]').textContent = message;
  };

  const checkBrowser = () => {
    const fit = typeof WebAssembly === 'object' && 'RTCPeerConnection' in window
      && 'WebSocket' in window && 'Worker' in window && 'AudioContext' in window;
    answer('browser', fit ? 'good' : 'bad', text(fit ? 'browserGood' : 'browserBad'));
  };

  const checkSecure = () => {
    const secure = window.isSecureContext;
    answer('secure', secure ? 'good' : 'bad', text(secure ? 'secureGood' : 'secureBad'));
  };

  // Kinds are listed without asking anybody for permission; only names and streams need it.
  const checkDevices = async () => {
    const kinds = { camera: 'videoinput', microphone: 'audioinput' };
    try {
      const devices = await navigator.mediaDevices.enumerateDevices();
      for (const [check, kind] of Object.entries(kinds)) {
        const found = devices.some((device) => device.kind === kind);
        answer(check, found ? 'good' : 'warn', text(found ? 'deviceGood' : 'deviceBad'));
      }
    } catch {
      Object.keys(kinds).forEach((check) => answer(check, 'warn', text('deviceUnknown')));
    }
  };

  // ---- Preview of camera and microphone ------------------------------------------------------------

  const HEARD = 0.15;
  const preview = { stream: null, audio: null, timer: 0, asked: 0 };

  const sayPreview = (message) => {
    byId('preview-status').textContent = message;
  };

  function stopPreview() {
    preview.asked += 1;
    window.clearInterval(preview.timer);
    if (preview.stream) {
      preview.stream.getTracks().forEach((track) => track.stop());
    }
    if (preview.audio) {
      preview.audio.close();
    }
    preview.stream = null;
    preview.audio = null;
    byId('preview-video').srcObject = null;
    byId('preview').hidden = true;
    byId('preview-toggle').setAttribute('aria-expanded', 'false');
    byId('preview-toggle').textContent = text('previewOpen');
  }

  const loudness = (analyser, samples) => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.min(1, Math.sqrt(power) * 4);
  };

  const watchLevel = (stream) => {
    preview.audio = new AudioContext();
    const analyser = preview.audio.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    preview.audio.createMediaStreamSource(stream).connect(analyser);
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    let heard = false;
    preview.timer = window.setInterval(() => {
      const level = loudness(analyser, samples);
      byId('preview-level').value = level;
      if (level > HEARD && !heard) {
        heard = true;
        sayPreview(text('previewHeard'));
      }
    }, calm ? 500 : 80);
  };

  const openStream = async () => {
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    } catch (error) {
      if (error.name === 'NotAllowedError') {
        throw error;
      }
      return navigator.mediaDevices.getUserMedia({ audio: true });
    }
  };

  const showPreview = (stream) => {
    preview.stream = stream;
    const camera = stream.getVideoTracks().length > 0;
    byId('preview').hidden = false;
    byId('preview-video').hidden = !camera;
    byId('preview-video').srcObject = camera ? stream : null;
    sayPreview(text(camera ? 'previewOn' : 'previewNoCamera'));
    watchLevel(stream);
  };

  const startPreview = async () => {
    byId('preview-toggle').setAttribute('aria-expanded', 'true');
    byId('preview-toggle').textContent = text('previewClose');
    sayPreview(text('previewWaiting'));
    const asked = preview.asked;
    try {
      const stream = await openStream();
      if (asked !== preview.asked) {
        // Stopped while the browser was still asking: nobody wants this stream any more.
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      showPreview(stream);
    } catch (error) {
      if (asked === preview.asked) {
        stopPreview();
        sayPreview(text(error.name === 'NotAllowedError' ? 'previewRefused' : 'previewBusy'));
      }
    }
  };

  const togglePreview = () => {
    if (byId('preview-toggle').getAttribute('aria-expanded') === 'true') {
      stopPreview();
      sayPreview(text('previewOff'));
    } else {
      startPreview();
    }
  };

  // ---- Zoom's files --------------------------------------------------------------------------------

  const scripts = Array.from(document.querySelectorAll('script[data-sdk]'));

  const onFilesLoaded = () => {
    if (!sdk()) {
      onFilesMissing();
      return;
    }
    try {
      prepareSdk();
    } catch {
      onFilesMissing();
      return;
    }
    answer('zoom', 'good', text('zoomGood'));
    becomeReady();
  };

  const onFilesMissing = () => {
    if (state() !== 'loading') {
      return;
    }
    answer('zoom', 'bad', text('zoomBad'));
    failWith('files');
  };

  const watchScripts = () => {
    let done = 0;
    const onLoad = () => {
      done += 1;
      answer('zoom', 'pending', text('zoomLoading').replace('{done}', done).replace('{total}', scripts.length));
      if (done === scripts.length) {
        onFilesLoaded();
      }
    };
    scripts.forEach((script) => {
      script.addEventListener('load', onLoad);
      script.addEventListener('error', onFilesMissing);
    });
    if (scripts.length === 0) {
      onFilesLoaded();
    }
  };

  /*
   * Done as soon as the files are there, so that the wasm arrives while the host still looks around.
   * Without setZoomJSLib the SDK would fetch its parts from Zoom's servers; a stand-in has no parts.
   */
  const prepareSdk = () => {
    if (config.sdkLib) {
      sdk().setZoomJSLib(window.location.origin + config.sdkLib, '/av');
    }
    sdk().preLoadWasm();
    sdk().prepareWebSDK();
  };

  const becomeReady = () => {
    if (state() !== 'loading') {
      return;
    }
    setState('ready');
    byId('start').disabled = false;
    say(text('ready'));
    if (renewed) {
      start();
    }
  };

  // ---- The start package -----------------------------------------------------------------------------

  const requestPackage = async () => {
    const aborter = new AbortController();
    const timer = window.setTimeout(() => aborter.abort(), ANSWER_MS);
    try {
      return await fetch(config.startUrl, {
        method: 'POST',
        headers: {
          'X-CSRFToken': byId('start-form').elements.csrfmiddlewaretoken.value,
          Accept: 'application/json',
        },
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

  const explainRefusal = (response, body) => {
    const told = body && body.error;
    if (response.type === 'opaqueredirect' || response.status === 401 || (response.status === 403 && !told)) {
      failWith('session', { signIn: true });
    } else if (told && told.message) {
      fail({ code: told.code || String(response.status), message: told.message, next: told.next_step || '' });
    } else {
      failWith('answer');
    }
  };

  // The package, or null after the failure has been shown.
  const fetchPackage = async () => {
    let response;
    try {
      response = await requestPackage();
    } catch {
      failWith('network');
      return null;
    }
    const body = await readJson(response);
    if (response.ok && isPackage(body)) {
      return body;
    }
    explainRefusal(response, body);
    return null;
  };

  // ---- Waiting for Zoom --------------------------------------------------------------------------------

  const waiting = { watchdog: 0, look: 0 };

  function stopWaiting() {
    window.clearTimeout(waiting.watchdog);
    window.clearInterval(waiting.look);
  }

  /*
   * With isShowJoiningErrorDialog off, 6.2.0 reports even a wrong passcode (3004) to the error callback;
   * with it on, it calls nobody and puts a form of its own into #zmmtg-root. Should it ever ask there
   * all the same, it must be seen: while it works by itself it shows a spinner and no field, so a visible
   * field means that it asks. Then its page comes to the front and the watchdog is off, for how long a
   * person takes to answer is no fault.
   */
  const sdkAsks = () => Array.from(document.querySelectorAll('#zmmtg-root input, #zmmtg-root select'))
    .some((field) => field.type !== 'hidden' && field.getClientRects().length > 0);

  const lookWhetherSdkAsks = () => {
    if (sdkAsks()) {
      stopWaiting();
      showZoom();
    }
  };

  const waitForZoom = () => {
    stopWaiting();
    waiting.look = window.setInterval(lookWhetherSdkAsks, 400);
    waiting.watchdog = window.setTimeout(() => failWith('silence'), SILENCE_MS);
  };

  // Also after the watchdog gave up: a meeting that runs must be seen, with its camera and microphone.
  const onJoined = () => {
    stopWaiting();
    sessionStorage.removeItem(renewalKey);
    delete root.dataset.errorCode;
    setState('joined');
    showZoom();
  };

  // ---- Zoom ----------------------------------------------------------------------------------------------

  const joinArguments = (startPackage) => {
    const args = {};
    REQUIRED_KEYS.forEach((key) => { args[key] = startPackage[key]; });
    OPTIONAL_KEYS.filter((key) => startPackage[key]).forEach((key) => { args[key] = startPackage[key]; });
    return args;
  };

  const listenToStatus = () => {
    sdk().inMeetingServiceListener('onMeetingStatus', (data) => {
      root.dataset.meetingStatus = data && data.meetingStatus !== undefined ? data.meetingStatus : '';
    });
  };

  const join = (args) => {
    setState('joining');
    say(text('stepJoining'));
    waitForZoom();
    sdk().join({ ...args, success: onJoined, error: onSdkError });
  };

  // Whatever the SDK keeps of our callbacks, the package is out of their reach once it was taken.
  const hold = (value) => {
    let held = value;
    return () => {
      const taken = held;
      held = null;
      return taken;
    };
  };

  const onInitialized = (takeArgs) => {
    const args = takeArgs();
    if (args === null || state() !== 'init') {
      return;
    }
    listenToStatus();
    join(args);
  };

  const init = (takeArgs) => {
    setState('init');
    say(text('stepInit'));
    waitForZoom();
    sdk().init({
      leaveUrl: new URL(config.leaveUrl, window.location.origin).href,
      disablePreview: true,
      isShowJoiningErrorDialog: false,
      patchJsMedia: false,
      leaveOnPageUnload: true,
      success: () => guarded(() => onInitialized(takeArgs)),
      error: onSdkError,
    });
  };

  const afterLanguage = (next) => {
    let called = false;
    sdk().i18n.load(config.language);
    sdk().i18n.onLoad(() => {
      if (!called) {
        called = true;
        guarded(next);
      }
    });
  };

  async function start() {
    if (state() !== 'ready') {
      return;
    }
    setState('starting');
    byId('start').setAttribute('aria-disabled', 'true');
    byId('start').textContent = text('startingButton');
    byId('preview-toggle').hidden = true;
    stopPreview();
    sayPreview('');
    say(text('stepStarting'));
    clearSdkStorage();
    const startPackage = await fetchPackage();
    if (startPackage !== null) {
      const takeArgs = hold(joinArguments(startPackage));
      guarded(() => afterLanguage(() => init(takeArgs)));
    }
  }

  // ---- Beginning and end -----------------------------------------------------------------------------------

  const onSubmit = (event) => {
    event.preventDefault();
    start();
  };

  const begin = () => {
    clearSdkStorage();
    byId('start-form').addEventListener('submit', onSubmit);
    byId('try-again').addEventListener('click', () => window.location.reload());
    byId('preview-toggle').addEventListener('click', togglePreview);
    byId('preview-toggle').hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    window.addEventListener('pagehide', clearSdkStorage);
    // Back from the history with a dead SDK in memory: only a fresh load can start again.
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) {
        window.location.reload();
      }
    });
    checkBrowser();
    checkSecure();
    checkDevices();
    watchScripts();
  };

  begin();
})();
