"""Two servers behind nginx and behind HAProxy, with the files of ``deploy/``, are replaced one by one under load: every
request is answered, and rightly.

Both proxies stand before the same two servers, so that one series of restarts is seen through both. A few restarts are
tried everywhere; CI says how many it wants.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from poolhouse.config.settings import Server
from tests.support.command import PATIENCE, free_port
from tests.support.fronts import HAPROXY, HOST, NGINX, Front, standing
from tests.support.served import PASSWORD, Served, made_user, serving

pytestmark = pytest.mark.requires_proxies

RESTARTS = int(os.environ.get("POOLHOUSE_TEST_RESTARTS", "0"))
DRAIN = Server().drain
"""As it is for whoever says nothing. It has to be longer than nginx leaves a server alone that refused (a second,
counted in whole ones: up to two), than it keeps an idle connection, and than HAProxy needs to see that a server is not
ready."""
CROWD = 16
"""How many ask at once to find out what the servers can do."""
MEASURED = 2.0

API = "AWSCognitoIdentityProviderService."


@dataclass
class Load:
    """Asks through the proxies in turn, and counts what became of it."""

    session: aiohttp.ClientSession
    fronts: Sequence[Front]
    made: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    async def sign_in(self, front: Front) -> None:
        parameters = {"USERNAME": "jane", "PASSWORD": PASSWORD}
        answer = await self.call(front, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        self.tokens = answer["AuthenticationResult"]

    async def refresh(self, front: Front) -> None:
        parameters = {"REFRESH_TOKEN": self.tokens["RefreshToken"]}
        answer = await self.call(front, "InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)
        assert answer["AuthenticationResult"]["AccessToken"]

    async def get_user(self, front: Front) -> None:
        answer = await self.call(front, "GetUser", AccessToken=self.tokens["AccessToken"])
        assert answer["Username"] == "jane"

    async def discovery(self, front: Front) -> None:
        path = f"{front.url}/{self.made['pool']}/.well-known/openid-configuration"
        async with self.session.get(path, ssl=front.trust) as answer:
            issuer = (await _right(answer))["issuer"]
        assert issuer == f"https://{HOST}/{self.made['pool']}"

    async def call(self, front: Front, operation: str, **given: Any) -> Any:
        if operation == "InitiateAuth":
            given["ClientId"] = self.made["client"]
        headers = {"X-Amz-Target": API + operation, "Content-Type": "application/x-amz-json-1.1"}
        async with self.session.post(f"{front.url}/", json=given, headers=headers, ssl=front.trust) as answer:
            return await _right(answer)

    def turns(self) -> Iterator[tuple[Front, Callable[[Front], Awaitable[None]]]]:
        """What to ask next, and through whom, without an end."""
        calls = [self.sign_in, self.get_user, self.discovery, self.refresh, self.get_user]
        for call in itertools.cycle(calls):
            for front in self.fronts:
                yield front, call

    async def ask(self, front: Front, call: Callable[[Front], Awaitable[None]]) -> None:
        try:
            await call(front)
        except (aiohttp.ClientError, TimeoutError, AssertionError) as error:
            self.failed[front.kind, call.__name__, f"{type(error).__name__}: {error}"] += 1
        else:
            self.answered[front.kind, call.__name__] += 1

    async def capacity(self) -> float:
        """Requests a second that are answered when a crowd asks without a pause."""
        turns = self.turns()
        begun = time.monotonic()

        async def one() -> None:
            while time.monotonic() - begun < MEASURED:
                await self.ask(*next(turns))

        await asyncio.gather(*(one() for _ in range(CROWD)))
        return self.answered.total() / (time.monotonic() - begun)

    async def keep_asking(self, rate: float, done: asyncio.Event) -> None:
        """So many requests a second begin, whatever becomes of those before, until it is done."""
        turns = self.turns()
        begun = time.monotonic()
        async with asyncio.TaskGroup() as asked:
            for number in itertools.count():
                ahead = number / rate - (time.monotonic() - begun)
                if ahead > 0:
                    await asyncio.sleep(ahead)
                if done.is_set():
                    return
                asked.create_task(self.ask(*next(turns)))


async def _right(answer: aiohttp.ClientResponse) -> Any:
    if answer.status != 200:
        raise AssertionError(f"{answer.status} {(await answer.text())[:200]}")
    return await answer.json(content_type=None)


def server(folder: Path, port: int) -> contextlib.AbstractContextManager[Served]:
    return serving(
        folder,
        port=port,
        POOLHOUSE_BASE_URL=f"https://{HOST}",
        POOLHOUSE_SERVER_DRAIN=str(DRAIN),
        # Where the machine is busy with other things a crowd is served late; that is no outage.
        POOLHOUSE_STORE_PATIENCE="60",
        POOLHOUSE_SERVER_TRUSTED_PROXIES="127.0.0.1",
        # What is tried here is not the strength of the hash.
        POOLHOUSE_PASSWORDS_MEMORY_KIB="8",
        POOLHOUSE_PASSWORDS_PASSES="1",
    )


@pytest.mark.skipif(not RESTARTS, reason="set POOLHOUSE_TEST_RESTARTS: they need the machine for themselves")
async def test_rolling_restarts_behind_nginx_and_haproxy_lose_no_request(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    with contextlib.ExitStack() as open_:
        now = [open_.enter_context(server(tmp_path, port)) for port in ports]
        fronts = [open_.enter_context(standing(kind, tmp_path / kind, ports)) for kind in (NGINX, HAPROXY)]
        made = await asyncio.to_thread(made_user, now[0].sdk())
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
            # aiohttp asks once more where a GET finds its connection closed; here that is a failure.
            session._retry_connection = False
            load = Load(session, fronts, made)
            await load.sign_in(fronts[0])
            rate = await load.capacity() / 2
            load.answered.clear()

            done = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load.keep_asking(rate, done))
                try:
                    for restart in range(RESTARTS):
                        old = now[restart % 2]
                        old.process.send(signal.SIGTERM)
                        assert 0 == await asyncio.to_thread(old.process.end)
                        now[restart % 2] = await asyncio.to_thread(open_.enter_context, server(tmp_path, old.port))
                finally:
                    done.set()

    # What a proxy says of it stands in its log.
    complaints = [line for front in fronts for line in front.written().splitlines() if "[error]" in line]
    assert {} == dict(load.failed), "\n".join(complaints)
    assert load.answered.total() > RESTARTS * DRAIN * rate / 2
    assert {front.kind for front in fronts} == {kind for kind, _ in load.answered}
