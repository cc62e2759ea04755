"""A server is killed at any moment under load and started again on the same file: nobody lost what they were told, and
for everybody the next call works."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from poolhouse.testing.made import MadeClient
from tests.support import server_process
from tests.support.json_api import Answer, ApiClient
from tests.support.live import EVERY_FLOW, PASSWORD, Live, attributes, values
from tests.support.server_process import ROOT

AT_ONCE = 8
ROTATIONS = 2


class Died(Exception):
    """The server was killed while it worked on a call: nobody knows how far it came."""


class Refused(Exception):
    """The server said no."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Wire:
    """Calls to the server. ``told`` counts what was answered."""

    api: ApiClient
    kill_after: float = float("inf")
    told: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, operation: str, **given: Any) -> Any:
        """The output. Raises ``Refused``, ``Died``."""
        try:
            answer: Answer = await self.api.call(operation, given)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Died from error
        self.told += 1
        if self.told >= self.kill_after:
            self.enough.set()
        if answer.status != 200:
            raise Refused(answer.error)
        return answer.json if answer.body else {}


async def refusal(call: Awaitable[object]) -> str | None:
    """The name of the error; None where all went well."""
    try:
        await call
    except Refused as refused:
        return refused.name
    return None


@dataclass
class Person:
    """Somebody, and what the server told them for certain. ``begun`` is the last thing they asked for, answered or
    not."""

    name: str
    told: set[str] = field(default_factory=set)
    begun: str = ""
    access: str = ""
    refresh: str = ""

    @property
    def old(self) -> str:
        return f"{self.name}@example.com"

    @property
    def new(self) -> str:
        return f"{self.name}@example.org"


@dataclass
class Story:
    """What people do before the server dies, and after. ``client`` rotates refresh tokens; its pool knows people by
    their address too."""

    live: Live
    client: MadeClient
    wire: Wire

    async def call(self, operation: str, **given: Any) -> Any:
        return await self.wire.call(operation, ClientId=self.client.id, **given)

    async def sign_up(self, person: Person) -> None:
        await self.call("SignUp", Username=person.name, Password=PASSWORD, UserAttributes=attributes(email=person.old))

    async def confirm(self, person: Person) -> None:
        await self.call("ConfirmSignUp", Username=person.name, ConfirmationCode=self.live.code(person.old))

    async def sign_in(self, person: Person, name: str | None = None) -> None:
        answer = await self.call(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name or person.name, "PASSWORD": PASSWORD},
        )
        person.access = answer["AuthenticationResult"]["AccessToken"]
        person.refresh = answer["AuthenticationResult"]["RefreshToken"]

    async def rotate(self, person: Person) -> None:
        answer = await self.call("GetTokensFromRefreshToken", RefreshToken=person.refresh)
        person.refresh = answer["AuthenticationResult"]["RefreshToken"]

    async def move(self, person: Person) -> None:
        await self.wire.call(
            "UpdateUserAttributes", AccessToken=person.access, UserAttributes=attributes(email=person.new)
        )

    async def verify(self, person: Person) -> None:
        await self.wire.call(
            "VerifyUserAttribute",
            AccessToken=person.access,
            AttributeName="email",
            Code=self.live.code(person.new),
        )

    async def delete(self, person: Person) -> None:
        await self.wire.call("DeleteUser", AccessToken=person.access)

    async def shown(self, person: Person) -> dict[str, str]:
        return values((await self.wire.call("GetUser", AccessToken=person.access))["UserAttributes"])

    async def live_through(self, person: Person) -> None:
        """A whole life, or as much of it as the server lives. Raises ``Died``."""
        steps = [self.sign_up, self.confirm, self.sign_in, *[self.rotate] * ROTATIONS, self.move, self.verify]
        # Every other person stays.
        steps += [self.delete] if person.name.endswith(("0", "2", "4", "6", "8")) else []
        for step in steps:
            person.begun = step.__name__
            await step(person)
            person.told.add(step.__name__)

    # --- afterwards --------------------------------------------------------------------------------------------------

    async def nothing_is_lost(self, person: Person) -> None:
        """What the person was told is still so, and what they asked for last has happened wholly, or can be asked for
        again. In the end they have an account under both of their names."""
        if "delete" in person.told:
            assert "UserNotFoundException" == await refusal(self.sign_in(person))
        elif person.begun == "delete":
            # The token still opens the account, so that it can be deleted, or all of it is gone.
            assert await refusal(self.delete(person)) in (None, "UserNotFoundException")
        elif "sign_in" in person.told:
            await self.signed_in_before(person)
            return
        await self.begin_again(person)
        await self.settle(person)

    async def begin_again(self, person: Person) -> None:
        """There is a confirmed account. Whoever was told that there is one did not lose it."""
        said = await refusal(self.sign_up(person))
        if said is None:
            assert "delete" in (person.begun, *person.told) or "sign_up" not in person.told
        else:
            assert "UsernameExistsException" == said
            said = await refusal(self.call("ResendConfirmationCode", Username=person.name))
            if said is not None:
                # It is confirmed already.
                assert "InvalidParameterException" == said
                assert "sign_up" != person.begun
                return
            assert "confirm" not in person.told
        await self.confirm(person)

    async def signed_in_before(self, person: Person) -> None:
        """The tokens from before still work."""
        shown = await self.shown(person)
        if "move" in person.told:
            assert person.new == shown["email"]
        if "verify" in person.told:
            assert "true" == shown["email_verified"]
        # The last one they were given, or the one before it, if its successor was lost on the way.
        await self.rotate(person)
        await self.settle(person)

    async def settle(self, person: Person) -> None:
        """The person can finish what they began: sign in, move, and be found at the new address."""
        await self.sign_in(person)
        await self.move(person)
        if "true" != (await self.shown(person))["email_verified"]:
            await self.wire.call("GetUserAttributeVerificationCode", AccessToken=person.access, AttributeName="email")
            await self.verify(person)
        await self.sign_in(person, person.new)
        shown = await self.shown(person)
        assert (person.new, "true") == (shown["email"], shown["email_verified"])
        # Nobody has the old address any more.
        assert "UserNotFoundException" == await refusal(self.sign_in(person, person.old))


