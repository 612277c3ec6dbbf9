"""System checks: what must be right before the first request."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004

from portal.sealing import SealingError, load_keys


@register(Tags.security)
def sealing_keys_are_usable(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    try:
        load_keys(settings.SEALING_KEYS)
    except SealingError as error:
        return [Error(str(error), id="portal.E001", hint="See SEALING_KEYS in .env.example.")]
    return []


@register(Tags.staticfiles)
def browser_files_are_installed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.ZOOM_SDK_STAND_IN or (settings.NODE_MODULES / "@zoom/meetingsdk").is_dir():
        return []
    return [
        Warning(
            "Zoom's Meeting SDK is not installed, so no meeting can start in the page.",
            hint="Run `npm ci`.",
            id="portal.W001",
        )
    ]
