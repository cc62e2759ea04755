"""Users of a pool, as the commands treat them."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from poolhouse.cli.exporting import Exported, export
from poolhouse.cli.failures import SETTINGS, Failure
from poolhouse.cli.importing import Count, Import, Manner
from poolhouse.crypto.passwords import PasswordHashes
from poolhouse.crypto.vault import Vault
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.records.users import User
from poolhouse.server.app import Server
from poolhouse.server.cognito.user_pools.user_filter import read_filter

if TYPE_CHECKING:
    from collections.abc import Iterator


async def listed(server: Server, pool_id: str, asked: str | None) -> AsyncIterator[User]:
    """The users of the pool; ``asked`` is a filter as ListUsers has it. Raises ``PoolNotFound``,
    ``InvalidParameter``."""
    await server.services.pools.get(pool_id)
    wanted = read_filter(asked)
    cursor: str | None = None
    while True:
        page = await server.ports.users.page(pool_id, wanted, 200, cursor)
        for user in page.items:
            yield user
        if (cursor := page.cursor) is None:
            return


async def shown(server: Server, pool_id: str, username: str) -> dict[str, Any]:
    """What an administrator may know of the user. Raises ``PoolNotFound``, ``UserNotFound``."""
    pool = await server.services.pools.get(pool_id)
    user = await server.services.users.require(pool, username)
    groups = await server.ports.groups.of_user(user)
    return {**summary(user), "attributes": user.attributes, "groups": [group.name for group in groups]}


def summary(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "sub": user.sub,
        "status": user.status,
        "enabled": user.enabled,
        "has_password": user.credential is not None,
        "created": _instant(user.created),
        "modified": _instant(user.modified),
    }


async def create(
    server: Server,
    pool_id: str,
    username: str,
    attributes: Mapping[str, str],
    *,
    password: str | None,
    permanent: bool,
    silent: bool,
) -> tuple[User, bool]:
    """The user exists; True where an invitation waits for a server to send it. Raises what the domain says."""
    pool = await server.services.pools.get(pool_id)
    silent = silent or permanent
    invitation = Invitation(username=username, attributes=attributes, password=password, silent=silent)
    user = await server.services.users.invite(pool, invitation)
    if permanent and password is not None:
        await server.services.users.set_password(pool, user.username, password, permanent=True)
        user = await server.services.users.require(pool, user.username)
    return user, not silent and bool(user.attributes.get("email") or user.attributes.get("phone_number"))


async def import_file(
    server: Server,
    pool_id: str,
    lines: IO[bytes],
    manner: Manner,
    *,
    complain: Callable[[int, str], None],
    advance: Callable[[int], None],
) -> Count:
    pool = await server.services.pools.get(pool_id)
    passwords, vault = server.ports.passwords, server.world.secrets
    assert isinstance(passwords, PasswordHashes)  # noqa: S101 - the composition root builds no other
    assert isinstance(vault, Vault)  # noqa: S101
    job = Import(
        server.world,
        server.ports,
        server.services.groups,
        passwords,
        vault.fingerprint,
        pool,
        manner,
        complain,
    )
    return await job.run(lines, advance)


async def export_to(server: Server, pool_id: str, target: str, *, hashes: bool) -> Exported:
    """The users are in the file (``-``: on standard output), which only its owner may read. Raises ``Failure``."""
    pool = await server.services.pools.get(pool_id)
    vault = server.world.secrets
    assert isinstance(vault, Vault)  # noqa: S101
    with _new_file(target) as file:
        return await export(server.ports, pool, file.write, fingerprint=vault.fingerprint, hashes=hashes)


@contextmanager
def _new_file(target: str) -> Iterator[IO[bytes]]:
    """The file stands there when all of it is written, and not before."""
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)


def read_attributes(given: list[str]) -> dict[str, str]:
    """``name=value`` words as a mapping. Raises ``Failure``."""
    attributes = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise Failure("An attribute is written as name=value, such as email=jane@example.com.", SETTINGS)
        attributes[name] = value
    return attributes


def read_password(stream: IO[str]) -> str:
    """The first line of the stream, without its end. Raises ``Failure`` where there is none."""
    password = stream.readline().rstrip("\r\n")
    if not password:
        raise Failure("There is no password on standard input.", SETTINGS)
    return password


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
