"""Row 13: one gate before every use, tested as a matrix: every use of a sign-in, in every state of what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, UNCONFIRMED, User
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

NEW = "An0ther-Horse!"


@dataclass
class Scene:
    """jane is signed in, and has begun to sign in once more; john is asked for a new password."""

    house: House
    pool: Pool
    client: Client
    tokens: TokenSet
    srp: SrpClient
    asked: Asking
    temporary: Asking


@pytest.fixture
async def scene(house: House, pool: Pool, client: Client) -> Scene:
    await house.user(client)
    await house.user(client, "john")
    await house.services.users.set_password(pool, "john", PASSWORD, permanent=False)
    temporary = await house.begin(client, "john")
    srp = SrpClient(house, client)
    asked = await srp.begin("jane")
    assert isinstance(temporary, Asking)
    return Scene(house, pool, client, await house.sign_in(client), srp, asked, temporary)


async def with_status(scene: Scene, status: str) -> None:
    for name in ("jane", "john"):
        user = await scene.house.services.users.require(scene.pool, name)
        await scene.house.built.ports.users.save(scene.pool, replace(user, status=status))


async def disable(scene: Scene) -> None:
    for name in ("jane", "john"):
        await scene.house.services.users.disable(scene.pool, name)


async def disable_in_the_record(scene: Scene) -> None:
    """By something else than our own operation, which ends all sign-ins besides."""
    for name in ("jane", "john"):
        user = await scene.house.services.users.require(scene.pool, name)
        await scene.house.built.ports.users.save(scene.pool, replace(user, enabled=False))


async def disable_and_enable(scene: Scene) -> None:
    await disable(scene)
    for name in ("jane", "john"):
        await scene.house.services.users.enable(scene.pool, name)


async def delete_users(scene: Scene) -> None:
    for name in ("jane", "john"):
        await scene.house.services.users.delete(scene.pool, name)


async def delete_client(scene: Scene) -> None:
    await scene.house.services.clients.delete(scene.pool.id, scene.client.id)


async def delete_pool(scene: Scene) -> None:
    await scene.house.services.pools.delete(scene.pool.id)


async def close_flows(scene: Scene) -> None:
    await scene.house.services.clients.update(
        scene.pool.id, scene.client.id, ClientSettings(flows=("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))
    )


async def sign_out(scene: Scene) -> None:
    for name in ("jane", "john"):
        await scene.house.services.users.sign_out_everywhere(scene.pool, name)


async def change_password(scene: Scene) -> None:
    """By an administrator, because the old one is known to somebody."""
    await scene.house.services.users.set_password(scene.pool, "jane", NEW, permanent=True)
    await scene.house.services.users.set_password(scene.pool, "john", NEW, permanent=False)


STATES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "disabled": disable,
    "disabled in the record": disable_in_the_record,
    "disabled and enabled again": disable_and_enable,
    "deleted": delete_users,
    "signed out": sign_out,
    "password changed": change_password,
    "unconfirmed": lambda scene: with_status(scene, UNCONFIRMED),
    "to be reset": lambda scene: with_status(scene, RESET_REQUIRED),
    "to change the password": lambda scene: with_status(scene, FORCE_CHANGE_PASSWORD),
    "of no known status": lambda scene: with_status(scene, "UNKNOWN"),
    "client deleted": delete_client,
    "client closed": close_flows,
    "pool deleted": delete_pool,
}


async def client_now(scene: Scene) -> Client:
    """As every face does it: by the id, at each request."""
    return await scene.house.services.clients.get(scene.client.id)


async def by_password(scene: Scene) -> object:
    return await scene.house.begin(await client_now(scene))


async def by_administrator(scene: Scene) -> object:
    return await scene.house.begin(await client_now(scene), flow="ADMIN_USER_PASSWORD_AUTH")


async def by_srp(scene: Scene) -> object:
    srp = SrpClient(scene.house, await client_now(scene))
    return await srp.answer(await srp.begin("jane"), PASSWORD)


async def going_on(scene: Scene) -> object:
    srp = scene.srp
    await client_now(scene)
    srp._client = await client_now(scene)
    return await srp.answer(scene.asked, PASSWORD)


async def choosing_a_password(scene: Scene) -> object:
    return await scene.house.answer(await client_now(scene), scene.temporary, "john", NEW_PASSWORD=f"{NEW}1")


async def refreshing(scene: Scene) -> object:
    return await scene.house.refresh(await client_now(scene), scene.tokens.refresh)


async def refreshing_the_old_way(scene: Scene) -> object:
    return await scene.house.refresh(await client_now(scene), scene.tokens.refresh, rotates=False)


async def looking(scene: Scene) -> object:
    return await scene.house.services.profile.show(scene.tokens.access)


async def changing(scene: Scene) -> object:
    return await scene.house.services.profile.update(scene.tokens.access, {"nickname": "j"}, {})


async def changing_the_password(scene: Scene) -> object:
    await scene.house.services.profile.change_password(scene.tokens.access, PASSWORD, f"{NEW}2")
    return None


USES: dict[str, Callable[[Scene], Awaitable[object]]] = {
    use.__name__.replace("_", " "): use
    for use in (
        by_password,
        by_administrator,
        by_srp,
        going_on,
        choosing_a_password,
        refreshing,
        refreshing_the_old_way,
        looking,
        changing,
        changing_the_password,
    )
}
BY_TOKEN = {"looking", "changing", "changing the password"}
WORKS = {
    # A new sign-in is what they are for.
    "disabled and enabled again": {"by password", "by administrator", "by srp"},
    "signed out": {"by password", "by administrator", "by srp"},
    "to change the password": {"choosing a password"},
    "client closed": BY_TOKEN | {"refreshing", "refreshing the old way"},
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("state", STATES)
async def test_what_is_not_usable_is_not_used(state: str, use: str, scene: Scene) -> None:
    await STATES[state](scene)

    try:
        result = await USES[use](scene)
    except errors.PoolhouseError:
        worked = False
    else:
        # Being asked for a new password is not being signed in.
        worked = not (state == "to change the password" and isinstance(result, Asking))

    assert (use in WORKS.get(state, set())) == worked


async def test_all_of_it_works_otherwise(scene: Scene) -> None:
    for use in USES.values():
        await use(scene)
    user = await scene.house.services.users.require(scene.pool, "jane")
    assert CONFIRMED == user.status


async def test_a_client_of_another_pool_gets_no_tokens_and_opens_nothing(scene: Scene) -> None:
    """Pool, client and user go together: each of them alone is in order here."""
    house = scene.house
    elsewhere = await house.pool()
    foreign = await house.client(elsewhere)
    jane = await house.services.users.require(scene.pool, "jane")
    namesake = await house.user(foreign, "jane")

    async def opened(pool: Pool, client: Client, user: User) -> object:
        return await house.services.grants.open(
            pool, client, user, event_id="e", source="s", metadata={}, flow="USER_PASSWORD_AUTH"
        )

    assert await opened(scene.pool, scene.client, jane)
    with pytest.raises(errors.ClientNotFound):
        await opened(scene.pool, foreign, jane)
    with pytest.raises(errors.ClientNotFound):
        await opened(elsewhere, scene.client, namesake)
    with pytest.raises(errors.UserNotFound):
        await opened(scene.pool, scene.client, namesake)


async def test_a_token_that_names_a_client_of_another_pool_opens_nothing(scene: Scene) -> None:
    """Such a token could only be of our own making. The grant that it names is that client's, too."""
    house = scene.house
    ports = house.built.ports
    foreign = await house.client(await house.pool())
    said = await ports.tokens.verify(scene.tokens.access, "access")
    grant = await ports.grants.get(scene.pool.id, said["event_id"])
    assert grant is not None
    await ports.grants.save(replace(grant, client_id=foreign.id))
    token = await ports.tokens.sign(scene.pool.id, "access", {**said, "client_id": foreign.id})

    with pytest.raises(errors.ClientNotFound):
        await house.services.bearers.of(token)


@pytest.mark.parametrize("days", [6, 8])
async def test_a_temporary_password_works_for_as_long_as_the_pool_says(scene: Scene, days: int) -> None:
    scene.house.clock.advance(days * 86400)

    try:
        asked = isinstance(await scene.house.begin(await client_now(scene), "john"), Asking)
    except errors.NotAuthorized:
        asked = False

    assert (days < 7) == asked
