"""A page is walked: what it says is typed, from the first fence to the last, in one shell, against one server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.docs.pages import Block
from tests.support.command import MASTER_KEY, Running, free_port

PATIENCE = 900.0
"""Seconds for one block. What installs may take its time on a machine with other things to do."""

_SERVER = re.compile(r"(^|[\s/])(make run|poolhouse (dev|serve))\b")
_READY = r"Try: aws|\"event\": \"listening\""
# What is another one each time: instants, ids of users and requests.
_CHANGES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Each snippet runs in the names of those before it. Its path comes by standard input, and then what it asks for.
_INTERPRETER = """
import sys, traceback
names = {"__name__": "__main__"}
while path := sys.stdin.readline().strip():
    try:
        exec(compile(open(path, encoding="utf-8").read(), path, "exec"), names)
        print("\\n>>> done", flush=True)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        print("\\n>>> failed", flush=True)
"""


_NOT_THE_READERS = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "ARGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"})
"""What whoever runs this test said to Python and to make."""


class Walk:
    """``folder`` is where it begins, and ``checkout`` what the page calls /path/to/poolhouse. ``aside`` is a folder for
    what the walk itself needs. ``given`` are more variables of the shell's environment."""

    def __init__(self, folder: Path, checkout: Path, aside: Path, given: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.folder = folder
        self.checkout = checkout
        self.outbox = aside / "outbox"
        self._aside = aside
        self._printed = ""
        self._server: Running | None = None
        self._interpreter: subprocess.Popen[str] | None = None
        self._facts: dict[str, str] = {}
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in _NOT_THE_READERS},
            "PATH": f"{_commands(aside / 'bin')}{os.pathsep}{os.environ['PATH']}",
            "POOLHOUSE_LISTEN": f"127.0.0.1:{self.port}",
            "POOLHOUSE_OUTBOX": str(self.outbox),
            "PYTHONUNBUFFERED": "1",
            # Nothing of a page may be installed into the Python of the machine.
            "PIP_REQUIRE_VIRTUALENV": "1",
            "PIP_CONSTRAINT": str(_constraints(checkout, aside)),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # Most of what is installed is not imported, and compiling it takes longer than all the rest.
            "PIP_NO_COMPILE": "1",
            "NPM_CONFIG_AUDIT": "false",
            "NPM_CONFIG_FUND": "false",
            **(given or {}),
        }

    def take(self, block: Block, *, compares: bool = True) -> None:
        """The block was typed, written, run or compared, by its language. Fails where it does not do what it should.
        Where it is not compared, what it shows need not be what was printed."""
        text = block.text if block.language == "console" else self.as_here(block.text)
        if block.file is not None:
            self._write(block.file, text)
        if block.language == "toml" and block.file != "pyproject.toml":
            self._check(block, text)
        elif block.file is not None:
            return
        elif block.language == "sh":
            self._type(block, text)
        elif block.language == "console":
            self._converse(block, text, compares)
        elif block.language == "python":
            self._execute(block, text)
        elif block.language in ("text", "json"):
            compare(block, text, self._printed)
        else:
            raise AssertionError(f"{block}: nobody knows how to run {block.language or 'a fence without a language'}")

    def as_here(self, text: str) -> str:
        """What a reader puts in: where the checkout is, ids that the server printed, the code of the last letter."""
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace(
            "/path/to/poolhouse", str(self.checkout)
        )
        text = text.replace("mongodb://db1,db2,db3/poolhouse?replicaSet=rs0", "sqlite:production.db")
        # An address that stands for any other, RFC 5737.
        text = text.replace("192.0.2.7", "127.0.0.1")
        for word, fact in self._facts.items():
            text = re.sub(rf"\b{word}\b", fact, text)
        return re.sub(r"\bCODE\b", lambda _: self.code(), text)

    def code(self) -> str:
        """The code in the last message."""
        return str(json.loads(self.outbox.read_text(encoding="utf-8").splitlines()[-1])["code"])

    def end(self) -> None:
        """Nothing that the walk started is left."""
        self._end_server()
        if self._interpreter is not None:
            self._interpreter.kill()
            self._interpreter.communicate()

    # --- files -------------------------------------------------------------------------------------------------------

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _check(self, block: Block, text: str) -> None:
        """The settings are such as the server takes."""
        (self._aside / "shown.toml").write_text(text, encoding="utf-8")
        words = f"{self._poolhouse()} check --config {shlex.quote(str(self._aside / 'shown.toml'))}"
        done = self._bash(words, POOLHOUSE_STORE="memory:", POOLHOUSE_MASTER_KEY=MASTER_KEY)
        assert done.returncode == 0, f"{block}: {done.stdout}"

    def _poolhouse(self) -> str:
        return ".venv/bin/poolhouse" if (self.folder / ".venv/bin/poolhouse").exists() else "poolhouse"

    # --- the shell ---------------------------------------------------------------------------------------------------

    def _type(self, block: Block, text: str) -> None:
        """The shell has done it, and what it changed holds for the next block. A server that the last line starts
        answers, and its exports are in the environment."""
        *lines, last = text.strip().splitlines()
        serves = bool(_SERVER.search(last.partition("#")[0]))
        done = self._bash("\n".join(lines) if serves else text, "-e")
        self._printed = done.stdout
        assert done.returncode == 0, f"{block}: {done.stdout[-4000:]}"
        if serves:
            self._serve(last)

    def _converse(self, block: Block, text: str, compares: bool) -> None:
        """Each line behind a $ is typed, and is answered by what stands below it."""
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            typed, _, expected = re.sub(r"\\\n\s*", "", part).partition("\n")
            done = self._bash(self.as_here(typed))
            self._printed = done.stdout
            assert (expected and compares) or done.returncode == 0, f"{block}: {typed}: {done.stdout}"
            if compares:
                compare(block, self.as_here(expected), done.stdout)

    def _bash(self, text: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        kept = self._aside / "kept"
        (self._aside / "typed").write_text(text + "\n", encoding="utf-8")
        script = (
            f"set -a -o pipefail; source {self._aside}/typed; status=$?; pwd >{kept}.pwd; env -0 >{kept}; exit $status"
        )
        with subprocess.Popen(
            ["bash", *options, "-c", script],
            cwd=self.folder,
            env={**self.env, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(timeout=PATIENCE)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        done = subprocess.CompletedProcess(process.args, process.returncode, printed)
        if done.returncode == 0:
            pairs = (pair.partition("=") for pair in kept.read_text(encoding="utf-8").split("\0") if pair)
            self.env = {name: value for name, _, value in pairs if name not in (*more, "status", "_", "SHLVL")}
            self.folder = Path(Path(f"{kept}.pwd").read_text(encoding="utf-8").strip())
        return done

    # --- the server --------------------------------------------------------------------------------------------------

    def _serve(self, line: str) -> None:
        self._end_server()
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._server = Running(process)
        self._server.wait_for(_READY, patience=PATIENCE)  # `make run` installs first
        self._printed = self._server.stdout
        self.env |= re.findall(r"export (AWS_\w+)=(\S+)", self._printed)
        facts = dict(re.findall(r"^  ([a-z ]+?) {2,}(\S+)$", self._printed, re.MULTILINE))
        if "demo pool" in facts:
            pool, client = facts["demo pool"], facts["demo client"]
            self._facts = {
                "POOL": pool,
                "CLIENT": client,
                "eu-west-1_AbCdEfGhI": pool,
                "7dgk2p0q9a1b2c3d4e5f6g7h8i": client,
            }

    def _end_server(self) -> None:
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGTERM)
            self._server.end()
            for stream in (self._server.process.stdout, self._server.process.stderr):
                if stream is not None:
                    stream.close()
            self._server = None

    # --- Python ------------------------------------------------------------------------------------------------------

    def _execute(self, block: Block, text: str) -> None:
        """It ran in the names of the snippets before it; where it asks for something, it was given the last code."""
        if self._interpreter is None:
            self._interpreter = subprocess.Popen(
                ["bash", "-c", 'exec python -c "$1"', "-", _INTERPRETER],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._interpreter.stdin is not None
        assert self._interpreter.stdout is not None
        snippet = self._aside / f"line-{block.line}.py"
        snippet.write_text(text, encoding="utf-8")
        given = f"{self.code()}\n" if "input(" in text else ""
        self._interpreter.stdin.write(f"{snippet}\n{given}")
        self._interpreter.stdin.flush()
        printed: list[str] = []
        while not printed or not printed[-1].startswith(">>> "):
            line = self._interpreter.stdout.readline()
            assert line, f"{block}: Python ended: {''.join(printed)}"
            printed.append(line)
        self._printed = "".join(printed[:-1])
        assert printed[-1] == ">>> done\n", f"{block}: {self._printed}"


def compare(block: Block, expected: str, printed: str) -> None:
    """Every line that the page shows was printed, in this order. ``...`` stands for anything."""
    rest = printed
    for line in expected.splitlines():
        escaped = (re.escape(part) for part in _CHANGES.sub("...", line.rstrip()).split("..."))
        found = re.search(rf"^{'.*'.join(escaped)} *$", rest, re.MULTILINE)
        assert found, f"{block}: {line!r} was not printed:\n{printed}"
        rest = rest[found.end() :]


def _commands(folder: Path) -> Path:
    """A folder with the commands that a page takes for granted: Python, the AWS command line, and ours."""
    folder.mkdir()
    here = Path(sys.executable).parent
    base = getattr(sys, "_base_executable", sys.executable)
    for name, path in {
        "python": sys.executable,
        "python3": base,
        "poolhouse": here / "poolhouse",
        "aws": here / "aws",
    }.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(str(path))} "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def _constraints(checkout: Path, aside: Path) -> Path:
    """The versions of the lock, without its hashes: what a page installs is what everything else is tested with."""
    pinned = re.findall(r"^[a-z0-9.-]+==[^ ;\\]+", (checkout / "requirements/dev.txt").read_text(), re.MULTILINE)
    (aside / "constraints.txt").write_text("\n".join([*pinned, ""]), encoding="utf-8")
    return aside / "constraints.txt"
