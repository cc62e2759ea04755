"""The commands under ``poolhouse clients``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import SETTINGS, Failure

if TYPE_CHECKING:
    from poolhouse.records.clients import Client

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
ClientId: TypeAlias = Annotated[str, typer.Argument(metavar="CLIENT_ID")]

app = group("App clients: the settings that Cognito's API has no words for.")


@app.command("show")
def show_client(client: ClientId, config: Config = None) -> None:
    """Show what `poolhouse clients set` can change of an app client.

    \b
    Example:
      poolhouse clients show 7dgk2p0q9a1b2c3d4e5f6g7h8i
    """
    from poolhouse.cli.opening import with_server

    _tell(with_server(config, lambda server: server.services.clients.get(client)))


@app.command("set")
def set_client(
    client: ClientId,
    backchannel_logout_uri: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the client's server is told that a session ended; empty: nowhere."),
    ] = None,
    frontchannel_logout_uri: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What the browser loads when a session ends; empty: nothing."),
    ] = None,
    frontchannel_session: Annotated[
        bool | None,
        typer.Option(
            "--frontchannel-session/--no-frontchannel-session", help="Whether issuer and session id are told with it."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Change an app client. What is not said stays as it is.

    Servers know it within seconds. A later UpdateUserPoolClient leaves these settings as they are.

    \b
    Examples:
      poolhouse clients set 7dgk2p0q9a1b2c3d4e5f6g7h8i --backchannel-logout-uri https://app.example.com/logged-out
      poolhouse clients set 7dgk2p0q9a1b2c3d4e5f6g7h8i --backchannel-logout-uri ''
    """
    from msgspec import UNSET

    from poolhouse.cli.opening import with_server
    from poolhouse.flows.clients.own import OwnSettings

    own = OwnSettings(
        backchannel_logout_uri=UNSET if backchannel_logout_uri is None else backchannel_logout_uri or None,
        frontchannel_logout_uri=UNSET if frontchannel_logout_uri is None else frontchannel_logout_uri or None,
        frontchannel_session=UNSET if frontchannel_session is None else frontchannel_session,
    )
    if own == OwnSettings():
        raise Failure("Say what is to be changed: see --help.", SETTINGS)
    _tell(with_server(config, lambda server: server.services.clients.update_own(client, own)))


def _tell(client: Client) -> None:
    for name, value in (
        ("backchannel-logout-uri", client.backchannel_logout_uri or ""),
        ("frontchannel-logout-uri", client.frontchannel_logout_uri or ""),
        ("frontchannel-session", "yes" if client.frontchannel_session else "no"),
    ):
        typer.echo(f"{name:<23}  {value}".rstrip())
