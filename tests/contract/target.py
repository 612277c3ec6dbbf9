"""The Zoom that is asked: a sandbox of the suite's own, or the one that the environment names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.sandbox import ACME, Sandbox

ZOOM_API = "https://api.zoom.us/v2"
ZOOM_OAUTH = "https://zoom.us/oauth/token"

REQUIRED = {
    "LIVE_ZOOM_ACCOUNT_ID": "account ID of the Server-to-Server OAuth app",
    "LIVE_ZOOM_CLIENT_ID": "its client ID",
    "LIVE_ZOOM_CLIENT_SECRET": "its client secret",
    "LIVE_ZOOM_SDK_CLIENT_ID": "client ID of the General app that has the Meeting SDK",
    "LIVE_ZOOM_SDK_CLIENT_SECRET": "its client secret",
    "LIVE_ZOOM_HOST": "e-mail address or id of a licensed user, who is in no meeting now",
}
OPTIONAL = {
    "LIVE_ZOOM_NARROW_CLIENT_ID": "a second Server-to-Server app, without the scope"
    " user:read:token:admin",
    "LIVE_ZOOM_NARROW_CLIENT_SECRET": "its client secret",
    "LIVE_ZOOM_NARROW_ACCOUNT_ID": "its account ID, if it is of another account",
    "LIVE_ZOOM_API_URL": f"another API than {ZOOM_API}",
    "LIVE_ZOOM_OAUTH_URL": f"another token endpoint than {ZOOM_OAUTH}",
    "LIVE_ZOOM_WEB": "host:port that is zoom.us for the browser; needed with another API",
}

# An app of another account, which may read users and do nothing else.
NARROW = {
    "account_id": "narrow-account",
    "client_id": "narrow-client",
    "client_secret": "narrow-client-secret-0123456789abcdef",
    "sdk_client_id": "narrow-sdk",
    "users": [{"id": "nora", "email": "nora@narrow.example", "display_name": "Nora Narrow"}],
    "scopes": ["user:read:user:admin"],
}


class SettingsError(Exception):
    """What is wrong with the environment, in words and without its values."""


@dataclass(frozen=True)
class App:
    """A Server-to-Server OAuth app."""

    account_id: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """`web` is what is zoom.us for the browser, empty for Zoom itself.

    `sandbox` is the hand on the sandbox's controls, for the cases that need one.
    """

    name: str
    app: App
    narrow: App | None
    sdk_client_id: str = field(repr=False)
    sdk_client_secret: str = field(repr=False)
    host: str = field(repr=False)
    api_url: str = ZOOM_API
    oauth_url: str = ZOOM_OAUTH
    web: str = ""
    sandbox: Sandbox | None = field(default=None, repr=False)

    @property
    def is_live(self) -> bool:
        return self.name == "live"

    @property
    def is_zoom(self) -> bool:
        """Whether it is Zoom, and not something presented as Zoom."""
        return f".{urlsplit(self.api_url).hostname}".endswith(".zoom.us")

    @property
    def pause(self) -> float:
        """Seconds between two calls: a free account is allowed two of them in one."""
        return 0.6 if self.is_zoom else 0.0

    @property
    def patience(self) -> float:
        """Seconds until what happened in a meeting must be told by the API."""
        return 90.0 if self.is_zoom else 5.0


def find_missing(environ: Mapping[str, str]) -> list[str]:
    """The names of the required variables that are not set."""
    return [name for name in REQUIRED if not environ.get(name)]


def read_live(environ: Mapping[str, str]) -> Target:
    """The target that the environment names. Raises SettingsError."""
    if missing := find_missing(environ):
        raise SettingsError(f"Not set: {', '.join(missing)}")
    account_id = environ["LIVE_ZOOM_ACCOUNT_ID"]
    names = ("ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET")
    narrow = {name.lower(): environ.get(f"LIVE_ZOOM_NARROW_{name}", "") for name in names}
    narrow["account_id"] = narrow["account_id"] or account_id
    target = Target(
        name="live",
        app=App(account_id, environ["LIVE_ZOOM_CLIENT_ID"], environ["LIVE_ZOOM_CLIENT_SECRET"]),
        narrow=App(**narrow) if all(narrow.values()) else None,
        sdk_client_id=environ["LIVE_ZOOM_SDK_CLIENT_ID"],
        sdk_client_secret=environ["LIVE_ZOOM_SDK_CLIENT_SECRET"],
        host=environ["LIVE_ZOOM_HOST"],
        api_url=environ.get("LIVE_ZOOM_API_URL", ZOOM_API).rstrip("/"),
        oauth_url=environ.get("LIVE_ZOOM_OAUTH_URL", ZOOM_OAUTH),
        web=environ.get("LIVE_ZOOM_WEB", ""),
    )
    if target.is_zoom == bool(target.web):
        # Or the browser would bring one Zoom's secrets to the other.
        raise SettingsError("LIVE_ZOOM_WEB goes with LIVE_ZOOM_API_URL: set both, or neither.")
    return target


def furnish(sandbox: Sandbox, **changes: object) -> None:
    """Give a sandbox the accounts that the cases need, with the limits of a paid plan."""
    sandbox.account(**{"plan": "business", **changes})
    sandbox.account(**NARROW)


def make_sandbox_target(sandbox: Sandbox) -> Target:
    """The suite's own sandbox, furnished."""
    furnish(sandbox)
    return Target(
        name="sandbox",
        app=App(ACME["account_id"], ACME["client_id"], ACME["client_secret"]),
        narrow=App(NARROW["account_id"], NARROW["client_id"], NARROW["client_secret"]),
        sdk_client_id=ACME["sdk_client_id"],
        sdk_client_secret=ACME["sdk_client_secret"],
        host="alice@acme.example",
        api_url=f"{sandbox.url}/v2",
        oauth_url=f"{sandbox.url}/oauth/token",
        web=f"127.0.0.1:{sandbox.tls_port}",
        sandbox=sandbox,
    )
