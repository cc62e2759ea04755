"""What browsers ask before they let a page of another origin read our answers.

The JSON API is open to every origin: it takes no cookie and no other credential that a browser adds by itself, so a
page can do no more with it than any program can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.server.answers import Answer, Head

_ALLOWED_HEADERS: Final = (
    "authorization",
    "cache-control",
    "content-type",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-user-agent",
)

ANSWER_HEADERS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
}
"""On every answer of the JSON API."""

_PREFLIGHT: Final = Head(
    200,
    {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "POST,OPTIONS",
        "Access-Control-Allow-Headers": ",".join(_ALLOWED_HEADERS),
        "Access-Control-Max-Age": "86400",
    },
)


def preflight() -> Answer:
    """The answer to the question whether the JSON API may be called."""
    return Answer(_PREFLIGHT)
