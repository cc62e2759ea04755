"""What a sign-in gives: a grant that stands, and the tokens of it (RFC 6749 section 5.1).

A grant outlives every token it stands for, so its absence means that they ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants import claims
from poolhouse.flows.grants.gate import require_usable
from poolhouse.flows.grants.handles import Handles, digest
from poolhouse.flows.grants.scopes import OFFLINE
from poolhouse.flows.together import together
from poolhouse.hooks import specs
from poolhouse.hooks.events.grants import TokenSource
from poolhouse.ports import grants as kept
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.groups import Groups
from poolhouse.ports.origin import by_user
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.groups import Group
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

API_SCOPES = (claims.ADMIN_SCOPE,)
OPENID = "openid"


class DeviceMark(Struct, frozen=True):
    """The device that tokens are given to. ``group`` is None for one that was known already."""

    key: str
    group: str | None = None


class TokenSet(Struct, frozen=True):
    """``expires_in`` is the life of the access token in seconds. ``refresh`` is None where the old one goes on.
    ``device`` is one that the client can confirm from now on. ``scopes`` are what the access token says, ``granted``
    what the grant holds."""

    access: str
    id: str
    refresh: str | None
    expires_in: int
    device: DeviceMark | None = None
    scopes: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "TokenSet(...)"


class Grants(Flow):
    def __init__(
        self, world: World, pools: Pools, groups: Groups, grants: kept.Grants, tokens: Tokens, handles: Handles
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._groups = groups
        self._grants = grants
        self._tokens = tokens
        self._handles = handles

    async def open(
        self,
        pool: Pool,
        client: Client,
        user: User,
        *,
        event_id: str,
        source: TokenSource,
        metadata: Mapping[str, str],
        flow: str,
        device: DeviceMark | None = None,
        scopes: tuple[str, ...] = API_SCOPES,
        groups: Sequence[Group] | None = None,
        hosted: claims.Hosted | None = None,
        refreshes: bool = True,
    ) -> TokenSet:
        """The user is signed in at the client by this flow: a grant stands, the trail says so, and these are its
        tokens. ``groups`` are the user's, where they were read just now, and the pool was there. ``hosted`` is for
        tokens of the authorization endpoint; those that it gives itself do not ``refresh``, and the grant is over with
        them."""
        require_usable(pool, client, user)
        if groups is None:
            # A pool that was deleted elsewhere a moment ago may still be believed in; nobody is signed in to it.
            groups, _ = await together(self._groups.of_user(user), self._pools.require(pool.id))
        now = self.world.clock.now()
        secret = self._handles.new_secret(event_id)
        grant = Grant(
            id=event_id,
            pool_id=pool.id,
            client_id=client.id,
            user_sub=user.sub,
            family=self.world.chance.uuid(),
            digest=digest(secret),
            created=now,
            auth_time=hosted.auth_time if hosted else int(now),
            expires=now + (client.refresh_validity if refreshes else client.access_validity),
            epoch=user.epoch,
            scopes=scopes,
            device_key=device.key if device else None,
            device_group=device.group if device else None,
            session=hosted.session if hosted else None,
            claims=hosted.claims if hosted else {},
        )
        # The tokens first: where a plugin refuses them, nothing was granted.
        tokens = await self.tokens(
            pool, client, user, grant, source=source, metadata=metadata, groups=groups, hosted=hosted
        )
        # At once: two writes that wait for the disk together wait once.
        await asyncio.gather(
            self._grants.add(grant),
            self.world.audit.note(
                "sign_in.succeeded",
                pool_id=pool.id,
                client_id=client.id,
                subject=user.sub,
                actor=by_user(user.sub),
                facts={"flow": flow, "event_id": event_id},
            ),
        )
        is_new = device is not None and device.group is not None
        refresh = f"{grant.id}.{secret}" if refreshes else None
        return replace(tokens, refresh=refresh, device=device if is_new else None)

    async def tokens(
        self,
        pool: Pool,
        client: Client,
        user: User,
        grant: Grant,
        *,
        source: TokenSource,
        metadata: Mapping[str, str],
        groups: Sequence[Group] | None = None,
        hosted: claims.Hosted | None = None,
    ) -> TokenSet:
        """An ID and an access token of the grant, and no refresh token; ``pre_token`` hooks have amended them.
        ``groups`` are the user's, where they were read already."""
        mine = await self._groups.of_user(user) if groups is None else groups
        names, roles, preferred = claims.group_claims(mine)
        issue = claims.Issue(
            pool=pool,
            client=client,
            user=user,
            grant=grant,
            issuer=self._tokens.issuer(pool.id),
            now=int(self.world.clock.now()),
            id_jti=self.world.chance.uuid(),
            access_jti=self.world.chance.uuid(),
            groups=names,
            roles=roles,
            preferred_role=preferred,
            access_seconds=_seconds(client, grant, hosted, self.world.clock.now()),
            hosted=hosted,
        )
        said = await self._said(issue, source=source, metadata=metadata)
        if OPENID in grant.scopes:
            # Of the endpoints of OpenID Connect: the ID token vouches for what it comes with.
            access_token = await self._tokens.sign(pool.id, "access", said[1])
            beside = {"at_hash": access_token}
            if hosted is not None and hosted.code is not None:
                beside["c_hash"] = hosted.code
            id_token = await self._tokens.sign_id(pool.id, said[0], beside, algorithm=client.id_algorithm)
        else:
            id_token, access_token = await self._tokens.sign_both(pool.id, *said, algorithm=client.id_algorithm)
        return TokenSet(
            access=access_token,
            id=id_token,
            refresh=None,
            expires_in=issue.access_validity,
            scopes=tuple(said[1]["scope"].split()),
            granted=grant.scopes,
        )

    async def _said(
        self, issue: claims.Issue, *, source: TokenSource, metadata: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The claims of the ID and of the access token, as ``pre_token`` hooks leave them."""
        if self.world.hooks.implements(specs.pre_token, issue.pool):
            draft = claims.first_draft(issue, source=source, metadata=metadata)
            amended = await self.world.hooks.amend(specs.pre_token, draft, issue.pool)
            if amended is not draft:
                settled = claims.settled(draft, amended)
                return claims.id_token(issue, settled), claims.access_token(issue, settled)
        return claims.unamended(issue)


def _seconds(client: Client, grant: Grant, hosted: claims.Hosted | None, now: float) -> int | None:
    """The life of an access token that does not go beyond the session that it is given in, unless the user agreed to
    that (oidc.md AT4). None: as the client has it."""
    if hosted is None or hosted.session_ends is None or OFFLINE in grant.scopes:
        return None
    return max(1, min(client.access_validity, int(hosted.session_ends - now)))


def replace_refresh(tokens: TokenSet, refresh: str) -> TokenSet:
    return replace(tokens, refresh=refresh)
