"""The commands under ``poolhouse policies``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import DONE, SETTINGS, UNDONE, Failure

if TYPE_CHECKING:
    from poolhouse.server.app import Server

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
PolicyName: TypeAlias = Annotated[str, typer.Argument(metavar="POLICY", help="The name of the policy.")]
PolicyFile: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in JSON.")]

app = group("Policies: those that roles share, and what any of them would say.")


@app.command()
def check(
    file: PolicyFile,
    trust: Annotated[bool, typer.Option("--trust", help="It is one that says who may take a role.")] = False,
) -> None:
    """Say whether a file holds a policy, and if not, what is wrong at which place. Nothing is changed.

    \b
    Examples:
      poolhouse policies check own-folder.json
      poolhouse policies check --trust trust.json
    """
    from poolhouse.cli import roles

    roles.read_document(file, trust=trust)
    typer.echo(f"{file} is a policy.")


@app.command()
def create(policy: PolicyName, file: PolicyFile, config: Config = None) -> None:
    """Make a policy that roles can share (poolhouse roles attach).

    \b
    Example:
      poolhouse policies create no-deleting no-deleting.json
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    said = roles.read_document(file)
    with_server(config, lambda server: server.access.policies.create(policy, said))
    typer.echo(f"{policy} is made.")


@app.command()
def update(policy: PolicyName, file: PolicyFile, config: Config = None) -> None:
    """Put another document in place of a policy's. Roles that share it have it within seconds.

    \b
    Example:
      poolhouse policies update no-deleting no-deleting.json
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import with_server

    said = roles.read_document(file)
    with_server(config, lambda server: server.access.policies.update(policy, said))
    typer.echo(f"{policy} is changed.")


@app.command("list")
def list_policies(config: Config = None) -> None:
    """Show the policies that roles can share.

    \b
    Example:
      poolhouse policies list
    """
    from poolhouse.cli import roles
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    with_server(
        config,
        lambda server: show(
            roles.policies(server),
            lambda each: f"{each.name}  made {roles.instant(each.created)}",
            nothing="There are no policies.",
        ),
    )


@app.command("show")
def show_policy(policy: PolicyName, config: Config = None) -> None:
    """Print the document of a policy.

    \b
    Example:
      poolhouse policies show no-deleting
    """
    import json

    from poolhouse.cli.opening import with_server

    found = with_server(config, lambda server: server.access.policies.get(policy))
    typer.echo(json.dumps(found.document, indent=2))


@app.command()
def delete(policy: PolicyName, config: Config = None) -> None:
    """Delete a policy that is attached to no role.

    \b
    Example:
      poolhouse policies delete no-deleting
    """
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: server.access.policies.delete(policy))
    typer.echo(f"{policy} is deleted.")


@app.command()
def simulate(
    action: Annotated[str, typer.Option(metavar="ACTION", help="What would be done, as s3:GetObject.")],
    resource: Annotated[str, typer.Option(metavar="ARN", help="With what; * where there is none.")] = "*",
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="By somebody with this role.")] = None,
    policy: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="By somebody with these policies; with --role also.")
    ] = None,
    session: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A session policy, which has to allow, too.")
    ] = None,
    guest: Annotated[bool, typer.Option("--guest", help="By a guest, in the enhanced flow.")] = False,
    context: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="What is known of the caller or the request.")
    ] = None,
    config: Config = None,
) -> None:
    """Say whether somebody may do something, and what each statement says to it.

    Nobody is asked but the policies, and nothing is changed. The exit status is 0 for what is allowed, and 1 for what
    is not.

    \b
    Examples:
      poolhouse policies simulate --role app-users --action s3:GetObject --resource arn:aws:s3:::photos/ada/1 \\
        --context cognito-identity.amazonaws.com:sub=ada
      poolhouse policies simulate --policy own-folder.json --guest --action s3:ListBucket --resource arn:aws:s3:::b
    """
    from poolhouse.cli import roles
    from poolhouse.cli.opening import settings_of, with_server
    from poolhouse.flows.access.policies import Permissions, parse_policy
    from poolhouse.server.parts.access import guest_policy

    if role is None and not policy:
        raise Failure("Say whose policies: --role ROLE, or --policy FILE.", SETTINGS)
    documents = [roles.document_in(path) for path in policy or ()]
    sessions = [[roles.document_in(path)] for path in session or ()]
    known = roles.context_of(context or ())
    if guest:
        sessions.append([parse_policy(guest_policy(settings_of(config)).document, "guest policy")])
    if role is not None:
        named = role

        async def work(server: Server) -> None:
            documents.extend(await roles.documents_of(server, named))

        with_server(config, work)
    permissions = Permissions(documents, sessions, known)
    typer.echo(roles.verdict(decision := permissions.decide(action, resource)))
    for line in roles.explained(permissions, action, resource):
        typer.echo(line)
    raise typer.Exit(DONE if decision.allowed else UNDONE)
