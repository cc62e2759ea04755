"""The commands under ``poolhouse users``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group
from poolhouse.cli.failures import DONE, SETTINGS, UNDONE, Failure

if TYPE_CHECKING:
    from poolhouse.flows.transfer.exporting import Exported
    from poolhouse.flows.transfer.factors import Form
    from poolhouse.flows.transfer.running import Count
    from poolhouse.records.users import User
    from poolhouse.server.app import Server

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
PoolId: TypeAlias = Annotated[str, typer.Argument(metavar="POOL_ID")]

app = group("Users: shown, made, brought in, taken out.")


@app.command("list")
def list_users(
    pool: PoolId,
    wanted: Annotated[
        str | None, typer.Option("--filter", metavar="FILTER", help="As ListUsers has it: attribute = or ^= a value.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    config: Config = None,
) -> None:
    """List the users of a pool.

    \b
    Examples:
      poolhouse users list eu-west-1_AbCdEfGhI
      poolhouse users list eu-west-1_AbCdEfGhI --filter 'email ^= "jane"' --json
    """
    import json

    from poolhouse.cli import users
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    def line(user: User) -> str:
        if as_json:
            return json.dumps(users.summary(user))
        enabled = "" if user.enabled else "disabled"
        return f"{user.username:<38} {user.status:<22} {user.sub} {enabled}".rstrip()

    with_server(
        config, lambda server: show(users.listed(server, pool, wanted), line, nothing="There are no such users.")
    )


@app.command()
def show(pool: PoolId, name: Annotated[str, typer.Argument(metavar="NAME")], config: Config = None) -> None:
    """Show a user: by name, by id, or by a verified alias.

    \b
    Example:
      poolhouse users show eu-west-1_AbCdEfGhI jane
    """
    import json

    from poolhouse.cli import users
    from poolhouse.cli.opening import with_server

    typer.echo(json.dumps(with_server(config, lambda server: users.shown(server, pool, name)), indent=2))


@app.command()
def create(
    pool: PoolId,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    attribute: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="As often as needed.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input. Otherwise one is invented.")
    ] = False,
    permanent: Annotated[
        bool, typer.Option("--permanent", help="The password need not be changed. No invitation is sent.")
    ] = False,
    suppress: Annotated[bool, typer.Option("--suppress", help="Send no invitation.")] = False,
    config: Config = None,
) -> None:
    """Make a user, and invite them with a temporary password.

    A running server sends the invitation.

    \b
    Examples:
      poolhouse users create eu-west-1_AbCdEfGhI jane --attribute email=jane@example.com
      pass show jane | poolhouse users create eu-west-1_AbCdEfGhI jane --password-stdin --permanent
    """
    from poolhouse.cli import users
    from poolhouse.cli.opening import with_server

    if (permanent or suppress) and not password_stdin:
        raise Failure("--permanent and --suppress need --password-stdin: nobody would know the password.", SETTINGS)
    attributes = users.read_attributes(attribute or [])
    password = users.read_password(sys.stdin) if password_stdin else None
    user, is_invited = with_server(
        config,
        lambda server: users.create(
            server, pool, name, attributes, password=password, permanent=permanent, silent=suppress
        ),
    )
    typer.echo(f"{user.username}  {user.status}  {user.sub}")
    if not is_invited and not password_stdin:
        typer.echo("There is no e-mail address and no telephone number: nobody was told the password.", err=True)


@app.command("import")
def import_users(
    pool: PoolId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lines of JSON.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at every line, and write nothing.")] = False,
    create_groups: Annotated[
        bool, typer.Option("--create-groups", help="Make groups that do not exist, without rights.")
    ] = False,
    config: Config = None,
) -> None:
    """Bring users in, with their passwords where the format of the hash is known.

    Nobody is sent anything. Users that exist are skipped. A user without a hash chooses a new password
    (RESET_REQUIRED). Lines that cannot be done are told with their number, and the exit status is 1.

    The import of a file is a job: one at a time in a pool, and whatever interrupts it, the same command goes on where
    it stopped. `poolhouse jobs` shows and cancels it.

    \b
    A line (only username is needed):
      {"username": "jane", "attributes": {"email": "jane@example.com", "email_verified": "true"},
       "groups": ["staff"], "password_hash": "pbkdf2_sha256$600000$...", "status": "CONFIRMED", "enabled": true}

    \b
    Examples:
      poolhouse users import eu-west-1_AbCdEfGhI users.jsonl --dry-run
      poolhouse users import eu-west-1_AbCdEfGhI users.jsonl
    """
    from poolhouse.cli import users
    from poolhouse.cli.opening import with_server
    from poolhouse.flows.transfer.importing import Manner
    from poolhouse.flows.transfer.running import Told

    def say(sentence: str) -> None:
        typer.echo(sentence, err=True)

    async def work(server: Server) -> Count:
        manner = Manner(dry_run=dry_run, creates_groups=create_groups)
        try:
            with file.open("rb") as lines, _progress(file.stat().st_size) as advance:
                told = Told(
                    wrong=lambda number, sentence: say(f"line {number}: {sentence}"),
                    bytes_done=advance,
                    resumed=lambda done: say(f"going on after line {done}, where this import stopped"),
                    waiting=lambda most: say(
                        f"another import into this pool is under way, or died; waiting {most:.0f} s at most to see"
                    ),
                )
                return await users.import_file(server, pool, lines, manner, told)
        except OSError as error:
            raise Failure(f"{file} cannot be read: {error.strerror}.") from None

    count = with_server(config, work)
    verb = "would be imported" if dry_run else "imported"
    typer.echo(f"{count.imported} {verb}, {count.skipped} skipped (they exist), {count.wrong} wrong")
    raise typer.Exit(UNDONE if count.wrong else DONE)


@app.command("export")
def export_users(
    pool: PoolId,
    file: Annotated[str, typer.Argument(metavar="FILE", help="- is standard output.")],
    no_hashes: Annotated[
        bool, typer.Option("--no-hashes", help="Leave the password hashes out, and what factors keep.")
    ] = False,
    factor_secrets: Annotated[
        bool, typer.Option("--factor-secrets", help="What factors keep, in the clear: of use anywhere.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    config: Config = None,
) -> None:
    """Take all users out, as lines of JSON that `users import` reads.

    With attributes, status, groups and the password hash as it is stored. The file is for its owner only: hashes are
    worth stealing. Hashes that Poolhouse made carry a pepper from the master key: they are of use only to a Poolhouse
    with the same master key. Hashes that were imported and not used yet are as they came.

    Second factors go with the users: the secrets of their apps sealed for this master key, or in the clear with
    --factor-secrets; recovery codes as digests that only this master key reads; passkeys, which are good for their
    domain. Remembered devices stay.

    \b
    Examples:
      poolhouse users export eu-west-1_AbCdEfGhI users.jsonl
      poolhouse users export eu-west-1_AbCdEfGhI - --no-hashes | gzip > users.jsonl.gz
    """
    from poolhouse.cli import users
    from poolhouse.cli.opening import with_server

    form: Form = "clear" if factor_secrets else "none" if no_hashes else "sealed"

    async def work(server: Server) -> Exported:
        return await users.export_to(server, pool, file, hashes=not no_hashes, form=form, force=force)

    done = with_server(config, work)
    typer.echo(f"{done.users} users exported", err=True)
    if done.sealed:
        typer.echo(
            f"WARNING: second factors of {done.sealed} users are sealed for this master key, or recovery codes that "
            "only it reads. For another one, export with --factor-secrets, and leave recovery_codes out of the lines.",
            err=True,
        )
    if done.peppered:
        typer.echo(
            f"WARNING: {done.peppered} password hashes carry the pepper of this master key. With another master key "
            "nobody can sign in with them: export with --no-hashes then, or let users migrate at sign-in.",
            err=True,
        )


@app.command("take-factor")
def take_factor(
    pool: PoolId,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    factor: Annotated[str, typer.Argument(metavar="FACTOR", help="Such as SOFTWARE_TOKEN_MFA, or a plugin's.")],
    config: Config = None,
) -> None:
    """Take a second factor away from a user who has lost it.

    What it kept is gone, and wrong answers are forgotten. The user can set it up anew. For a plugin's factor no
    operation of the API does that.

    \b
    Example:
      poolhouse users take-factor eu-west-1_AbCdEfGhI jane CHAT_PUSH
    """
    from poolhouse.cli import users
    from poolhouse.cli.opening import with_server

    with_server(config, lambda server: users.take_factor(server, pool, name, factor))
    typer.echo(f"{name} has no {factor} any more.")


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    with Progress(
        BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=max(size, 1))
        yield lambda done: bar.advance(task, done)
