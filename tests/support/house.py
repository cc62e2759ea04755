"""All flows over the memory store, with a fake clock and captured messages. No HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from poolhouse.config.settings import Passwords, Server, Settings
from poolhouse.flows.accounts.sign_up import SignedUp, SignUpRequest
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.grants.bearer import Bearer
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.flows.services.user_pools import Services
from poolhouse.records.clients import Client
from poolhouse.records.messages import Message
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.server.app import Server as Built
from poolhouse.server.app import build
from poolhouse.server.ground import Surroundings
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.keys import PremadeKeys
from tests.support.sign_in import Answer, Asking, Opening, Reply, SignedIn, initiate, respond

MASTER_KEY = bytes(range(32))
PASSWORD = "Corr3ct-Horse!"
FLOWS = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


@dataclass
class House:
    """What a flow test works with."""

    built: Built
    clock: FakeClock
    messages: list[Message] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.built.services

    async def pool(self, *, foundation: PoolFoundation | None = None, **settings: Any) -> Pool:
        settings.setdefault("auto_verified", ("email",))
        return await self.services.pools.create(
            "eu-north-1", "test", PoolSettings(**settings), foundation or PoolFoundation()
        )

    async def client(self, pool: Pool, *, generates_secret: bool = False, **settings: Any) -> Client:
        settings.setdefault("flows", FLOWS)
        return await self.services.clients.create(
            pool.id, "test", ClientSettings(**settings), generates_secret=generates_secret
        )

    async def sign_up(self, client: Client, username: str = "jane", **attributes: str) -> SignedUp:
        attributes = attributes or {"email": f"{username}@example.com"}
        return await self.services.sign_up.sign_up(
            client, SignUpRequest(username=username, password=PASSWORD, attributes=attributes)
        )

    async def confirm(self, client: Client, username: str = "jane", code: str | None = None) -> None:
        await self.services.sign_up.confirm(client, username, code or self.last_code(), metadata={}, secret_hash=None)

    async def user(self, client: Client, username: str = "jane", **attributes: str) -> User:
        """A confirmed user."""
        signed_up = await self.sign_up(client, username, **attributes)
        await self.confirm(client, username)
        found = await self.built.ports.users.get(client.pool_id, signed_up.user.sub)
        assert found is not None
        return found

    async def begin(
        self,
        client: Client,
        username: str = "jane",
        password: str = PASSWORD,
        flow: str = "USER_PASSWORD_AUTH",
        metadata: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Reply:
        given = {"USERNAME": username, "PASSWORD": password, **parameters}
        return await initiate(
            self.services,
            client,
            Opening(flow=flow, parameters=given, metadata=metadata or {}, by_admin=flow.startswith("ADMIN")),
        )

    async def sign_in(self, client: Client, username: str = "jane", password: str = PASSWORD) -> TokenSet:
        reply = await self.begin(client, username, password)
        assert isinstance(reply, SignedIn), reply
        return reply.tokens

    async def answer(self, client: Client, asking: Reply, username: str = "jane", **answers: str) -> Reply:
        assert isinstance(asking, Asking), asking
        return await respond(
            self.services,
            client,
            Answer(challenge=asking.challenge, handle=asking.handle, answers={"USERNAME": username, **answers}),
        )

    async def refresh(self, client: Client, token: str | None, *, rotates: bool = True) -> TokenSet:
        return await self.services.refreshing.refresh(client, token or "", rotates=rotates, metadata={})

    async def bearer(self, tokens: TokenSet) -> Bearer:
        return await self.services.bearers.of(tokens.access)

    def last_code(self) -> str:
        code = self.messages[-1].code
        assert code is not None
        return code


@asynccontextmanager
async def opened_house(
    store: Store | None = None,
    clock: FakeClock | None = None,
    plugins: Sequence[tuple[str, object]] = (),
    **changes: Any,
) -> AsyncIterator[House]:
    clock = clock or FakeClock()
    messages: list[Message] = []
    changes.setdefault("server", Server(base_url="https://auth.example.com"))
    settings = Settings(
        # As cheap as argon2 gets: what is tested here is not its strength.
        passwords=Passwords(memory_kib=8, passes=1),
        **changes,
    )
    built = await build(
        settings,
        [MASTER_KEY],
        surroundings=Surroundings(clock=clock, key_maker=PremadeKeys(), recorders=[messages.append]),
        store=store or MemoryStore(collections.ALL, clock),
        plugins=plugins,
    )
    await built.store.start()
    try:
        yield House(built, clock, messages)
    finally:
        await built.workers.close()
        await built.store.close()


def without_version(record: Any) -> Any:
    return replace(record, version=0)
