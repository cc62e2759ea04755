"""A process that dies between two writes on an identity leaves a store in which the same user is one identity, and the
next call ends what was begun.

Each story is run once to count its writes, then once for every write, with a crash in its place, over the store in
memory and over SQLite.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from poolhouse.errors import IdentityNotFound, LoginRefused
from poolhouse.records.identities import IdentityPool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.identity_world import DEVELOPER, GOOGLE, IdentityWorld, logins


@dataclass
class Scene:
    at: IdentityWorld
    pool: IdentityPool
    ids: dict[str, str] = field(default_factory=dict)


Act = Callable[[Scene], Awaitable[object]]


@dataclass(frozen=True)
class Story:
    """``prepare`` happens undisturbed, ``act`` is where the process dies, ``again`` is the next call."""

    prepare: Act
    act: Act
    again: Act


async def alone(scene: Scene) -> None:
    """Of all that are listed, one can be reached, and it is Jane's, whichever of her logins she comes with."""
    names = {login.provider for login in await scene.at.all_logins(scene.pool)}
    ids = {await scene.at.identities.get_id(scene.pool.id, {name: "good jane"}) for name in names - {DEVELOPER}}
    assert 1 == len(ids)
    (jane,) = ids
    name = next(iter(names - {DEVELOPER}))
    assert jane == (await scene.at.identities.resolve(jane, {name: "good jane"})).identity.id
    for login in await scene.at.all_logins(scene.pool):
        assert jane == login.identity_id
    for listed in await scene.at.listed(scene.pool, hides_disabled=True):
        # What was left behind on the way has no login, and serves nobody.
        if listed != jane:
            assert () == await scene.at.providers(listed)
            with pytest.raises(LoginRefused):
                await scene.at.resolve(listed)


async def nothing(scene: Scene) -> None:
    pass


async def get_id(scene: Scene) -> None:
    await scene.at.get_id(scene.pool, google="jane", facebook="jane")


async def get_id_again(scene: Scene) -> None:
    await get_id(scene)
    await alone(scene)


async def guest(scene: Scene) -> None:
    scene.ids["guest"] = await scene.at.guest(scene.pool)
    scene.at.clock.advance(1)


async def become_somebody(scene: Scene) -> None:
    await scene.at.resolve(scene.ids["guest"], google="jane", facebook="jane")


async def become_somebody_again(scene: Scene) -> None:
    """The id is kept."""
    assert scene.ids["guest"] == await scene.at.resolve(scene.ids["guest"], google="jane", facebook="jane")
    await alone(scene)


async def two(scene: Scene) -> None:
    scene.ids["jane"] = await scene.at.get_id(scene.pool, google="jane", amazon="jane")
    scene.at.clock.advance(1)
    scene.ids["other"] = await scene.at.get_id(scene.pool, facebook="jane")
    scene.at.clock.advance(1)


async def merge(scene: Scene) -> None:
    await scene.at.resolve(scene.ids["other"], facebook="jane", google="jane")


async def merge_again(scene: Scene) -> None:
    """By the login of the child alone: what is not begun yet is not done, what is begun is ended."""
    now = await scene.at.resolve(scene.ids["other"], facebook="jane")
    assert now in scene.ids.values()
    await merge(scene)
    assert scene.ids["jane"] == await scene.at.resolve(scene.ids["other"], facebook="jane")
    assert (await scene.at.record(scene.ids["other"])).is_disabled
    await alone(scene)


async def guest_and_jane(scene: Scene) -> None:
    await guest(scene)
    scene.ids["jane"] = await scene.at.get_id(scene.pool, google="jane")


async def guest_merges(scene: Scene) -> None:
    await scene.at.resolve(scene.ids["guest"], google="jane", facebook="jane")


async def guest_merges_again(scene: Scene) -> None:
    await guest_merges(scene)
    assert scene.ids["jane"] == await scene.at.resolve(scene.ids["guest"], google="jane")
    with pytest.raises(LoginRefused):
        await scene.at.resolve(scene.ids["guest"])
    await alone(scene)


async def developer_users(scene: Scene) -> None:
    scene.ids["old"] = await scene.at.vouch(scene.pool, "jane-1", google="jane")
    scene.at.clock.advance(1)
    scene.ids["new"] = await scene.at.vouch(scene.pool, "jane-2")
    scene.at.clock.advance(1)


async def developer_merges(scene: Scene) -> None:
    await scene.at.developers.merge(scene.pool.id, DEVELOPER, "jane-1", "jane-2")


