"""Every command works on its own behalf: the trail names it, whatever group it is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from poolhouse.cli.behalf import SERVERS
from poolhouse.cli.commands import app
from poolhouse.ports.origin import NOBODY, begin, current_origin

Path = tuple[str, ...]


def commands(command: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All commands with their words. What a group is, the library says, which has words of its own for it."""
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    for name, each in command.commands.items():
        yield from commands(each, (*path, name))


def actor_of(path: Path) -> str | None:
    """On whose behalf the command works whose words these are. The command itself is not run."""
    seen: list[str | None] = []
    root = typer.main.get_command(app)
    found = dict(commands(root))[path]
    found.params = []
    found.callback = lambda: seen.append(current_origin().actor)

    def run() -> None:
        begin(NOBODY)
        root.main([*path], prog_name="poolhouse", standalone_mode=False)

    copy_context().run(run)
    (actor,) = seen
    return actor


ALL = [path for path, _ in commands(typer.main.get_command(app))]


@pytest.mark.parametrize("path", [path for path in ALL if path[0] not in SERVERS], ids=" ".join)
def test_a_command_works_on_its_own_behalf(path: Path) -> None:
    assert f"command:{' '.join(path)}" == actor_of(path)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_works_on_nobodys_behalf(server: str) -> None:
    assert actor_of((server,)) is None


def test_the_walk_finds_the_groups() -> None:
    assert {
        *("clients", "jobs", "keys", "messages", "plugins", "policies", "providers", "roles", "users"),
    } == {path[0] for path in ALL if len(path) > 1}
