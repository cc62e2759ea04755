"""Cursors of pages: sealed, bound to what was asked, and good for an hour (security row 32)."""

from __future__ import annotations

import msgspec

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.ports.world import Clock, Secrets
from poolhouse.store.port import Position

LIFE = 3600


class Cursors:
    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def write(self, asked: str, position: Position | None) -> str | None:
        """``asked`` is everything that made the page: a cursor is no good for anything else."""
        if position is None:
            return None
        plain = msgspec.json.encode((position.value, position.key, int(self._clock.now()) + LIFE))
        return self._secrets.seal("cursor", asked, plain)

    def read(self, asked: str, cursor: str | None) -> Position | None:
        """Raises ``InvalidParameter`` for a cursor that we did not write for this, or that is too old."""
        if cursor is None:
            return None
        try:
            plain = self._secrets.open("cursor", asked, cursor)
            value, key, until = msgspec.json.decode(plain, type=tuple[str, tuple[str, ...], int])
        except (ValueError, msgspec.MsgspecError):
            raise InvalidParameter(Reason.CURSOR_INVALID) from None
        if not self._clock.now() < until:
            raise InvalidParameter(Reason.CURSOR_INVALID)
        return Position(value, key)
