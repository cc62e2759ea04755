"""A body that comes in chunks (``aws-chunked``), verified as it comes: nothing is given on that is not proven."""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from poolhouse.errors import SignatureIncomplete, SignatureInvalid
from poolhouse.errors.reasons import Reason

LEAST: Final = 8192
"""Bytes of a signed chunk, but the last."""
MOST: Final = 16 * 1024 * 1024
"""Bytes of a signed chunk: it is held until its signature has proven right."""
_NOTHING: Final = hashlib.sha256(b"").hexdigest()
_SIGNED_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})")
_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,12})")
_TRAILER: Final = re.compile(rb"([A-Za-z0-9-]{1,64}):([\x20-\x7e]{0,256})\n?")
_TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"
_LONGEST_LINE: Final = 512


class ChunkForm(Struct, frozen=True, kw_only=True):
    is_signed: bool
    has_trailers: bool


FORMS: Final[Mapping[str, ChunkForm]] = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": ChunkForm(is_signed=True, has_trailers=False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": ChunkForm(is_signed=True, has_trailers=True),
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": ChunkForm(is_signed=False, has_trailers=True),
}
"""By what stands in ``X-Amz-Content-Sha256``."""


class ChunkKey(Struct, frozen=True):
    """What signs the chunks of a request. ``seed`` is the signature of its head."""

    key: bytes
    instant: str
    scope: str
    seed: str

    def __repr__(self) -> str:
        return f"ChunkKey(scope={self.scope!r})"

    def sign(self, kind: str, *parts: str) -> str:
        text = "\n".join((f"AWS4-HMAC-SHA256-{kind}", self.instant, self.scope, *parts))
        return hmac.digest(self.key, text.encode(), "sha256").hex()


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._sum = 0

    def update(self, data: bytes, /) -> None:
        self._sum = zlib.crc32(data, self._sum)

    def digest(self) -> bytes:
        return self._sum.to_bytes(4, "big")


def _sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)


_SUMS: Final[Mapping[str, Callable[[], _Digest]]] = {
    "x-amz-checksum-crc32": _Crc32,
    "x-amz-checksum-sha1": _sha1,
    "x-amz-checksum-sha256": hashlib.sha256,
}
"""Sums that are computed here. Others go to whoever keeps the object, with the trailers."""


class Chunks:
    """``length`` is what all chunks hold together, ``trailers`` the names of what follows them. ``feed`` it as the body
    comes, and ``finish`` at its end: only then it is whole. Raises ``SignatureInvalid`` where something was changed,
    and ``SignatureIncomplete`` for what is no such body."""

    def __init__(self, form: ChunkForm, key: ChunkKey, *, length: int, trailers: tuple[str, ...] = ()) -> None:
        self._form = form
        self._key = key
        self._length = length
        self._names = trailers
        self._last = key.seed
        self._buffer = bytearray()
        self._state: Callable[[], bytes | None] = self._read_head
        self._size = 0
        self._left = 0
        self._claimed = ""
        self._was_short = False
        self._seen = 0
        self._sums = {name: _SUMS[name]() for name in trailers if name in _SUMS}
        self.trailers: dict[str, str] = {}

    def feed(self, data: bytes) -> bytes:
        """What is proven now of the body's contents."""
        self._buffer += data
        proven: list[bytes] = []
        while (some := self._state()) is not None:
            if some:
                for each in self._sums.values():
                    each.update(some)
                proven.append(some)
        return b"".join(proven)

    def finish(self) -> None:
        if self._state != self._done or self._seen != self._length:
            raise SignatureIncomplete(Reason.CHUNK_LENGTH)

    # --- what is read next: its contents, or None where more has to come ----------------------------------------------

    def _read_head(self) -> bytes | None:
        line = self._line()
        if line is None:
            return None
        head = (_SIGNED_HEAD if self._form.is_signed else _HEAD).fullmatch(line)
        if head is None:
            raise SignatureIncomplete(Reason.CHUNK_FORM)
        self._size = self._left = int(head[1], 16)
        self._seen += self._size
        if self._seen > self._length:
            raise SignatureIncomplete(Reason.CHUNK_LENGTH)
        if not self._form.is_signed:
            self._state = self._read_unsigned if self._size else self._read_trailers
            return b""
        if self._size > MOST or (self._size and self._was_short):
            raise SignatureIncomplete(Reason.CHUNK_FORM)
        self._was_short = self._size < LEAST
        self._claimed = head[2].decode()
        self._state = self._read_signed
        return b""

    def _read_signed(self) -> bytes | None:
        is_last = self._size == 0
        # With trailers, the empty chunk has no end of its own.
        end = 0 if is_last and self._form.has_trailers else 2
        if len(self._buffer) < self._size + end:
            return None
        contents = bytes(self._buffer[: self._size])
        self._require_end(self._size, end)
        expected = self._key.sign("PAYLOAD", self._last, _NOTHING, hashlib.sha256(contents).hexdigest())
        if not hmac.compare_digest(expected, self._claimed):
            raise SignatureInvalid(Reason.CHUNK_WRONG)
        self._last = expected
        if not is_last:
            self._state = self._read_head
        else:
            self._state = self._read_trailers if self._form.has_trailers else self._done
        return contents

    def _read_unsigned(self) -> bytes | None:
        if self._left:
            some = bytes(self._buffer[: self._left])
            del self._buffer[: len(some)]
            self._left -= len(some)
            return some or None
        if len(self._buffer) < 2:
            return None
        self._require_end(0, 2)
        self._state = self._read_head
        return b""

    def _read_trailers(self) -> bytes | None:
        line = self._line()
        if line is None:
            return None
        if line:
            trailer = _TRAILER.fullmatch(line)
            name = trailer[1].decode().lower() if trailer else ""
            is_named = name in self._names or name == _TRAILER_SIGNATURE
            if trailer is None or name in self.trailers or not is_named:
                raise SignatureIncomplete(Reason.CHUNK_FORM)
            self.trailers[name] = trailer[2].decode().strip()
            return b""
        self._require_trailers()
        self._state = self._done
        return b""

    def _done(self) -> bytes | None:
        if self._buffer:
            raise SignatureIncomplete(Reason.CHUNK_FORM)
        return None

    # --- its parts ---------------------------------------------------------------------------------------------------

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._buffer) >= _LONGEST_LINE:
                raise SignatureIncomplete(Reason.CHUNK_FORM)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _require_end(self, size: int, end: int) -> None:
        if end and self._buffer[size : size + end] != b"\r\n":
            raise SignatureIncomplete(Reason.CHUNK_FORM)
        del self._buffer[: size + end]

    def _require_trailers(self) -> None:
        signature = self.trailers.pop(_TRAILER_SIGNATURE, None)
        if set(self.trailers) != set(self._names) or (signature is not None) is not self._form.is_signed:
            raise SignatureIncomplete(Reason.CHUNK_FORM)
        if signature is not None:
            text = "".join(f"{name}:{self.trailers[name]}\n" for name in sorted(self.trailers))
            expected = self._key.sign("TRAILER", self._last, hashlib.sha256(text.encode()).hexdigest())
            if not hmac.compare_digest(expected, signature):
                raise SignatureInvalid(Reason.CHUNK_WRONG)
        for name, each in self._sums.items():
            if b64encode(each.digest()).decode() != self.trailers[name]:
                raise SignatureInvalid(Reason.BODY_DIFFERS)
