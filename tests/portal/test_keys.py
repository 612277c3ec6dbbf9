"""Keys that are weak, known or used twice: told by the checks, and nothing starts with them."""

import base64
import secrets
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.checks import refuse_to_start
from tests.server import ROOT, environment

SIGNING = secrets.token_urlsafe(64)
OTHER_SIGNING = secrets.token_urlsafe(64)


def seal_key(key_id, octets):
    return f"{key_id}={base64.b64encode(octets).decode()}"


SEALING = seal_key("k1", secrets.token_bytes(32))
OTHER_SEALING = seal_key("k2", secrets.token_bytes(32))


@pytest.fixture
def keys(settings):
    """Sound keys, but for these changes."""

    def call(**changes):
        sound = {"SECRET_KEY": SIGNING, "SECRET_KEY_FALLBACKS": [], "SEALING_KEYS": SEALING}
        for name, value in {**sound, **changes}.items():
            setattr(settings, name, value)
        return settings

    return call


def test_sound_keys_start(keys):
    keys(SECRET_KEY_FALLBACKS=[OTHER_SIGNING], SEALING_KEYS=f"{OTHER_SEALING},{SEALING}")
    refuse_to_start()


def test_what_the_example_says_makes_sound_keys(keys):
    """`openssl rand -hex` is what others say."""
    keys(SECRET_KEY=secrets.token_hex(32))
    refuse_to_start()


SAME_TWICE = f"{SEALING},again={SEALING.partition('=')[2]}"
REFUSED = {
    "sealing keys that are none": ({"SEALING_KEYS": "k1=short"}, "portal.E001"),
    "a short secret key": ({"SECRET_KEY": SIGNING[:49]}, "portal.E002"),
    "an even secret key": ({"SECRET_KEY": "changeme" * 8}, "portal.E002"),
    "a weak fallback": ({"SECRET_KEY_FALLBACKS": [OTHER_SIGNING, "old"]}, "portal.E002"),
    "a sealing key of zeros": ({"SEALING_KEYS": seal_key("k1", bytes(32))}, "portal.E003"),
    "a weak second sealing key": (
        {"SEALING_KEYS": f"{SEALING},{seal_key('k2', b'passpass' * 4)}"},
        "portal.E003",
    ),
    "one sealing key under two ids": ({"SEALING_KEYS": SAME_TWICE}, "portal.E004"),
    "a fallback that is the key": ({"SECRET_KEY_FALLBACKS": [SIGNING]}, "portal.E004"),
    "a sealing key that signs too": (
        {"SECRET_KEY": SEALING.partition("=")[2] + SIGNING},
        "portal.E004",
    ),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_nothing_starts_with(keys, changes, said):
    keys(**changes)
    with pytest.raises(ImproperlyConfigured, match=said):
        refuse_to_start()


def test_nothing_starts_in_production_with_the_keys_of_development(keys, settings):
    keys(SECRET_KEY=settings.DEVELOPMENT_SECRET_KEY)
    with pytest.raises(ImproperlyConfigured, match=r"portal\.E005"):
        refuse_to_start()


def test_another_id_does_not_hide_the_sealing_key_of_development(keys, settings):
    keys(SEALING_KEYS=f"{SEALING},{settings.DEVELOPMENT_SEALING_KEYS.replace('dev=', 'k9=')}")
    with pytest.raises(ImproperlyConfigured, match=r"portal\.E005"):
        refuse_to_start()


def test_development_starts_with_its_own_keys(keys, settings):
    keys(
        DEBUG=True,
        SECRET_KEY=settings.DEVELOPMENT_SECRET_KEY,
        SEALING_KEYS=settings.DEVELOPMENT_SEALING_KEYS,
    )
    refuse_to_start()


@pytest.mark.parametrize("name", ["SECRET_KEY", "SEALING_KEYS"])
def test_debug_does_not_start_with_the_keys_of_an_installation(keys, settings, name):
    development = {
        "SECRET_KEY": settings.DEVELOPMENT_SECRET_KEY,
        "SEALING_KEYS": settings.DEVELOPMENT_SEALING_KEYS,
    }
    del development[name]
    keys(DEBUG=True, **development)
    with pytest.raises(ImproperlyConfigured, match=r"portal\.E006"):
        refuse_to_start()


def test_what_is_said_holds_no_key(keys, settings):
    for changes, _said in REFUSED.values():
        keys(**changes)
        with pytest.raises(ImproperlyConfigured) as refused:
            refuse_to_start()
        texts = [part.partition("=")[2] for part in settings.SEALING_KEYS.split(",")]
        secret = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *texts]
        # "old" and "short" are words too.
        assert [key for key in secret if len(key) > 5 and key in str(refused.value)] == []


PROCESSES = {
    "web": ["gunicorn", "portal.wsgi", "--bind", "127.0.0.1:0", "--workers", "1"],
    "worker": ["celery", "-A", "portal", "worker", "--pool", "solo"],
    "beat": ["celery", "-A", "portal", "beat", "--schedule", "build/never-written"],
    "command": ["manage", "migrate", "--check"],
}


@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_starts_with_a_weak_key(name, django_db_setup):
    program, *arguments = PROCESSES[name]
    line = ["manage.py", *arguments] if program == "manage" else ["-m", program, *arguments]
    ended = subprocess.run(
        [sys.executable, *line],
        cwd=ROOT, env=environment(SECRET_KEY="too-short"),
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "portal.E002" in ended.stdout + ended.stderr
