"""What a request says of its signature, before any of it is believed: in a header, or in its query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol
from urllib.parse import unquote

from msgspec import Struct

from poolhouse.errors import SignatureIncomplete, SignatureInvalid, SignatureMissing
from poolhouse.errors.reasons import Reason

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
LONGEST: Final = 604_800
"""Seconds that a presigned request may be good for: seven days."""
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_DAY: Final = re.compile(r"[0-9]{8}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_INSTANT: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SECONDS: Final = re.compile(r"[0-9]{1,6}")
_HEADER_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_FIELDS: Final = frozenset({"Credential", "SignedHeaders", "Signature"})
_PREFIX: Final = "X-Amz-"
_QUERY_FIELDS: Final = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
TOKEN: Final = "X-Amz-Security-Token"  # noqa: S105 - a name
SIGNATURE: Final = "X-Amz-Signature"
PRESIGNED: Final = frozenset((TOKEN, *(_PREFIX + name for name in _QUERY_FIELDS)))
"""The parameters that presigning adds to a query."""


class Headers(Protocol):
    """The headers of a request, by names in any case."""

    def getall(self, key: str, default: list[str], /) -> list[str]: ...

    def __iter__(self) -> Iterator[str]:
        """Their names."""


class Claim(Struct, frozen=True):
    """``instant`` and ``expires`` (seconds after it) stand in the query of presigned requests, with the ``token``; of
    others they are None."""

    key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    instant: str | None = None
    expires: int | None = None
    token: str | None = None

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"

    @property
    def is_presigned(self) -> bool:
        return self.expires is not None


def parse_authorization(values: Sequence[str], *, needs_target: bool = True) -> Claim:
    """The one ``Authorization`` header in its parts. Raises ``SignatureMissing``, ``SignatureIncomplete``."""
    if not values:
        raise SignatureMissing
    if len(values) > 1:
        raise SignatureIncomplete(Reason.AUTHORIZATION_TWICE)
    algorithm, _, rest = values[0].strip().partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureIncomplete(Reason.AUTHORIZATION_ALGORITHM, algorithm=ALGORITHM)
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        if name not in _FIELDS or name in fields or not value:
            raise SignatureIncomplete(Reason.AUTHORIZATION_PARTS)
        fields[name] = value
    if len(fields) != len(_FIELDS):
        raise SignatureIncomplete(Reason.AUTHORIZATION_LACKS)
    claim = _claim(fields)
    names = claim.signed_headers
    # Without the target header a signature for one operation would be good for all.
    if needs_target and "x-amz-target" not in names:
        raise SignatureIncomplete(Reason.SIGNED_HEADERS_LACK)
    if "host" not in names or not ("x-amz-date" in names or "date" in names):
        raise SignatureIncomplete(Reason.SIGNED_HEADERS_LACK if needs_target else Reason.SIGNED_HEADERS_LACK_HOST)
    return claim


def is_presigned(query: str) -> bool:
    """Whether the query says that it holds a signature. Names in it may be encoded."""
    return any(unquote(pair.partition("=")[0]) == SIGNATURE for pair in query.split("&"))


def parse_presigned(query: str) -> Claim:
    """The signature that stands in a query. Raises ``SignatureIncomplete``, also for what stands there twice."""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unquote(name)
        if name.startswith(_PREFIX):
            if name in found:
                raise SignatureIncomplete(Reason.PRESIGNED_TWICE)
            found[name] = unquote(value, errors="surrogateescape")
    fields = {name: found.get(_PREFIX + name, "") for name in _QUERY_FIELDS}
    if not all(fields.values()):
        raise SignatureIncomplete(Reason.PRESIGNED_LACKS)
    if fields["Algorithm"] != ALGORITHM:
        raise SignatureIncomplete(Reason.PRESIGNED_ALGORITHM, algorithm=ALGORITHM)
    if _SECONDS.fullmatch(fields["Expires"]) is None or not 1 <= int(fields["Expires"]) <= LONGEST:
        raise SignatureIncomplete(Reason.PRESIGNED_EXPIRES, most=LONGEST)
    return _claim(fields, instant=fields["Date"], expires=int(fields["Expires"]), token=found.get(TOKEN))


def _claim(
    fields: Mapping[str, str], *, instant: str | None = None, expires: int | None = None, token: str | None = None
) -> Claim:
    credential = fields["Credential"].rsplit("/", 4)
    if len(credential) != 5 or not credential[0] or credential[4] != TERMINATOR:
        raise SignatureIncomplete(Reason.CREDENTIAL_FORM)
    key_id, day, region, service, _ = credential
    if _DAY.fullmatch(day) is None or _REGION.fullmatch(region) is None:
        raise SignatureIncomplete(Reason.CREDENTIAL_SCOPE)
    if _SIGNATURE.fullmatch(fields["Signature"]) is None:
        raise SignatureIncomplete(Reason.SIGNATURE_FORM)
    names = tuple(fields["SignedHeaders"].split(";"))
    if any(_HEADER_NAME.fullmatch(name) is None for name in names) or list(names) != sorted(set(names)):
        raise SignatureIncomplete(Reason.SIGNED_HEADERS_FORM)
    if "host" not in names and expires is not None:
        raise SignatureIncomplete(Reason.HEADER_NOT_SIGNED, header="host")
    return Claim(key_id, day, region, service, names, fields["Signature"], instant, expires, token)


def instant_of(claim: Claim, headers: Headers) -> str:
    """The instant of the signature, as it stands in the text that was signed. Raises ``SignatureIncomplete``, and
    ``SignatureInvalid`` where it is of another day than the credential."""
    instant = claim.instant if claim.instant is not None else _sent_instant(claim, headers)
    if _INSTANT.fullmatch(instant) is None:
        raise SignatureIncomplete(Reason.AMZ_DATE_FORM)
    if not instant.startswith(claim.day):
        raise SignatureInvalid(Reason.CREDENTIAL_DATE)
    return instant


def _sent_instant(claim: Claim, headers: Headers) -> str:
    stamps = headers.getall("X-Amz-Date", [])
    if stamps:
        if len(stamps) > 1 or "x-amz-date" not in claim.signed_headers:
            raise SignatureIncomplete(Reason.AMZ_DATE_NOT_SIGNED)
        return stamps[0].strip()
    dates = headers.getall("Date", [])
    if len(dates) != 1 or "date" not in claim.signed_headers:
        raise SignatureIncomplete(Reason.DATE_NOT_SIGNED)
    if _INSTANT.fullmatch(dates[0].strip()):
        return dates[0].strip()
    try:
        # Without a zone (or with -0000, as SDKs write it) UTC is meant.
        date = parsedate_to_datetime(dates[0])
        return (date.astimezone(UTC) if date.tzinfo else date).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, TypeError, OverflowError, IndexError):
        raise SignatureIncomplete(Reason.DATE_NO_DATE) from None


def epoch_of(instant: str) -> float:
    """Raises ``SignatureIncomplete`` for an instant that never is."""
    try:
        return datetime.fromisoformat(instant).timestamp()
    except ValueError:
        raise SignatureIncomplete(Reason.SIGNATURE_DATE_NONE) from None
