"""What leaves where a request is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

UNSUPPORTED: Final = "UnsupportedOperationException"
UNAVAILABLE: Final = "ServiceUnavailableException"
INTERNAL: Final = "InternalErrorException"
UNEXPLAINED: Final = "it is not part of this version"


class ProtocolError(Exception):
    """The request is not one of ours. Raised by the face only."""

    def __init__(self, name: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.name = name
        self.status = status


class Failure(msgspec.Struct, frozen=True):
    """An error as it goes out."""

    name: str
    sentence: str
    status: int = 400
    headers: Mapping[str, str] = {}

    def body(self) -> bytes:
        return msgspec.json.encode({"__type": self.name, "message": self.sentence})


def failure(error: BaseException, *, unexpected: str = INTERNAL) -> Failure:
    """What is told of an error in the protocol's own words, whichever service was meant. ``unexpected`` is the name of
    one that nobody foresaw, of which nothing else is told."""
    if isinstance(error, ProtocolError):
        return Failure(error.name, str(error), error.status)
    return Failure(unexpected, "Internal error.", 500)


def not_offered(name: str, reason: str | None) -> ProtocolError:
    """What the caller of an operation without a handler is told."""
    return ProtocolError(UNSUPPORTED, f"{name} is not offered by this server yet: {reason or UNEXPLAINED}.")
