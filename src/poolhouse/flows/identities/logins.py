"""Whether logins are what they say: a table from the key of a login to the kind that proves it (identity pools,
section 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poolhouse.errors import InvalidParameter, LoginRefused, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.identities.login_keys import LoginKeys, user_pool_of
from poolhouse.flows.identities.proofs.kind import Entry, LoginKind, require_time
from poolhouse.flows.identities.proofs.openid import name_in
from poolhouse.ports.identities import OwnToken, OwnTokens, Proven
from poolhouse.records.identities import IdentityPool

AUTHENTICATED: Final = "authenticated"
TAGS: Final = "https://aws.amazon.com/tags"
ISSUED_EARLY: Final = 1.0
"""Seconds: instants in tokens are whole, those in records are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginKinds:
    """``social`` are those of the field's own providers, by their keys; ``other`` is asked for those that none of ours
    knows. A kind keeps nothing of one pool that another could see (FED-301)."""

    user_pools: LoginKind
    openid: LoginKind
    saml: LoginKind
    social: Mapping[str, LoginKind]
    other: LoginKind


class PoolLogins(Flow):
    """Implements the port."""

    def __init__(self, world: World, keys: LoginKeys, kinds: LoginKinds, own: OwnTokens) -> None:
        super().__init__(world)
        self.keys = keys
        self._kinds = kinds
        self._own = own

    async def prove(self, pool: IdentityPool, logins: Mapping[str, str]) -> Sequence[Proven]:
        if pool.developer_provider is not None and pool.developer_provider in logins:
            raise InvalidParameter(Reason.PUBLIC_PROVIDER_NEEDED)
        # All are found before any is looked at: a call of a provider is not made for a map that is refused anyway.
        found = [(*self._entry(pool, key), value) for key, value in logins.items()]
        if len(found) == 1:
            return [await self._proven(*found[0])]
        outcomes = await asyncio.gather(*(self._proven(*each) for each in found), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]

    async def prove_own(self, pool: IdentityPool, token: str) -> OwnToken:
        claims = await self._own.verify(token)
        if claims is None:
            raise LoginRefused(Reason.LOGIN_NOT_OURS)
        if claims.get("aud") != pool.id:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        require_time(claims, self.world.clock.now(), 0)
        amr, subject, issued = claims.get("amr"), claims.get("sub"), claims.get("iat")
        if not (isinstance(amr, list) and isinstance(subject, str)):
            raise LoginRefused(Reason.LOGIN_NOT_OURS)
        if not isinstance(issued, int) or (
            pool.revoked_before is not None and issued + ISSUED_EARLY <= pool.revoked_before
        ):
            raise LoginRefused(Reason.LOGIN_ENDED)
        return OwnToken(
            pool_id=pool.id,
            identity_id=subject,
            amr=tuple(str(each) for each in amr),
            tags=_tags(claims.get(TAGS)),
            issued=issued,
            expires=claims["exp"],
        )

    # --- one login ---------------------------------------------------------------------------------------------------

    def _entry(self, pool: IdentityPool, key: str) -> tuple[LoginKind, Entry]:
        """Who proves the login, and by what the pool says of its provider. Raises ``LoginRefused`` where that says
        nothing."""
        kinds, canonical = self._kinds, self.keys.canonical(key)
        of_pool = [each for each in pool.user_pools if self.keys.canonical(each.name) == canonical]
        if of_pool:
            return kinds.user_pools, Entry(
                pool=pool,
                key=canonical,
                apps=tuple(each.client_id for each in of_pool if each.client_id),
                asks_server=frozenset(each.client_id for each in of_pool if each.asks_server),
            )
        if key in pool.saml_provider_arns:
            return kinds.saml, Entry(pool=pool, key=key, apps=())
        if any(name_in(arn) == key for arn in pool.oidc_provider_arns):
            return kinds.openid, Entry(pool=pool, key=key, apps=())
        # What is called like one of ours is proven by one of ours.
        if key in pool.social and not self.keys.is_own(key) and user_pool_of(canonical) is None:
            kind = kinds.social.get(key, kinds.other)
            # No app id is never "any" (FED-302).
            return kind, Entry(pool=pool, key=key, apps=tuple(filter(None, [pool.social[key]])))
        if not (pool.user_pools or pool.saml_provider_arns or pool.oidc_provider_arns or pool.social):
            raise LoginRefused(Reason.LOGINS_DO_NOT_MATCH)
        raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)

    async def _proven(self, kind: LoginKind, entry: Entry, value: str) -> Proven:
        try:
            return await kind.prove(entry, value)
        except LoginRefused as refused:
            await self._note(entry, refused)
            raise

    async def _note(self, entry: Entry, refused: PoolhouseError) -> None:
        # The provider as the pool has it, and why: never what was sent, nor who it was.
        said = refused.statement
        facts = {"provider": entry.key, "why": said.reason.id if said is not None else "refused"}
        await self.world.audit.note("login.refused", pool_id=entry.pool.id, facts=facts)


def _tags(said: object) -> dict[str, str]:
    tags = said.get("principal_tags") if isinstance(said, Mapping) else None
    if not isinstance(tags, Mapping):
        return {}
    return {
        str(key): str(values[0])
        for key, values in tags.items()
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str)
    }
