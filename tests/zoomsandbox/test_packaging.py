"""The sandbox as a package of its own: complete, installable, running without this project."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
import requests

from zoomsandbox import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "zoomsandbox"
# What only builds the package, and is no part of it.
NOT_PACKAGED = {"pyproject.toml"}
PRODUCT = re.compile(rb"greenroom", re.IGNORECASE)
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
# By the names under which they are imported.
DISTRIBUTIONS = {"jwt": "pyjwt", "dateutil": "python-dateutil"}


def read_project():
    return tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]


def list_files(folder):
    """The files of the tree, as in the package, without what Python and editors leave there."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if "__pycache__" not in name and not name.startswith(".")}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The copy from which it was built, and the wheel. The tree itself is left alone."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "zoomsandbox"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder]
    subprocess.run([*PIP, "wheel", *options, copy], check=True, timeout=120, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return copy, wheel


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """A folder into which nothing but the sandbox is installed."""
    target = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-index", "--target", target]
    subprocess.run([*PIP, "install", *options, built[1]], check=True, timeout=120, cwd=target)
    return target


def test_the_wheel_has_name_and_version(built):
    assert built[1].name == f"zoom_sandbox-{__version__}-py3-none-any.whl"


def test_the_wheel_has_every_file_of_the_tree_and_no_other(built):
    with zipfile.ZipFile(built[1]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == {f"zoomsandbox/{name}" for name in list_files(SOURCE) - NOT_PACKAGED}


def test_there_are_files_to_pack_that_are_no_python():
    suffixes = {Path(name).suffix for name in list_files(SOURCE)}
    assert suffixes >= {".py", ".js", ".css", ".json", ".md"}


def test_building_leaves_nothing_behind(built):
    assert list_files(built[0]) == list_files(SOURCE)


def test_the_metadata_has_readme_and_licence(built):
    with zipfile.ZipFile(built[1]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = wheel.read(name).decode()
        names = wheel.namelist()
    assert "License-Expression: MIT" in metadata
    assert (SOURCE / "README.md").read_text().splitlines()[0] in metadata
    assert any(name.endswith("licenses/LICENSE") for name in names)


def find_product(folder):
    """Every file below the folder that names the product, in its content or its own name."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and PRODUCT.search(path.read_bytes() + path.name.encode())
    ]


def test_no_file_of_it_names_the_product(installed):
    assert find_product(installed) == []


def test_no_file_of_the_tree_names_the_product():
    assert find_product(SOURCE) == []


def test_the_product_would_be_found(tmp_path):
    (tmp_path / "a.js").write_text("// for GreenRoom")
    (tmp_path / "greenroom.css").touch()
    (tmp_path / "b.js").write_text("// for anybody")
    assert len(find_product(tmp_path)) == 2


def find_imports(text):
    """Top-level names of the absolute imports in this source."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_it_declares_what_it_imports_and_nothing_else():
    found = {name for path in SOURCE.rglob("*.py") for name in find_imports(path.read_text())}
    others = found - set(sys.stdlib_module_names) - {"zoomsandbox"}
    declared = {re.match(r"[\w-]+", one).group() for one in read_project()["dependencies"]}
    # Imported by nobody: where a system has no time zones, zoneinfo finds these.
    assert {DISTRIBUTIONS.get(name, name) for name in others} == declared - {"tzdata"}


def test_every_dependency_has_a_lower_bound():
    assert [one for one in read_project()["dependencies"] if ">=" not in one] == []


def run_elsewhere(installed, tmp_path, *command, **options):
    """Run with what is installed there, from a folder in which this project cannot be seen."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)}
    return subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **options)


def test_it_runs_from_another_folder(installed, tmp_path):
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "zoomsandbox", "--port", "0", "--ready-file", str(ready)]
    process = run_elsewhere(installed, tmp_path, *command, stdout=subprocess.PIPE)
    try:
        end = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.05)
        url = f"http://127.0.0.1:{json.loads(ready.read_text())['port']}"
        for path in ("/", "/_pages/pages.css", "/sdk/zoom-stand-in.js", "/_control/scenarios"):
            assert (path, requests.get(url + path, timeout=10).status_code) == (path, 200)
    finally:
        process.terminate()
        told, _ = process.communicate(timeout=10)
    assert told.startswith("Zoom sandbox at http://localhost:")


def test_it_serves_where_uvloop_is_missing(installed, tmp_path):
    (tmp_path / "uvloop.py").write_text("raise ImportError")
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "zoomsandbox", "--port", "0", "--ready-file", str(ready)]
    process = run_elsewhere(installed, tmp_path, *command, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline().startswith("Zoom sandbox at http://localhost:")
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_what_runs_there_is_what_is_installed_there(installed, tmp_path):
    program = "import zoomsandbox; print(zoomsandbox.__file__)"
    process = run_elsewhere(
        installed, tmp_path, sys.executable, "-c", program, stdout=subprocess.PIPE
    )
    told, _ = process.communicate(timeout=20)
    assert Path(told.strip()).is_relative_to(installed)


def test_there_is_a_command_for_it(installed, tmp_path):
    command = [str(installed / "bin" / "zoom-sandbox"), "--version"]
    process = run_elsewhere(installed, tmp_path, *command, stdout=subprocess.PIPE)
    told, _ = process.communicate(timeout=20)
    assert (process.returncode, told) == (0, f"Zoom sandbox {__version__}\n")
