"""Signatures that were found right, so that a token that is shown again need not be computed again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from poolhouse.tokens.jose import Verifier

KEPT = 2048
"""Bound, and oldest first: some five megabytes of claims."""


class Checked(Struct, frozen=True):
    """What a token says, and the key that says it is so. Only its signature is settled: whether that key is still
    published, the token's times, and all that the store knows of it are looked at each time."""

    pool_id: str
    kid: str | None
    verifier: Verifier
    claims: Mapping[str, Any]


class CheckedTokens:
    """By the digest of the whole token, signature included: no token is kept, and no other text finds its entry."""

    def __init__(self, at_most: int = KEPT) -> None:
        self._at_most = at_most
        self._held: OrderedDict[bytes, Checked] = OrderedDict()

    def get(self, digest: bytes) -> Checked | None:
        return self._held.get(digest)

    def put(self, digest: bytes, checked: Checked) -> None:
        self._held[digest] = checked
        if len(self._held) > self._at_most:
            self._held.popitem(last=False)


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
