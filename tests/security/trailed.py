"""A served house whose every request is looked up in the trail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from poolhouse.flows.grants.issue import TokenSet
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.audit import AuditEntry
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_record
from tests.security.served import served
from tests.support.house import PASSWORD, House
from tests.support.json_api import ROOT, Answer, ApiClient

KEY = f"key:{ROOT[0]}"
WRONG = "Wr0ng-Horse!"
OTHER = "An0ther-Horse!"
TELLING = ("jane", "example.com", PASSWORD, WRONG, OTHER)


class Elsewhere:
    """Knows those whose names begin with ``old``."""

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        known = event.username.startswith("old")
        verified = {"email": f"{event.username}@example.com", "email_verified": "true"}
        return MigratedUser(attributes=verified) if known else None


class Trailed:
    """``jane`` is confirmed and signed in. ``seen`` collects the actions that were left."""

    def __init__(self, house: House, api: ApiClient, pool: Pool, client: Client, user: User, tokens: TokenSet) -> None:
        self.house, self.pool, self.client, self.user, self.tokens = house, pool, client, user, tokens
        self.seen: set[str] = set()
        self._api = api
        self._last = ""

    async def call(self, operation: str, **given: Any) -> Answer:
        members = self._api.model.shapes[self._api.model.operations[operation].input].members
        usual = {"UserPoolId": self.pool.id, "ClientId": self.client.id, "Username": "jane"}
        usual["AccessToken"] = self.tokens.access
        answer = await self._api.call(
            operation, {**{name: value for name, value in usual.items() if name in members}, **given}
        )
        self._last = answer.headers["x-amzn-RequestId"]
        return answer

    async def entries(self) -> list[AuditEntry]:
        page = await self.house.built.store.find(collections.AUDIT, Query(limit=1000))
        return [to_record(entry, AuditEntry) for entry in page.entries]

    async def left(self, *actions: str, actor: str | None, subject: str | None = "jane") -> None:
        """The last request left exactly these, done by ``actor`` (None: nobody has proven anything; ``jane`` stands for
        her), with where it came from, and about ``subject``; and nothing that tells."""
        found = [entry for entry in await self.entries() if entry.request_id == self._last]
        who = f"user:{self.user.sub}" if actor == "jane" else actor
        whom = self.user.sub if subject == "jane" else subject
        assert sorted(actions) == sorted(entry.action for entry in found)
        assert [(who, whom, "127.0.0.1")] * len(found) == [(e.actor, e.subject, e.source) for e in found]
        text = json.dumps([entry.facts for entry in found])
        assert [] == [word for word in TELLING if word in text]
        self.seen.update(actions)


@asynccontextmanager
async def trailed(**settings: Any) -> AsyncIterator[Trailed]:
    async with served(plugins=[("elsewhere", Elsewhere())]) as (house, api):
        pool = await house.pool()
        client = await house.client(pool, **settings)
        user = await house.user(client)
        yield Trailed(house, api, pool, client, user, await house.sign_in(client))
