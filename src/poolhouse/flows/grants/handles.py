"""Refresh tokens as strings: ``<grant>.<secret>``. The grant is found by its key, the secret (256 random bits and a tag
that only we can make) is compared as a digest. The tag tells a token of ours that was replaced from one that never was.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from poolhouse.errors import InvalidRefreshToken
from poolhouse.ports.world import Chance, Secrets


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Handles:
    def __init__(self, secrets: Secrets, chance: Chance) -> None:
        self._chance = chance
        # What depends on the key alone is computed once: it is most of the work.
        self._tagging = hmac.new(secrets.derive("refresh-token"), digestmod="sha256")

    def new_secret(self, grant_id: str) -> str:
        secret = self._chance.raw(32)
        return base64.urlsafe_b64encode(secret + self._tag(grant_id, secret)).decode()

    def parts(self, token: str) -> tuple[str, str]:
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
        tagging = self._tagging.copy()
        tagging.update(grant_id.encode() + b"." + secret)
        return tagging.digest()[:16]
