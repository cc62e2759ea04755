"""Users of a pool, as the commands treat them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from poolhouse.cli.failures import SETTINGS, Failure
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.transfer.exporting import Exported
from poolhouse.flows.transfer.factors import Form
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.running import Count, Source, Told
from poolhouse.records.users import User
from poolhouse.server.app import Server
from poolhouse.server.cognito.user_pools.user_filter import read_filter

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK: Final = 1 << 20


async def listed(server: Server, pool_id: str, asked: str | None) -> AsyncIterator[User]:
    """The users of the pool; ``asked`` is a filter as ListUsers has it. Raises ``PoolNotFound``,
    ``InvalidParameter``."""
    pool = await server.services.pools.get(pool_id)
    wanted = read_filter(asked)
    cursor: str | None = None
    while True:
        page = await server.services.users.page(pool, wanted, 200, cursor)
        for user in page.items:
            yield user
        if (cursor := page.cursor) is None:
            return


async def shown(server: Server, pool_id: str, username: str) -> dict[str, Any]:
    """What an administrator may know of the user. Raises ``PoolNotFound``, ``UserNotFound``."""
    pool = await server.services.pools.get(pool_id)
    user = await server.services.users.require(pool, username)
    groups = await server.services.groups.all_of_user(user)
    return {**summary(user), "attributes": user.attributes, "groups": [group.name for group in groups]}


def summary(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "sub": user.sub,
        "status": user.status,
        "enabled": user.enabled,
        "has_password": user.credential is not None,
        "factors": [one.factor for one in user.factors if one.confirmed],
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


async def import_file(server: Server, pool_id: str, file: IO[bytes], manner: Manner, told: Told) -> Count:
    """All lines were tried. Raises what the domain says."""
    pool = await server.services.pools.get(pool_id)
    source = Source(lines=file, digest=_digest(file))
    return await server.services.imports.run(pool, source, manner, told)


async def take_factor(server: Server, pool_id: str, username: str, factor: str) -> None:
    """The user has nothing of the factor any more. Raises ``PoolNotFound``, ``UserNotFound``."""
    pool = await server.services.pools.get(pool_id)
    await server.services.preferences.take_away(pool, username, factor)


async def export_to(
    server: Server, pool_id: str, target: str, *, hashes: bool, form: Form = "sealed", force: bool = False
) -> Exported:
    """The users are in the file (``-``: on standard output), which only its owner may read. A file that is there is
    replaced by ``force`` alone. Raises ``Failure``."""
    pool = await server.services.pools.get(pool_id)
    with _new_file(target, replaces=force) as file:
        return await server.services.exports.run(pool, file.write, hashes=hashes, form=form)


def _digest(file: IO[bytes]) -> str | None:
    """None for what can be read only once."""
    if not file.seekable():
        return None
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


@contextmanager
def _new_file(target: str, *, replaces: bool) -> Iterator[IO[bytes]]:
    """The file stands there when all of it is written, and not before."""
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    if path.exists() and not replaces:
        raise Failure(f"{target} exists; --force replaces it.")
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
    """What is stored may be no time: it is shown as it is then, and keeps nobody from seeing the others."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{at!r} (no time)"
