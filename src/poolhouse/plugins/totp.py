"""Codes of an authenticator app (RFC 6238 with SHA-1, steps of 30 seconds, six digits): SOFTWARE_TOKEN_MFA.

The code of one step before or after the present one is good too: clocks differ, and typing takes time. A step is good
once.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poolhouse import (
    Asked,
    CodeMismatch,
    Enrolling,
    Factor,
    Fits,
    Holder,
    PluginContext,
    hookimpl,
)

if TYPE_CHECKING:
    import pyotp

STEP = 30
"""Seconds."""
WINDOW = 1
"""Steps before and after the present one whose codes are good."""
_SECRET = 32
"""Bytes; the field's secrets are as long, and have 52 letters in base32."""


class Totp:
    name = "SOFTWARE_TOKEN_MFA"
    proof = "totp"

    def __init__(self, context: PluginContext) -> None:
        self._clock = context.clock
        self._chance = context.chance

    async def offer(self, holder: Holder) -> bool:
        return True

    async def enrol(self, holder: Holder) -> Enrolling:
        """``secret`` is what the user types into the app, ``address`` what it reads from a picture."""
        secret = base64.b32encode(self._chance.raw(_SECRET)).rstrip(b"=").decode()
        address = _totp(secret).provisioning_uri(name=holder.user.username, issuer_name=holder.pool.name)
        return Enrolling(shown={"secret": secret, "address": address}, kept={"secret": secret})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked()

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        given = answers.get("ANSWER", "").encode("utf-8", "replace")
        codes = _totp(kept["secret"])
        present = int(self._clock.now()) // STEP
        # All of them are looked at, whichever fits.
        fitting = [
            step
            for step in range(present - WINDOW, present + WINDOW + 1)
            if hmac.compare_digest(codes.generate_otp(step).encode(), given)
        ]
        if not fitting:
            raise CodeMismatch("Invalid code received for user")
        return Fits(once=str(fitting[-1]), once_for=2 * (WINDOW + 1) * STEP)


class TotpPlugin:
    """There is nothing to set."""

    def __init__(self, context: PluginContext) -> None:
        context.settings.only()
        self._factor = Totp(context)

    @hookimpl
    def register_factors(self) -> Sequence[Factor]:
        return [self._factor]


def _totp(secret: str) -> pyotp.TOTP:
    # Late: most starts are over before anybody shows a code.
    import pyotp

    return pyotp.TOTP(secret, interval=STEP)
