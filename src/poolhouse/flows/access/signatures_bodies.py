"""What a signed request says of its body, in the header ``X-Amz-Content-Sha256`` or by saying nothing."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from msgspec import Struct

from poolhouse.errors import SignatureIncomplete, SignatureInvalid
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.signatures_chunks import FORMS, ChunkForm, ChunkKey, Chunks
from poolhouse.flows.access.signatures_claims import Claim, Headers

DIGEST: Final = "X-Amz-Content-Sha256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")


class BodyRules(Struct, frozen=True, kw_only=True):
    """``is_store``: the body may come in chunks, and is said in every request that is not presigned."""

    is_store: bool
    takes_unsigned: bool


class Body(Struct, frozen=True, kw_only=True):
    """``signed`` is what the signature covers in the body's place. ``digest`` is the SHA-256 that the client says;
    ``form`` says how chunks come, ``length`` how long they are together, ``trailers`` what follows them."""

    signed: str
    digest: str | None = None
    form: ChunkForm | None = None
    length: int = 0
    trailers: tuple[str, ...] = ()

    def require(self, body: bytes | str | None, key: ChunkKey) -> Chunks | None:
        """The body, or one with this digest (hex), is what was said, as far as it is here. What checks its chunks, if
        it comes in some and is not here. Raises ``SignatureInvalid``, ``SignatureIncomplete``."""
        if self.form is not None:
            chunks = Chunks(self.form, key, length=self.length, trailers=self.trailers)
            if not isinstance(body, bytes):
                return chunks
            chunks.feed(body)
            chunks.finish()
        elif body is not None and self.digest is not None and not hmac.compare_digest(_digest(body), self.digest):
            raise SignatureInvalid(Reason.BODY_DIFFERS)
        return None


def _digest(body: bytes | str) -> str:
    return body if isinstance(body, str) else hashlib.sha256(body).hexdigest()


def body_of(headers: Headers, claim: Claim, body: bytes | str | None, rules: BodyRules, *, is_secure: bool) -> Body:
    """What is said of the body. Raises ``SignatureIncomplete`` where that is nothing, or nothing that is taken here."""
    said = headers.getall(DIGEST, [])
    if not said:
        if rules.is_store and claim.is_presigned:
            return Body(signed=UNSIGNED)
        if rules.is_store:
            raise SignatureIncomplete(Reason.HEADER_NOT_SIGNED, header=DIGEST.lower())
        if body is None:
            raise SignatureIncomplete(Reason.BODY_NOT_SAID)
        return Body(signed=_digest(body))
    word = said[0].strip()
    if len(said) > 1:
        raise SignatureIncomplete(Reason.BODY_FORM)
    if _HEX.fullmatch(word):
        return Body(signed=word, digest=word)
    form = FORMS.get(word) if rules.is_store else None
    if word != UNSIGNED and form is None:
        raise SignatureIncomplete(Reason.BODY_FORM)
    if (form is None or not form.is_signed) and not (rules.takes_unsigned and is_secure):
        raise SignatureIncomplete(Reason.BODY_NOT_SIGNED)
    if form is None:
        return Body(signed=word)
    lengths = headers.getall("X-Amz-Decoded-Content-Length", [])
    if len(lengths) != 1 or _LENGTH.fullmatch(lengths[0].strip()) is None:
        raise SignatureIncomplete(Reason.BODY_LENGTH_NOT_SAID)
    names = [name.strip().lower() for line in headers.getall("X-Amz-Trailer", []) for name in line.split(",")]
    if bool(names) is not form.has_trailers or len(set(names)) != len(names):
        raise SignatureIncomplete(Reason.CHUNK_FORM)
    return Body(signed=word, form=form, length=int(lengths[0]), trailers=tuple(names))
