"""Tokens for a code, at the token endpoint (RFC 6749 section 4.1.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from poolhouse.errors import InvalidGrant, InvalidScope, UnauthorizedClient
from poolhouse.flows.grants.assurance import amr
from poolhouse.flows.grants.claims import Hosted
from poolhouse.flows.grants.issue import Grants
from poolhouse.flows.grants.scopes import OFFLINE, of_user
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.oauth.codes import Codes
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.grants.issued import Issued
from poolhouse.flows.oauth.request import Known
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.oauth import ResourceServers
from poolhouse.ports.users import Users
from poolhouse.records.grants import BrowserSession
from poolhouse.records.oauth import AuthorizationCode
from poolhouse.records.users import User

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class AuthorizationCodeGrant:
    def __init__(
        self,
        codes: Codes,
        users: Users,
        sessions: BrowserSessions,
        grants: Grants,
        servers: ResourceServers,
        consents: ConsentBook,
    ) -> None:
        self._codes = codes
        self._users = users
        self._sessions = sessions
        self._grants = grants
        self._servers = servers
        self._consents = consents

    @rule("C2", "I1", "I2", "I3", "I4", "AT4", "RT6")
    async def give(self, known: Known) -> Issued:
        """Access, ID and refresh token for a code. The session that it was given in is still there, and the scopes are
        those that the client may have now.

        Raises ``UnauthorizedClient``, ``InvalidRequest``, ``InvalidGrant``, ``InvalidScope``, and what
        ``Grants.open`` raises.
        """
        client, pool = known.client, known.pool
        if not client.oauth_enabled or "code" not in client.oauth_flows:
            raise UnauthorizedClient
        code = await self._codes.redeem(client, known.need("code"))
        require_bound(code, known.parameters.get("redirect_uri"), known.parameters.get("code_verifier"))
        user = await self._users.get(pool.id, code.user_sub)
        session = await self._session(user, code)
        if user is None or session is None or not await self._consents.covers(client, user.sub, code.created):
            raise InvalidGrant
        scopes = of_user(code.scopes, client, await self._servers.scopes(pool.id))
        if not set(scopes) - {OFFLINE}:
            raise InvalidScope
        tokens = await self._grants.open(
            pool,
            client,
            user,
            event_id=code.grant_id or "",
            source="TokenGeneration_HostedAuth",
            metadata={},
            flow="code",
            scopes=scopes,
            hosted=Hosted(
                session=code.session,
                auth_time=code.auth_time,
                session_ends=code.session_ends,
                nonce=code.nonce,
                acr=code.acr,
                amr=amr(code.proofs),
                sid=self._sessions.sid(session, client.id),
                claims=code.claims,
            ),
        )
        await self._codes.settle(code)
        if await self._session(user, code) is None:
            # A sign-out looked for what there was to end a moment too early.
            await self._codes.end_grant(code)
            raise InvalidGrant
        return Issued(
            tokens.access,
            tokens.expires_in,
            tokens.scopes,
            id=tokens.id if "openid" in scopes else None,
            refresh=tokens.refresh,
        )

    async def _session(self, user: User | None, code: AuthorizationCode) -> BrowserSession | None:
        return await self._sessions.standing(user, code.session) if user else None


@rule("R7", "P3", "P4")
def require_bound(code: AuthorizationCode, redirect_uri: str | None, verifier: str | None) -> None:
    """The code is redeemed by whoever it was given to. Raises ``InvalidGrant``."""
    if redirect_uri is None:
        # OAuth 2.1 drops the repetition: the proof of the code's owner takes its place.
        if code.redirect_uri_given and code.code_challenge is None:
            raise InvalidGrant
    elif redirect_uri != code.redirect_uri:
        raise InvalidGrant
    if (verifier is None) != (code.code_challenge is None):
        raise InvalidGrant
    if verifier is not None and not _proves(verifier, code.code_challenge or ""):
        raise InvalidGrant


def _proves(verifier: str, challenge: str) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    hashed = hashlib.sha256(verifier.encode("ascii")).digest()
    made = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    return hmac.compare_digest(made.encode(), challenge.encode())
