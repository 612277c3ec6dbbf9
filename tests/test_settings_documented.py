"""Every setting is explained in `.env.example`, and a wrong value is never taken for another."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ROOT / "portal" / "settings.py"
GUNICORN = ROOT / "gunicorn.conf.py"
EXAMPLE = ROOT / ".env.example"
KEY = "k1=" + "a2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMtZm9yLXRlc3Q="
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "9Vt2-wQ7xLr4_Zk8mNs1Bc6Hy3Jd5Gf0Pa-Ue2To7Ri4Wq9Xv6Lz1Cm8Ks3",
    "BASE_URL": "https://greenroom.example",
    "SEALING_KEYS": KEY,
    "BROKER_URL": "redis://127.0.0.1:6379/0",
}


# --- The same set -----------------------------------------------------------------------------


def reads_environment(call, readers):
    """Whether this call is `env(...)`, `env.str(...)`, or one of the helpers built on it."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Name) and function.value.id == "env"
    return isinstance(function, ast.Name) and function.id in readers


def names_read(source):
    """Names of settings read from the environment, and calls whose name is no literal."""
    tree = ast.parse(source)
    helpers = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and "name" in {arg.arg for arg in node.args.args}
    }
    inside = {id(node) for helper in helpers.values() for node in ast.walk(helper)}
    names, unknown = set(), []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in inside:
            continue
        if not reads_environment(node, {"env", *helpers}) or not is_by_name(node):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            names.add(first.value)
        else:
            unknown.append(ast.unparse(node))
    return names, unknown


def is_by_name(call):
    return not (isinstance(call.func, ast.Attribute) and call.func.attr == "read_env")


