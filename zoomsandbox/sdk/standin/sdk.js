// The calls a portal makes on ZoomMtg, with the SDK's own callbacks.

const JOIN_KEYS = new Set([
  "signature",
  "meetingNumber",
  "userName",
  "passWord",
  "zak",
  "userEmail",
  "tk",
  "customerKey",
  "recordingToken",
  "childToken",
  "obfToken",
  "sdkKey",
  "success",
  "error",
]);
const CONNECTING = 1;
const CONNECTED = 2;
const DISCONNECTED = 3;
const RETRY_AFTER = 5000;

const state = {
  options: null,
  listeners: new Map(),
  socket: null,
  me: null,
  refused: false,
  over: false,
};

function tell(event, value) {
  for (const listener of state.listeners.get(event) ?? []) {
    listener(value);
  }
}

function goAway() {
  state.over = true;
  sessionStorage.removeItem(STORED_ZAK);
  hide();
  location.assign(new URL(state.options?.leaveUrl || "/", location.origin));
}

function leave() {
  state.over = true;
  if (state.socket?.readyState === WebSocket.OPEN) {
    state.socket.send(JSON.stringify({ standIn: "leave" }));
    state.socket.close();
  }
  goAway();
}

function end() {
  if (state.socket?.readyState === WebSocket.OPEN) {
    state.socket.send(JSON.stringify({ standIn: "end" }));
  }
}

function fail(options, error) {
  sessionStorage.removeItem(STORED_ZAK);
  if (state.options?.isShowJoiningErrorDialog !== false && screen.root) {
    showError(error, goAway);
  } else {
    hide();
  }
  options.error?.(error);
  tell("onMeetingStatus", { meetingStatus: DISCONNECTED });
}

// A mistake in the call itself, found before anything is sent.
function findMistake(options, claims) {
  const unknown = Object.keys(options).filter((key) => !JOIN_KEYS.has(key));
  if (unknown.length > 0) {
    return makeError(3, `Join does not know these parameters: ${unknown.join(", ")}`);
  }
  if (!state.options) {
    return makeError(2, "Init has not finished.");
  }
  if (options.zak && options.obfToken) {
    return makeError(3636, "Give zak or obfToken, not both.");
  }
  if (!claims.appKey && !claims.sdkKey) {
    return makeError("", "The signature has no appKey.");
  }
  return null;
}

// The SDK keeps the ZAK for the tab and takes an old one when none is given.
function keepZak(options) {
  const zak = options.zak || sessionStorage.getItem(STORED_ZAK) || "";
  if (zak) {
    sessionStorage.setItem(STORED_ZAK, zak);
  }
  return zak;
}

async function tryToJoin(options, claims, zak) {
  let answer;
  try {
    answer = await askForAdmission(options, claims, zak);
  } catch {
    fail(options, makeError(1, "Fail to join the meeting."));
    return;
  }
  if (state.over) {
    return;
  }
  if (answer.status) {
    await enter(options, answer.result, zak);
  } else if (answer.errorCode === WRONG_PASSCODE) {
    askPasscode((passWord) => tryToJoin({ ...options, passWord }, claims, zak), goAway);
  } else if (answer.errorCode === NOT_STARTED) {
    showWaitForHost(goAway);
    setTimeout(tryToJoin, RETRY_AFTER, options, claims, zak);
  } else if (answer.errorCode === REGISTRATION_REQUIRED) {
    // Zoom's SDK shows a form of its own and tells the page nothing.
    showError(makeError(answer.errorCode, answer.errorMessage), goAway);
  } else {
    fail(options, makeWireError(answer));
  }
}

async function enter(options, info, zak) {
  try {
    state.socket = await openSocket(info, zak);
  } catch {
    fail(options, makeError(1, "Fail to join the meeting."));
    return;
  }
  let showPeople = null;
  state.socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.evt === 4098 && message.body.res !== 0) {
      state.refused = true;
    } else if (message.evt === 4098) {
      state.me = { ...message.body, name: message.body.dn };
      showPeople = showRoom({
        topic: info.meetingTopic,
        me: () => message.body.jid.split("@")[0],
        canEnd: message.body.bHost,
        leave,
        end,
      });
      tell("onMeetingStatus", { meetingStatus: CONNECTED });
      options.success?.({ method: "join", status: true, errorCode: 0, errorMessage: null, result: null });
    } else if (message.standIn === "room") {
      showPeople?.(message.people);
    }
  });
  state.socket.addEventListener("close", () => {
    if (state.over) {
      return;
    }
    if (state.me) {
      tell("onMeetingStatus", { meetingStatus: DISCONNECTED });
      goAway();
    } else if (state.refused) {
      // The real one calls nobody back here, it only tells the status.
      fail(options, makeError(3000, "Already has other meetings in progress."));
    } else {
      fail(options, makeError(1, "Fail to join the meeting."));
    }
  });
}

globalThis.ZoomMtg = {
  setZoomJSLib() {},
  preLoadWasm() {},
  prepareWebSDK() {
    prepareScreen();
  },
  prepareJssdk() {
    prepareScreen();
  },
  i18n: {
    load: () => Promise.resolve(),
    onLoad: (callback) => queueMicrotask(() => callback("success")),
  },
  checkSystemRequirements: () => ({ browserInfo: "", browserName: "", browserVersion: "" }),
  checkFeatureRequirements: () => ({ supportFeatures: [], unSupportFeatures: [] }),
  getWebSDKVersion: () => ["stand-in", "stand-in"],

  async init(options) {
    await prepareScreen();
    state.options = { ...options };
    options.success?.({ method: "init", status: true, errorCode: 0, errorMessage: null, result: null });
  },

  join(options) {
    const claims = readClaims(options.signature ?? "");
    const mistake = findMistake(options, claims);
    if (mistake) {
      options.error?.(mistake);
      return;
    }
    state.over = false;
    state.me = null;
    state.refused = false;
    tell("onMeetingStatus", { meetingStatus: CONNECTING });
    showWait("One moment.");
    tryToJoin(options, claims, keepZak(options));
  },

  inMeetingServiceListener(event, callback) {
    state.listeners.set(event, [...(state.listeners.get(event) ?? []), callback]);
  },

  leaveMeeting(options = {}) {
    leave();
    options.success?.({ method: "leaveMeeting", status: true });
  },

  endMeeting(options = {}) {
    end();
    options.success?.({ method: "endMeeting", status: true });
  },

  getCurrentUser(options = {}) {
    const currentUser = state.me && {
      userId: state.me.userID,
      userName: state.me.name,
      isHost: state.me.bHost,
      userRole: state.me.role,
    };
    options.success?.({ method: "getCurrentUser", status: true, result: { currentUser } });
  },
};
