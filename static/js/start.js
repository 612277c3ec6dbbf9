'use strict';

/*
 * The start page. What it is doing stands in data-state on the html element:
 *
 *   loading -> ready -> starting -> init -> joining -> joined
 *   any of them -> failed (data-error-code says why); init, joining -> renewing (loads anew, once)
 *
 * The start package is fetched on the click, handed to ZoomMtg.join and forgotten.
 */
(() => {
  const { page, devices, startPackage, trace } = window.greenroom;
  const { root, byId, text, config, state, setState, say } = page;

  const SILENCE_MS = 45000;
  const STALE_ZAK_CODES = ['3623', '3265'];
  const OWN_KEYS = 'greenroom.';

  // The SDK's globals are there only after all its scripts ran; none of them is touched before.
  const sdk = () => window.ZoomMtg;

  // ---- What the SDK leaves in the tab --------------------------------------------------------------

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

  // ---- Renewal of a stale ZAK, once ----------------------------------------------------------------

  const renewalKey = `${OWN_KEYS}renewed.${config.meetingId}`;

  // The press that goes on. It is kept only across the reload: taken away here, so a later visit has
  // its own one try.
  const takeRenewalMark = () => {
    const press = JSON.parse(sessionStorage.getItem(renewalKey));
    sessionStorage.removeItem(renewalKey);
    return press;
  };

  const renewed = takeRenewalMark();

  // A second join in the same document is not something the SDK promises to survive: reload instead.
  const renew = () => {
    say(text('renewing'));
    clearSdkStorage();
    setState('renewing');
    sessionStorage.setItem(renewalKey, JSON.stringify(trace.renew()));
    window.location.reload();
  };

  // ---- Failure -------------------------------------------------------------------------------------

  const fail = (failure) => {
    stopWaiting();
    devices.end();
    clearSdkStorage();
    trace.fail(failure.code);
    page.showFailure({ ...failure, attempt: trace.shownCode() });
  };

  // What init and join hand to their error callbacks: {errorCode, errorMessage, …}.
  const onSdkError = (error) => {
    if (['joined', 'failed', 'renewing'].includes(state())) {
      return;
    }
    const code = error ? error.errorCode : undefined;
    if (STALE_ZAK_CODES.includes(String(code)) && !renewed) {
      stopWaiting();
      renew();
      return;
    }
    fail(page.sdkFailure(code));
  };

  // The SDK throws in places where its documentation promises the error callback.
  const guarded = (step) => {
    try {
      step();
    } catch {
      fail(page.sdkFailure('exception'));
    }
  };

  // ---- Zoom's files --------------------------------------------------------------------------------

  const scripts = Array.from(document.querySelectorAll('script[data-sdk]'));

  const onFilesLoaded = () => {
    try {
      prepareSdk();
    } catch {
      onFilesMissing();
      return;
    }
    page.answer('zoom', 'good', text('zoomGood'));
    becomeReady();
  };

  const onFilesMissing = () => {
    if (state() !== 'loading') {
      return;
    }
    page.answer('zoom', 'bad', text('zoomBad'));
    fail(page.ownFailure('files'));
  };

  const watchScripts = () => {
    let done = 0;
    const onLoad = () => {
      done += 1;
      page.answer('zoom', 'pending', text('zoomLoading').replace('{done}', done).replace('{total}', scripts.length));
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

  // ---- Waiting for Zoom ----------------------------------------------------------------------------

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
      page.showZoom();
    }
  };

  const waitForZoom = () => {
    stopWaiting();
    waiting.look = window.setInterval(lookWhetherSdkAsks, 400);
    waiting.watchdog = window.setTimeout(() => fail(page.ownFailure('silence')), SILENCE_MS);
  };

  // Also after the watchdog gave up: a meeting that runs must be seen, with its camera and microphone.
  const onJoined = () => {
    stopWaiting();
    sessionStorage.removeItem(renewalKey);
    delete root.dataset.errorCode;
    setState('joined');
    trace.reach('in_meeting');
    if (connection.broke) {
      trace.lose(Date.now());
    }
    page.showZoom();
  };

  // ---- The connection to the meeting ---------------------------------------------------------------

  /*
   * Zoom Meeting SDK for Web, onMeetingStatus: 1 connecting, 2 connected, 3 disconnected, 4
   * reconnecting. 6.2.0 calls `success` also when the connection broke while it was joining, and says 2
   * once more without having connected again, so a break before `success` is a loss. After it, a break
   * is one that is not mended in time. Leaving changes no status.
   */
  const MENDING_MS = 10000;
  const connection = { broke: false, mending: 0 };

  const onStatus = (status) => {
    window.clearTimeout(connection.mending);
    if (status !== 3 && status !== 4) {
      return;
    }
    connection.broke = true;
    if (state() === 'joined') {
      const at = Date.now();
      connection.mending = window.setTimeout(() => trace.lose(at), MENDING_MS);
    }
  };

  // ---- Zoom ----------------------------------------------------------------------------------------

  const listenToStatus = () => {
    sdk().inMeetingServiceListener('onMeetingStatus', (data) => {
      root.dataset.meetingStatus = data && data.meetingStatus !== undefined ? data.meetingStatus : '';
      onStatus(Number(root.dataset.meetingStatus));
    });
  };

  const join = (args) => {
    setState('joining');
    trace.reach('join');
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
    waitForZoom();
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
    devices.end();
    say(text('stepStarting'));
    clearSdkStorage();
    trace.begin(renewed);
    const { args, failure } = await startPackage.get(trace.shownCode());
    if (failure) {
      fail(failure);
      return;
    }
    trace.reach('init');
    const takeArgs = hold(args);
    guarded(() => afterLanguage(() => init(takeArgs)));
  }

  // ---- Beginning and end ---------------------------------------------------------------------------

  // Closed, reloaded, or left by a link before Zoom has answered.
  const onLeaving = () => {
    if (['starting', 'init', 'joining'].includes(state())) {
      trace.fail('left');
    }
    clearSdkStorage();
  };

  const begin = () => {
    clearSdkStorage();
    byId('start-form').addEventListener('submit', (event) => {
      event.preventDefault();
      start();
    });
    byId('try-again').addEventListener('click', () => window.location.reload());
    window.addEventListener('pagehide', onLeaving);
    // Back from the history with a dead SDK in memory: only a fresh load can start again.
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) {
        window.location.reload();
      }
    });
    devices.begin();
    watchScripts();
  };

  begin();
})();
