// What goes over the wire: the requests of Zoom's SDK, sent to the sandbox this script came from.

const ORIGIN = new URL(document.currentScript.src).origin;
const STORED_ZAK = "zoom-stand-in.zak";
const WRONG_PASSCODE = 3004;
const NOT_STARTED = 3008;
const REGISTRATION_REQUIRED = 3099;

// Wire code and message to the SDK's public code and message; without a message any will do.
const ERRORS = [
  [200, "Invalid signature.", 3712, "Signature is invalid."],
  [200, "The signature has expired.", 3705, "The signature has expired."],
  [200, "The meeting number is wrong.", 3706, "The meeting number is wrong."],
  [200, "The role is not applicable.", 3708, "Incorrect role."],
  [200, "The api key is wrong.", 3704, "The accounts API Key is not valid."],
  [200, "The account don't enable API.", 3710, "The accounts API Key is deactivated."],
  [
    200,
    "Can not be host in other account's meeting.",
    3711,
    "Cannot not host another meeting concurrently.",
  ],
  ...[
    [3000, "Already has other meetings in progress."],
    [3603, "Not support start or join meeting from web."],
    [
      3611,
      "Unable join from browser, please join using the Zoom desktop client or mobile app.",
    ],
    [
      10000,
      "The current sdk version is no longer supported, please upgrade to the latest version.",
    ],
  ].map(([code, message]) => [3000, message, code, message]),
  [3003, null, 3003, "You are not the meeting host."],
  [1001, null, 3625, "Meeting host is inactive."],
  [3100, null, 3100, "Require login"],
  [3136, "Token error", 3623, "Token error"],
  [3001, null, 3610, "Meeting does not exist."],
  [3633, null, 3633, "API limit"],
  [124, null, 3610, "Token has expired."],
];

function makeError(code, message, result = null) {
  return { method: "join", status: false, errorCode: code, errorMessage: message, result };
}

function makeWireError(answer) {
  const known = ERRORS.find(
    ([code, message]) =>
      code === answer.errorCode && (message === null || message === answer.errorMessage),
  );
  return known
    ? makeError(known[2], known[3], answer.errorMessage)
    : makeError(1, "Fail to join the meeting.", answer.errorMessage ?? null);
}

// The claims of a signature; the SDK takes the role and the app's key from there.
function readClaims(signature) {
  try {
    const middle = signature.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(middle));
  } catch {
    return {};
  }
}

function toBase64Url(text) {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function post(path, fields) {
  const answer = await fetch(ORIGIN + path, {
    method: "POST",
    body: new URLSearchParams(fields),
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  if (!answer.ok) {
    throw new Error(`HTTP ${answer.status}`);
  }
  return answer.json();
}

// Asks to be let in. The ZAK travels as zsk for a host and as ztk for anybody else, and the
// passcode is percent-encoded before the form is.
function askForAdmission(options, claims, zak) {
  const hosting = claims.role === 1;
  return post("/api/v1/wc/info", {
    meetingNumber: String(options.meetingNumber),
    userName: options.userName ?? "",
    passWord: encodeURIComponent(options.passWord ?? ""),
    signature: options.signature,
    signatureType: "sdk",
    apiKey: claims.appKey ?? claims.sdkKey ?? "",
    lang: "en-US",
    userEmail: options.userEmail ?? "",
    cv: "stand-in",
    proxy: "1",
    sdkOrigin: toBase64Url(location.origin),
    sdkUrl: toBase64Url(location.origin + location.pathname),
    tk: options.tk ?? "",
    ztk: hosting ? "" : zak,
    zsk: hosting ? zak : "",
    ulsm: hosting ? "1" : "0",
    obfToken: options.obfToken ?? "",
    customerKey: options.customerKey ?? "",
  });
}

// From the answer to an open WebSocket, as the SDK does it.
async function openSocket(info, zak) {
  const query = new URLSearchParams({ ts: info.ts, auth: info.auth });
  const ping = `${ORIGIN}/wc/ping/${info.meetingNumber}?${query}`;
  await fetch(ping, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (zak) {
    await post("/wc/profile/get", { zak });
    query.set("zak", zak);
  }
  query.set("mpwd", info.rsPwd);
  query.set("mid", info.mid);
  const base = ORIGIN.replace(/^http/, "ws");
  return new WebSocket(`${base}/wc/api/${info.meetingNumber}?${query}`);
}
