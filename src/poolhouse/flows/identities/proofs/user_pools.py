"""ID tokens of user pools: of this server, asked in process, and of others, by the keys that they publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidAccessToken, LoginRefused, PoolhouseError, StoreAway, TooManyRequests
from poolhouse.errors.base import Failed
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.login_keys import user_pool_of
from poolhouse.flows.identities.proofs.key_sets import KeySets, KeySource
from poolhouse.flows.identities.proofs.kind import (
    GRACE,
    Entry,
    require_app,
    require_issuer,
    require_subject,
    require_time,
)
from poolhouse.ports.identities import Proven, UserPoolsHere
from poolhouse.ports.world import Clock


class UserPoolLogins:
    """``here`` are the user pools of this process; None where it has none: then those of this server, too, are checked
    by what they publish at ``base_url``."""

    def __init__(self, base_url: str, key_sets: KeySets, clock: Clock, here: UserPoolsHere | None) -> None:
        self._base_url = base_url
        self._key_sets = key_sets
        self._clock = clock
        self._here = here

    async def prove(self, entry: Entry, value: str) -> Proven:
        token = self._key_sets.read(value)
        issuer = require_issuer(token.claims, await self._issuers(entry.key))
        # The app first (FED-302). An access token has none: it says so before anything is computed.
        app = require_app(token.claims, entry.apps, azp_first=False)
        is_here = self._here is not None and issuer.startswith(f"{self._base_url}/")
        claims: Mapping[str, Any] = token.claims
        if self._here is not None and is_here:
            try:
                claims = await self._here.verify(value)
            except InvalidAccessToken as invalid:
                raise LoginRefused(Reason.LOGIN_SIGNATURE_WRONG, detail=invalid.detail) from None
        else:
            await self._key_sets.require_signed(token, KeySource(issuer, f"{issuer}/.well-known/jwks.json"))
        if claims.get("token_use") != "id":
            raise LoginRefused(Reason.LOGIN_NO_TOKEN)
        # Our own clock has made the times of our own tokens.
        require_time(claims, self._clock.now(), 0 if is_here else GRACE)
        subject = require_subject(claims)
        if app in entry.asks_server:
            await self._require_current(entry.key, claims, is_here=is_here)
        return Proven(
            provider=entry.key,
            subject=subject,
            app=app,
            kind="user_pool",
            names=tuple(f"{name}{of}" for name in _names(entry.key, issuer) for of in (f":{app}", "")),
            claims=claims,
            amr=(entry.key, f"{entry.key}:CognitoSignIn:{subject}"),
        )

    async def _issuers(self, key: str) -> tuple[str, ...]:
        """Who may have issued tokens for the key. A pool that is here is nobody else's."""
        pool_id = user_pool_of(key)
        if pool_id is None:
            return (f"https://{key}",)
        ours, theirs = f"{self._base_url}/{pool_id}", f"https://{key}"
        if self._here is None:
            return (ours, theirs)
        return (ours,) if await self._here.has(pool_id) else (theirs,)

    async def _require_current(self, key: str, claims: Mapping[str, Any], *, is_here: bool) -> None:
        pool_id = user_pool_of(key)
        if self._here is None or not is_here or pool_id is None:
            # Nobody can say: then the answer is no, as the operator wanted it asked.
            raise LoginRefused(Reason.LOGIN_NOT_CHECKED)
        try:
            await self._here.require_current(pool_id, claims)
        except (Failed, StoreAway, TooManyRequests):
            raise
        except PoolhouseError as ended:
            raise LoginRefused(Reason.LOGIN_ENDED, detail=type(ended).__name__) from None


def _names(key: str, issuer: str) -> tuple[str, ...]:
    """What a mapping may call the pool: by the field's name of it, or by where it is."""
    return tuple(dict.fromkeys((key, issuer.partition("://")[2])))
