"""On whose behalf a command works: its own, by its name. The trail tells it."""

from __future__ import annotations

import typer

from poolhouse.ports.origin import Origin, begin


def as_command(context: typer.Context) -> None:
    """What follows is done by this command (``command:keys rotate``)."""
    words = [*context.command_path.split()[1:], context.invoked_subcommand or ""]
    begin(Origin(actor=f"command:{' '.join(words).strip()}"))
