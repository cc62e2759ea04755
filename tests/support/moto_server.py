"""A mock of AWS as a process of its own, on loopback: it looks at signatures and policies once that is switched on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from tests.support.mongodb import free_port

PATIENCE = 60.0


@dataclass(frozen=True)
class MotoServer:
    url: str

    def require_signatures(self) -> None:
        """From now on each call has to be signed, and allowed. Before that none is looked at."""
        self._set("0")

    def require_nothing(self) -> None:
        self._set("inf")

    def _set(self, calls: str) -> None:
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=calls.encode(), method="POST")
        request.add_header("Content-Type", "text/plain")
        with urllib.request.urlopen(request, timeout=10):
            pass


@contextlib.contextmanager
def moto_server(log: Path) -> Iterator[MotoServer]:
    """Runs until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        server = MotoServer(f"http://127.0.0.1:{port}")
        _wait(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: MotoServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(URLError, ConnectionError):
            urllib.request.urlopen(f"{server.url}/moto-api/", timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"the mock of AWS did not start:\n{log.read_text(errors='replace')}")
