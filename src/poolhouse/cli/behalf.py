"""On whose behalf a command works: its own, by its name. The trail tells it."""

from __future__ import annotations

from typing import Final

import typer

from poolhouse.ports.origin import Origin, begin

SERVERS: Final = ("dev", "serve")
"""What these do, they do for their callers and their jobs, who say so themselves."""


def as_command(context: typer.Context) -> None:
    """What follows is done by this command (``command:keys rotate``)."""
    words = [*context.command_path.split()[1:], context.invoked_subcommand or ""]
    begin(Origin(actor=f"command:{' '.join(words).strip()}"))


def group(summary: str) -> typer.Typer:
    """A group of commands, each of which works on its own behalf."""
    return typer.Typer(callback=as_command, no_args_is_help=True, rich_markup_mode=None, help=summary)
