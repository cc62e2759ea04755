"""The rows of the security properties that nothing here can break yet, because their feature is not built.

A row leaves this table with the change that builds its feature, and gets a test file named after its number."""

from __future__ import annotations

from typing import Final

_FEDERATION = "there is no sign-in through an external provider"

NOT_YET: Final[dict[int, str]] = {
    6: f"{_FEDERATION}, so no accounts are linked",
    7: _FEDERATION,
    8: _FEDERATION,
    11: f"{_FEDERATION}, so no nonce is expected of anybody",
    46: "clients prove themselves by a secret, not by signed assertions",
    52: f"{_FEDERATION}, and of a login at an identity pool no token is stored",
}
