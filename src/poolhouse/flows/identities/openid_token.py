"""The tokens that our own issuer gives to identities (identity pools, section 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from poolhouse.flows.identities.logins import AUTHENTICATED, TAGS
from poolhouse.ports.identities import OwnToken, OwnTokens, Proven
from poolhouse.ports.world import Clock
from poolhouse.records.identities import Identity, IdentityPool

UNAUTHENTICATED: Final = "unauthenticated"
POOL_ARN: Final = "https://cognito-identity.amazonaws.com/identity-pool-arn"
SECONDS: Final = 600
LONGEST: Final = 86400


class OpenIdTokens:
    def __init__(self, own: OwnTokens, clock: Clock, account: str) -> None:
        self._own = own
        self._clock = clock
        self._account = account

    async def make(
        self,
        pool: IdentityPool,
        identity: Identity,
        proven: Sequence[Proven],
        *,
        own: OwnToken | None = None,
        seconds: int = SECONDS,
        tags: Mapping[str, str] = {},
    ) -> str:
        """A token that says who the identity is in its pool, and by which logins: those that were proven now, and those
        that ``own`` says were. With neither it is a guest's. It lives for so many seconds, a day at most, and never
        longer than ``own``: a token cannot be renewed by itself."""
        now = int(self._clock.now())
        if own is not None and own.expires is not None:
            seconds = min(seconds, int(own.expires) - now)
        claims: dict[str, Any] = {
            "sub": identity.id,
            "aud": pool.id,
            "amr": list(_methods(proven, own)),
            POOL_ARN: f"arn:aws:cognito-identity:{pool.region}:{self._account}:identitypool/{pool.id}",
            "iat": now,
            "exp": now + max(1, min(seconds, LONGEST)),
        }
        if tags:
            said = {key: [value] for key, value in tags.items()}
            claims[TAGS] = {"principal_tags": said, "transitive_tag_keys": []}
        return await self._own.sign(claims)


def _methods(proven: Sequence[Proven], own: OwnToken | None) -> Iterable[str]:
    """In the order in which they were proven, each once."""
    said = [] if own is None else [each for each in own.amr if each != AUTHENTICATED]
    said += [method for login in proven for method in login.amr]
    return dict.fromkeys([AUTHENTICATED, *said]) if proven or own is not None else [UNAUTHENTICATED]
