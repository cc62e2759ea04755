"""Authorization codes: given once, redeemed once (RFC 6749 section 4.1.2)."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from poolhouse.errors import InvalidGrant, VersionConflict
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.sessions import SignedIn
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.grants import Grants
from poolhouse.ports.oauth import AuthorizationCodes
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationCode, AuthorizationRequest

_SLACK: Final = 86400.0
_ENDINGS: Final = 5


class Codes(Flow):
    """``seconds``: how long a code is good."""

    def __init__(self, world: World, codes: AuthorizationCodes, grants: Grants, seconds: int) -> None:
        super().__init__(world)
        self._codes = codes
        self._grants = grants
        self._seconds = seconds

    @rule("C1", "C2", "G4")
    async def give(
        self,
        request: AuthorizationRequest,
        signed_in: SignedIn,
        *,
        scopes: tuple[str, ...],
        claims: dict[str, Any],
        acr: str,
    ) -> str:
        """A code for what the request asks, bound to all of it and to the session. It is stored as its digest alone."""
        code, now, session = self.world.chance.token(), self.world.clock.now(), signed_in.session
        await self._codes.add(
            AuthorizationCode(
                id=digest(code),
                pool_id=request.pool_id,
                client_id=request.client_id,
                user_sub=signed_in.user.sub,
                session=session.id,
                redirect_uri=request.redirect_uri,
                redirect_uri_given=request.redirect_uri_given,
                created=now,
                expires=now + self._seconds,
                kept_until=now + self._seconds + _SLACK,
                auth_time=session.auth_time,
                scopes=scopes,
                nonce=request.nonce,
                code_challenge=request.code_challenge,
                claims=claims,
                resources=request.resources,
                proofs=session.proofs,
                acr=acr,
                session_ends=session.expires,
            )
        )
        return code

    @rule("C3", "C4", "C5", "P5")
    async def redeem(self, client: Client, code: str) -> AuthorizationCode:
        """The code is used by this call, and by no other; what is wrong with the request from here on costs it. Its
        record says under which id the grant will stand. A second try of its client ends what the first one gave; a
        stranger's does nothing but to be noted.

        Raises ``InvalidGrant``, which does not tell why.
        """
        held = await self._codes.get(client.pool_id, digest(code))
        if held is None:
            raise InvalidGrant
        if held.client_id != client.id:
            await self._note_refused(client, held, "foreign")
            raise InvalidGrant
        now = self.world.clock.now()
        while held.used is None:
            if not now < held.expires:
                raise InvalidGrant
            used = replace(
                held,
                used=now,
                grant_id=self.world.chance.uuid(),
                kept_until=now + max(client.refresh_validity, client.access_validity, client.id_validity) + _SLACK,
            )
            try:
                return await self._codes.save(used)
            except VersionConflict:
                again = await self._codes.get(client.pool_id, held.id)
                if again is None:
                    raise InvalidGrant from None
                held = again
        await self._end(held)
        await self._note_refused(client, held, "replayed")
        raise InvalidGrant

    @rule("C4")
    async def settle(self, code: AuthorizationCode) -> None:
        """To be called once the grant of a used code stands: where a second try came in between, it ends now."""
        held = await self._codes.get(code.pool_id, code.id)
        if held is None or held.replayed:
            await self.end_grant(code)

    async def _end(self, code: AuthorizationCode) -> None:
        """What the code gave has ended. The grant may not stand yet: whoever makes it looks for the mark after that, so
        the mark is made first."""
        held: AuthorizationCode | None = code
        while held is not None and not held.replayed:
            try:
                await self._codes.save(replace(held, replayed=True))
                break
            except VersionConflict:
                held = await self._codes.get(code.pool_id, code.id)
        await self.end_grant(code)

    async def end_grant(self, code: AuthorizationCode) -> None:
        """All that the code gave is good for nothing. Raises ``VersionConflict``."""
        for _ in range(_ENDINGS):
            grant = await self._grants.get(code.pool_id, code.grant_id or "")
            if grant is None or grant.revoked:
                return
            try:
                await self._grants.save(replace(grant, revoked=True))
                return
            except VersionConflict:
                continue
        raise VersionConflict

    async def _note_refused(self, client: Client, code: AuthorizationCode, why: str) -> None:
        await self.world.audit.note(
            "authorization.code_refused",
            pool_id=client.pool_id,
            client_id=client.id,
            subject=code.user_sub,
            facts={"why": why},
        )
