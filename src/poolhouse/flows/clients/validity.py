"""How long tokens of a client live: what may be asked for, in seconds."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}

_DAY = 86400
_TOKEN_RANGE = (300, _DAY)
_REFRESH_RANGE = (3600, 315_360_000)
_STEP_RANGE = (3, 15)

DEFAULT_TOKEN = 3600
DEFAULT_REFRESH = 30 * _DAY
DEFAULT_STEP_MINUTES = 3


class Span(Struct, frozen=True):
    """A number and its unit, as the caller writes them."""

    number: int
    unit: str

    @property
    def seconds(self) -> int:
        return self.number * UNITS[self.unit]


class Validity(Struct, frozen=True, kw_only=True):
    """None means "not said": the default."""

    access: Span | None = None
    id: Span | None = None
    refresh: Span | None = None
    step_minutes: int | None = None


class Seconds(Struct, frozen=True):
    access: int
    id: int
    refresh: int
    step: int


def seconds_of(validity: Validity) -> Seconds:
    """The lives in seconds. Raises ``InvalidParameter`` for what is out of range, and for access or ID tokens that
    would outlive the refresh token."""
    access = _within(_TOKEN_RANGE, validity.access, DEFAULT_TOKEN)
    identity = _within(_TOKEN_RANGE, validity.id, DEFAULT_TOKEN)
    # A refresh validity of 0 means the default.
    said = validity.refresh if validity.refresh and validity.refresh.number else None
    refresh = _within(_REFRESH_RANGE, said, DEFAULT_REFRESH)
    if max(access, identity) > refresh:
        raise InvalidParameter(Reason.TOKENS_OUTLIVE_REFRESH)
    minutes = DEFAULT_STEP_MINUTES if validity.step_minutes is None else validity.step_minutes
    if not _STEP_RANGE[0] <= minutes <= _STEP_RANGE[1]:
        raise InvalidParameter(Reason.SESSION_VALIDITY_OUT_OF_RANGE, least=_STEP_RANGE[0], most=_STEP_RANGE[1])
    return Seconds(access, identity, refresh, minutes * 60)


def _within(allowed: tuple[int, int], span: Span | None, default: int) -> int:
    if span is None:
        return default
    if not allowed[0] <= span.seconds <= allowed[1]:
        raise InvalidParameter(Reason.TOKEN_VALIDITY_OUT_OF_RANGE)
    return span.seconds
