"""The commands under ``poolhouse messages``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group

if TYPE_CHECKING:
    from poolhouse.records.messages import OutboxEntry

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
Ids: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="As `poolhouse messages list` shows them.")
]

app = group("Messages to users that wait, or failed.")


@app.command("list")
def list_messages(
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False, config: Config = None
) -> None:
    """Show the messages that wait, are under way, failed, or may have arrived. What they say is not shown.

    \b
    Examples:
      poolhouse messages list
      poolhouse messages list --json
    """
    import json

    from poolhouse.cli import messages
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    def line(entry: OutboxEntry) -> str:
        if as_json:
            return json.dumps(messages.summary(entry))
        return f"{entry.id:<36} {entry.state:<8}  {messages.told(entry)}"

    nothing = "There are no messages that wait, are under way, failed, or may have arrived."
    with_server(config, lambda server: show(messages.listed(server), line, nothing=nothing))


@app.command()
def retry(
    ids: Ids = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    config: Config = None,
) -> None:
    """Send messages again that failed, or that wait for another try, without waiting for it.

    One that may have arrived is never sent again, nor one whose code is good no more: with --failed these are left.

    \b
    Examples:
      poolhouse messages retry 3f0c6a52-5c1e-4b7e-9d0a-0a6f4b0c1d2e
      poolhouse messages retry --failed
    """
    from poolhouse.cli import messages
    from poolhouse.cli.opening import with_server

    typer.echo(with_server(config, lambda server: messages.retry(server, ids or [], failed=failed)))


@app.command()
def drop(
    ids: Ids = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed or may have arrived.")] = False,
    config: Config = None,
) -> None:
    """Take messages out of the outbox: they will not be sent, and what they said is gone.

    \b
    Examples:
      poolhouse messages drop 3f0c6a52-5c1e-4b7e-9d0a-0a6f4b0c1d2e
      poolhouse messages drop --failed
    """
    from poolhouse.cli import messages
    from poolhouse.cli.opening import with_server

    typer.echo(with_server(config, lambda server: messages.drop(server, ids or [], failed=failed)))
