"""The command ``poolhouse`` in a process of its own: run to its end, or running while a test looks at it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a test gives up on a process."""
MASTER_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210"
ROOT = {"POOLHOUSE_ROOT_ACCESS_KEY_ID": "root", "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": "root-secret-of-this-test"}


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, **(extra or {})}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "poolhouse", *words]


def run(
    *words: str, folder: Path, given: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command has ended."""
    return subprocess.run(
        command(*words),
        cwd=folder,
        env=environment(env),
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port


class Running:
    """A process under way. What it prints is kept, and can be waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._news = threading.Condition()
        self._printed = {"stdout": "", "stderr": ""}
        self._readers = [
            threading.Thread(target=self._read, args=(name, getattr(process, name)), daemon=True)
            for name in self._printed
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stdout(self) -> str:
        return self._printed["stdout"]

    @property
    def stderr(self) -> str:
        return self._printed["stderr"]

    def wait_for(self, pattern: str, *, times: int = 1, patience: float = PATIENCE) -> list[str]:
        """What the pattern found, on either stream, so many times. Fails when the process ends without it."""
        deadline = time.monotonic() + patience
        with self._news:
            while True:
                found = re.findall(pattern, self.stdout + self.stderr)
                if len(found) >= times:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"{pattern} was not printed:\n{self.stdout}\n{self.stderr}")
                self._news.wait(min(left, 0.5))

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """The exit status, once the process has ended by itself and all that it printed is read."""
        status = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def _read(self, name: str, stream: Iterator[str]) -> None:
        for line in stream:
            with self._news:
                self._printed[name] += line
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


@contextmanager
def started(*words: str, folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """The command runs, at the head of a process group of its own; at the end none of the group is left."""
    with subprocess.Popen(
        command(*words),
        cwd=folder,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
