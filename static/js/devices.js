'use strict';

/* What this browser can do, and the preview of camera and microphone. */
window.greenroom.devices = (() => {
  const { byId, text, answer } = window.greenroom.page;

  // ---- Checks --------------------------------------------------------------------------------

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
  const checkKinds = async () => {
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

  // ---- Preview -------------------------------------------------------------------------------

  const HEARD = 0.15;
  const preview = { stream: null, audio: null, timer: 0, asked: 0 };

  const say = (message) => {
    byId('preview-status').textContent = message;
  };

  const stop = () => {
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
    say('');
  };

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
        say(text('previewHeard'));
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

  const show = (stream) => {
    preview.stream = stream;
    const camera = stream.getVideoTracks().length > 0;
    byId('preview').hidden = false;
    byId('preview-video').hidden = !camera;
    byId('preview-video').srcObject = camera ? stream : null;
    say(text(camera ? 'previewOn' : 'previewNoCamera'));
    watchLevel(stream);
  };

  const open = async () => {
    byId('preview-toggle').setAttribute('aria-expanded', 'true');
    byId('preview-toggle').textContent = text('previewClose');
    say(text('previewWaiting'));
    const asked = preview.asked;
    try {
      const stream = await openStream();
      if (asked !== preview.asked) {
        // Stopped while the browser was still asking: nobody wants this stream any more.
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      show(stream);
    } catch (error) {
      if (asked === preview.asked) {
        stop();
        say(text(error.name === 'NotAllowedError' ? 'previewRefused' : 'previewBusy'));
      }
    }
  };

  const toggle = () => {
    if (byId('preview-toggle').getAttribute('aria-expanded') === 'true') {
      stop();
      say(text('previewOff'));
    } else {
      open();
    }
  };

  // ---- For the start -------------------------------------------------------------------------

  const begin = () => {
    byId('preview-toggle').addEventListener('click', toggle);
    byId('preview-toggle').hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    checkBrowser();
    checkSecure();
    checkKinds();
  };

  // The meeting is about to need camera and microphone for itself.
  const end = () => {
    stop();
    byId('preview-toggle').hidden = true;
  };

  return { begin, end };
})();