def names_documented(text):
    return [match[1] for match in re.finditer(r"^(?:# )?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)]


def test_what_is_read_is_what_is_documented():
    read, unknown = names_read(SETTINGS.read_text() + GUNICORN.read_text())
    assert unknown == []
    assert read == set(names_documented(EXAMPLE.read_text()))


def test_every_setting_is_documented_once():
    documented = names_documented(EXAMPLE.read_text())
    assert len(documented) == len(set(documented))


def test_the_reader_finds_every_way_of_reading():
    source = (
        'A = env("ONE")\nB = env.str("TWO", "")\n'
        'def flag(name, *, default):\n    return env.str(name) == "true"\n'
        'if flag("THREE", default=False):\n    C = 1\nD = {"x": env.db_url("FOUR")}\n'
        'E = env.bool(prefix + "X")\n'
    )
    assert names_read(source) == ({"ONE", "TWO", "THREE", "FOUR"}, ["env.bool(prefix + 'X')"])


def test_nothing_but_the_settings_reads_the_environment():
    readers = re.compile(r"\bos\.environ\[|\bos\.environ\.get\(|\bos\.getenv\(|\benviron\.Env\(")
    found = [
        path.relative_to(ROOT).as_posix()
        for app in ("portal", "zoomauth", "meetings")
        for path in (ROOT / app).rglob("*.py")
        if readers.search(path.read_text())
    ]
    # The demo's password is the demo's own, and no setting of the portal.
    assert set(found) <= {"portal/settings.py", "meetings/management/commands/demo.py"}
    assert "portal/settings.py" in found


def test_every_setting_is_explained_above_its_line():
    lines = EXAMPLE.read_text().splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if names_documented(line) and not before.startswith("#")
    ]
    assert bare == []


def test_a_copy_of_the_example_changes_nothing():
    """So it can be copied as it is, and holds no secret."""
    lines = EXAMPLE.read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


# --- Wrong values -----------------------------------------------------------------------------


def start(*command, without=(), **changes):
    """Start Django in a process of its own, in production but for these changes."""
    settings = {**PRODUCTION, **changes}
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    environment |= {name: value for name, value in settings.items() if name not in without}
    environment["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    # An empty value wins over a developer's own .env file.
    environment |= dict.fromkeys(without, "")
    return subprocess.run(
        [sys.executable, *(command or ("-c", "import django; django.setup()"))],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_production_starts():
    answer = start()
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "BASE_URL", "SEALING_KEYS", "BROKER_URL"])
def test_production_does_not_start_without(name):
    answer = start(without=[name])
    assert answer.returncode == 1
    assert f"{name} is not set. Only DEBUG=true may run without it." in answer.stderr


def test_development_starts_without_any_of_them():
    bare = ["SECRET_KEY", "BASE_URL", "SEALING_KEYS", "BROKER_URL"]
    environment = {
        "PATH": os.environ["PATH"],
        "DEBUG": "true",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    program = "import django; django.setup(); from django.conf import settings as s; print(s.DEBUG)"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert not set(bare) & set(environment)
    assert (answer.returncode, answer.stdout) == (0, "True\n")


REFUSED = [
    ({"DEBUG": "yes"}, "DEBUG must be one of true, false; it is 'yes'"),
    ({"DEBUG": "True"}, "DEBUG must be one of"),
    ({"DEBUG": "0"}, "DEBUG must be one of"),
    ({"DEBUG": "true"}, "DEBUG=true serves localhost only"),
    ({"DEBUG": "true", "BASE_URL": "http://localhost.evil.example"}, "serves localhost only"),
    ({"BASE_URL": "https://greenroom.example/portal"}, "without a path"),
    ({"BASE_URL": "greenroom.example"}, "BASE_URL must look like"),
    ({"BASE_URL": "ftp://greenroom.example"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://greenroom.example?x=1"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://greenroom.example#x"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://user:word@greenroom.example"}, "BASE_URL must look like"),
    ({"BEHIND_PROXY": "1"}, "BEHIND_PROXY must be one of"),
    ({"BEHIND_PROXY": "1", "BASE_URL": "http://greenroom.example"}, "BEHIND_PROXY must be one of"),
    ({"ZOOM_SDK_STAND_IN": "http://localhost:9000"}, "only DEBUG=true allows it"),
    ({"ZOOM_SDK_WEBRTC_MODE": "2"}, "ZOOM_SDK_WEBRTC_MODE must be one of"),
    ({"ZOOM_DEADLINE": "0"}, "ZOOM_DEADLINE must be a number of seconds above 0"),
    ({"ZOOM_DEADLINE": "-1"}, "ZOOM_DEADLINE must be a number of seconds above 0"),
    ({"ZOOM_DEADLINE": "nan"}, "ZOOM_DEADLINE must be a number of seconds above 0"),
    ({"ZOOM_DEADLINE": "inf"}, "ZOOM_DEADLINE must be a number of seconds above 0"),
    ({"ZOOM_DEADLINE": "7s"}, "ZOOM_DEADLINE must be a number of seconds above 0"),
    ({"ZOOM_READ_TIMEOUT": "soon"}, "ZOOM_READ_TIMEOUT must be a number of seconds above 0"),
    ({"TOKEN_SWEEP_SECONDS": "0"}, "TOKEN_SWEEP_SECONDS must be a number of seconds above 0"),
    ({"INVITATION_DAYS": "0"}, "INVITATION_DAYS must be a number of days above 0"),
    ({"ZOOM_SDK_MINIMUM": "6.0.0"}, "ZOOM_SDK_MINIMUM must be a version and a day"),
    ({"ZOOM_SDK_MINIMUM": "6.0.0@soon"}, "ZOOM_SDK_MINIMUM must be a version and a day"),
    ({"ZOOM_SDK_MINIMUM": "@2026-11-07"}, "ZOOM_SDK_MINIMUM must be a version and a day"),
    ({"ZOOM_SDK_MINIMUM": "6.x@2026-11-07"}, "ZOOM_SDK_MINIMUM must be a version and a day"),
    ({"START_ATTEMPT_DAYS": "0"}, "START_ATTEMPT_DAYS must be a number of days above 0"),
    ({"WEBHOOK_EVENT_DAYS": "0"}, "WEBHOOK_EVENT_DAYS must be a number of days above 0"),
    ({"WEBHOOK_EVENT_DAYS": "30d"}, "WEBHOOK_EVENT_DAYS must be a number of days above 0"),
    ({"LOG_LEVEL": "info"}, "LOG_LEVEL must be one of"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=[str(changes) for changes, _ in REFUSED])
def test_a_wrong_value_stops_the_start(changes, said):
    answer = start(**changes)
    assert answer.returncode == 1
    assert said in answer.stderr


def test_the_stand_in_is_allowed_in_development():
    local = {"DEBUG": "true", "BASE_URL": "http://localhost:8000"}
    assert start(**local, ZOOM_SDK_STAND_IN="http://localhost:9000").returncode == 0


@pytest.mark.parametrize("base", ["https://greenroom.example/", "https://greenroom.example:8443"])
def test_a_slash_at_the_end_and_a_port_are_fine(base):
    assert start(BASE_URL=base).returncode == 0


def test_bad_sealing_keys_fail_the_check_and_not_the_first_use():
    answer = start("manage.py", "check", SEALING_KEYS="k1=short")
    assert answer.returncode == 1
    assert "portal.E001" in answer.stderr
    assert "short" not in answer.stderr


def test_the_deploy_check_has_nothing_to_say():
    answer = start("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert answer.returncode == 0, answer.stderr


def test_the_deploy_check_has_something_to_say_over_plain_http():
    answer = start(
        "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        BASE_URL="http://greenroom.example",
    )  # fmt: skip
    assert answer.returncode == 1
    assert "SECURE_HSTS_SECONDS" in answer.stderr
