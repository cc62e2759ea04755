"""The text that a signature stands for, and the key that signs it (Signature Version 4)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from poolhouse.errors import SignatureIncomplete
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.signatures_claims import SIGNATURE, TERMINATOR, Headers

_UNRESERVED: Final = "-_.~"


def canonical_requests(
    method: str,
    target: str,
    headers: Headers,
    signed: Sequence[str],
    payload: str,
    *,
    hosts: Sequence[str] = (),
    keeps_path: bool = False,
) -> Iterator[bytes]:
    """The texts that a client may have signed, the likeliest first. ``payload`` is the digest of the body, or the word
    that stands for it. ``hosts`` are those that a client may have been told of beside that in ``Host``. With
    ``keeps_path`` the path is signed as it was sent, as S3 has it.

    Clients differ in how they write a query: botocore signs the pairs as they are sent, in order; the vendor's text
    says that they are decoded and encoded anew. Raises ``SignatureIncomplete`` when a signed header is not there.
    """
    path, _, query = target.partition("?")
    path = (path or "/") if keeps_path else canonical_path(path)
    queries = dict.fromkeys((sorted_query(query), encoded_query(query)))
    for host in dict.fromkeys((None, *hosts)):
        lines = [_header_line(headers, name, host) for name in signed]
        end = "\n".join([*lines, "", ";".join(signed), payload])
        for text in queries:
            yield f"{method}\n{path}\n{text}\n{end}".encode("utf-8", "surrogateescape")


def _header_line(headers: Headers, name: str, host: str | None) -> str:
    values = headers.getall(name, [])
    if not values:
        raise SignatureIncomplete(Reason.SIGNED_HEADER_MISSING, header=name)
    if name == "host" and host is not None:
        values = [host]
    return f"{name}:{','.join([' '.join(value.split()) for value in values])}"


def canonical_path(path: str) -> str:
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


def _pairs(query: str) -> list[tuple[str, str]]:
    """Without the signature itself."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    return [(name, value) for name, value in pairs if name != SIGNATURE]


def sorted_query(query: str) -> str:
    """The pairs as they were sent, in order."""
    return "&".join([f"{name}={value}" for name, value in sorted(_pairs(query))]) if query else ""


def encoded_query(query: str) -> str:
    """The pairs decoded and encoded anew, in order. A bare plus sign is a space to some servers and a plus sign to
    others: one that was signed in another form than it was sent could be either, so such a query stays as it is."""
    if not query or "+" in query:
        return sorted_query(query)
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in _pairs(query))
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("utf-8", "surrogateescape")), safe=_UNRESERVED)


def derive_signing_key(secret: bytes, day: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret
    for part in (day, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
