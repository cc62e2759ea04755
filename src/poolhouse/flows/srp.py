"""SRP-6a as a sign-in step: what is sent, what comes back. The arithmetic is behind a port (RFC 5054, RFC 2945).

A user without a verifier, and a name without a user, get the same step: values that belong to the name, and a check
that does the same work and fails.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import hmac
import re
from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidParameter, WrongCredentials
from poolhouse.flows.credentials import Credentials
from poolhouse.flows.directory import Directory
from poolhouse.flows.flow import Flow, Kit
from poolhouse.flows.machine import decode_handle, require_answer
from poolhouse.flows.ports import SrpOpening
from poolhouse.hooks.answers import Asked, Passed, SignInState

NAME = "PASSWORD_VERIFIER"
WINDOW = 300
"""Seconds that the client's clock may be off."""

_MONTHS = {name: n for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905
_TIMESTAMP = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    r"(?:UTC|GMT) ([0-9]{4})"
)


class PasswordVerifier(Flow):
    """The challenge PASSWORD_VERIFIER."""

    name = NAME

    def __init__(self, kit: Kit, directory: Directory, credentials: Credentials) -> None:
        super().__init__(kit)
        self._directory = directory
        self._credentials = credentials

    async def open(self, state: SignInState, big_a: str) -> Asked:
        """What is sent for the client's public value ``A``. Raises ``InvalidParameter`` for a value that is none."""
        salt, verifier, identity, _ = self._material(state)
        opening = await self.kit.srp.open(verifier, big_a)
        return Asked(
            public={
                "SALT": salt,
                "SECRET_BLOCK": "",
                "SRP_B": opening.B,
                "USERNAME": identity,
                "USER_ID_FOR_SRP": identity,
            },
            private={"A": big_a, "B": opening.B, "b": opening.b},
        )

    async def ask(self, state: SignInState) -> Asked:
        raise NotImplementedError("this challenge is asked by an opening, with the client's public value")

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        signature = require_answer(answers, "PASSWORD_CLAIM_SIGNATURE")
        block = decode_handle(require_answer(answers, "PASSWORD_CLAIM_SECRET_BLOCK"))
        timestamp = require_answer(answers, "TIMESTAMP")
        # Before the slow arithmetic: what cannot be meant must not hold a place in the lockout's count for long.
        is_fresh = abs(self.kit.clock.now() - _seconds(timestamp)) <= WINDOW
        _, verifier, identity, is_real = self._material(state)
        expected = await self.kit.srp.proof(
            identity=state.pool.short_name + identity,
            verifier=verifier,
            big_a=private["A"],
            opening=SrpOpening(b=private["b"], B=private["B"]),
            secret_block=block,
            timestamp=timestamp,
        )
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if not (hmac.compare_digest(given, expected) & is_real & is_fresh):
            raise WrongCredentials
        return Passed(NAME)

    def _material(self, state: SignInState) -> tuple[str, str, str, bool]:
        """Salt, verifier and identity: the user's (True), or those that belong to the name (False)."""
        record = self._credentials.open_srp(state.user) if state.user else None
        if record is not None and state.user is not None:
            return (*record, state.user.username, True)
        noise = self._directory.stand_in_bytes(state.pool, state.submitted)
        identity = state.user.username if state.user else self._directory.stand_in(state.pool, state.submitted)
        return noise[16:].hex(), (noise * 12).hex(), identity, False


def _seconds(timestamp: str) -> float:
    """Epoch seconds of the clients' form ``Tue Sep 5 02:05:06 UTC 2023``. Raises ``InvalidParameter``."""
    match = _TIMESTAMP.fullmatch(timestamp)
    if match is None or match[1] not in _MONTHS:
        raise InvalidParameter("Timestamp format should be EEE MMM d HH:mm:ss z yyyy in english.")
    _, day, hour, minute, second, year = match.groups()
    month = _MONTHS[match[1]]
    return float(calendar.timegm((int(year), month, int(day), int(hour), int(minute), int(second), 0, 0, 0)))
