"""What the documents name is there: files, functions, tests, links, commands, people, scopes."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from meetings.demo import OPERATOR, PEOPLE
from zoomauth.scopes import NEEDED_SCOPES, OPTIONAL_SCOPES
from zoomsandbox.state.accounts import ALL_SCOPES

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SCOPES = {scope.name for scope in (*NEEDED_SCOPES, *OPTIONAL_SCOPES)}
CLASSIC = {scope.classic for scope in (*NEEDED_SCOPES, *OPTIONAL_SCOPES)}
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# Made by commands, so not there in a fresh checkout.
MADE = {".venv/", "node_modules/", "build/", ".demo/", ".env"}

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FILE = re.compile(r"[\w.@/-]*\.(?:py|js|html|css|md|toml|txt|in|json|svg|png)|[\w.@/-]+/[\w.@-]+")
NAMED = re.compile(r"(?P<path>[\w.@/-]+):(?P<name>[A-Za-z_][\w.]*)")
LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"')
# Files without an extension, and what looks like a file and is a name of something else.
BARE_FILES = {"Makefile", "LICENSE", ".env.example", ".gitignore", ".ci/run"}


# --- Reading ----------------------------------------------------------------------------------


def without_blocks(text):
    """The text between the fenced blocks."""
    return re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.DOTALL | re.MULTILINE)


def spans(text):
    return SPAN.findall(without_blocks(text))


def references(text):
    """Every `path` and `path:name`, as (path, name or None)."""
    for span in spans(text):
        if span.startswith("/") or " " in span or span in MADE:
            continue
        if named := NAMED.fullmatch(span):
            # Zoom's scopes are words between colons too.
            if "." in named["path"] or "/" in named["path"]:
                yield named["path"], named["name"]
        elif span in BARE_FILES or span.endswith("/") or FILE.fullmatch(span):
            yield span, None


def names_in_python(tree, prefix=""):
    """Functions, classes, methods (`Class.method` and `method`) and module constants."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from {node.name, f"{prefix}{node.name}"}
        elif isinstance(node, ast.ClassDef):
            yield from {node.name, f"{prefix}{node.name}"}
            yield from names_in_python(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (f"{prefix}{t.id}" for t in targets if isinstance(t, ast.Name))


def has_name(file, name):
    text = file.read_text()
    if file.suffix == ".py":
        return name in set(names_in_python(ast.parse(text)))
    if file.suffix == ".js":
        return bool(re.search(rf"\b(?:const|let|function)\s+{re.escape(name)}\b", text))
    return bool(re.search(rf"\b{re.escape(name)}\b", text))


def missing_references(text):
    for path, name in references(text):
        file = ROOT / path
        there = file.is_dir() if path.endswith("/") else file.exists()
        if not there or (name and not has_name(file, name)):
            yield f"{path}:{name}" if name else path


def missing_links(document, text):
    for first, second in LINK.findall(without_blocks(text)):
        target = (first or second).partition("#")[0]
        if target and "://" not in target and not (document.parent / target).exists():
            yield target


# --- What is named is there -------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_name_is_there(document):
    assert list(missing_references(document.read_text())) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    assert list(missing_links(document, document.read_text())) == []


def test_every_image_is_shown():
    shown = README.read_text()
    images = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/images").iterdir()]
    assert [image for image in images if image not in shown] == []


def test_the_table_from_zooms_page_names_code_and_test_in_every_row():
    table = README.read_text().partition("## From Zoom's page")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    named = [
        [[path for path, _ in references(cell)] for cell in row.split(" | ")[1:]] for row in rows
    ]
    assert len(rows) >= 12
    assert all(code and tests for code, tests in named)
    assert all(path.startswith("tests/") for _, tests in named for path in tests)


# --- Commands, people, scopes -----------------------------------------------------------------


def make_targets():
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_is_there(document):
    text = document.read_text()
    code = "\n".join([*SPAN.findall(text), *re.findall(r"```sh\n(.*?)```", text, re.DOTALL)])
    made = set(re.findall(r"(?:^|\s)make ([a-z]+)", code, re.MULTILINE))
    managed = set(re.findall(r"manage\.py ([a-z_]+)", code))
    assert made - make_targets() == set()
    assert managed - set(get_commands()) == set()


def test_every_target_is_in_the_readme():
    text = README.read_text()
    targets = make_targets() - {"help"}
    assert {target for target in targets if f"`make {target}`" not in text} == set()


def test_everybody_of_the_demo_is_in_the_readme():
    text = README.read_text()
    everybody = [person.email for person in PEOPLE] + [OPERATOR]
    assert [email for email in everybody if f"| {email} |" not in text] == []


def test_the_scopes_of_the_guide_are_those_the_portal_needs_and_zooms():
    text = (ROOT / "docs" / "zoom-setup.md").read_text()
    assert scopes_in(text) - CLASSIC == SCOPES
    assert scopes_in(text) - CLASSIC <= set(ALL_SCOPES)


def test_no_other_document_has_a_scope_of_its_own():
    # The contract asks more than the portal does, to clear up after itself.
    for document in (d for d in DOCUMENTS if d.name != "contract.md"):
        named = scopes_in(document.read_text()) - CLASSIC
        assert named <= SCOPES, document


def scopes_in(text):
    return {span for span in spans(text) if span.endswith(":admin")}


# --- The search finds what is missing ---------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "`meetings/services/nothing.py`",
        "`meeting/access.py`",
        "`meetings/nothing/`",
        "`nothing.md`",
        "`meetings/access.py:get_nothing`",
        "`meetings/services/start.py:StartPackage.nothing`",
        "`static/js/start.js:nothing`",
        "`tests/meetings/test_start.py:test_nothing`",
    ],
)
def test_a_planted_gap_is_found(text):
    assert list(missing_references(text)) == [text.strip("`")]


@pytest.mark.parametrize(
    "text",
    [
        "`meetings/access.py`",
        "`meetings/services/`",
        "`Makefile`",
        "`meetings/access.py:get_startable_meeting`",
        "`meetings/services/start.py:StartPackage.as_join_arguments`",
        "`meetings/services/start.py:_HOST_ROLE`",
        "`static/js/start.js:init`",
        "`static/js/start.js:onJoined`",
        "`/meetings/<id>/start/`",
        "`user:read:token:admin`",
        "`DEBUG=false`",
        "`.venv/`",
        "```sh\nmake nothing.py\n```",
    ],
)
def test_what_is_there_is_no_gap(text):
    assert list(missing_references(text)) == []


def test_a_planted_scope_is_found():
    text = README.read_text() + "\n`user:delete:user:admin`"
    assert scopes_in(text) - CLASSIC - SCOPES == {"user:delete:user:admin"}


def test_a_dead_link_is_found():
    assert list(missing_links(README, "[a](docs/nothing.md) <img src='x'>")) == ["docs/nothing.md"]
