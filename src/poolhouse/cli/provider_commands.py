"""The commands under ``poolhouse providers``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
ClientIds: TypeAlias = Annotated[
    list[str], typer.Option("--client-id", metavar="ID", help="Tokens for this client are taken; as often as needed.")
]
Metadata: TypeAlias = Annotated[Path, typer.Option(metavar="FILE", help="The provider's metadata (XML).")]
OidcName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The issuer without https://.")]
SamlName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What its ARN ends with.")]

app = group("Identity providers that identity pools name by their ARNs.")
oidc = group("OpenID providers.")
saml = group("SAML 2.0 providers.")
app.add_typer(oidc, name="oidc")
app.add_typer(saml, name="saml")


@oidc.command("add")
def add_oidc(
    issuer: Annotated[str, typer.Argument(metavar="ISSUER", help="Its address, as its tokens have it.")],
    client_ids: ClientIds,
    config: Config = None,
) -> None:
    """Take the ID tokens of an OpenID provider, and print its ARN: that is what a pool names it by.

    Its keys are fetched from ISSUER/.well-known/openid-configuration when a token comes.

    \b
    Example:
      poolhouse providers oidc add https://login.example.org/tenant --client-id 7f3a --client-id 90c1
    """
    from poolhouse.cli.opening import with_server
    from poolhouse.server.app import Server

    async def work(server: Server) -> str:
        return server.providers.oidc_arn(await server.providers.add_oidc(issuer, client_ids))

    typer.echo(with_server(config, work))


@oidc.command("set")
def set_oidc(name: OidcName, client_ids: ClientIds, config: Config = None) -> None:
    """Take the provider's tokens for these clients, and for no others.

    \b
    Example:
      poolhouse providers oidc set login.example.org/tenant --client-id 90c1
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.providers.set_clients(name, client_ids))
    typer.echo(f"{name} is changed.")


@oidc.command("list")
def list_oidc(config: Config = None) -> None:
    """Show the OpenID providers: ARN, and how many clients.

    \b
    Example:
      poolhouse providers oidc list
    """
    from poolhouse.cli import providers
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    with_server(
        config,
        lambda server: show(
            providers.every(server.providers.oidc_page),
            lambda each: f"{server.providers.oidc_arn(each)}  clients: {len(each.client_ids)}",
            nothing="There are no OpenID providers.",
        ),
    )


@oidc.command("show")
def show_oidc(name: OidcName, config: Config = None) -> None:
    """Show an OpenID provider.

    \b
    Example:
      poolhouse providers oidc show login.example.org/tenant
    """
    from poolhouse.cli.opening import with_server
    from poolhouse.server.app import Server

    async def work(server: Server) -> list[str]:
        found = await server.providers.oidc(name)
        return [server.providers.oidc_arn(found), found.issuer, *found.client_ids]

    for line in with_server(config, work):
        typer.echo(line)


@oidc.command("remove")
def remove_oidc(name: OidcName, config: Config = None) -> None:
    """Take the provider's tokens no more. Who has an identity by it keeps it, and cannot reach it until it is back.

    \b
    Example:
      poolhouse providers oidc remove login.example.org/tenant
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.providers.remove_oidc(name))
    typer.echo(f"{name} is removed.")


@saml.command("add")
def add_saml(name: SamlName, metadata: Metadata, config: Config = None) -> None:
    """Take the responses of a SAML provider, and print its ARN: that is what a pool, and a login, names it by.

    \b
    Example:
      poolhouse providers saml add corp --metadata corp.xml
    """
    from poolhouse.cli import providers
    from poolhouse.cli.opening import with_server
    from poolhouse.server.app import Server

    text = providers.read_metadata(metadata)

    async def work(server: Server) -> str:
        return server.providers.saml_arn(await server.providers.add_saml(name, text))

    typer.echo(with_server(config, work))


@saml.command("set")
def set_saml(name: SamlName, metadata: Metadata, config: Config = None) -> None:
    """Give a SAML provider new metadata, as when its keys change. It has to be of the same provider.

    \b
    Example:
      poolhouse providers saml set corp --metadata corp.xml
    """
    from poolhouse.cli import providers
    from poolhouse.cli.opening import with_server

    text = providers.read_metadata(metadata)
    with_server(config, lambda server: server.providers.set_metadata(name, text))
    typer.echo(f"{name} is changed.")


@saml.command("list")
def list_saml(config: Config = None) -> None:
    """Show the ARNs of the SAML providers.

    \b
    Example:
      poolhouse providers saml list
    """
    from poolhouse.cli import providers
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    with_server(
        config,
        lambda server: show(
            providers.every(server.providers.saml_page),
            lambda each: server.providers.saml_arn(each),
            nothing="There are no SAML providers.",
        ),
    )


@saml.command("show")
def show_saml(name: SamlName, config: Config = None) -> None:
    """Show a SAML provider: its ARN, what it calls itself, and its metadata.

    \b
    Example:
      poolhouse providers saml show corp
    """
    from poolhouse.cli.opening import with_server
    from poolhouse.server.app import Server

    async def work(server: Server) -> list[str]:
        found = await server.providers.saml(name)
        return [server.providers.saml_arn(found), await server.providers.entity_of(found), found.metadata]

    for line in with_server(config, work):
        typer.echo(line)


@saml.command("remove")
def remove_saml(name: SamlName, config: Config = None) -> None:
    """Take the provider's responses no more.

    \b
    Example:
      poolhouse providers saml remove corp
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.providers.remove_saml(name))
    typer.echo(f"{name} is removed.")
