"""Signature Version 4, verified: the holder of an access key has sent exactly this request, within five minutes of now.

What must be covered by the signature: method, path, query, host, the instant, the target header and the whole body.
The signature may stand in the ``Authorization`` header only. Temporary credentials are not known yet: a security token
is refused. Forwarded headers are never looked at, so a proxy must leave ``Host`` as the client sent it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol
from urllib.parse import quote

from msgspec import Struct

from poolhouse.errors import (
    AccessKeyExpired,
    AccessKeyUnknown,
    CallerRefused,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMissing,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import Caller, Callers

WINDOW: Final = 300.0
ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_DAY: Final = re.compile(r"[0-9]{8}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_INSTANT: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HEADER_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_FIELDS: Final = frozenset({"Credential", "SignedHeaders", "Signature"})
_KEPT_SIGNING_KEYS: Final = 256


class Headers(Protocol):
    """The headers of a request, by names in any case."""

    def getall(self, key: str, default: list[str], /) -> list[str]: ...


class Claim(Struct, frozen=True):
    """What an ``Authorization`` header says, before any of it is believed."""

    key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{_TERMINATOR}"


class Signed(Struct, frozen=True):
    """Who signed, and for which region."""

    caller: Caller
    region: str


class Signatures:
    """Verifies the requests to one service."""

    def __init__(self, callers: Callers, *, service: str, now: Callable[[], float]) -> None:
        self._callers = callers
        self._service = service
        self._now = now
        self._signing_keys: OrderedDict[tuple[str, bytes, str, str], bytes] = OrderedDict()

    async def verify(self, method: str, target: str, headers: Headers, body: bytes | str | None) -> Signed:
        """Who signed this request. ``target`` is path and query as they were sent.

        Raises ``SignatureMissing``, ``SignatureIncomplete``, ``SignatureInvalid``, ``AccessKeyUnknown``,
        ``AccessKeyExpired``.
        """
        claim = parse_authorization(headers.getall("Authorization", []))
        if headers.getall("X-Amz-Security-Token", []):
            raise AccessKeyUnknown
        if claim.service != self._service:
            raise SignatureInvalid(Reason.SIGNATURE_FOR_ANOTHER_SERVICE, service=self._service)
        instant = _instant_of(claim, headers)
        self._check_time(instant)
        key = await self._callers.find(claim.key_id)
        if key is None:
            raise await self._noted(None, AccessKeyUnknown())
        canonical = canonical_request(method, target, headers, claim.signed_headers, body)
        text = "\n".join((ALGORITHM, instant, claim.scope, hashlib.sha256(canonical).hexdigest()))
        slot = (claim.key_id, key.secret, claim.day, claim.region)
        kept = self._signing_keys.get(slot)
        signing_key = kept or derive_signing_key(key.secret, claim.day, claim.region, claim.service)
        expected = hmac.new(signing_key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, claim.signature):
            raise await self._noted(claim.key_id, SignatureInvalid())
        if kept is None:
            # Kept only once it has proven right, so that nobody else can fill the cache.
            self._keep(slot, signing_key)
        try:
            return Signed(self._callers.admit(key), claim.region)
        except AccessKeyExpired as expired:
            raise await self._noted(claim.key_id, expired) from None

    async def _noted(self, key_id: str | None, error: CallerRefused) -> CallerRefused:
        """The error, which the trail knows of, or of another of this key a moment ago."""
        if self._callers.refusals is not None:
            await self._callers.refusals.note(key_id, error)
        return error

    def _check_time(self, instant: str) -> None:
        try:
            signed_at = datetime.fromisoformat(instant).timestamp()
        except ValueError:
            raise SignatureIncomplete(Reason.SIGNATURE_DATE_NONE) from None
        now = self._now()
        if signed_at < now - WINDOW:
            raise SignatureInvalid(Reason.SIGNATURE_EXPIRED, instant=instant)
        if signed_at > now + WINDOW:
            raise SignatureInvalid(Reason.SIGNATURE_EARLY, instant=instant)

    def _keep(self, slot: tuple[str, bytes, str, str], signing_key: bytes) -> None:
        self._signing_keys[slot] = signing_key
        if len(self._signing_keys) > _KEPT_SIGNING_KEYS:
            self._signing_keys.popitem(last=False)


def parse_authorization(values: Sequence[str]) -> Claim:
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
    credential = fields["Credential"].rsplit("/", 4)
    if len(credential) != 5 or not credential[0] or credential[4] != _TERMINATOR:
        raise SignatureIncomplete(Reason.CREDENTIAL_FORM)
    if _DAY.fullmatch(credential[1]) is None or _REGION.fullmatch(credential[2]) is None:
        raise SignatureIncomplete(Reason.CREDENTIAL_SCOPE)
    if _SIGNATURE.fullmatch(fields["Signature"]) is None:
        raise SignatureIncomplete(Reason.SIGNATURE_FORM)
    names = tuple(fields["SignedHeaders"].split(";"))
    _check_signed_headers(names)
    return Claim(credential[0], credential[1], credential[2], credential[3], names, fields["Signature"])


def _check_signed_headers(names: tuple[str, ...]) -> None:
    if any(_HEADER_NAME.fullmatch(name) is None for name in names) or list(names) != sorted(set(names)):
        raise SignatureIncomplete(Reason.SIGNED_HEADERS_FORM)
    # Without the target header a signature for one operation would be good for all.
    if "host" not in names or not ("x-amz-date" in names or "date" in names):
        raise SignatureIncomplete(Reason.SIGNED_HEADERS_LACK)


def _instant_of(claim: Claim, headers: Headers) -> str:
    """The instant of the signature, as it stands in the text that was signed."""
    stamps = headers.getall("X-Amz-Date", [])
    if stamps:
        if len(stamps) > 1 or "x-amz-date" not in claim.signed_headers:
            raise SignatureIncomplete(Reason.AMZ_DATE_NOT_SIGNED)
        instant = stamps[0].strip()
    else:
        dates = headers.getall("Date", [])
        if len(dates) != 1 or "date" not in claim.signed_headers:
            raise SignatureIncomplete(Reason.DATE_NOT_SIGNED)
        try:
            # Without a zone (or with -0000, as SDKs write it) UTC is meant.
            date = parsedate_to_datetime(dates[0])
            instant = (date.astimezone(UTC) if date.tzinfo else date).strftime("%Y%m%dT%H%M%SZ")
        except (ValueError, TypeError, OverflowError, IndexError):
            raise SignatureIncomplete(Reason.DATE_NO_DATE) from None
    if _INSTANT.fullmatch(instant) is None:
        raise SignatureIncomplete(Reason.AMZ_DATE_FORM)
    if not instant.startswith(claim.day):
        raise SignatureInvalid(Reason.CREDENTIAL_DATE)
    return instant


def canonical_request(
    method: str, target: str, headers: Headers, signed: Sequence[str], body: bytes | str | None
) -> bytes:
    """The text that a signature stands for. Raises ``SignatureIncomplete`` when a signed header is not there."""
    path, _, query = target.partition("?")
    lines = [method, _canonical_path(path), _canonical_query(query)]
    for name in signed:
        values = headers.getall(name, [])
        if not values:
            raise SignatureIncomplete(Reason.SIGNED_HEADER_MISSING, header=name)
        lines.append(f"{name}:{','.join(' '.join(value.split()) for value in values)}")
    if body is None:
        body = (headers.getall("X-Amz-Content-Sha256", []) or [""])[0]
    lines += ["", ";".join(signed), body if isinstance(body, str) else hashlib.sha256(body).hexdigest()]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _canonical_path(path: str) -> str:
    """Dot segments and empty segments are gone, and what was sent is encoded once more."""
    if path in {"/", ""}:
        return "/"
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept[-1:] = []
        elif segment not in {"", "."}:
            kept.append(segment)
    end = "/" if path.endswith("/") and kept else ""
    return quote("/" + "/".join(kept) + end, errors="surrogateescape")


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)


def derive_signing_key(secret: bytes, day: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret
    for part in (day, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
