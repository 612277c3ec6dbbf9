"""The Dockerfile, read: its stages, and what of this tree each would have in its folder."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.server import ROOT

WORKDIR = "/srv/greenroom/"
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


@dataclass(frozen=True)
class Copy:
    sources: list[str]
    target: str
    stage: str


@dataclass
class Stage:
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def arguments(self, word: str) -> list[str]:
        return [argument.strip() for step, argument in self.steps if step == word]

    def copies(self) -> list[Copy]:
        return [_parse_copy(argument) for argument in self.arguments("COPY")]


def read_stages() -> dict[str, Stage]:
    stages: dict[str, Stage] = {}
    for line in LINES:
        word, _, argument = line.strip().partition(" ")
        if word == "FROM":
            base, _as, name = argument.split()
            stages[name] = Stage(base)
        elif word and not word.startswith("#"):
            list(stages.values())[-1].steps.append((word, argument))
    return stages


def command_of(stage: Stage) -> list[str]:
    """In exec form, or this raises: a shell in between would keep signals to itself."""
    (text,) = stage.arguments("CMD")
    command: list[str] = json.loads(text)
    return command


def build(folder: Path) -> Path:
    """Do in `folder` what the last two stages do, without pip and npm; the last one's folder.

    What those install is taken from this tree.
    """
    stages = read_stages()
    roots = {name: folder / name for name in stages}
    for name in ("static", "portal"):
        roots[name].mkdir(parents=True)
        for copy in stages[name].copies():
            if copy.stage != "packages":
                _copy(copy, roots.get(copy.stage, ROOT), roots[name])
        for step in stages[name].arguments("RUN"):
            if "collectstatic" in step:
                _run(step, roots[name])
    return roots["portal"]


def _parse_copy(argument: str) -> Copy:
    words = shlex.split(argument)
    stage = words.pop(0).partition("=")[2] if words[0].startswith("--from=") else ""
    return Copy(words[:-1], words[-1], stage)


def _copy(copy: Copy, origin: Path, root: Path) -> None:
    for name in copy.sources:
        source = (ROOT if copy.stage == "browser" else origin) / name.removeprefix(WORKDIR)
        target = root / copy.target / ("" if source.is_dir() else source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.name == "node_modules":
            target.symlink_to(source.resolve())
        elif source.is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=leave, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def _run(step: str, root: Path) -> None:
    """By this run's Python, and with nothing of its settings."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(step, shell=True, cwd=root, env={"PATH": path}, check=True, timeout=240)  # noqa: S602
