"""The server line: what gunicorn.conf.py sets, and what its log and its database connections do."""

import subprocess
import sys
import time
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from django.db import connection  # noqa: F401 - named in a condition below

from tests.server import ROOT, database_url, environment, running
from tests.settings import BUILD

pytestmark = pytest.mark.django_db


def read_configuration(**changes):
    """What gunicorn makes of its file: setting by setting, or what it says against it."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "portal.wsgi"],
        cwd=ROOT, env={**environment(), **changes}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip


def parse(printed):
    pairs = (line.partition("=") for line in printed.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


@pytest.fixture(scope="module")
def configuration():
    return parse(read_configuration().stdout)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker_class", "gthread"),
        ("workers", "2"),
        ("threads", "32"),
        ("preload_app", "True"),
        ("forwarded_allow_ips", "[]"),
        ("control_socket_disable", "True"),
        ("raw_env", "['PGOPTIONS=-c statement_timeout=15s -c lock_timeout=10s']"),
    ],
)
def test_the_line_is(configuration, name, value):
    assert configuration[name] == value


def test_a_start_that_has_begun_may_end_before_the_server_does(configuration):
    """The page gives up after 8 seconds."""
    assert int(configuration["graceful_timeout"]) > 8
    assert int(configuration["timeout"]) > 8


def test_numbers_come_from_the_environment():
    found = parse(read_configuration(WEB_WORKERS="3", WEB_THREADS="16").stdout)
    assert (found["workers"], found["threads"]) == ("3", "16")


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "many", "1000"])
def test_a_wrong_number_stops_the_start(value):
    answer = read_configuration(WEB_THREADS=value)
    assert answer.returncode != 0
    assert "WEB_THREADS must be a whole number from 1 to 999." in answer.stdout + answer.stderr


def read_log(served, line):
    """The log, once this is in it: gunicorn writes it when the answer has left."""
    path, end = BUILD / f"server-{urlsplit(served).port}.log", time.monotonic() + 10
    while line not in (log := path.read_text()):
        assert time.monotonic() < end, log
        time.sleep(0.05)
    return log


def test_the_log_has_paths_and_nothing_secret(served):
    key = "/accounts/password/reset/key/1-abcdef-0123456789abcdef/"
    elsewhere = {"Referer": f"{served}/accounts/login/?next=/from-elsewhere/"}
    requests.get(f"{served}{key}?code=sign-in-code", headers=elsewhere, timeout=30)
    log = read_log(served, '"GET /accounts/password/reset/key/..." ')
    assert "0123456789abcdef" not in log
    assert "sign-in-code" not in log
    assert "from-elsewhere" not in log


def test_nobody_writes_a_line_of_the_log_by_an_address(served):
    requests.get(f"{served}/x%0aforged%1b%c2%85line", timeout=30)
    log = read_log(served, '"GET /x%0aforged%1b')
    assert not any(line.startswith("forged") for line in log.splitlines())


def test_workers_share_no_connection_of_the_code_they_were_loaded_from():
    """With an application that opens one while it is loaded."""
    program = (
        "import portal.wsgi as w; from django.db import connection as c; c.ensure_connection();"
        "import runpy; runpy.run_path('gunicorn.conf.py')['pre_fork'](None, None);"
        "print(c.connection)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert (answer.stdout, answer.returncode) == ("None\n", 0), answer.stderr


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a limit of PostgreSQL's")
@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_gives_its_thread_back():
    held = psycopg.connect(database_url())
    with held, running(threads=1, PGOPTIONS="-c lock_timeout=200ms") as base:
        held.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        cookies = {"sessionid": "s" * 32}
        answer = requests.get(f"{base}/meetings/", cookies=cookies, timeout=30)
        assert answer.status_code == 500
        # The only thread is free again while the table is still locked.
        assert requests.get(f"{base}/accounts/password/reset/", timeout=30).status_code == 200
