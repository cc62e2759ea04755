"""What users let clients have (oidc.md A20): given on a page, remembered, seen, and taken back."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.oauth import Consents
from poolhouse.ports.origin import by_user
from poolhouse.ports.paging import Slice
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client
from poolhouse.records.oauth import Consent
from poolhouse.records.users import User


class ConsentBook(Flow):
    def __init__(self, world: World, consents: Consents) -> None:
        super().__init__(world)
        self._consents = consents

    async def of(self, client: Client, sub: str) -> Consent | None:
        return await self._consents.get(client.pool_id, sub, client.id)

    @rule("A20")
    async def give(self, client: Client, user: User, scopes: Iterable[str]) -> Consent:
        """The user agrees to these scopes, beside those of before. Raises ``VersionConflict``."""
        for _ in range(5):
            now = self.world.clock.now()
            held = await self.of(client, user.sub)
            try:
                if held is None:
                    fresh = Consent(
                        pool_id=client.pool_id,
                        user_sub=user.sub,
                        client_id=client.id,
                        scopes=tuple(dict.fromkeys(scopes)),
                        created=now,
                        modified=now,
                    )
                    given = await self._consents.add(fresh)
                else:
                    wider = tuple(dict.fromkeys([*held.scopes, *scopes]))
                    given = await self._consents.save(replace(held, scopes=wider, modified=now))
            except (KeyTaken, VersionConflict):
                continue
            await self._note("consent.given", client.id, user)
            return given
        raise VersionConflict

    async def of_user(self, user: User, limit: int, cursor: str | None) -> Slice:
        """Some of what the user agreed to."""
        return await self._consents.of_user(user.pool_id, user.sub, limit, cursor)

    @rule("A20")
    async def withdraw(self, user: User, client_id: str) -> bool:
        """The client has nothing of the user's any more: its refresh tokens are good for nothing, and it has to ask
        again. False where there was nothing to take back."""
        if not await self._consents.delete(user.pool_id, user.sub, client_id):
            return False
        await self._note("consent.withdrawn", client_id, user)
        return True

    @rule("A20")
    async def covers(self, client: Client, sub: str, since: float) -> bool:
        """Whether what was given at that moment stands on what the user agrees to now."""
        if not client.asks_consent:
            return True
        held = await self.of(client, sub)
        return held is not None and held.created <= since

    async def _note(self, action: Action, client_id: str, user: User) -> None:
        await self.world.audit.note(
            action, pool_id=user.pool_id, client_id=client_id, subject=user.sub, actor=by_user(user.sub)
        )
