"""What the sandbox's own README says is so: its examples run, what it names is there."""

import json
import re
import shlex

import pytest

from tests.sandbox import ROOT, Sandbox
from zoomsandbox.__main__ import read_arguments
from zoomsandbox.control.routes import CONTROLS
from zoomsandbox.state.ledger import LEDGER_LENGTH

README = (ROOT / "zoomsandbox" / "README.md").read_text()
HERE = "http://localhost:8001"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def get_blocks(language):
    return [text for name, text in BLOCK.findall(README) if name == language]


@pytest.fixture(scope="module")
def fresh():
    with Sandbox.running() as sandbox:
        yield sandbox


def test_the_python_examples_run(fresh):
    fresh.reset()
    names = {}
    for block in get_blocks("python"):
        exec(block.replace(HERE, fresh.url), names)  # noqa: S102 - the README's own examples
    assert fresh.people(names["meeting"]["id"]) == [("Alice Acme", "host")]


def test_there_are_examples_that_check_something():
    assert sum(block.count("assert ") for block in get_blocks("python")) >= 5


def test_the_shell_example_makes_an_account(fresh):
    fresh.reset()
    (line,) = (block for block in get_blocks("sh") if block.startswith("curl"))
    command, address, option, body = shlex.split(line)
    assert (command, option) == ("curl", "-d")
    path = address.removeprefix(f"{HERE}/_control/")
    assert fresh.control("POST", path, json.loads(body))["account_id"] == "acme"


def test_every_control_it_names_is_there():
    known = {(control.method, control.address) for control in CONTROLS}
    named = set(re.findall(r"(GET|POST|PUT|PATCH|DELETE) (/_control/[\w/{}.-]+)", README))
    named = {(method, path.replace("/monday/", "/{name}/")) for method, path in named}
    assert len(named) > 12
    assert named <= known


def test_every_option_is_in_it(capsys):
    with pytest.raises(SystemExit):
        read_arguments(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--version"}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)`", README, re.MULTILINE))


def test_every_scenario_is_in_it(fresh):
    names = [one["name"] for one in fresh.control("GET", "scenarios")["scenarios"]]
    assert [name for name in names if f"`{name}`" not in README] == []


def test_the_length_of_the_ledger_is_right():
    assert f"the last {LEDGER_LENGTH:,} calls" in README
