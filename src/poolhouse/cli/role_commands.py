"""The commands under ``poolhouse roles``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import SETTINGS, Failure

if TYPE_CHECKING:
    from poolhouse.server.app import Server

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
RoleName: TypeAlias = Annotated[str, typer.Argument(metavar="ROLE", help="Its name.")]
PolicyName: TypeAlias = Annotated[str, typer.Argument(metavar="POLICY", help="The name of the policy.")]
PolicyFile: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in JSON.")]
Longest: TypeAlias = Annotated[
    int | None, typer.Option(min=3600, max=43200, metavar="SECONDS", help="How long its credentials may last.")
]
Backend: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who makes its credentials: local, aws, or s3:STORE.")
]

app = group("Roles: what identities and others may do for a while, and who may take them.")


@app.command()
def create(
    role: RoleName,
    trust: Annotated[Path, typer.Option(metavar="FILE", help="Who may take it: a trust policy in JSON.")],
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="What it may do: a policy in JSON.")] = None,
    path: Annotated[str, typer.Option(metavar="PATH", help="What stands before the name in its ARN.")] = "/",
    longest: Longest = None,
    backend: Backend = None,
    config: Config = None,
) -> None:
    """Make a role. Its ARN is printed.

    \b
    Examples:
      poolhouse roles create app-users --trust trust.json --policy own-folder.json
      poolhouse roles create uploads --trust trust.json --path /team/ --longest 7200 --backend aws
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    said = roles.read_document(trust, trust=True)
    policies = {} if policy is None else {roles.INLINE: roles.read_document(policy)}

    async def work(server: Server) -> str:
        made = await server.access.roles.create(
            role, said, path=path, policies=policies, longest=longest or 3600, backend=backend or "local"
        )
        return server.access.roles.arn(made)

    typer.echo(with_server(config, work))


@app.command("for-pool")
def for_pool(
    pool: Annotated[str, typer.Argument(metavar="POOL_ID", help="The identity pool.")], config: Config = None
) -> None:
    """Make the two roles of an identity pool: for its users and for its guests, each for its own data alone.

    They are printed as SetIdentityPoolRoles takes them. Roles that are there already stay as they are.

    \b
    Example:
      poolhouse roles for-pool eu-west-1:11111111-2222-3333-4444-555555555555
    """
    from poolhouse.cli.opening import with_server

    made = with_server(config, lambda server: server.access.roles.create_pool_roles(pool))
    typer.echo(f"authenticated={made.authenticated},unauthenticated={made.unauthenticated}")


@app.command("list")
def list_roles(config: Config = None) -> None:
    """Show the roles: those of the file of roles, and those in the store.

    \b
    Example:
      poolhouse roles list
    """
    from poolhouse.cli import roles
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    async def work(server: Server) -> None:
        await show(roles.roles(server), lambda each: roles.role_line(server, each), nothing="There are no roles.")

    with_server(config, work)


@app.command("show")
def show_role(role: RoleName, config: Config = None) -> None:
    """Show a role: who may take it, and what it may do.

    \b
    Example:
      poolhouse roles show app-users
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    async def work(server: Server) -> list[str]:
        return list(roles.role_lines(server, await server.access.roles.get(role)))

    for line in with_server(config, work):
        typer.echo(line)


@app.command()
def trust(role: RoleName, file: PolicyFile, config: Config = None) -> None:
    """Say who may take a role, from now on.

    \b
    Example:
      poolhouse roles trust app-users trust.json
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    said = roles.read_document(file, trust=True)
    with_server(config, lambda server: server.access.roles.trust(role, said))
    typer.echo(f"{role} trusts whom {file} names.")


@app.command("put-policy")
def put_policy(role: RoleName, policy: PolicyName, file: PolicyFile, config: Config = None) -> None:
    """Give a role a policy of its own, in place of one of this name. It is in force within seconds.

    \b
    Example:
      poolhouse roles put-policy app-users own-folder own-folder.json
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    said = roles.read_document(file)
    with_server(config, lambda server: server.access.roles.put_policy(role, policy, said))
    typer.echo(f"{role} has the policy {policy}.")


@app.command("drop-policy")
def drop_policy(role: RoleName, policy: PolicyName, config: Config = None) -> None:
    """Take one of its own policies from a role.

    \b
    Example:
      poolhouse roles drop-policy app-users own-folder
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.roles.delete_policy(role, policy))
    typer.echo(f"{role} does not have the policy {policy} any more.")


@app.command()
def attach(role: RoleName, policy: PolicyName, config: Config = None) -> None:
    """Give a role a policy that it shares with others (poolhouse policies create).

    \b
    Example:
      poolhouse roles attach app-users no-deleting
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.roles.attach(role, policy))
    typer.echo(f"{policy} is attached to {role}.")


@app.command()
def detach(role: RoleName, policy: PolicyName, config: Config = None) -> None:
    """Take a shared policy from a role.

    \b
    Example:
      poolhouse roles detach app-users no-deleting
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.roles.detach(role, policy))
    typer.echo(f"{policy} is not attached to {role} any more.")


@app.command("set")
def set_role(role: RoleName, longest: Longest = None, backend: Backend = None, config: Config = None) -> None:
    """Change how long the credentials of a role may last, or who makes them.

    \b
    Examples:
      poolhouse roles set app-users --longest 7200
      poolhouse roles set uploads --backend s3:photos
    """
    from poolhouse.cli.opening import with_server

    if longest is None and backend is None:
        raise Failure("Say what is to be changed: --longest, --backend.", SETTINGS)
    changed = with_server(config, lambda server: server.access.roles.update(role, longest=longest, backend=backend))
    typer.echo(f"Credentials of {role} last {changed.longest} s at most; {changed.backend} makes them.")


@app.command()
def revoke(role: RoleName, config: Config = None) -> None:
    """End all credentials of a role that were made until now. Running servers know it within seconds.

    It is for credentials of our own. What AWS or another store has made is good until it expires.

    \b
    Example:
      poolhouse roles revoke app-users
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.roles.revoke_sessions(role))
    typer.echo(f"Credentials of {role} that were made until now are over.")


@app.command()
def delete(role: RoleName, config: Config = None) -> None:
    """Delete a role. Its credentials are over within seconds.

    \b
    Example:
      poolhouse roles delete app-users
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.roles.delete(role))
    typer.echo(f"{role} is deleted.")
