"""An installed ``poolhouse`` starts on a free port of this machine, answers, and stops when it is asked to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 30.0
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port


def first_answer(url: str, server: subprocess.Popen[bytes]) -> float:
    """Seconds until ``url`` answered 200. Raises when the server ends, or has not answered in time."""
    begin = time.monotonic()
    while time.monotonic() < begin + PATIENCE:
        if server.poll() is not None:
            raise SystemExit(f"the server ended by itself ({server.returncode})")
        try:
            with DIRECT.open(url, timeout=PATIENCE) as answer:
                if answer.status == 200:
                    return time.monotonic() - begin
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise SystemExit(f"{url} did not answer in {PATIENCE:.0f} s")


def main(command: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    base = f"http://{address}"
    settings = {"POOLHOUSE_LISTEN": address, "POOLHOUSE_BASE_URL": base, "POOLHOUSE_STORE": "memory:"}
    environment = {**os.environ, **settings}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([command, "dev"], cwd=folder, env=environment, stdin=subprocess.DEVNULL) as server,
    ):
        try:
            seconds = first_answer(f"{base}/healthz", server)
            first_answer(f"{base}/readyz", server)
            server.send_signal(signal.SIGTERM)
            status = server.wait(PATIENCE)
        finally:
            server.kill()
    if status not in (0, -signal.SIGTERM):
        raise SystemExit(f"asked to stop, the server ended with {status}")
    sys.stdout.write(f"first answer after {seconds:.2f} s, and an orderly end\n")


if __name__ == "__main__":
    main(sys.argv[1])
