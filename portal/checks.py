"""System checks: what must be right before the first request.

Commands run them by themselves. Web processes, workers and beat ask `refuse_to_start`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from portal.sealing import SealingError, load_keys

# As Django's own security.W009, which is a warning and only for `check --deploy`; but hexadecimal
# digits have to pass and one letter again and again must not.
_FEWEST_CHARACTERS = 50
_FEWEST_DIFFERENT = 10

Rule = Callable[[], Iterator[CheckMessage]]
Check = Callable[..., list[CheckMessage]]


def refuse_to_start() -> None:
    """Raise `ImproperlyConfigured` if a key is missing, weak, known, or in the wrong place."""
    found = checks.run_checks(tags=[Tags.security])
    errors = [f"{m.msg} ({m.id})" for m in found if m.is_serious() and not m.is_silenced()]
    if errors:
        raise ImproperlyConfigured(" ".join(errors))


def _about_keys(rule: Rule) -> Check:
    """Registers a rule, which speaks only once the keys can be read at all. None tells a key."""

    def check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
        try:
            return list(rule())
        except SealingError:
            return []

    return register(check, Tags.security)


@register(Tags.security)
def sealing_keys_are_usable(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    try:
        load_keys(settings.SEALING_KEYS)
    except SealingError as error:
        return [Error(str(error), id="portal.E001", hint="See SEALING_KEYS in .env.example.")]
    return []


@_about_keys
def secret_keys_are_strong() -> Iterator[CheckMessage]:
    for name, keys in (
        ("SECRET_KEY", [settings.SECRET_KEY]),
        ("SECRET_KEY_FALLBACKS", settings.SECRET_KEY_FALLBACKS),
    ):
        if not settings.DEBUG and any(map(_is_weak, keys)):
            yield Error(
                f"{name} is too short or too even to be secret: it takes {_FEWEST_CHARACTERS} "
                f"characters, {_FEWEST_DIFFERENT} of them different.",
                hint='python -c "import secrets; print(secrets.token_urlsafe(64))"',
                id="portal.E002",
            )


@_about_keys
def sealing_keys_are_strong() -> Iterator[CheckMessage]:
    for key_id, key in load_keys(settings.SEALING_KEYS).items():
        # Of 32 random bytes some 30 are different.
        if len(set(key)) < _FEWEST_DIFFERENT:
            yield Error(
                f"The sealing key {key_id} is not random.",
                hint="openssl rand -base64 32",
                id="portal.E003",
            )


@_about_keys
def every_key_has_one_purpose() -> Iterator[CheckMessage]:
    """Also, one that is replaced by itself would not be replaced."""
    sealing = load_keys(settings.SEALING_KEYS)
    signing = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    texts = [part.partition("=")[2].strip() for part in settings.SEALING_KEYS.split(",")]
    if len(set(sealing.values())) < len(sealing) or len(set(signing)) < len(signing):
        yield Error("One key stands there twice.", id="portal.E004")
    if any(text and text in key for text in texts for key in signing):
        yield Error("A sealing key is in SECRET_KEY or its fallbacks too.", id="portal.E004")


@_about_keys
def keys_of_development_stay_there() -> Iterator[CheckMessage]:
    """Everybody can read them in the code."""
    public = {
        settings.DEVELOPMENT_SECRET_KEY,
        *load_keys(settings.DEVELOPMENT_SEALING_KEYS).values(),
    }
    signing = {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}
    own = signing | set(load_keys(settings.SEALING_KEYS).values())
    if not settings.DEBUG and own & public:
        yield Error("A key of development is used outside of it.", id="portal.E005")
    # Error pages of DEBUG show settings and variables, and what these keys open is somebody's.
    if settings.DEBUG and own - public:
        yield Error(
            "DEBUG=true takes no SECRET_KEY and no SEALING_KEYS of an installation.",
            hint="Take them out of the environment and of .env, or set DEBUG=false.",
            id="portal.E006",
        )


@register(Tags.security)
def database_takes_statements_together(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The last look before Zoom is asked sends two at once, which no prepared statement can be."""
    if not connection.settings_dict["OPTIONS"].get("server_side_binding"):
        return []
    return [
        Error(
            "With server_side_binding no meeting can be started.",
            hint="Take it out of DATABASE_URL.",
            id="portal.E007",
        )
    ]


@register(Tags.staticfiles)
def browser_files_are_installed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    installed = settings.NODE_MODULES / "@zoom/meetingsdk"
    # An image has them collected, and not where they came from.
    collected = settings.STATIC_ROOT / settings.ZOOM_SDK_PREFIX
    if settings.ZOOM_SDK_STAND_IN or installed.is_dir() or collected.is_dir():
        return []
    return [
        Warning(
            "Zoom's Meeting SDK is not installed, so no meeting can start in the page.",
            hint="Run `npm ci`.",
            id="portal.W001",
        )
    ]


def _is_weak(key: str) -> bool:
    return len(key) < _FEWEST_CHARACTERS or len(set(key)) < _FEWEST_DIFFERENT
