"""Every setting of the portal, read from the environment. `.env.example` explains each one."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.isolation import add_headers

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


def one_of(name: str, choices: tuple[str, ...], default: str) -> str:
    """The setting, which must be one of `choices` to the letter: a typo must not mean "off"."""
    value: str = env.str(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}; it is {value!r}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """The setting, which must be exactly `true` or `false`."""
    return one_of(name, ("true", "false"), "true" if default else "false") == "true"


def required_in_production(name: str, development_value: str) -> str:
    """The setting; only DEBUG may do without it."""
    value: str = env.str(name, "") or (development_value if DEBUG else "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Only DEBUG=true may run without it.")
    return value


def version_from(name: str) -> tuple[str, date] | None:
    """The setting as a version and the day from which it counts, `6.0.0@2026-11-07`; or nothing."""
    text: str = env.str(name, "")
    version, _at, day = text.partition("@")
    try:
        if re.fullmatch(r"[0-9]+(\.[0-9]+){1,2}", version):
            return version, date.fromisoformat(day)
    except ValueError:
        pass
    if text:
        raise ImproperlyConfigured(f"{name} must be a version and a day, like 6.0.0@2026-11-07.")
    return None


def amount(name: str, default: float, unit: str = "seconds") -> float:
    """The setting as a number above zero, of this unit."""
    # Not `env.float`, which drops what it cannot read: 1e3 would be 13.
    text: str = env.str(name, str(default))
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not float(text):
        raise ImproperlyConfigured(f"{name} must be a number of {unit} above 0.")
    return float(text)


# A fresh checkout runs at once; it then answers to localhost only, whatever else is set.
DEBUG = flag("DEBUG", default=True)
DEVELOPMENT_SECRET_KEY = "development-only-" + "0" * 50
SECRET_KEY = required_in_production("SECRET_KEY", DEVELOPMENT_SECRET_KEY)
# portal.checks refuses weak keys, and development's outside of it.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# The address people type. Host check, cookie security and mail links follow from it.
BASE_URL = required_in_production("BASE_URL", "http://localhost:8000").rstrip("/")
_base = urlsplit(BASE_URL)
if not re.fullmatch(r"https?://[\w.:\[\]-]+", BASE_URL) or not _base.hostname:
    raise ImproperlyConfigured("BASE_URL must look like https://greenroom.example, without a path.")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
if DEBUG and _base.hostname not in LOCAL_HOSTS:
    raise ImproperlyConfigured("DEBUG=true serves localhost only. Set DEBUG=false.")
ALLOWED_HOSTS = LOCAL_HOSTS if DEBUG else [_base.hostname]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "zoomauth",
    "meetings",
    "portal.apps.GreenroomAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "portal.staticfiles.BrowserFilesConfig",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "portal.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # First of those that look at the person: it says how much of them this session is.
    "portal.identity.sessions.ProviderSessionMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.audit.AuditMiddleware",
    "portal.tenancy.ActingOrganizationsMiddleware",
    "portal.time_zones.TimeZoneMiddleware",
    "portal.identity.required.SecondFactorMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.tenancy.navigation",
                "meetings.navigation.navigation",
            ],
        },
    },
]

# --- Data -----------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN: a transaction that only later turns into a writer
    # would fail at once with "database is locked" instead of waiting its turn.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # A database that is gone gives its threads back within seconds; gunicorn.conf.py does the same
    # for one that is slow. What DATABASE_URL says itself, such as ?sslmode=, wins.
    _patience = {"connect_timeout": 3, "tcp_user_timeout": 15_000}
    _patience |= {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    DATABASES["default"]["OPTIONS"] = _patience | DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
_CACHE = "django.core.cache.backends.db.DatabaseCache"
# The counters of sign-in limits live here; thrown out early, they would limit nothing.
_KEEP = {"MAX_ENTRIES": 1_000_000}
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": _CACHE, "LOCATION": "django_cache", "OPTIONS": _KEEP},
    # What need not hold beyond one process, and may cost no way to the database.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# kid=base64 of 32 bytes, comma separated. The first writes, all of them read.
DEVELOPMENT_SEALING_KEYS = "dev=ZGV2ZWxvcG1lbnQtb25seS1zZWFsaW5nLWtleS0wMDE="
SEALING_KEYS = required_in_production("SEALING_KEYS", DEVELOPMENT_SEALING_KEYS)

# --- Sign-in --------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.identity.backend.SessionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "meetings:list"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# How long somebody who showed who they are may do what is dangerous.
REAUTHENTICATION_SECONDS = amount("REAUTHENTICATION_SECONDS", 900.0)
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_SECONDS
# Whether organizations' policies on second factors count, and operators need one.
MFA_ENFORCED = flag("MFA_ENFORCED", default=not DEBUG)
MFA_ADAPTER = "portal.identity.second_factors.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "portal.identity.forms.ActivateAppForm",
    "add_webauthn": "portal.identity.forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# An account may have an address that nobody has confirmed yet, and second factors all the same.
# Confirming it removes those; see portal.invitations.accepting.
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_ADAPTER = "portal.identity.user_sessions.UserSessionsAdapter"
# Identity providers are rows, and bring nobody by e-mail address; see portal.identity.
SOCIALACCOUNT_ADAPTER = "portal.identity.social.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = SOCIALACCOUNT_LOGIN_ON_GET = False
# A provider on the developer's own machine.
OIDC_ON_LOOPBACK = DEBUG
# Besides allauth's own. A whole class may come from behind one address.
ACCOUNT_RATE_LIMITS = {
    "invitation": "60/m/ip",
    "host_link": "60/m/ip",
    "identity_provider": "60/m/ip",
}
INVITATION_DAYS = amount("INVITATION_DAYS", 7.0, unit="days")

# What makes an admin's link of a member to a Zoom user hold; see meetings.services.host_links.
HOST_LINKS = one_of("HOST_LINKS", ("confirmed", "at_once"), "confirmed")

# --- Starts ---------------------------------------------------------------------------------
START_ATTEMPT_DAYS = amount("START_ATTEMPT_DAYS", 90.0, unit="days")

# --- Zoom -----------------------------------------------------------------------------------
# `{region}` becomes "" or "-eu", "-us", ...: an account's region is a fixed choice, never a host.
ZOOM_API_URL = env.str("ZOOM_API_URL", "https://api{region}.zoom.us/v2")
ZOOM_OAUTH_URL = env.str("ZOOM_OAUTH_URL", "https://zoom.us/oauth/token")
# Hosts we send a browser to (start links, join links). A leading dot means "and below it".
ZOOM_LINK_HOSTS = env.list("ZOOM_LINK_HOSTS", default=[".zoom.us"])
ZOOM_CONNECT_TIMEOUT = amount("ZOOM_CONNECT_TIMEOUT", 2.0)
ZOOM_READ_TIMEOUT = amount("ZOOM_READ_TIMEOUT", 4.0)
ZOOM_DEADLINE = amount("ZOOM_DEADLINE", 7.0)
ZOOM_CALLS_AT_ONCE = amount("ZOOM_CALLS_AT_ONCE", 24, unit="calls")
# How many calls a second Zoom takes until it says so itself, and how many of them in a hundred work
# that nobody waits for may make.
ZOOM_PLAN = one_of("ZOOM_PLAN", ("free", "pro", "business"), "pro")
ZOOM_BACKGROUND_PERCENT = amount("ZOOM_BACKGROUND_PERCENT", 50.0, unit="percent")
if ZOOM_BACKGROUND_PERCENT > 100:
    raise ImproperlyConfigured("ZOOM_BACKGROUND_PERCENT must be at most 100.")
WEBHOOK_EVENT_DAYS = amount("WEBHOOK_EVENT_DAYS", 30.0, unit="days")
ZOOM_SDK_WEBRTC_MODE = one_of("ZOOM_SDK_WEBRTC_MODE", ("sdk", "0", "1"), "sdk")
# Below which SDK Zoom lets nobody in, and since when or from when on. It moves each quarter.
ZOOM_SDK_MINIMUM = version_from("ZOOM_SDK_MINIMUM")
# Who is to start meetings by a Zoom account, for the connection check: zoomauth knows no hosts.
ZOOM_LINKED_HOSTS = "meetings.checklist.linked_zoom_users"
# What follows from a finished import of an organization's Zoom users.
ZOOM_USERS_IMPORTED = "meetings.services.host_following.follow_zoom_users"
# What follows from Zoom's word that a meeting has started.
ZOOM_MEETING_STARTED = "meetings.services.traces.note_started"
# The sandbox's own small ZoomMtg, for browsers that cannot map Zoom's host names to it.
ZOOM_SDK_STAND_IN = env.str("ZOOM_SDK_STAND_IN", "").rstrip("/")
if ZOOM_SDK_STAND_IN and not DEBUG:
    raise ImproperlyConfigured("ZOOM_SDK_STAND_IN replaces Zoom's SDK; only DEBUG=true allows it.")

# --- Pages ----------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if _base.scheme == "https":
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
if flag("BEHIND_PROXY", default=False):
    # The proxy's word for whom it speaks: the last address in X-Forwarded-For, and the scheme.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
    if _base.scheme == "https":
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- Browser files --------------------------------------------------------------------------
NODE_MODULES = BASE_DIR / "node_modules"
_lock = json.loads((BASE_DIR / "package-lock.json").read_text())
ZOOM_SDK_VERSION = _lock["packages"]["node_modules/@zoom/meetingsdk"]["version"]
# The version in the path makes the files cacheable for ever; the SDK works out names below it.
ZOOM_SDK_PREFIX = f"zoomsdk/{ZOOM_SDK_VERSION}"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *(
        (prefix, folder)
        for prefix, folder in (
            (ZOOM_SDK_PREFIX, NODE_MODULES / "@zoom/meetingsdk/dist"),
            ("vendor/htmx", NODE_MODULES / "htmx.org/dist"),
            ("vendor/pico", NODE_MODULES / "@picocss/pico/css"),
        )
        # `npm ci` brings them; portal.checks says so when they are missing.
        if folder.is_dir()
    ),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "portal.staticfiles.HashedStaticFiles"
    },
}
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers
# Cacheable for ever: the version is in the SDK's path, and a hash in our names.
WHITENOISE_IMMUTABLE_FILE_TEST = (
    rf"^{STATIC_URL}({re.escape(ZOOM_SDK_PREFIX)}/|.+\.[0-9a-f]{{12}}\.\w+$)"
)

# --- Language and time ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- Mail -----------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", "consolemail://"))
# A page may wait for the mail server.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", f"greenroom@{_base.hostname}")

# --- API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "meetings.api.errors.handle_exception",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Greenroom API",
    "DESCRIPTION": "Schedule meetings and start them for the signed-in host.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Background work ------------------------------------------------------------------------
_FILE_BROKER = f"sqla+sqlite:///{BASE_DIR / 'broker.sqlite3'}"
CELERY_BROKER_URL = required_in_production("BROKER_URL", _FILE_BROKER)
# What is the same wherever it runs is in portal.celery.
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE_DIR / "celerybeat-schedule")
_sweep_every = amount("TOKEN_SWEEP_SECONDS", 30.0)
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "zoomauth.tasks.sweep_access_tokens", "schedule": _sweep_every},
    "duties": {"task": "zoomauth.tasks.give_token_duties", "schedule": 300.0},
    "blocked": {"task": "zoomauth.tasks.mail_blocked_accounts", "schedule": 60.0},
    "check": {"task": "zoomauth.tasks.check_connections", "schedule": crontab(hour=2, minute=7)},
    "invitations": {"task": "portal.tasks.mail_invitations", "schedule": 60.0},
    "started_for": {"task": "meetings.tasks.mail_hosts_started_for", "schedule": 60.0},
    "tomorrow": {"task": "meetings.tasks.sweep_reports", "schedule": crontab(minute=20)},
    "prune": {"task": "zoomauth.tasks.prune_webhook_events", "schedule": 3600.0},
    "prune_attempts": {"task": "meetings.tasks.prune_start_attempts", "schedule": 3600.0},
    "imports": {"task": "zoomauth.tasks.sweep_zoom_user_imports", "schedule": 60.0},
    "zoom_users": {
        "task": "zoomauth.tasks.import_zoom_users_of_all",
        "schedule": crontab(hour=1, minute=11),
    },
    "host_links": {"task": "meetings.tasks.mail_host_links", "schedule": 60.0},
}

# --- What each app says of an organization, and of the installation -------------------------
# In the order in which an admin does them; see portal.checklist.
CHECKLIST_STEPS = ["zoomauth.checklist.steps", "meetings.checklist.steps"]
# What `manage.py doctor` looks at, in this order; see portal.doctor.
DOCTOR_PROBES = [
    "portal.doctor.settings_and_files",
    "portal.doctor.database",
    "portal.doctor.broker",
    "zoomauth.doctor.accounts",
]

_log_level = one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _log_level},
}
