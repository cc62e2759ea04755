"""All users of a pool, written down so that they can be imported elsewhere: nobody is locked in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from poolhouse.cli.lines import is_ours, write_line
from poolhouse.ports.user_pools import Ports
from poolhouse.records.pools import Pool

PAGE = 200


@dataclass(frozen=True, slots=True)
class Exported:
    """``peppered`` counts the users whose hash is of use only with our master key."""

    users: int
    peppered: int


async def export(
    ports: Ports, pool: Pool, write: Callable[[bytes], object], *, fingerprint: str, hashes: bool
) -> Exported:
    """Every user of the pool is written, one line each. Users that come or go meanwhile may be in it or not."""
    users = peppered = 0
    cursor: str | None = None
    while True:
        page = await ports.users.page(pool.id, None, PAGE, cursor)
        for user in page.items:
            groups = list(await ports.groups.of_user(user))
            write(write_line(user, groups, fingerprint=fingerprint, hashes=hashes))
            users += 1
            peppered += hashes and user.credential is not None and is_ours(user.credential.hash)
        if (cursor := page.cursor) is None:
            return Exported(users, peppered)
