"""``deploy/Containerfile``: what it promises, and each of its steps, done without an engine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command import MASTER_KEY, PATIENCE, free_port
from tests.support.containerfile import Stage, Workshop, stages, words
from tests.support.served import DIRECT, eventually

ROOT = Path(__file__).parents[2]
STAGES = stages((ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8"))
RUNS = STAGES[-1]
DATA = "/var/lib/poolhouse"


def test_one_official_python_builds_it_and_runs_it() -> None:
    assert ["python:3.11-slim-bookworm"] * 3 == [stage.base for stage in STAGES]


def test_what_runs_is_nobody_with_rights_and_writes_into_one_folder() -> None:
    assert "10001:10001" == RUNS.last("USER")
    assert [DATA] == words(RUNS.last("VOLUME"))
    assert DATA == RUNS.last("WORKDIR")


def test_what_runs_has_nothing_but_what_was_installed() -> None:
    copied = RUNS.all("COPY")

    assert ["--from=install /usr/local/lib/poolhouse /usr/local/lib/poolhouse"] == copied
    assert not re.search(r"\b(apt-get|pip|gcc)\b", " ".join(RUNS.all("RUN")))


def test_every_package_is_one_of_the_lock() -> None:
    installs = [rest for stage in STAGES for rest in stage.all("RUN") if re.search(r"\bpip\b.* install\b", rest)]

    assert 3 == len(installs)
    for each in installs:
        assert "--require-hashes" in each or "--no-index" in each


def test_no_secret_is_built_in() -> None:
    said = {name for stage in STAGES for name in stage.variables()}

    assert {"POOLHOUSE_LISTEN"} == {name for name in said if name.startswith("POOLHOUSE_")}


def test_the_context_has_what_is_copied_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        name.partition("/")[0]
        for stage in STAGES
        for rest in stage.all("COPY")
        if not rest.startswith("--from")
        for name in rest.split()[:-1]
    }

    assert copied == let_in
    assert "*" in lines


def test_image_says_what_is_missing_where_there_is_no_engine() -> None:
    done = made("ENGINE=")

    assert 2 == done.returncode
    assert "takes podman, or docker" in done.stderr


def test_image_builds_the_file_with_the_engine_that_is_there(tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    engine.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    engine.chmod(0o755)

    done = made(f"ENGINE={engine}", "ARGS=--pull")

    assert f"{engine} build --file deploy/Containerfile --tag poolhouse --pull ." in done.stdout, done
    assert (ROOT / "deploy" / "Containerfile").is_file()


def made(*words_: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests would hand its own words down.
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", "image", *words_], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.requires_packages
def test_its_steps_make_a_server_that_starts_as_it_says(tmp_path: Path, packages: None) -> None:
    # What docs/operating.md installs has argon2 as the index has it; here it is built.
    workshop = Workshop(ROOT, tmp_path, {"ARGON2_CFLAGS": "-O3 -march=x86-64-v3" if _has_avx2() else "-O3"})
    for stage in STAGES:
        workshop.do(stage)

    assert ["test", "useradd"] == [command.split()[0] for command in workshop.not_done]
    installed = _files(tmp_path / "usr")
    _starts(workshop, RUNS)
    # A root that can only be read is enough.
    assert installed == _files(tmp_path / "usr")


def _starts(workshop: Workshop, stage: Stage) -> None:
    port = free_port()
    inside = f"127.0.0.1:{stage.variables()['POOLHOUSE_LISTEN'].rpartition(':')[2]}"
    env = {
        **{name: workshop.here(value) for name, value in stage.variables().items()},
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_SERVER_DRAIN": "0",
    }
    healthy = words(stage.last("HEALTHCHECK").partition("CMD ")[2])
    assert inside in healthy[-1]
    healthy[-1] = healthy[-1].replace(inside, f"127.0.0.1:{port}")
    command = [*words(stage.last("ENTRYPOINT")), *words(stage.last("CMD"))]
    folder = workshop.path(stage.last("WORKDIR"))

    def is_healthy() -> bool:
        done = subprocess.run(["/usr/bin/env", *healthy], env=env, capture_output=True, timeout=PATIENCE, check=False)
        return done.returncode == 0

    assert not is_healthy()
    with subprocess.Popen(["/usr/bin/env", *command], cwd=folder, env=env, stderr=subprocess.PIPE) as server:
        try:
            eventually(lambda: server.poll() is not None or _is_ready(port))
            assert server.poll() is None, server.stderr and server.stderr.read().decode()
            assert is_healthy()
            assert {"poolhouse.db"} <= {file.name for file in folder.iterdir()}
            server.send_signal(getattr(signal, stage.last("STOPSIGNAL")))
            assert 0 == server.wait(PATIENCE)
        finally:
            server.kill()


def _is_ready(port: int) -> bool:
    try:
        with DIRECT.open(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _files(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def _has_avx2() -> bool:
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
