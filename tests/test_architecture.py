"""The house rules that a program can check."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APPS = ("portal", "zoomauth", "meetings", "zoomsandbox")
LONGEST_MODULE = 300
# Every setting is in one file, so that there is one place to look.
LONGER = {"portal/settings.py": 420}
RECEIVERS = "portal/receivers.py"
# The receivers and checks are imported for their effect, once the apps are there.
FUNCTION_LEVEL_IMPORTS = {"portal/apps.py"}

MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
}
TREES = {name: ast.parse(text) for name, text in MODULES.items()}


def found(rule):
    """`file:line` of every node that breaks the rule."""
    return [
        f"{name}:{getattr(node, 'lineno', 1)}"
        for name, tree in TREES.items()
        for node in rule(tree)
    ]


def is_function(node):
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def is_import(node):
    return isinstance(node, ast.Import | ast.ImportFrom)


# --- Who may import whom ----------------------------------------------------------------------


def test_the_import_contracts_are_kept():
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    answer = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_no_contract_makes_an_exception():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert set(APPS) <= set(linter["root_packages"])
    assert [c["name"] for c in linter["contracts"] if c.get("ignore_imports")] == []


def imports_inside_functions(tree):
    for function in filter(is_function, ast.walk(tree)):
        yield from filter(is_import, ast.walk(function))


def test_no_function_imports():
    places = found(imports_inside_functions)
    assert [p for p in places if p.partition(":")[0] not in FUNCTION_LEVEL_IMPORTS] == []


def test_the_one_that_may_does():
    assert {p.partition(":")[0] for p in found(imports_inside_functions)} == FUNCTION_LEVEL_IMPORTS


def test_no_import_is_for_types_only():
    def names(tree):
        return (n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "TYPE_CHECKING")

    assert found(names) == []


# --- Where things are -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["utils", "util", "helpers", "helper", "common", "misc", "signals"]
)
def test_no_module_is_named_for_nothing(name):
    assert [module for module in MODULES if name in Path(module).with_suffix("").parts] == []


def signals_used(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            last = node.module.rpartition(".")[2]
            names = {last, *(alias.name for alias in node.names)}
            if "signals" in names or node.module == "django.dispatch":
                yield node


def test_signals_are_received_in_one_place():
    assert {place.partition(":")[0] for place in found(signals_used)} == {RECEIVERS}


def save_overrides(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (n for n in node.body if is_function(n) and n.name in ("save", "asave"))


def test_no_class_overrides_save():
    assert found(save_overrides) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_at_most_300_lines_long(module):
    assert MODULES[module].count("\n") <= LONGER.get(module, LONGEST_MODULE)


# --- What is written down ---------------------------------------------------------------------


def test_every_module_with_code_has_a_docstring():
    assert [name for name, tree in TREES.items() if tree.body and not ast.get_docstring(tree)] == []


def untyped(tree):
    """Functions that mypy --strict would refuse, wherever they are."""
    for node in filter(is_function, ast.walk(tree)):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [a for a in (node.args.vararg, node.args.kwarg) if a]
        bare = [a for a in arguments if not a.annotation and a.arg not in ("self", "cls")]
        if bare or not node.returns:
            yield node


def test_every_function_is_typed():
    assert found(untyped) == []


def test_mypy_is_strict_and_leaves_no_app_out():
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert mypy["strict"] is True
    assert not any(app in pattern for pattern in mypy["exclude"] for app in APPS)


# --- The rules find what they look for --------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (imports_inside_functions, "async def f() -> None:\n    import os"),
        (signals_used, "from django.db.models.signals import post_save"),
        (signals_used, "from django.dispatch import receiver"),
        (signals_used, "from django.db.models import signals"),
        (save_overrides, "class A:\n    def save(self): ..."),
        (untyped, "def f(a) -> None: ..."),
        (untyped, "def f(a: int): ..."),
        (untyped, "class A:\n    def f(self, *args) -> None: ..."),
    ],
)
def test_a_planted_breach_is_found(rule, source):
    assert list(rule(ast.parse(source)))


@pytest.mark.parametrize("rule", [imports_inside_functions, signals_used, save_overrides, untyped])
def test_sound_code_is_no_breach(rule):
    source = "import os\n\n\nclass A:\n    def saved(self, a: int, *b: int) -> None: ..."
    assert not list(rule(ast.parse(source)))
