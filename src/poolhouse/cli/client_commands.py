"""The commands under ``poolhouse clients``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import SETTINGS, Failure

if TYPE_CHECKING:
    from poolhouse.records.clients import Client
    from poolhouse.records.keys import Algorithm
    from poolhouse.server.app import Server

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
ClientId: TypeAlias = Annotated[str, typer.Argument(metavar="CLIENT_ID")]


class Pkce(StrEnum):
    """Whether a client has to send a ``code_challenge``."""

    YES = "yes"
    NO = "no"
    USUAL = "usual"


app = group("App clients: the settings that Cognito's API has no words for.")


_PKCE: Final = {Pkce.YES: True, Pkce.NO: False, Pkce.USUAL: None}


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
    id_token_algorithm: Annotated[
        str | None,
        typer.Option(
            metavar="ALGORITHM",
            help="What signs its ID tokens: RS256, ES256, EdDSA, PS256, RS512; empty: what the pool has.",
        ),
    ] = None,
    asks_consent: Annotated[
        bool | None,
        typer.Option("--asks-consent/--no-asks-consent", help="Whether users are asked before it gets anything."),
    ] = None,
    requires_pkce: Annotated[
        Pkce | None, typer.Option(help="Whether it has to send a code_challenge; usual: if it has no secret.")
    ] = None,
    config: Config = None,
) -> None:
    """Change an app client. What is not said stays as it is.

    Servers know it within seconds; another algorithm signs once its key has been published for tokens.rotation_lead
    seconds. A later UpdateUserPoolClient leaves these settings as they are.

    \b
    Examples:
      poolhouse clients set 7dgk2p0q9a1b2c3d4e5f6g7h8i --backchannel-logout-uri https://app.example.com/logged-out
      poolhouse clients set 7dgk2p0q9a1b2c3d4e5f6g7h8i --backchannel-logout-uri ''
      poolhouse clients set 7dgk2p0q9a1b2c3d4e5f6g7h8i --id-token-algorithm ES256
    """
    from msgspec import UNSET

    from poolhouse.cli.opening import with_server
    from poolhouse.flows.clients.own import OwnSettings

    own = OwnSettings(
        backchannel_logout_uri=UNSET if backchannel_logout_uri is None else backchannel_logout_uri or None,
        frontchannel_logout_uri=UNSET if frontchannel_logout_uri is None else frontchannel_logout_uri or None,
        frontchannel_session=UNSET if frontchannel_session is None else frontchannel_session,
        asks_consent=UNSET if asks_consent is None else asks_consent,
        requires_pkce=UNSET if requires_pkce is None else _PKCE[requires_pkce],
    )
    if own == OwnSettings() and id_token_algorithm is None:
        raise Failure("Say what is to be changed: see --help.", SETTINGS)
    algorithm = _algorithm(id_token_algorithm or "")

    async def work(server: Server) -> Client:
        if id_token_algorithm is not None:
            changed = await server.services.signing_keys.choose(client, algorithm)
        return changed if own == OwnSettings() else await server.services.clients.update_own(client, own)

    _tell(with_server(config, work))


def _algorithm(text: str) -> Algorithm | None:
    from poolhouse.records.keys import Algorithm

    if not text:
        return None
    try:
        return Algorithm(text)
    except ValueError:
        raise Failure(f"The algorithm is one of {', '.join(Algorithm)}.", SETTINGS) from None


def _tell(client: Client) -> None:
    for name, value in (
        ("backchannel-logout-uri", client.backchannel_logout_uri or ""),
        ("frontchannel-logout-uri", client.frontchannel_logout_uri or ""),
        ("frontchannel-session", "yes" if client.frontchannel_session else "no"),
        ("asks-consent", "yes" if client.asks_consent else "no"),
        ("requires-pkce", next(word for word, value in _PKCE.items() if value is client.requires_pkce)),
        ("id-token-algorithm", client.id_algorithm or ""),
    ):
        typer.echo(f"{name:<23}  {value}".rstrip())
