"""Whoever signs up, in or changes a password notices nothing of an answer that MongoDB gave and nobody got.

Each act is played once for each of its writes, with the answer of that write lost; what it does for the user has then
happened, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from poolhouse.records.clients import Client, Rotation
from poolhouse.store.motor import MotorStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house
from tests.support.lossy_proxy import LossyProxy
from tests.support.sign_in import SignedIn
from tests.support.srp_client import SrpClient

pytestmark = pytest.mark.requires_mongodb

NEW = "An0ther-Horse!"
MOST = 30
"""Writes that no act has."""


@dataclass
class Scene:
    """One user, who nobody was before."""

    house: House
    client: Client
    name: str
    access: str = ""
    refresh: str = ""

    async def sign_up(self) -> None:
        await self.house.sign_up(self.client, self.name)

    async def confirm(self) -> None:
        await self.house.confirm(self.client, self.name)

    async def sign_in(self, password: str = PASSWORD) -> None:
        tokens = await self.house.sign_in(self.client, self.name, password)
        self.access, self.refresh = tokens.access, tokens.refresh or ""

    async def sign_in_by_srp(self) -> None:
        srp = SrpClient(self.house, self.client)
        assert isinstance(await srp.answer(await srp.begin(self.name), PASSWORD), SignedIn)

    async def rotate(self) -> None:
        self.refresh = (await self.house.refresh(self.client, self.refresh)).refresh or ""

    async def change_password(self) -> None:
        await self.house.services.profile.change_password(self.access, PASSWORD, NEW)

    async def forget(self) -> None:
        await self.house.services.recovery.start(self.client, self.name, metadata={}, secret_hash=None)

    async def recover(self) -> None:
        await self.house.services.recovery.confirm(
            self.client, self.name, self.house.last_code(), NEW, metadata={}, secret_hash=None
        )

    async def letters(self) -> int:
        return sum(1 for message in self.house.messages if message.username == self.name)


Act = Callable[[Scene], Awaitable[None]]


async def one_letter(scene: Scene) -> None:
    assert 1 == await scene.letters()
    await scene.confirm()


async def two_letters(scene: Scene) -> None:
    assert 2 == await scene.letters()
    await scene.recover()


async def new_password(scene: Scene) -> None:
    await scene.sign_in(NEW)


@dataclass(frozen=True)
class Story:
    """What went before, without loss; the act; and what is true then."""

    before: tuple[Act, ...]
    act: Act
    after: Act


STORIES = {
    "sign-up": Story((), Scene.sign_up, one_letter),
    "confirmation": Story((Scene.sign_up,), Scene.confirm, Scene.sign_in),
    "sign-in": Story((Scene.sign_up, Scene.confirm), Scene.sign_in, Scene.rotate),
    "sign-in by SRP": Story((Scene.sign_up, Scene.confirm), Scene.sign_in_by_srp, Scene.sign_in),
    "rotation without grace": Story((Scene.sign_up, Scene.confirm, Scene.sign_in), Scene.rotate, Scene.rotate),
    "change of password": Story((Scene.sign_up, Scene.confirm, Scene.sign_in), Scene.change_password, new_password),
    "forgotten password": Story((Scene.sign_up, Scene.confirm), Scene.forget, two_letters),
    "recovery": Story((Scene.sign_up, Scene.confirm, Scene.forget), Scene.recover, new_password),
}


@pytest.fixture
async def lossy(mongodb_database: str) -> AsyncIterator[LossyProxy]:
    async with LossyProxy(mongodb_database).running() as proxy:
        yield proxy
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_database)
    await client.drop_database(client.get_default_database().name)
    client.close()


@pytest.mark.parametrize("name", STORIES)
async def test_no_lost_answer_is_noticed(lossy: LossyProxy, name: str) -> None:
    story = STORIES[name]
    clock = FakeClock()
    async with opened_house(MotorStore(lossy.uri, collections.ALL, clock), clock) as house:
        client = await house.client(
            await house.pool(),
            flows=("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"),
            rotation=Rotation(enabled=True, grace=0),
        )
        for write in range(1, MOST):
            scene = Scene(house, client, f"jane-{write}")
            for before in story.before:
                await before(scene)
            lossy.lose(write)
            await story.act(scene)
            was_lost = lossy.has_lost
            lossy.lose(0)
            await story.after(scene)
            if not was_lost:
                assert write > 1
                return
    raise AssertionError("it has more writes than was thought")
