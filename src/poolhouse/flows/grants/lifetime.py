"""What a sign-in gives: tokens, their refresh, their end (RFC 6749 section 6, RFC 7009, RFC 9700 section 4.14).

A refresh token is ``<grant>.<secret>``: the grant is found by its key, the secret (256 random bits and a tag that only
we can make) is compared as a digest. The tag tells a token of ours that was replaced from one that never was. The grant
outlives every token it stands for, so its absence means that they ended.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from poolhouse.errors import (
    InvalidAccessToken,
    InvalidRefreshToken,
    NotAuthorized,
    RefreshTokenReused,
    Unauthorized,
    UnsupportedOperation,
    UnsupportedTokenType,
    UserDisabled,
    UserNotFound,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.flow import Flow, Kit, step
from poolhouse.flows.grants import claims
from poolhouse.flows.grants.gate import is_ended, require_living, require_usable
from poolhouse.hooks import specs
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant, Previous
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

API_SCOPES = (claims.ADMIN_SCOPE,)


@dataclass(frozen=True, slots=True)
class TokenSet:
    """``expires_in`` is the life of the access token in seconds. ``refresh`` is None where the old one goes on."""

    access: str
    id: str
    refresh: str | None
    expires_in: int

    def __repr__(self) -> str:
        return "TokenSet(...)"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who presents a good access token."""

    pool: Pool
    client: Client
    user: User
    grant: Grant


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Grants(Flow):
    """``reuse_ends_family``: whether a replaced refresh token that shows up again ends all that its sign-in gave
    (RFC 9700 section 4.14.2). The field's own server does not; it is recommended."""

    def __init__(self, kit: Kit, secrets: ClientSecrets, *, reuse_ends_family: bool = False) -> None:
        super().__init__(kit)
        self._secrets = secrets
        self._reuse_ends_family = reuse_ends_family
        self._tag_key = kit.secrets.derive("refresh-token")

    async def open(
        self,
        pool: Pool,
        client: Client,
        user: User,
        *,
        event_id: str,
        source: str,
        metadata: Mapping[str, str],
        flow: str,
        scopes: tuple[str, ...] = API_SCOPES,
    ) -> TokenSet:
        """The user is signed in at the client by this flow: a grant stands, the trail says so, and these are its
        tokens."""
        require_usable(pool, client, user)
        # A pool that was deleted elsewhere a moment ago may still be believed in; nobody is signed in to it.
        await self.kit.pools.require(pool.id)
        now = self.kit.clock.now()
        secret = self._new_secret(event_id)
        grant = Grant(
            id=event_id,
            pool_id=pool.id,
            client_id=client.id,
            user_sub=user.sub,
            family=self.kit.chance.uuid(),
            digest=digest(secret),
            created=now,
            auth_time=int(now),
            expires=now + client.refresh_validity,
            epoch=user.epoch,
            scopes=scopes,
        )
        # The tokens first: where a plugin refuses them, nothing was granted.
        tokens = await self._tokens(pool, client, user, grant, source=source, metadata=metadata)
        # At once: two writes that wait for the disk together wait once.
        await asyncio.gather(
            self.kit.grants.add(grant),
            self.kit.audit.note(
                "sign_in.succeeded",
                pool_id=pool.id,
                client_id=client.id,
                subject=user.sub,
                facts={"flow": flow, "event_id": event_id},
            ),
        )
        return replace_refresh(tokens, f"{grant.id}.{secret}")

    @step("grants.refresh")
    async def refresh(
        self,
        client: Client,
        token: str,
        *,
        rotates: bool,
        metadata: Mapping[str, str],
        secret_hash: str | None = None,
        client_secret: str | None = None,
    ) -> TokenSet:
        """New tokens for a refresh token.

        ``rotates`` tells the operation that hands out successors from the one that does not. The client proves itself
        by ``secret_hash`` (over the user name) there, by ``client_secret`` here.

        Raises ``InvalidRefreshToken`` with the field's sentences, ``RefreshTokenReused``, ``UserDisabled``,
        ``UnsupportedOperation`` where the client rotates and the operation does not.
        """
        if client.rotation.enabled and not rotates:
            raise UnsupportedOperation(Reason.ROTATION_ENABLED)
        pool = await self.kit.pools.get(client.pool_id)
        if rotates:
            self._secrets.check(client, client_secret)
        grant_id, secret = self._parts(token)
        for _ in range(3):
            grant = await self.kit.grants.get(pool.id, grant_id)
            user = await self.kit.users.get(pool.id, grant.user_sub) if grant else None
            if grant is None or user is None:
                raise InvalidRefreshToken
            if not rotates:
                self._secrets.check_hash(client, secret_hash, (user.username, user.sub))
            try:
                successor = self._judge(client, user, grant, secret)
            except RefreshTokenReused:
                await self._reused(grant)
                raise
            _refuse_unusable(pool, client, user)
            now = self.kit.clock.now()
            if not client.rotation.enabled:
                return await self._refreshed(pool, client, user, grant, metadata)
            if successor is not None:
                tokens = await self._refreshed(pool, client, user, grant, metadata)
                return replace_refresh(tokens, successor)
            fresh = self._new_secret(grant.id)
            successor = f"{grant.id}.{fresh}"
            rotated = replace(
                grant,
                digest=digest(fresh),
                generation=grant.generation + 1,
                previous=Previous(
                    digest=grant.digest,
                    until=now + client.rotation.grace,
                    successor=self._seal_successor(grant, successor) if client.rotation.grace else None,
                ),
            )
            # The tokens first: a plugin that refuses must not cost the user the refresh token.
            tokens = await self._refreshed(pool, client, user, rotated, metadata)
            try:
                await self.kit.grants.save(rotated)
            except VersionConflict:
                continue
            return replace_refresh(tokens, successor)
        raise InvalidRefreshToken

    @step("grants.revoke")
    async def revoke(self, client: Client, token: str, client_secret: str | None) -> None:
        """The refresh token, and all that its family gave, has ended. An unknown token is no error (RFC 7009 section
        2.2).

        Raises ``Unauthorized``, ``UnsupportedOperation``, ``UnsupportedTokenType``.
        """
        try:
            self._secrets.check(client, client_secret)
        except NotAuthorized as wrong:
            raise Unauthorized(wrong.statement) from None
        if not client.revocable:
            raise UnsupportedOperation(Reason.REVOCATION_DISABLED)
        if token.count(".") == 2:
            raise UnsupportedTokenType
        try:
            grant_id, _ = self._parts(token)
        except InvalidRefreshToken:
            return
        for _ in range(5):
            grant = await self.kit.grants.get(client.pool_id, grant_id)
            if grant is None or grant.client_id != client.id or grant.revoked:
                return
            try:
                await self.kit.grants.save(replace(grant, revoked=True))
            except VersionConflict:
                continue
            await self.kit.audit.note(
                "grants.revoked", pool_id=grant.pool_id, client_id=client.id, subject=grant.user_sub
            )
            return
        raise VersionConflict

    async def bearer(self, access_token: str, *, scope: str = claims.ADMIN_SCOPE) -> Bearer:
        """Who presents the token: everything about it, and about who got it, is still good.

        Raises ``InvalidAccessToken`` with the field's sentences, and what ``require_usable`` raises.
        """
        said = await self.kit.tokens.verify(access_token, "access")
        now = self.kit.clock.now()
        if said.get("token_use") != "access":
            raise InvalidAccessToken
        if not now < said.get("exp", 0):
            raise InvalidAccessToken(Reason.ACCESS_TOKEN_EXPIRED)
        if scope not in str(said.get("scope", "")).split():
            raise InvalidAccessToken(Reason.ACCESS_TOKEN_LACKS_SCOPES)
        sub, client_id, event_id = said.get("sub"), said.get("client_id"), said.get("event_id")
        if not (isinstance(sub, str) and isinstance(client_id, str) and isinstance(event_id, str)):
            raise InvalidAccessToken
        pool_id = str(said["iss"]).rpartition("/")[2]
        pool = await self.kit.pools.get(pool_id)
        client = await self.kit.clients.get(client_id)
        user = require_usable(pool, client, await self.kit.users.get(pool_id, sub))
        grant = require_living(await self.kit.grants.get(pool_id, event_id), user)
        if grant.client_id != client.id:
            raise InvalidAccessToken
        return Bearer(pool, client, user, grant)

    def _judge(self, client: Client, user: User, grant: Grant, secret: str) -> str | None:
        """The successor that was given for this token already, or None when the token is the present one. Raises where
        it is neither."""
        now = self.kit.clock.now()
        if grant.client_id != client.id:
            raise InvalidRefreshToken(Reason.REFRESH_TOKEN_OF_OTHER_CLIENT)
        if grant.revoked or is_ended(grant, user):
            raise InvalidRefreshToken(Reason.REFRESH_TOKEN_REVOKED)
        if not now < grant.expires:
            raise InvalidRefreshToken(Reason.REFRESH_TOKEN_EXPIRED)
        if hmac.compare_digest(grant.digest, digest(secret)):
            return None
        previous = grant.previous
        if (
            previous is None
            or previous.successor is None
            or not now < previous.until
            or not hmac.compare_digest(previous.digest, digest(secret))
        ):
            raise RefreshTokenReused
        return self.kit.secrets.open("refresh-successor", grant.id, previous.successor).decode()

    async def _reused(self, grant: Grant) -> None:
        await self.kit.audit.note(
            "grants.reused", pool_id=grant.pool_id, client_id=grant.client_id, subject=grant.user_sub
        )
        if self._reuse_ends_family:
            with contextlib.suppress(VersionConflict):
                await self.kit.grants.save(replace(grant, revoked=True))

    def _new_secret(self, grant_id: str) -> str:
        secret = self.kit.chance.raw(32)
        return base64.urlsafe_b64encode(secret + self._tag(grant_id, secret)).decode()

    def _parts(self, token: str) -> tuple[str, str]:
        """The grant's id and the secret of a token that we made. Raises ``InvalidRefreshToken`` for any other."""
        grant_id, _, secret = token.partition(".")
        try:
            raw = base64.b64decode(secret, altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidRefreshToken from None
        if not hmac.compare_digest(raw[32:], self._tag(grant_id, raw[:32])):
            raise InvalidRefreshToken
        return grant_id, secret

    def _tag(self, grant_id: str, secret: bytes) -> bytes:
        return hmac.digest(self._tag_key, grant_id.encode() + b"." + secret, "sha256")[:16]

    def _seal_successor(self, grant: Grant, successor: str) -> str:
        return self.kit.secrets.seal("refresh-successor", grant.id, successor.encode())

    async def _refreshed(
        self, pool: Pool, client: Client, user: User, grant: Grant, metadata: Mapping[str, str]
    ) -> TokenSet:
        return await self._tokens(pool, client, user, grant, source="TokenGeneration_RefreshTokens", metadata=metadata)

    async def _tokens(
        self, pool: Pool, client: Client, user: User, grant: Grant, *, source: str, metadata: Mapping[str, str]
    ) -> TokenSet:
        groups, roles, preferred = claims.group_claims(await self.kit.groups.of_user(user))
        issue = claims.Issue(
            pool=pool,
            client=client,
            user=user,
            grant=grant,
            issuer=self.kit.tokens.issuer(pool.id),
            now=int(self.kit.clock.now()),
            id_jti=self.kit.chance.uuid(),
            access_jti=self.kit.chance.uuid(),
            groups=groups,
            roles=roles,
            preferred_role=preferred,
        )
        draft = claims.first_draft(issue, source=source, metadata=metadata)
        if self.kit.hooks.implements(specs.pre_token):
            draft = claims.settled(draft, await self.kit.hooks.amend(specs.pre_token, draft))
        id_token, access_token = await self.kit.tokens.sign_both(
            pool.id, claims.id_token(issue, draft), claims.access_token(issue, draft)
        )
        return TokenSet(access=access_token, id=id_token, refresh=None, expires_in=client.access_validity)


def replace_refresh(tokens: TokenSet, refresh: str) -> TokenSet:
    return TokenSet(access=tokens.access, id=tokens.id, refresh=refresh, expires_in=tokens.expires_in)


def _refuse_unusable(pool: Pool, client: Client, user: User) -> None:
    try:
        require_usable(pool, client, user)
    except UserDisabled:
        raise
    except UserNotFound:
        raise InvalidRefreshToken from None
