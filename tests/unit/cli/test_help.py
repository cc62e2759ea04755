"""Every command explains itself with an example. (``end_to_end/test_command_line.py`` has the command as a process.)"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from poolhouse.cli.commands import app


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


# A group that is a command by itself is no leaf.
COMMANDS = sorted([("plugins",), *commands(typer.main.get_command(app))])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_gives_an_example(words: tuple[str, ...]) -> None:
    # A command begins an origin of its own, which is not this test's.
    ended = copy_context().run(CliRunner().invoke, app, [*words, "--help"], prog_name="poolhouse")

    assert 0 == ended.exit_code
    assert f"poolhouse {' '.join(words)}" in ended.stdout.partition("Example")[2]


def test_the_walk_finds_every_depth() -> None:
    assert {("dev",), ("keys", "rotate"), ("keys", "access", "create"), ("messages", "drop")} < set(COMMANDS)
