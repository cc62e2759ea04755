"""The commands and what can be said to them. Each loads what it needs when it runs: asking for help is fast."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias

import typer

from poolhouse.cli import (
    client_commands,
    job_commands,
    key_commands,
    message_commands,
    plugin_commands,
    policy_commands,
    provider_commands,
    role_commands,
    user_commands,
)
from poolhouse.cli.behalf import SERVERS, as_command
from poolhouse.cli.failures import DONE
from poolhouse.cli.plugin_commands import PluginsDir

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The settings file (default: $POOLHOUSE_CONFIG, or ./poolhouse.toml)."),
]
ListenAt: TypeAlias = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Where to listen, whatever the settings say.")
]
AccessLog: TypeAlias = Annotated[
    bool, typer.Option("--access-log", help="A log line for each request: method, route, status, time; no addresses.")
]
TracePlugins: TypeAlias = Annotated[
    bool, typer.Option("--trace-plugins", help="A log line for each call of a plugin: hook, outcome, time; no values.")
]

app = typer.Typer(
    name="poolhouse",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="""An auth server for your own machines, with the API of Amazon Cognito.

    \b
    Begin:
      poolhouse dev                            a server to try, with a demo pool
    \b
    Run it for real:
      export POOLHOUSE_MASTER_KEY=$(poolhouse keys new-master)     keep a copy of it
      export POOLHOUSE_BASE_URL=https://auth.example.com POOLHOUSE_STORE=mongodb://db/poolhouse
      poolhouse check && poolhouse serve --workers 4

    \b
    Exit statuses: 0 done; 1 not done; 2 command line or settings wrong; 3 a plugin, 4 the store, 5 the address
    cannot be used.
    """,
)
app.add_typer(plugin_commands.app, name="plugins")
app.add_typer(key_commands.app, name="keys")
app.add_typer(user_commands.app, name="users")
app.add_typer(client_commands.app, name="clients")
app.add_typer(job_commands.app, name="jobs")
app.add_typer(message_commands.app, name="messages")
app.add_typer(role_commands.app, name="roles")
app.add_typer(policy_commands.app, name="policies")
app.add_typer(provider_commands.app, name="providers")


def run_command(words: Sequence[str]) -> NoReturn:
    """Does not return: it ends with the command's exit status. Raises ``Failure``, and what nobody foresaw."""
    app(args=list(words), prog_name="poolhouse")
    sys.exit(DONE)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"poolhouse {version('poolhouse')}")
        raise typer.Exit


@app.callback()
def poolhouse(
    command: typer.Context,
    version: Annotated[  # noqa: ARG001 - it has done its work, and ended the command, before this begins
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    if command.invoked_subcommand not in SERVERS:
        as_command(command)


@app.command()
def dev(
    config: Config = None,
    listen: ListenAt = None,
    access_log: AccessLog = False,
    plugins_dir: PluginsDir = None,
    trace_plugins: TracePlugins = False,
) -> None:
    """Start a server for development: SQLite, a demo pool, every message on a page.

    What it needs it makes, beside its database (poolhouse.db): a master key, a root access key, a demo pool with a
    client. It keeps them, so that a restart finds everything as it was. It prints the exports for the AWS CLI and
    SDKs. Only this machine can reach it, unless --listen says otherwise.

    \b
    Examples:
      poolhouse dev
      poolhouse dev --listen 127.0.0.1:9000
      poolhouse dev --plugins-dir plugins --trace-plugins
      POOLHOUSE_STORE=memory: poolhouse dev
    """
    from poolhouse.cli import starting

    raise typer.Exit(
        starting.dev(
            config=config,
            listen=listen,
            access_log=access_log,
            plugins_dir=plugins_dir,
            trace_plugins=trace_plugins,
        )
    )


@app.command()
def serve(
    config: Config = None,
    listen: ListenAt = None,
    parts: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="What to offer, with commas between: user_pools, identities, gateway."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processes that share the work.")] = 1,
    access_log: AccessLog = False,
    trace_plugins: TracePlugins = False,
    new_store: Annotated[
        bool,
        typer.Option("--new-store", help="The store is meant, though the key file was used with another one before."),
    ] = False,
) -> None:
    """Start a server.

    It needs a master key (poolhouse keys new-master) and, to be reached from elsewhere, server.base_url. SIGTERM stops
    it in order: nothing new is accepted, and what runs has server.grace seconds to finish. A second SIGTERM ends it at
    once. With --workers, a process that dies is replaced.

    \b
    Examples:
      poolhouse serve
      poolhouse serve --config /etc/poolhouse.toml --workers 4
    """
    from poolhouse.cli import starting

    raise typer.Exit(
        starting.serve(
            config=config,
            listen=listen,
            parts=parts,
            workers=workers,
            access_log=access_log,
            trace_plugins=trace_plugins,
            new_store=new_store,
        )
    )


@app.command()
def check(
    config: Config = None,
    connect: Annotated[bool, typer.Option("--connect", help="Contact the mail server too. Nothing is sent.")] = False,
) -> None:
    """Look at settings, keys, plugins and the store, and start nothing.

    \b
    Examples:
      poolhouse check
      poolhouse check --config new.toml --connect
    """
    from poolhouse.cli.checking import check as look

    status = asyncio.run(look(config, connect=connect, tell=lambda what, found: typer.echo(f"{what:<12} {found}")))
    raise typer.Exit(status)


@app.command()
def audit(
    pool: Annotated[str | None, typer.Option(metavar="POOL_ID", help="Of this pool; server: of no pool.")] = None,
    user: Annotated[str | None, typer.Option(metavar="SUB", help="About this user, or by them: the id.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="From then on: 30m, 12h or 7d ago, or an instant (UTC).")
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="As sign_in.failed; sign_in is all that begin so.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    config: Config = None,
) -> None:
    """Show what is in the audit trail: who did what, when, from where.

    The oldest entry comes first; without --pool, one pool comes after the other. docs/security.md lists the actions.

    \b
    Examples:
      poolhouse audit --pool eu-west-1_AbCdEfGhI --since 12h --action sign_in.failed
      poolhouse audit --user 0b7c1c0e-5a0f-4a86-9d5c-1b0a4f0d8a11 --json
      poolhouse audit --pool server --since 2026-11-01
    """
    from poolhouse.cli import trail
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server
    from poolhouse.server.world import SystemClock

    wanted = trail.wanted(SystemClock().now(), pool=pool, user=user, since=since, action=action)

    line = trail.as_json if as_json else trail.as_line
    with_server(config, lambda server: show(server.trail.read(wanted), line, nothing="There are no such entries."))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy. It must not exist.")], config: Config = None
) -> None:
    """Copy the SQLite store into a file while servers use it, and look at the copy.

    The copy is one state of the store, for its owner only, and as secret as the store. Keep the master key apart from
    it. A copy of the file by other means (cp, rsync) is none: it may be half of two states.

    \b
    Example:
      poolhouse backup /var/backups/poolhouse-monday.db
    """
    from poolhouse.cli import copies

    typer.echo(copies.back_up(config, file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `poolhouse backup` has made.")],
    config: Config = None,
) -> None:
    """Put a backup at the place of the SQLite store.

    No store may stand there: stop the servers and move the old file away first, with what stands beside it (-wal,
    -shm). A log that was left there alone is set aside. The server needs the master key with which the store was made.

    \b
    Example:
      poolhouse restore /var/backups/poolhouse-monday.db
    """
    from poolhouse.cli import copies

    typer.echo(copies.put_back(config, file))
