"""Each example is a package of its own, whose tests pass. (``.ci/run`` installs the wheels as a stranger does.)"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.examples.installing import PYTEST, as_installed

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


def test_there_are_examples() -> None:
    assert [example.name for example in EXAMPLES] == [
        "plugin_chat_push",
        "plugin_fraud_check",
        "plugin_game_ticket",
        "plugin_guests_at_night",
        "plugin_invite_only",
        "plugin_mailed_link",
        "plugin_migrate_sha1",
        "plugin_migrate_sqlite",
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_tests_of_an_example_pass(example: Path, tmp_path: Path) -> None:
    command = [*PYTEST, "-rs", str(example / "tests")]

    run = subprocess.run(
        command,
        cwd=example,
        env=as_installed(example, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "skipped" not in run.stdout


@pytest.mark.parametrize("name", ["fraud_check", "mailed_link", "migrate_sha1"])
def test_what_is_written_from_the_docs_alone_is_short(name: str) -> None:
    module = ROOT / "examples" / f"plugin_{name}" / "src" / f"poolhouse_{name}" / "__init__.py"

    assert len(module.read_text(encoding="utf-8").splitlines()) < 80


def test_a_factor_takes_fewer_than_sixty_lines() -> None:
    module = ROOT / "examples" / "plugin_chat_push" / "src" / "poolhouse_chat_push" / "__init__.py"

    assert len(module.read_text(encoding="utf-8").splitlines()) < 60


def test_the_smallest_example_is_small() -> None:
    module = ROOT / "examples" / "plugin_invite_only" / "src" / "poolhouse_invite_only" / "__init__.py"

    assert len(module.read_text(encoding="utf-8").splitlines()) < 20
