"""Dockerfile and compose.yaml. Nothing is built here: they are read, and their steps followed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests
import yaml
from django.urls import reverse

from portal.celery import QUEUES, app
from tests.deployment.image import ROOT, build, command_of, read_stages
from tests.server import database_url, free_port
from tests.settings import ENVIRONMENT
from tests.test_settings_documented import EXAMPLE, PRODUCTION, names_documented

STAGES = read_stages()
IMAGE = STAGES["portal"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
WORKERS = ["refresh", "worker"]
OURS = {"web", *WORKERS, "beat", "migrate"}
DOCUMENTS = (ROOT / "README.md").read_text() + (ROOT / "docs/operations.md").read_text()


# --- The image ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STAGES)
def test_what_is_copied_is_there_and_not_ignored(name):
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    local = {source for copy in STAGES[name].copies() if not copy.stage for source in copy.sources}
    assert {source for source in local if not (ROOT / source).exists()} == set()
    assert local <= allowed


@pytest.mark.parametrize("name", STAGES)
def test_what_is_copied_from_a_stage_is_from_an_earlier_one(name):
    before = list(STAGES)[: list(STAGES).index(name)]
    assert {copy.stage for copy in STAGES[name].copies() if copy.stage} <= set(before)


def test_packages_are_those_of_the_lock_files():
    assert STAGES["browser"].arguments("RUN") == ["npm ci"]
    installs = [step for step in STAGES["packages"].arguments("RUN") if "pip install" in step]
    assert len(installs) == 1
    assert "--require-hashes -r requirements-prod.txt" in installs[0]


def test_it_runs_as_nobody_special():
    assert IMAGE.arguments("USER") == ["greenroom"]
    words = [word for word, _ in IMAGE.steps]
    assert not {"RUN", "COPY"} & set(words[words.index("USER") :])


def test_no_secret_is_in_it():
    """Settings of the build are for one command, and stay in no layer."""
    kept = [
        text
        for stage in STAGES.values()
        for word in ("ENV", "ARG")
        for text in stage.arguments(word)
    ]
    assert [text for text in kept if re.search("KEY|SECRET|PASSWORD|URL", text)] == []
    assert not any(
        name.startswith(".env")
        for stage in STAGES.values()
        for c in stage.copies()
        for name in c.sources
    )


def test_it_starts_with_the_documented_line():
    assert command_of(IMAGE) == ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000"]
    assert "gunicorn portal.wsgi" in DOCUMENTS


def test_its_health_is_asked_where_it_is_told():
    (check,) = IMAGE.arguments("HEALTHCHECK")
    assert f"127.0.0.1:8000{reverse('healthz')}" in check


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A folder with what the image would have."""
    if not (ROOT / "node_modules/@zoom/meetingsdk").is_dir():
        pytest.skip("no Zoom SDK here: npm ci")
    return build(tmp_path_factory.mktemp("image"))


@pytest.fixture
def production(db):
    """The environment of a container: production's settings, and nothing of this machine's."""
    return {
        "PATH": os.environ["PATH"],
        **PRODUCTION,
        "DATABASE_URL": database_url(),
        "SEALING_KEYS": ENVIRONMENT["SEALING_KEYS"],
        "BEHIND_PROXY": "true",
    }


def run(image, environment, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=image, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_its_settings_are_fit_for_production(image, production):
    answer = run(image, production, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert answer.returncode == 0, answer.stderr


def test_it_holds_the_sdk_and_not_where_it_came_from(image):
    assert list((image / "build/static/zoomsdk").glob("*/zoom-meeting-*.min.js.gz"))
    assert not (image / "node_modules").exists()


def test_it_starts_and_is_ready(image, production):
    port = free_port()
    module, *options = command_of(IMAGE)
    options[options.index("0.0.0.0:8000")] = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options, "--workers", "1"],
        cwd=image, env=production, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        answer = _wait_for(f"http://127.0.0.1:{port}/readyz", process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert (answer.status_code, answer.json()["reasons"]) == (200, [])


def _wait_for(url, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(url, timeout=10)
        time.sleep(0.1)
    raise RuntimeError("the image's command did not start")


# --- compose.yaml -------------------------------------------------------------------------------


def test_the_services_are_all_that_it_takes():
    assert set(SERVICES) == OURS | {"proxy", "postgres", "redis"}


def test_there_is_one_beat():
    beats = [name for name, service in SERVICES.items() if "beat" in service.get("command", [])]
    assert beats == ["beat"]
    assert "deploy" not in SERVICES["beat"]
    assert not any({"-B", "--beat"} & set(s.get("command", [])) for s in SERVICES.values())


def test_beat_writes_where_it_may():
    service = SERVICES["beat"]
    schedule = service["command"][service["command"].index("--schedule") + 1]
    assert service["read_only"]
    assert schedule.startswith(f"{service['tmpfs'][0]}/")


@pytest.mark.parametrize("name", [*WORKERS, "beat"])
def test_the_lines_are_the_documented_ones(name):
    in_memory = SERVICES[name]["tmpfs"][0]
    line = " ".join(SERVICES[name]["command"]).replace(in_memory, "/var/lib/greenroom")
    assert f"\n{line}\n" in DOCUMENTS


def test_the_workers_take_from_every_queue_and_tokens_wait_behind_nothing_else():
    lines = [SERVICES[name]["command"] for name in WORKERS]
    taken = [line[line.index("--queues") + 1].split(",") for line in lines]
    assert taken[0] == ["refresh"]
    assert sorted(taken[0] + taken[1]) == sorted(QUEUES)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_is_one(name):
    settings = {**SERVICES[name]["environment"], **SERVICES["web"]["environment"]}
    assert set(settings) <= set(names_documented(EXAMPLE.read_text()))


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_runs_can_write_nothing_and_become_nobody(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_is_written_down():
    text = (ROOT / "compose.yaml").read_text()
    secret = re.findall(r"(?:PASSWORD|KEYS?|SECRET)\w*:\s+(\S+)", text)
    assert secret
    assert all(value.startswith("${") for value in secret)


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_the_web_is_asked_whether_it_is_ready():
    assert f"127.0.0.1:8000{reverse('readyz')}" in SERVICES["web"]["healthcheck"]["test"][-1]


def test_a_container_ends_later_than_what_runs_in_it():
    grace = {
        name: int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        for name in ("web", *WORKERS)
    }
    configured = (ROOT / "gunicorn.conf.py").read_text()
    assert grace["web"] > int(re.search(r"^graceful_timeout = (\d+)", configured, re.M)[1])
    app.loader.import_default_modules()
    own = [task.time_limit for task in app.tasks.values() if task.time_limit]
    assert len(own) >= 2, "reports have a limit of their own"
    assert grace["worker"] > max(app.conf.task_time_limit, *own)
    assert grace["refresh"] > app.conf.task_time_limit


def test_nothing_serves_before_the_database_is_migrated():
    for name in ("web", *WORKERS, "beat"):
        after = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert after == "service_completed_successfully"


def test_every_volume_is_declared():
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith("./")
    }
    assert used == set(COMPOSE["volumes"])


def test_the_proxy_serves_what_the_job_copied():
    assert "static:/static:ro" in SERVICES["proxy"]["volumes"]
    assert "static:/static" in SERVICES["migrate"]["volumes"]
    assert "cp -r build/static/. /static/" in SERVICES["migrate"]["command"][-1]
    # A volume takes its owner from the image's folder, and the job is not root.
    assert any("install -d -o greenroom /static" in step for step in IMAGE.arguments("RUN"))
