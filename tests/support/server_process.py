"""Servers as processes of their own, for tests: started, asked until they answer, ended by their number."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.mongodb import free_port

REGION = "eu-west-1"
ROOT = ("AKIDENDTOEND", "the-root-key-of-servers-that-live-for-one-test-run")
MASTER_KEY = "8d0f3a5be1c7924660fb1d2e9a7c5b3408f6e4d2c1b0a9988776655443322110"

COMMAND = [sys.executable, "-m", "poolhouse", "serve"]
PATIENCE = 30.0


@dataclass(frozen=True)
class ServerProcess:
    """A running server. ``outbox`` is the file with its messages."""

    base_url: str
    outbox: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    def kill(self) -> None:
        """The server is gone without a chance to do anything about it."""
        # Its workers, if it has any, are in the same group; the group's number is its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """The server is gone; it was asked first."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def written(self) -> str:
        """All that it wrote to its standard output and error so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def start(
    store: str,
    folder: Path,
    name: str,
    *,
    port: int | None = None,
    first: ServerProcess | None = None,
    extra: Mapping[str, str] | None = None,
) -> ServerProcess:
    """A server over this store, which answers. ``first`` is another process of the same service: both call themselves
    by its address, and share its outbox. ``extra`` are more settings. Raises ``RuntimeError`` where it does not come
    up."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    outbox = first.outbox if first else folder / f"{name}.outbox"
    log = folder / f"{name}.log"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("POOLHOUSE_")},
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_BASE_URL": first.base_url if first else address,
        "POOLHOUSE_STORE": store,
        # What stands in for MongoDB is slow: a crowd that it serves late is no outage.
        "POOLHOUSE_STORE_PATIENCE": "60",
        # All of a test comes from one address.
        "POOLHOUSE_LIMITS_RATES": "false",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_ROOT_ACCESS_KEY_ID": ROOT[0],
        "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": ROOT[1],
        "POOLHOUSE_OUTBOX": str(outbox),
        "POOLHOUSE_REGION": REGION,
        # Nobody balances load in front of it.
        "POOLHOUSE_SERVER_DRAIN": "0",
        # The smallest cost that argon2 knows: what is tested here is not its strength.
        "POOLHOUSE_PASSWORDS_MEMORY_KIB": "8",
        "POOLHOUSE_PASSWORDS_PASSES": "1",
        **(extra or {}),
    }
    with log.open("ab") as sink:
        process = subprocess.Popen(
            COMMAND,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = ServerProcess(address, outbox, log, process)
    try:
        _wait_until_it_answers(server)
    except BaseException:
        server.end()
        raise
    return server


def answers(server: ServerProcess, path: str = "/healthz") -> bool:
    """A GET of this path is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _wait_until_it_answers(server: ServerProcess) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(server, "/readyz"):
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The server did not come up. It wrote: {server.written()[-2000:]}")
        time.sleep(0.02)