async def developer_merges_again(scene: Scene) -> None:
    await developer_merges(scene)
    for user in ("jane-1", "jane-2"):
        assert scene.ids["new"] == await scene.at.vouch(scene.pool, user)
    assert (await scene.at.record(scene.ids["old"])).is_disabled
    await alone(scene)


async def vouch(scene: Scene) -> None:
    await scene.at.vouch(scene.pool, "jane", scene.ids["guest"], google="jane")


async def vouch_again(scene: Scene) -> None:
    assert scene.ids["guest"] == await scene.at.vouch(scene.pool, "jane", scene.ids["guest"], google="jane")
    await alone(scene)


async def unlink(scene: Scene) -> None:
    await scene.at.identities.unlink(scene.ids["jane"], logins(google="jane"), ["www.amazon.com"])


async def unlink_again(scene: Scene) -> None:
    # Or it was unlinked already.
    with suppress(LoginRefused):
        await unlink(scene)
    assert (GOOGLE,) == await scene.at.providers(scene.ids["jane"])
    assert scene.ids["jane"] != await scene.at.get_id(scene.pool, amazon="jane")


async def delete(scene: Scene) -> None:
    await scene.at.administration.delete([scene.ids["jane"]])


async def delete_again(scene: Scene) -> None:
    assert [] == await scene.at.administration.delete([scene.ids["jane"]])
    with pytest.raises(IdentityNotFound):
        await scene.at.resolve(scene.ids["jane"], google="jane")
    assert scene.ids["jane"] not in await scene.at.listed(scene.pool)
    new = await scene.at.get_id(scene.pool, google="jane")
    assert new != scene.ids["jane"]
    assert new == await scene.at.resolve(new, google="jane")


async def merging_and_deleting(scene: Scene) -> None:
    """Jane is deleted while another becomes a part of her."""
    await two(scene)
    other = await scene.at.record(scene.ids["other"])
    await scene.at.records.save(replace(other, merging_into=scene.ids["jane"]))


async def deleted_and_merging_again(scene: Scene) -> None:
    await delete_again(scene)
    assert await scene.at.get_id(scene.pool, facebook="jane")
    mine = await scene.at.resolve(scene.ids["other"], facebook="jane")
    assert mine == scene.ids["other"]


STORIES = {
    "GetId of somebody new": Story(nothing, get_id, get_id_again),
    "a guest who becomes somebody": Story(guest, become_somebody, become_somebody_again),
    "a merge": Story(two, merge, merge_again),
    "a guest who is somebody": Story(guest_and_jane, guest_merges, guest_merges_again),
    "a merge by the developer": Story(developer_users, developer_merges, developer_merges_again),
    "a developer's user": Story(guest, vouch, vouch_again),
    "an unlinking": Story(two, unlink, unlink_again),
    "a deletion": Story(two, delete, delete_again),
    "a deletion within a merge": Story(merging_and_deleting, delete, deleted_and_merging_again),
}


async def play(story: Story, inner: Store, crash_after: int | None) -> int:
    """Returns how many writes the act asked for."""
    store = CrashingStore(inner)
    await store.start()
    try:
        at = IdentityWorld(store)
        scene = Scene(at, await at.pool())
        await story.prepare(scene)
        store.restart()
        if crash_after is None:
            await story.act(scene)
            writes = store.writes
            store.restart()
            await story.again(scene)
            return writes
        store.crash_after(crash_after)
        with pytest.raises(Crash):
            await story.act(scene)
        store.restart()
        # Another process, which has nothing in mind.
        scene.at = at.beside()
        await story.again(scene)
        return 0
    finally:
        await store.close()


@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_at_any_write_on_identities_leaves_what_the_next_call_ends(name: str) -> None:
    writes = await play(STORIES[name], MemoryStore(collections.ALL, FakeClock(1_800_000_000.0)), None)

    assert writes > 1
    for crash_after in range(writes):
        await play(STORIES[name], MemoryStore(collections.ALL, FakeClock(1_800_000_000.0)), crash_after)


@pytest.mark.parametrize("name", STORIES)
async def test_so_it_is_over_sqlite(name: str, tmp_path: Path) -> None:
    def store(number: int) -> Store:
        return SqliteStore(tmp_path / f"{number}.db", collections.ALL, FakeClock(1_800_000_000.0))

    writes = await play(STORIES[name], store(-1), None)

    for crash_after in range(writes):
        await play(STORIES[name], store(crash_after), crash_after)
