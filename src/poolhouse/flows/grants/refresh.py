"""New tokens for a refresh token, with rotation where the client has it (RFC 6749 section 6, RFC 9700 section 4.14)."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from poolhouse.errors import (
    Denied,
    InvalidRefreshToken,
    RefreshTokenReused,
    UnsupportedOperation,
    UserDisabled,
    UserNotFound,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.gate import is_ended, require_usable
from poolhouse.flows.grants.handles import Handles, digest
from poolhouse.flows.grants.issue import Grants, TokenSet, replace_refresh
from poolhouse.flows.protection.proofs import FailedProofs
from poolhouse.ports import grants as kept
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant, Previous
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class Refreshing(Flow):
    """``reuse_ends_family``: whether a replaced refresh token that shows up again ends all that its sign-in gave
    (RFC 9700 section 4.14.2). The field's own server does not; it is recommended."""

    def __init__(
        self,
        world: World,
        pools: Pools,
        users: Users,
        grants: kept.Grants,
        secrets: ClientSecrets,
        handles: Handles,
        issue: Grants,
        proofs: FailedProofs,
        *,
        reuse_ends_family: bool = False,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._users = users
        self._grants = grants
        self._secrets = secrets
        self._handles = handles
        self._issue = issue
        self._proofs = proofs
        self._reuse_ends_family = reuse_ends_family

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
        is_proven: bool = False,
        device_key: str | None = None,
        scopes: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None,
        stands: Callable[[Client, Grant], Awaitable[bool]] | None = None,
    ) -> TokenSet:
        """New tokens for a refresh token.

        ``rotates`` tells the operation that hands out successors from the one that does not. The client proves itself
        by ``secret_hash`` (over the user name) there, by ``client_secret`` here, unless it has done so already
        (``is_proven``). ``device_key`` is that of the device that the token was given to, where the pool tells devices
        apart. ``scopes`` says which of those that were granted the new access token is for (None: all); what it raises
        leaves the refresh token as it is. ``stands`` says whether the grant still has what it stands on (None: it needs
        nothing).

        Raises ``InvalidRefreshToken`` with the field's sentences, ``RefreshTokenReused``, ``UserDisabled``,
        ``TooManyRequests`` where too many proofs of the client have failed,
        ``UnsupportedOperation`` where the client rotates and the operation does not.
        """
        if client.rotation.enabled and not rotates:
            raise UnsupportedOperation(Reason.ROTATION_ENABLED)
        pool = await self._pools.get(client.pool_id)
        grant: Grant | None = None
        try:
            if rotates and not is_proven:
                async with self._proofs.counted(client.pool_id, client.id):
                    self._secrets.check(client, client_secret)
            grant_id, secret = self._handles.parts(token)
            for _ in range(3):
                grant = await self._grants.get(pool.id, grant_id)
                user = await self._users.get(pool.id, grant.user_sub) if grant else None
                if grant is None or user is None or not (stands is None or await stands(client, grant)):
                    raise InvalidRefreshToken
                if not rotates:
                    self._secrets.check_hash(client, secret_hash, (user.username, user.sub))
                try:
                    successor = self._judge(client, user, grant, secret)
                except RefreshTokenReused:
                    await self._end_family(grant)
                    raise
                _require_device(pool, grant, device_key)
                _refuse_unusable(pool, client, user)
                now = self.world.clock.now()
                if not client.rotation.enabled:
                    return await self._refreshed(pool, client, user, grant, metadata, scopes)
                if successor is not None:
                    tokens = await self._refreshed(pool, client, user, grant, metadata, scopes)
                    return replace_refresh(tokens, successor)
                fresh = self._handles.new_secret(grant.id)
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
                tokens = await self._refreshed(pool, client, user, rotated, metadata, scopes)
                try:
                    await self._grants.save(rotated)
                except VersionConflict:
                    continue
                return replace_refresh(tokens, successor)
            raise InvalidRefreshToken
        except Denied as refused:
            await self._note_refused(client, grant, refused)
            raise

    def _judge(self, client: Client, user: User, grant: Grant, secret: str) -> str | None:
        """The successor that was given for this token already, or None when the token is the present one. Raises where
        it is neither."""
        now = self.world.clock.now()
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
        return self.world.secrets.open("refresh-successor", grant.id, previous.successor).decode()

    async def _end_family(self, grant: Grant) -> None:
        if self._reuse_ends_family:
            with contextlib.suppress(VersionConflict):
                await self._grants.save(replace(grant, revoked=True))

    async def _note_refused(self, client: Client, grant: Grant | None, refused: Denied) -> None:
        facts = {"error": type(refused).__name__}
        await self.world.audit.note(
            "grants.reused" if isinstance(refused, RefreshTokenReused) else "grants.refused",
            pool_id=client.pool_id,
            client_id=client.id,
            subject=grant.user_sub if grant else None,
            facts={**facts, "event_id": grant.id} if grant else facts,
        )

    def _seal_successor(self, grant: Grant, successor: str) -> str:
        return self.world.secrets.seal("refresh-successor", grant.id, successor.encode())

    async def _refreshed(
        self,
        pool: Pool,
        client: Client,
        user: User,
        grant: Grant,
        metadata: Mapping[str, str],
        scopes: Callable[[tuple[str, ...]], tuple[str, ...]] | None,
    ) -> TokenSet:
        asked = grant if scopes is None else replace(grant, scopes=scopes(grant.scopes))
        return await self._issue.tokens(
            pool, client, user, asked, source="TokenGeneration_RefreshTokens", metadata=metadata
        )


def _require_device(pool: Pool, grant: Grant, device_key: str | None) -> None:
    if pool.devices is None or grant.device_key is None:
        return
    if not hmac.compare_digest(digest(device_key or ""), digest(grant.device_key)):
        raise InvalidRefreshToken


def _refuse_unusable(pool: Pool, client: Client, user: User) -> None:
    try:
        require_usable(pool, client, user)
    except UserDisabled:
        raise
    except UserNotFound:
        raise InvalidRefreshToken from None
