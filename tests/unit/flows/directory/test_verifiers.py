"""A password works in every flow, whenever it was set and whatever clients there were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import bcrypt
import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, Credential, User
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import SignedIn
from tests.support.srp_client import SrpClient

OLD = "0ld-Horse!"
WITHOUT_SRP = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


class Counting(MemoryStore):
    writes = 0

    async def replace(self, collection: Collection, entry: Entry) -> Entry:
        self.writes += collection is collections.USERS
        return await super().replace(collection, entry)


class Elsewhere:
    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        return MigratedUser(attributes={"email": "jane@example.com", "email_verified": "true"})


@dataclass
class Scene:
    house: House
    pool: Pool
    client: Client


@pytest.fixture
def store() -> Counting:
    return Counting(collections.ALL, FakeClock())


@pytest.fixture
async def scene(store: Counting) -> AsyncIterator[Scene]:
    """In the pool nobody speaks SRP."""
    async with opened_house(store=store) as house:
        pool = await house.pool()
        yield Scene(house, pool, await house.client(pool, flows=WITHOUT_SRP))


async def by_srp(scene: Scene, password: str = PASSWORD, **settings: Any) -> object:
    """At a client that comes only now."""
    srp = SrpClient(scene.house, await scene.house.client(scene.pool, **settings))
    return await srp.answer(await srp.begin("jane"), password)


async def of(scene: Scene) -> User:
    return await scene.house.services.users.require(scene.pool, "jane")


async def invited(scene: Scene, password: str = OLD) -> None:
    given = {"email": "jane@example.com", "email_verified": "true"}
    invitation = Invitation(username="jane", password=password, attributes=given, silent=True)
    await scene.house.services.users.invite(scene.pool, invitation)


async def sign_up(scene: Scene) -> None:
    await scene.house.user(scene.client)


async def set_by_administrator(scene: Scene) -> None:
    await invited(scene)
    await scene.house.services.users.set_password(scene.pool, "jane", PASSWORD, permanent=True)


async def chosen_at_first_sign_in(scene: Scene) -> None:
    await invited(scene)
    asking = await scene.house.begin(scene.client, password=OLD)
    await scene.house.answer(scene.client, asking, NEW_PASSWORD=PASSWORD)


async def recovered(scene: Scene) -> None:
    await invited(scene)
    services = scene.house.services
    await services.users.set_password(scene.pool, "jane", OLD, permanent=True)
    await services.recovery.start(scene.client, "jane", metadata={}, secret_hash=None)
    code = scene.house.last_code()
    await services.recovery.confirm(scene.client, "jane", code, PASSWORD, metadata={}, secret_hash=None)


async def changed(scene: Scene) -> None:
    await invited(scene)
    await scene.house.services.users.set_password(scene.pool, "jane", OLD, permanent=True)
    tokens = await scene.house.sign_in(scene.client, password=OLD)
    await scene.house.services.profile.change_password(tokens.access, OLD, PASSWORD)


PLACES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    place.__name__: place for place in (sign_up, set_by_administrator, chosen_at_first_sign_in, recovered, changed)
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_password_works_by_srp_wherever_it_was_set(place: str, scene: Scene) -> None:
    await PLACES[place](scene)

    assert isinstance(await by_srp(scene), SignedIn)


async def test_a_temporary_password_works_by_srp(scene: Scene) -> None:
    await invited(scene, PASSWORD)

    assert not isinstance(await by_srp(scene), SignedIn)


async def test_a_password_from_elsewhere_works_by_srp() -> None:
    async with opened_house(plugins=[("elsewhere", Elsewhere())]) as house:
        pool = await house.pool()
        client = await house.client(pool, flows=WITHOUT_SRP)
        await house.sign_in(client)

        assert isinstance(await by_srp(Scene(house, pool, client)), SignedIn)


async def test_a_password_works_by_srp_that_was_set_before_the_pool_had_a_client(scene: Scene) -> None:
    await scene.house.services.clients.delete(scene.pool.id, scene.client.id)
    await set_by_administrator(scene)

    assert isinstance(await by_srp(scene), SignedIn)


async def test_a_pool_can_say_that_it_keeps_no_verifiers(scene: Scene) -> None:
    await scene.house.services.pools.tag(scene.pool.id, {"poolhouse:srp-verifiers": "none"})
    await sign_up(scene)
    await scene.house.sign_in(scene.client)

    credential = (await of(scene)).credential

    assert credential is not None
    assert (None, None) == (credential.srp, credential.verifier)


async def test_what_is_kept_for_srp_is_small(scene: Scene) -> None:
    await sign_up(scene)

    credential = (await of(scene)).credential

    assert credential is not None
    assert credential.verifier is not None
    assert 600 > len(credential.verifier)


# --- what was kept before ---------------------------------------------------------------------------------------------


async def kept_before(scene: Scene, salt: bytes) -> None:
    """As the first version did: in hex, and some salts began with a zero."""
    user = await of(scene)
    verifier = await scene.house.built.ports.srp.verifier(scene.pool.short_name, "jane", PASSWORD, salt)
    plain = f"{salt.hex()}:{verifier}".encode()
    sealed = scene.house.built.world.secrets.seal("srp-verifier", f"{scene.pool.id}/jane", plain)
    assert user.credential is not None
    await keep(scene, replace(user.credential, srp=sealed, verifier=None))


async def keep(scene: Scene, credential: Credential) -> None:
    users = scene.house.built.ports.users
    await users.save(scene.pool, replace(await of(scene), credential=credential, status=CONFIRMED))


async def test_a_verifier_of_the_first_form_is_read_and_left_alone(scene: Scene, store: Counting) -> None:
    await sign_up(scene)
    await kept_before(scene, b"\x01" * 16)
    store.writes = 0

    await scene.house.sign_in(scene.client)

    assert 0 == store.writes
    assert isinstance(await by_srp(scene), SignedIn)


@pytest.mark.parametrize("salt", [b"\x00" + b"\x5a" * 15, None])
async def test_the_next_password_sign_in_gives_what_is_missing_and_then_writes_no_more(
    salt: bytes | None, scene: Scene, store: Counting
) -> None:
    await sign_up(scene)
    if salt is None:
        credential = (await of(scene)).credential
        assert credential is not None
        await keep(scene, replace(credential, srp=None, verifier=None))
    else:
        await kept_before(scene, salt)
    before = (await of(scene)).credential
    store.writes = 0

    await scene.house.sign_in(scene.client)
    await scene.house.sign_in(scene.client)

    after = (await of(scene)).credential
    assert 1 == store.writes
    assert before is not None
    assert after is not None
    assert (before.hash, before.set_at) == (after.hash, after.set_at)
    assert after.verifier is not None
    assert isinstance(await by_srp(scene), SignedIn)


async def test_a_missing_verifier_is_told_from_a_wrong_password(scene: Scene) -> None:
    """To the trail always; to the caller where the client may say who exists."""
    await sign_up(scene)
    await keep(scene, Credential(hash=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(), set_at=0.0))

    with pytest.raises(errors.NotAuthorized, match="once the user has signed in with the password itself"):
        await by_srp(scene)
    with pytest.raises(errors.WrongCredentials) as hidden:
        await by_srp(scene, hides_users=True)
    assert "no SRP verifier" == hidden.value.detail
    await scene.house.sign_in(scene.client)
    with pytest.raises(errors.WrongCredentials) as wrong:
        await by_srp(scene, "Wr0ng-Horse!", hides_users=True)
    assert wrong.value.detail is None
