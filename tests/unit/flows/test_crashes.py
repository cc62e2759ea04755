"""A process that dies between two writes of a flow leaves a store in which the next call works.

Each story is run once to count its writes, then once for every write, with a crash in its place; after that the same
user tries again, and everything has to hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import PASSWORD, House, opened_house

NEW = "An0ther-Horse!"


@dataclass
class Scene:
    """What a story plays in."""

    house: House
    pool: Pool
    client: Client
    access: str = ""
    refresh: str = ""
    code: str = ""


Act = Callable[[Scene], Awaitable[object]]


@dataclass(frozen=True)
class Story:
    """``prepare`` happens undisturbed, ``act`` is where the process dies, ``again`` is the next call."""

    prepare: Act
    act: Act
    again: Act


async def nothing(scene: Scene) -> None:
    pass


async def signed_up(scene: Scene) -> None:
    await scene.house.sign_up(scene.client)
    scene.code = scene.house.last_code()


async def signed_in(scene: Scene) -> None:
    await scene.house.user(scene.client)
    tokens = await scene.house.sign_in(scene.client)
    scene.access, scene.refresh = tokens.access, tokens.refresh or ""


async def sign_up(scene: Scene) -> None:
    await scene.house.sign_up(scene.client)


async def sign_up_again(scene: Scene) -> None:
    """The name is free, or it is taken by somebody who can be confirmed."""
    try:
        await scene.house.sign_up(scene.client)
    except errors.UsernameTaken:
        await scene.house.services.sign_up.resend(scene.client, "jane", metadata={}, secret_hash=None)
    await scene.house.confirm(scene.client)
    assert (await scene.house.sign_in(scene.client)).access


async def confirm(scene: Scene) -> None:
    await scene.house.confirm(scene.client, code=scene.code)


async def confirm_again(scene: Scene) -> None:
    """The same code still works, or has worked."""
    with suppress(errors.NotAuthorized):
        await scene.house.confirm(scene.client, code=scene.code)
    assert (await scene.house.sign_in(scene.client)).access


async def change_address(scene: Scene) -> None:
    await scene.house.services.profile.update(scene.access, {"email": "new@example.com"}, {})


async def change_address_again(scene: Scene) -> None:
    await change_address(scene)
    await scene.house.services.profile.send_code(scene.access, "email", {})
    await scene.house.services.profile.verify(scene.access, "email", scene.house.last_code())
    _, attributes = await scene.house.services.profile.show(scene.access)
    assert attributes["email"] == "new@example.com"
    assert attributes["email_verified"] == "true"
    # Whoever wants the old address can have it, and nobody the new one.
    await scene.house.user(scene.client, "john", email="jane@example.com")
    if scene.pool.alias_attributes:
        await scene.house.sign_up(scene.client, "jill", email="new@example.com")
        with pytest.raises(errors.AliasTaken):
            await scene.house.confirm(scene.client, "jill")


async def address_changed(scene: Scene) -> None:
    await signed_in(scene)
    await change_address(scene)
    scene.code = scene.house.last_code()


async def verify_address(scene: Scene) -> None:
    await scene.house.services.profile.verify(scene.access, "email", scene.code)


async def verify_address_again(scene: Scene) -> None:
    with suppress(errors.CodeExpired):
        await verify_address(scene)
    _, attributes = await scene.house.services.profile.show(scene.access)
    assert attributes["email_verified"] == "true"


async def delete(scene: Scene) -> None:
    await scene.house.services.profile.delete(scene.access)


async def delete_again(scene: Scene) -> None:
    with suppress(errors.UserNotFound):
        await delete(scene)
    await scene.house.user(scene.client)
    assert (await scene.house.sign_in(scene.client)).access


async def recovering(scene: Scene) -> None:
    await signed_in(scene)
    await recover(scene)
    scene.code = scene.house.last_code()


async def recover(scene: Scene) -> None:
    await scene.house.services.recovery.start(scene.client, "jane", metadata={}, secret_hash=None)


async def recover_again(scene: Scene) -> None:
    await recover(scene)
    scene.code = scene.house.last_code()
    await set_new(scene)
    assert (await scene.house.sign_in(scene.client, password=NEW)).access


async def set_new(scene: Scene) -> None:
    await scene.house.services.recovery.confirm(scene.client, "jane", scene.code, NEW, metadata={}, secret_hash=None)


async def set_new_again(scene: Scene) -> None:
    with suppress(errors.CodeExpired):
        await set_new(scene)
    assert (await scene.house.sign_in(scene.client, password=NEW)).access


async def sign_in(scene: Scene) -> None:
    await scene.house.sign_in(scene.client)


async def rotating(scene: Scene) -> None:
    scene.client = await scene.house.client(
        scene.pool, flows=("ALLOW_USER_PASSWORD_AUTH",), rotation=Rotation(enabled=True, grace=10)
    )
    await signed_in(scene)


async def rotate(scene: Scene) -> None:
    scene.refresh = (await scene.house.refresh(scene.client, scene.refresh)).refresh or ""


async def rotate_twice(scene: Scene) -> None:
    await rotate(scene)
    await rotate(scene)


async def invite(scene: Scene) -> None:
    await scene.house.services.users.invite(
        scene.pool, Invitation(username="jane", attributes={"email": "jane@example.com"}, password=PASSWORD)
    )


async def invite_again(scene: Scene) -> None:
    try:
        await invite(scene)
    except errors.UsernameTaken:
        await scene.house.services.users.invite_again(scene.pool, Invitation(username="jane", password=PASSWORD))
    await choose(scene)


async def choose(scene: Scene) -> None:
    asking = await scene.house.begin(scene.client)
    await scene.house.answer(scene.client, asking, NEW_PASSWORD=NEW)


async def choose_again(scene: Scene) -> None:
    with suppress(errors.WrongCredentials):
        await choose(scene)
    assert (await scene.house.sign_in(scene.client, password=NEW)).access


async def grouped(scene: Scene) -> None:
    await signed_in(scene)
    await scene.house.services.groups.create(scene.pool.id, "crew", GroupSettings())


async def join(scene: Scene) -> None:
    user = await scene.house.services.users.require(scene.pool, "jane")
    await scene.house.services.groups.join(user, "crew")


async def join_again(scene: Scene) -> None:
    await join(scene)
    page = await scene.house.services.groups.members(scene.pool.id, "crew", 60, None)
    assert [user.username for user in page.items] == ["jane"]
    assert (await scene.house.bearer(await scene.house.sign_in(scene.client))).user


async def joined(scene: Scene) -> None:
    await grouped(scene)
    await join(scene)


async def dissolve(scene: Scene) -> None:
    await scene.house.services.groups.delete(scene.pool.id, "crew")


async def dissolve_again(scene: Scene) -> None:
    with suppress(errors.GroupNotFound):
        await dissolve(scene)
    await scene.house.services.groups.create(scene.pool.id, "crew", GroupSettings())
    page = await scene.house.services.groups.members(scene.pool.id, "crew", 60, None)
    assert list(page.items) == []


async def add_client(scene: Scene) -> None:
    scene.client = await scene.house.client(scene.pool)


async def add_client_again(scene: Scene) -> None:
    await add_client(scene)
    page = await scene.house.services.clients.page(scene.pool.id, 60, None)
    for client in page.items:
        assert await scene.house.services.clients.get(client.id)
    await sign_up_again(scene)


async def require_reset(scene: Scene) -> None:
    await scene.house.services.recovery.require(scene.pool, "jane", {})


async def require_reset_again(scene: Scene) -> None:
    await require_reset(scene)
    scene.code = scene.house.last_code()
    await set_new(scene)
    assert (await scene.house.sign_in(scene.client, password=NEW)).access


async def reinvite(scene: Scene) -> None:
    await scene.house.services.users.invite_again(scene.pool, Invitation(username="jane", password=PASSWORD))


async def reinvite_again(scene: Scene) -> None:
    await reinvite(scene)
    await choose(scene)


async def resend(scene: Scene) -> None:
    await scene.house.services.sign_up.resend(scene.client, "jane", metadata={}, secret_hash=None)


async def resend_again(scene: Scene) -> None:
    await resend(scene)
    await scene.house.confirm(scene.client)


async def change_password(scene: Scene) -> None:
    await scene.house.services.profile.change_password(scene.access, PASSWORD, NEW)


async def change_password_again(scene: Scene) -> None:
    with suppress(errors.WrongCredentials):
        await change_password(scene)
    assert (await scene.house.sign_in(scene.client, password=NEW)).access


async def remove_client(scene: Scene) -> None:
    await scene.house.services.clients.delete(scene.pool.id, scene.client.id)


async def remove_client_again(scene: Scene) -> None:
    with suppress(errors.ClientNotFound):
        await remove_client(scene)
    with pytest.raises(errors.ClientNotFound):
        await scene.house.services.clients.get(scene.client.id)
    store = scene.house.built.store
    for collection in (collections.CLIENTS, collections.CLIENT_POOLS):
        page = await store.find(collection, Query(limit=100))
        assert [] == [entry.key for entry in page.entries if scene.client.id in entry.key]
    await add_client_again(scene)


async def add_pool(scene: Scene) -> None:
    scene.pool = await scene.house.pool()


async def add_pool_again(scene: Scene) -> None:
    await add_pool(scene)
    scene.client = await scene.house.client(scene.pool)
    await sign_up_again(scene)


async def remove_pool(scene: Scene) -> None:
    await scene.house.services.pools.delete(scene.pool.id)


async def remove_pool_again(scene: Scene) -> None:
    with suppress(errors.PoolNotFound):
        await remove_pool(scene)
    with pytest.raises(errors.PoolNotFound):
        await scene.house.services.pools.get(scene.pool.id)
    with pytest.raises(errors.NotFound):
        await scene.house.bearer(TokenSet(scene.access, "", None, 0))
    await add_pool_again(scene)


STORIES = {
    "sign-up": Story(nothing, sign_up, sign_up_again),
    "confirmation": Story(signed_up, confirm, confirm_again),
    "change of address": Story(signed_in, change_address, change_address_again),
    "verification of an address": Story(address_changed, verify_address, verify_address_again),
    "deletion": Story(signed_in, delete, delete_again),
    "request for a reset": Story(signed_in, recover, recover_again),
    "reset": Story(recovering, set_new, set_new_again),
    "sign-in": Story(signed_in, sign_in, sign_in),
    "rotation": Story(rotating, rotate, rotate_twice),
    "invitation": Story(nothing, invite, invite_again),
    "choice of a password": Story(invite, choose, choose_again),
    "joining a group": Story(grouped, join, join_again),
    "dissolving a group": Story(joined, dissolve, dissolve_again),
    "making a client": Story(nothing, add_client, add_client_again),
    "removing a client": Story(nothing, remove_client, remove_client_again),
    "making a pool": Story(nothing, add_pool, add_pool_again),
    "removing a pool": Story(signed_in, remove_pool, remove_pool_again),
    "requirement of a reset": Story(signed_in, require_reset, require_reset_again),
    "second invitation": Story(invite, reinvite, reinvite_again),
    "another code": Story(signed_up, resend, resend_again),
    "change of password": Story(signed_in, change_password, change_password_again),
}

FOUNDATIONS = {
    "plain": PoolFoundation(),
    "alias": PoolFoundation(alias_attributes=("email",)),
}


async def play(story: Story, foundation: PoolFoundation, crash_after: int | None) -> int:
    """Returns how many writes the act asked for."""
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        pool = await house.pool(foundation=foundation)
        scene = Scene(house, pool, await house.client(pool))
        await story.prepare(scene)
        store.restart()
        if crash_after is None:
            await story.act(scene)
            return store.writes
        store.crash_after(crash_after)
        with pytest.raises(Crash):
            await story.act(scene)
        store.restart()
        await story.again(scene)
        return 0


@pytest.mark.parametrize("foundation", FOUNDATIONS)
@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_at_any_write_leaves_a_store_in_which_the_next_call_works(name: str, foundation: str) -> None:
    writes = await play(STORIES[name], FOUNDATIONS[foundation], None)

    assert writes > 0
    for crash_after in range(writes):
        await play(STORIES[name], FOUNDATIONS[foundation], crash_after)
