"""A Containerfile, read, and its steps done in a folder without an engine.

What an engine does is a folder that seems to be the whole machine. Here the folders that the file names stand in
``root`` instead, and the Python of the tests takes the place of the image's.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

FOLDERS = re.compile(r"(?<![\w.])/(?=(?:build|usr/local/lib/poolhouse|var/lib/poolhouse)\b)")
"""The root of every path that the file writes to."""
OF_THE_SYSTEM = ("apt-get", "useradd")
"""A step with one of these changes the system. It is not done here."""


class Step(NamedTuple):
    word: str
    rest: str


@dataclass
class Stage:
    name: str
    base: str
    steps: list[Step] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [step.rest for step in self.steps if step.word == word]

    def last(self, word: str) -> str:
        return self.all(word)[-1]

    def variables(self) -> dict[str, str]:
        """What ``ENV`` sets."""
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in shlex.split(rest))


def steps(text: str) -> list[Step]:
    """Every instruction, its lines joined, without comments. Raises ``ValueError`` for a line that is none."""
    kept = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r" *\\\n\s*", " ", "\n".join(kept))
    found = []
    for line in joined.splitlines():
        word, _, rest = line.partition(" ")
        if not re.fullmatch("[A-Z]+", word) or not rest:
            raise ValueError(f"no instruction: {line}")
        found.append(Step(word, rest.strip()))
    return found


def stages(text: str) -> list[Stage]:
    """The stages in order. What ``ARG`` says before the first one is filled in behind ``FROM``."""
    given: dict[str, str] = {}
    found: list[Stage] = []
    for step in steps(text):
        if step.word == "FROM":
            base, _, name = step.rest.partition(" AS ")
            found.append(Stage(name, re.sub(r"\$\{(\w+)\}", lambda match: given[match[1]], base)))
        elif found:
            found[-1].steps.append(step)
        else:
            name, _, value = step.rest.partition("=")
            given[name] = value
    return found


def words(rest: str) -> list[str]:
    """An instruction in the form of a list."""
    given = json.loads(rest)
    assert isinstance(given, list)
    return given


@dataclass
class Workshop:
    """Does the steps. ``context`` is the folder that is built, ``arguments`` are those of the build."""

    context: Path
    root: Path
    arguments: dict[str, str] = field(default_factory=dict)
    not_done: list[str] = field(default_factory=list)
    _folder: Path = field(init=False)

    def do(self, stage: Stage) -> None:
        """All of the stage is done. Raises ``AssertionError`` with what a step said that failed."""
        variables: dict[str, str] = {}
        self._folder = self.root
        for step in stage.steps:
            if step.word == "ARG":
                name, _, value = step.rest.partition("=")
                variables[name] = self.arguments.get(name, shlex.split(value)[0] if value else "")
            elif step.word == "WORKDIR":
                self._folder = self.path(step.rest)
                self._folder.mkdir(parents=True, exist_ok=True)
            elif step.word == "COPY":
                self._copy(shlex.split(step.rest))
            elif step.word == "RUN":
                self._run(step.rest, variables)

    def path(self, text: str) -> Path:
        return Path(self.here(text))

    def here(self, text: str) -> str:
        """The text with the file's folders under the root."""
        return FOLDERS.sub(f"{self.root}/", text)

    def _copy(self, given: list[str]) -> None:
        source = self.context
        if given[0].startswith("--from="):
            # Stages share one root here, so what stands at the same place is there already.
            source = self.root
            given = given[1:]
        *sources, target = given
        for name in sources:
            old = source / name.lstrip("/")
            new = self.path(target) if target.startswith("/") else self._folder / target
            if old == new:
                continue
            if old.is_dir():
                shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                new = new / old.name if target.endswith("/") else new
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(old, new)

    def _run(self, command: str, variables: dict[str, str]) -> None:
        if any(re.search(rf"\b{program} ", command) for program in OF_THE_SYSTEM):
            self.not_done.append(command)
            return
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "POOLHOUSE_"))}
        path = os.pathsep.join([str(_python_folder(self.root)), os.environ.get("PATH", os.defpath)])
        done = subprocess.run(
            ["sh", "-c", self.here(command)],
            cwd=self._folder,
            env={**clean, **variables, "PATH": path},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def _python_folder(root: Path) -> Path:
    """A folder in which ``python`` is the interpreter of the tests, and not that of their environment."""
    folder = root / "path"
    if not folder.exists():
        folder.mkdir()
        base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        (folder / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(str(base))} "$@"\n', encoding="utf-8")
        (folder / "python").chmod(0o755)
    return folder
