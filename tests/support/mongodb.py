"""A server that speaks MongoDB's protocol, for tests.

``python tests/support/mongodb.py`` prints the address of a new, empty server and serves until its standard input ends
or it is terminated. ``--prepare`` only installs what is needed for that, and says what it found.

Looked for, in this order: a FerretDB program named by ``POOLHOUSE_TEST_FERRETDB``, ``mongod`` on the path, mongoeco (in
an environment of its own under ``.ci/work``, made with a Python 3.13 or newer).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".ci" / "work" / "mongoeco"
PINS = HERE / "mongoeco.txt"
PATIENCE = 30.0


def ferretdb() -> Path | None:
    """The program that the environment names."""
    named = os.environ.get("POOLHOUSE_TEST_FERRETDB")
    return Path(named) if named else None


def mongod() -> Path | None:
    found = shutil.which("mongod")
    return Path(found) if found else None


def mongoeco() -> Path | None:
    """The interpreter of an environment that has mongoeco as pinned, if it was made already."""
    stamp = CACHE / "installed.txt"
    if stamp.is_file() and stamp.read_bytes() == PINS.read_bytes():
        return CACHE / "bin" / "python"
    return None


def prepare_mongoeco() -> Path | None:
    """The same, made where it is missing; None where there is no Python that is new enough."""
    if python := mongoeco():
        return python
    for interpreter in interpreters():
        shutil.rmtree(CACHE, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", CACHE], check=True, stdout=sys.stderr)
        pip = [CACHE / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--only-binary", ":all:", "-r", PINS], check=True, stdout=sys.stderr)
        shutil.copyfile(PINS, CACHE / "installed.txt")
        return CACHE / "bin" / "python"
    return None


def interpreters() -> Iterator[str]:
    """Every Python 3.13 or newer that can be found and really runs."""
    minors = range(13, 20)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [sys.executable]
    candidates += [path for minor in minors if (path := shutil.which(f"python3.{minor}"))]
    candidates += [str(path) for minor in minors for path in sorted(pyenv.glob(f"3.{minor}.*/bin/python"))]
    for candidate in candidates:
        question = "import sys, venv; sys.exit(sys.version_info < (3, 13))"
        if subprocess.run([candidate, "-c", question], capture_output=True, check=False).returncode == 0:
            yield candidate


def is_at_hand() -> bool:
    """A server can be started without installing anything."""
    return bool(ferretdb() or mongod() or mongoeco())


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of a server that ends, and forgets, with the context."""
    with tempfile.TemporaryDirectory(prefix="poolhouse-mongodb-") as folder:
        port = free_port()
        uri = f"mongodb://127.0.0.1:{port}"
        with contextlib.ExitStack() as end:
            server = subprocess.Popen(
                command(port, Path(folder)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder
            )
            end.callback(stop, server)
            wait_for(port, server)
            yield uri


def command(port: int, folder: Path) -> list[str | Path]:
    """Raises ``LookupError`` where there is nothing to start."""
    if program := ferretdb():
        return [
            program,
            "--handler=sqlite",
            f"--sqlite-url=file:{folder}/",
            f"--state-dir={folder}",
            f"--listen-addr=127.0.0.1:{port}",
            "--debug-addr=-",
            "--telemetry=disable",
            "--log-level=error",
        ]
    if program := mongod():
        return [program, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1", "--quiet"]
    if python := prepare_mongoeco():
        return [python, HERE / "mongoeco_server.py", str(port), folder / "data.db"]
    raise LookupError("No FerretDB in POOLHOUSE_TEST_FERRETDB, no mongod, and no Python 3.13 to run mongoeco with.")


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The MongoDB server did not start.") from None
            time.sleep(0.02)
        else:
            return


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def leave(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    if arguments == ["--prepare"]:
        found = ferretdb() or mongod() or prepare_mongoeco()
        say(str(found or "nothing to start a MongoDB server with"))
        return 0 if found else 1
    signal.signal(signal.SIGTERM, leave)
    with running() as uri, contextlib.suppress(KeyboardInterrupt):
        say(uri)
        sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