@asynccontextmanager
async def wired(live: Live, kill_after: float = float("inf")) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield Wire(ApiClient(live.base_url + "/", session, key=ROOT, now=time.time()), kill_after)


async def until_killed(story: Story, server: server_process.ServerProcess, names: Iterator[str]) -> list[Person]:
    """People come and live at the server until it is killed; all of them."""
    people: list[Person] = []

    async def come() -> None:
        while True:
            people.append(Person(next(names)))
            try:
                await story.live_through(people[-1])
            except Died:
                return

    async def kill() -> None:
        await story.wire.enough.wait()
        server.kill()

    async with asyncio.timeout(60):
        await asyncio.gather(kill(), *(come() for _ in range(AT_ONCE)))
    return people


@pytest.mark.parametrize("seed", [101, 107, 109, 118, 132])
async def test_after_a_kill_nothing_that_was_told_is_lost_and_the_next_call_works(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = f"sqlite:{tmp_path / 'killed.db'}"
    numbers = itertools.count()
    names = (f"person-{seed}-{next(numbers)}" for _ in itertools.repeat(None))
    server = server_process.start(store, tmp_path, "server")
    try:
        live = Live(server.base_url, server.outbox, "sqlite")
        pool = await asyncio.to_thread(live.pool, AliasAttributes=["email"])
        client = await asyncio.to_thread(
            live.client,
            pool,
            ExplicitAuthFlows=[flow for flow in EVERY_FLOW if flow != "ALLOW_REFRESH_TOKEN_AUTH"],
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
        )
        async with wired(live, kill_after=chance.randint(AT_ONCE, 150)) as wire:
            people = await until_killed(Story(live, client, wire), server, names)
        server = server_process.start(store, tmp_path, "server", port=server.port)

        async with wired(live) as wire:
            story = Story(live, client, wire)
            for person in people:
                await story.nothing_is_lost(person)
    finally:
        server.end()

    assert any(person.begun and person.begun not in person.told for person in people)
