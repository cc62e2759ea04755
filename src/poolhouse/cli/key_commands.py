"""The commands under ``poolhouse keys``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import SETTINGS, Failure
from poolhouse.records.keys import Algorithm

if TYPE_CHECKING:
    from poolhouse.server.app import Server

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]

app = group("Master keys, the signing keys of pools, and access keys of callers.")
access = group("Access keys: who may call signed operations, and which of them.")
app.add_typer(access, name="access")


@app.command("new-master")
def new_master() -> None:
    """Print a new master key. Nothing is changed.

    It seals everything secret in the store. Keep a copy apart from the store: without it nobody can sign in again. To
    rotate it, put the new one before the old one in the list; the last one has to stay.

    \b
    Examples:
      export POOLHOUSE_MASTER_KEY=$(poolhouse keys new-master)
      (umask 077; poolhouse keys new-master > master-key); export POOLHOUSE_MASTER_KEY_FILE=master-key
    """
    import os

    from poolhouse.config.master_key import new_key_text

    typer.echo(new_key_text(os.urandom))


@app.command()
def rotate(
    pool: Annotated[str, typer.Argument(metavar="[POOL_ID]", help="The pool.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every pool.")] = False,
    algorithm: Annotated[
        Algorithm | None, typer.Option(help="What the pool signs with from now on. Without it: as before.")
    ] = None,
    config: Config = None,
) -> None:
    """Give a pool new signing keys.

    They are published now and sign after tokens.rotation_lead seconds. The old ones stay published until the last token
    that they signed has expired, so nobody is signed out. Running twice does no more than running once.

    A pool begins with RS256, which every client can verify. Choose another algorithm once all of its clients and
    services can verify that one, and all of its servers know this option.

    \b
    Examples:
      poolhouse keys rotate eu-west-1_AbCdEfGhI
      poolhouse keys rotate eu-west-1_AbCdEfGhI --algorithm ES256
      poolhouse keys rotate --all
    """
    from poolhouse.cli import keys
    from poolhouse.cli.opening import with_server

    if bool(pool) == every:
        raise Failure("Say which pool, or --all.", SETTINGS)

    async def work(server: Server) -> None:
        pool_ids = [each async for each in keys.all_pool_ids(server)] if every else [pool]
        for pool_id in pool_ids:
            overlap = await server.services.signing_keys.rotate(pool_id, algorithm)
            typer.echo(f"{pool_id}  new keys; the old ones stay published for {overlap} s longer than they sign")

    with_server(config, work)


@app.command("list")
def list_keys(pool: Annotated[str, typer.Argument(metavar="POOL_ID")], config: Config = None) -> None:
    """Show the signing keys of a pool, and what each does now.

    \b
    Example:
      poolhouse keys list eu-west-1_AbCdEfGhI
    """
    from poolhouse.cli.opening import with_server

    for each in with_server(config, lambda server: server.services.signing_keys.all_of(pool)):
        key, state = each.key, each.state
        retires = f"until {_instant(key.retires)}" if key.retires is not None else ""
        begins = f"from {_instant(key.active_from)}"
        typer.echo(f"{key.slot:<10} {key.kid}  {state:<9}  {key.algorithm:<5}  {begins} {retires}".rstrip())


@app.command("rotate-issuer")
def rotate_issuer(config: Config = None) -> None:
    """Give the server's own issuer a new signing key: that of the tokens of identities.

    It is published now and signs after tokens.rotation_lead seconds, by identities.token_algorithm. The old one stays
    published until the last token that it signed has expired. Running twice does no more than running once.

    \b
    Example:
      poolhouse keys rotate-issuer
    """
    from poolhouse.cli.opening import with_server

    overlap = with_server(config, lambda server: server.issuer_keys.rotate())
    typer.echo(f"a new key; the old one stays published for {overlap} s longer than it signs")


@app.command("list-issuer")
def list_issuer(config: Config = None) -> None:
    """Show the signing keys of the server's own issuer.

    \b
    Example:
      poolhouse keys list-issuer
    """
    from poolhouse.cli.opening import with_server

    for key in with_server(config, lambda server: server.issuer_keys.all_of()):
        retires = f"until {_instant(key.retires)}" if key.retires is not None else ""
        typer.echo(f"{key.slot:<16} {key.kid}  {key.algorithm:<5}  from {_instant(key.active_from)} {retires}".rstrip())


@app.command("functions")
def functions_key(config: Config = None) -> None:
    """Print the key that calls of functions over HTTP are signed with. It belongs to the master key.

    \b
    Example:
      export POOLHOUSE_FUNCTIONS_KEY=$(poolhouse keys functions)
    """
    from poolhouse.cli.opening import keys_of, settings_of
    from poolhouse.crypto.vault import Vault
    from poolhouse.server.ground import functions_key as key_of
    from poolhouse.server.world import SystemChance

    typer.echo(key_of(Vault(keys_of(settings_of(config)).raw, SystemChance())))


@access.command("create")
def create_access(
    name: Annotated[str, typer.Option(help="Whose it is: it stands in the ARN of the caller.")],
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An IAM-style policy in JSON: what the key may do.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="The key may do everything.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=36500, metavar="N", help="It expires after so many days; otherwise never.")
    ] = None,
    config: Config = None,
) -> None:
    """Make an access key. Its secret is shown once.

    \b
    Examples:
      poolhouse keys access create --name backend --policy backend.json --days 365
      poolhouse keys access create --name admin --everything
    \b
    A policy:
      {"Version": "2012-10-17",
       "Statement": [{"Effect": "Allow", "Action": "cognito-idp:Admin*",
                      "Resource": "arn:aws:cognito-idp:*:*:userpool/eu-west-1_AbCdEfGhI"}]}
    """
    from poolhouse.cli import keys
    from poolhouse.cli.opening import with_server

    if everything == (policy is not None):
        raise Failure("Say what the key may do: --policy FILE, or --everything.", SETTINGS)
    said = keys.EVERYTHING if policy is None else keys.read_policy(policy)
    statements, version = said["Statement"], said.get("Version", "2008-10-17")
    made = with_server(config, lambda server: server.access_keys.create(name, statements, version=version, days=days))
    typer.echo(f"AWS_ACCESS_KEY_ID={made.id}")
    typer.echo(f"AWS_SECRET_ACCESS_KEY={made.secret}")


@access.command("list")
def list_access(config: Config = None) -> None:
    """Show the access keys, without their secrets: until when they are good, and when they were last used.

    The last use is told to an hour; that of the root key is not known.

    \b
    Example:
      poolhouse keys access list
    """
    from poolhouse.cli import keys
    from poolhouse.cli.opening import with_server
    from poolhouse.server.world import SystemClock

    now = SystemClock().now()
    found = with_server(config, keys.access_keys)
    for key in found:
        typer.echo(keys.access_line(key, now))
    if not found:
        typer.echo("There are no access keys.", err=True)


@access.command("delete")
def delete_access(key: Annotated[str, typer.Argument(metavar="KEY_ID")], config: Config = None) -> None:
    """Delete an access key. Running servers stop believing in it within seconds.

    \b
    Example:
      poolhouse keys access delete PHAKFI6GTPP2H5TRMUUN
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access_keys.delete(key))
    typer.echo(f"{key} is deleted.")


def _instant(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
