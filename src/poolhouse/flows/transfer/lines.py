"""Users as lines of JSON: what ``users export`` writes and ``users import`` reads.

Only ``username`` is needed. ``password_key`` stands beside a hash of our own format and names the master key whose
pepper is in it: such a hash is of use only where that key is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from poolhouse.records.groups import Group
from poolhouse.records.users import (
    CONFIRMED,
    EXTERNAL_PROVIDER,
    FORCE_CHANGE_PASSWORD,
    RESET_REQUIRED,
    UNCONFIRMED,
    User,
)

STATUSES: Final = frozenset({UNCONFIRMED, CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, EXTERNAL_PROVIDER})
WITHOUT_PASSWORD: Final = frozenset({UNCONFIRMED, RESET_REQUIRED, EXTERNAL_PROVIDER})
LONGEST_LINE: Final = 256 * 1024
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Spreadsheets and PowerShell write it before the first line, and whoever joins files has it in the middle."""
_GZIP: Final = b"\x1f\x8b"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"[\0", b"\0[")
"""With its mark, and without one."""
DAY: Final = 86400
YEAR: Final = 366 * DAY
LIKELY: Final = YEAR
"""Seconds since 1970 that a time has at least, to be taken for one in another unit."""


class FactorLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A factor that the user set up: what it keeps in the clear (``kept``), or ``sealed``, for the owner, the factor
    and the ``id``."""

    factor: str
    id: str | None = None
    label: str | None = None
    created: float | None = None
    sealed: str | None = None
    kept: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return "<a factor's line>"


class PasskeyLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A passkey: ``id`` is the credential's, ``key`` its public key (COSE), both in base64url."""

    id: str
    rp_id: str
    key: str
    created: float | None = None
    name: str = "Passkey"
    sign_count: int = 0
    transports: tuple[str, ...] = ()
    attachment: str | None = None


class RecoveryLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Recovery codes, as digests by the master key that ``factor_key`` names."""

    id: str
    digests: tuple[str, ...]
    created: float

    def __repr__(self) -> str:
        return "<recovery codes>"


class UserLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One user. ``sub`` None: a new one is given. ``status`` None: CONFIRMED with a password, else RESET_REQUIRED."""

    username: str
    sub: str | None = None
    status: str | None = None
    enabled: bool = True
    attributes: dict[str, str] = {}
    groups: tuple[str, ...] = ()
    password_hash: str | None = None
    password_key: str | None = None
    password_set_at: float | None = None
    password_history: tuple[str, ...] = ()
    temporary_until: float | None = None
    created: float | None = None
    modified: float | None = None
    mfa: tuple[str, ...] = ()
    preferred_mfa: str | None = None
    passkey_mfa: bool = False
    factors: tuple[FactorLine, ...] = ()
    passkeys: tuple[PasskeyLine, ...] = ()
    recovery_codes: RecoveryLine | None = None
    factor_key: str | None = None

    def __repr__(self) -> str:
        return "<a user's line>"


class BadLine(ValueError):  # noqa: N818 - read as a statement
    """The line is no user. The text shows no value of it."""


def other_form(first: bytes) -> str | None:
    """What a file is that begins with this line, where it is not lines of JSON; None where it may be."""
    if first.startswith(_GZIP):
        return "compressed (gzip)"
    if first.startswith(_UTF_16):
        return "in UTF-16; save it as UTF-8"
    text = first.removeprefix(BYTE_ORDER_MARK).strip()
    if text.startswith(b"["):
        return "an array"
    return "JSON over more than one line" if text == b"{" else None


def check_times(line: UserLine, now: float) -> None:
    """Every time is one that lists can show. Raises ``BadLine``."""
    times = {
        "password_set_at": line.password_set_at,
        "temporary_until": line.temporary_until,
        "created": line.created,
        "modified": line.modified,
        **{f"factors[{n}].created": one.created for n, one in enumerate(line.factors)},
        **{f"passkeys[{n}].created": one.created for n, one in enumerate(line.passkeys)},
        "recovery_codes.created": line.recovery_codes.created if line.recovery_codes else None,
    }
    for name, at in times.items():
        most, until = (now + YEAR, "a year from now") if name == "temporary_until" else (now + DAY, "now")
        if at is None or 0 <= at <= most:
            continue
        for unit, factor in (("milliseconds", 1e3), ("microseconds", 1e6)):
            if LIKELY <= at / factor <= most:
                raise BadLine(f"{name} is in seconds since 1970; this looks like {unit}")
        raise BadLine(f"{name} lies between 1970 and {until}, in seconds since 1970")


def read_line(raw: bytes) -> UserLine:
    """Raises ``BadLine``."""
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    if len(raw) > LONGEST_LINE:
        raise BadLine(f"it is longer than {LONGEST_LINE} bytes")
    try:
        line = msgspec.json.decode(raw, type=UserLine)
    except msgspec.ValidationError as error:
        # Its text names the field and the kinds, never the value.
        raise BadLine(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadLine("it is not JSON") from None
    if not line.username or len(line.username) > 128:
        raise BadLine("username has 1 to 128 characters")
    if line.status is not None and line.status not in STATUSES:
        raise BadLine(f"status is one of {', '.join(sorted(STATUSES))}")
    return line


def write_line(
    user: User,
    groups: Sequence[Group],
    *,
    hashes: bool,
    fingerprint: str,
    is_peppered: Callable[[str], bool],
    factors: Mapping[str, Any],
) -> bytes:
    """The user as a line, its end included. ``factors`` are the members about factors."""
    credential = user.credential if hashes else None
    peppered = credential is not None and any(is_peppered(each) for each in (credential.hash, *user.history))
    line = UserLine(
        username=user.username,
        sub=user.sub,
        status=user.status,
        enabled=user.enabled,
        attributes=user.attributes,
        groups=tuple(group.name for group in groups),
        password_hash=credential.hash if credential else None,
        password_key=fingerprint if peppered else None,
        password_set_at=credential.set_at if credential else None,
        password_history=user.history if credential else (),
        temporary_until=user.temporary_until if credential else None,
        created=user.created,
        modified=user.modified,
        **factors,
    )
    return msgspec.json.encode(line) + b"\n"
