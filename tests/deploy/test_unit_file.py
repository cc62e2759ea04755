"""``deploy/poolhouse@.service``: systemd takes it, it leaves time to stop, and people sign in under it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poolhouse.config.settings import Server
from poolhouse.server.serving import AFTER_GRACE
from poolhouse.server.stopping import BODY_SECONDS
from tests.support.command import MASTER_KEY, PATIENCE, ROOT, Running, free_port
from tests.support.fronts import DEPLOY
from tests.support.served import READY, Served, made_user, sign_in

UNIT = DEPLOY / "poolhouse@.service"
INSTANCE = "poolhouse@8081.service"
TEXT = UNIT.read_text(encoding="utf-8")
PROGRAM = "/usr/local/lib/poolhouse/bin/poolhouse"

# PR_SET_MDWE (Linux 6.3): no memory is written and then run. It is what MemoryDenyWriteExecute= asks the kernel for.
DENIED = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
os.execv(sys.executable, [sys.executable, "-m", "poolhouse", "serve"])
"""


def said(name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", TEXT, re.MULTILINE)
    assert len(found) == 1, f"{name} is said {len(found)} times"
    return str(found[0])


def analyzer() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return program


def test_systemd_takes_it(tmp_path: Path) -> None:
    program = tmp_path / "poolhouse"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = tmp_path / INSTANCE
    unit.write_text(TEXT.replace(PROGRAM, str(program)), encoding="utf-8")

    done = subprocess.run(
        [analyzer(), "verify", str(unit)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert (0, "") == (done.returncode, "\n".join(line for line in done.stderr.splitlines() if "poolhouse" in line))


def test_systemd_finds_little_that_it_could_do_to_the_machine(tmp_path: Path) -> None:
    unit = tmp_path / INSTANCE
    unit.write_text(TEXT, encoding="utf-8")

    done = subprocess.run(
        [analyzer(), "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()


def test_an_orderly_stop_has_the_time_that_it_may_take() -> None:
    server = Server()

    assert float(said("TimeoutStopSec")) >= server.drain + server.grace + BODY_SECONDS + AFTER_GRACE
    assert "SIGTERM" == said("KillSignal")


def test_it_allows_the_files_that_the_docs_ask_for() -> None:
    operating = (DEPLOY.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"give each process at least ([\d ]+) ", operating)

    assert int(said("LimitNOFILE")) >= int(asked.replace(" ", ""))


def test_people_sign_in_where_no_memory_is_written_and_then_run(tmp_path: Path) -> None:
    assert "yes" == said("MemoryDenyWriteExecute")
    port = free_port()
    env = {
        **os.environ,
        **ROOT,
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_STORE": "sqlite:served.db",
        "POOLHOUSE_SERVER_DRAIN": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-c", DENIED],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        running = Running(process)
        try:
            running.wait_for(READY)
        except AssertionError:
            if process.poll() == 77:
                pytest.skip("this kernel cannot deny it (Linux 6.3 or newer can)")
            raise
        else:
            sdk = Served(running, port).sdk()
            assert sign_in(sdk, made_user(sdk)["client"])
        finally:
            process.kill()
