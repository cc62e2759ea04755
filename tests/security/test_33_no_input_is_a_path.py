"""Row 33: what users and administrators write is never the name of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, opened_house

PATHS = ["../outside", "/absolute", "..", "nul\x00byte", "~/home", "file:///outside", "C:\\outside", "a/../../outside"]


def written(folder: Path) -> set[str]:
    """The names of all files and folders; the database's own companions count as the database."""
    return {path.name.partition("-")[0] for path in folder.rglob("*")}


@pytest.mark.parametrize("text", PATHS)
async def test_a_name_that_looks_like_a_path_makes_no_file(text: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    clock = FakeClock()
    async with opened_house(SqliteStore(inside / "store.db", collections.ALL, clock), clock) as house:
        pools, clients, groups = house.services.pools, house.services.clients, house.services.groups
        pool = await pools.create(
            "eu-north-1", text, PoolSettings(tags={text: text}, auto_verified=("email",)), PoolFoundation()
        )
        client = await clients.create(pool.id, text, ClientSettings())
        await groups.create(pool.id, text, GroupSettings(description=text))
        await house.services.sign_up.sign_up(
            client, SignUpRequest(username=text, password=PASSWORD, attributes={"email": "a@example.com"})
        )
        found = await house.services.users.require(pool, text)

    assert text == found.username
    assert {"inside", "store.db"} == written(tmp_path)


@pytest.mark.parametrize("region", ["../x", "/", "a/b", "", "..", "a\x00", "A", "x" * 40, "eu-north-1\n"])
async def test_a_region_is_a_word(region: str, tmp_path: Path) -> None:
    """It comes with the caller's signature and becomes a part of every id."""
    async with opened_house() as house:
        with pytest.raises(errors.InvalidParameter, match="region"):
            await house.services.pools.create(region, "x", PoolSettings(), PoolFoundation())
