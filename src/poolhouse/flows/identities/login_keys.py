"""The keys of logins: which of them are one, and which are our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

OWN: Final = "cognito-identity.amazonaws.com"
"""The key of our own issuer's tokens, in the field's words."""
_POOL_ID: Final = re.compile(r"([A-Za-z0-9-]{1,32})_[A-Za-z0-9]{1,32}")
_USER_POOL: Final = re.compile(rf"cognito-idp\.([A-Za-z0-9-]{{1,32}})\.amazonaws\.com/({_POOL_ID.pattern})")


class LoginKeys:
    """``base_url`` is where this server is reached."""

    def __init__(self, base_url: str) -> None:
        self._host = base_url.partition("://")[2]

    def is_own(self, key: str) -> bool:
        """Whether it stands for our own issuer."""
        return key in (OWN, self._host)

    def canonical(self, key: str) -> str:
        """The one spelling of a key: that of our own issuer, of a user pool, or as it is."""
        if self.is_own(key):
            return OWN
        host, _, pool_id = key.rpartition("/")
        found = _POOL_ID.fullmatch(pool_id)
        if found is None or host != self._host:
            return key
        return f"cognito-idp.{found[1]}.amazonaws.com/{pool_id}"

    def apart(self, logins: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """The logins of others, and the token of our own issuer where there is one."""
        others = {key: value for key, value in logins.items() if not self.is_own(key)}
        own = next((value for key, value in logins.items() if self.is_own(key)), None)
        return others, own


def user_pool_of(canonical: str) -> str | None:
    """The id of the user pool that a canonical key is of. None where it is of none: the region has to be the id's."""
    found = _USER_POOL.fullmatch(canonical)
    return found[2] if found is not None and found[1] == found[3] else None
