"""Signature Version 4, verified: the holder of an access key has sent exactly this request, and not long ago.

What must be covered by the signature: method, path, query, host, the instant, the security token, what is said of the
body, and the whole body, unless the service lets clients leave that out. The host is that of ``Host``: what a trusted
proxy says in its place is for the face to know, which hands it in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from poolhouse.errors import (
    AccessKeyExpired,
    AccessKeyUnknown,
    CallerRefused,
    CredentialsExpired,
    SignatureIncomplete,
    SignatureInvalid,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import Caller, Callers, KnownKey
from poolhouse.flows.access.signatures_bodies import Body, BodyRules, body_of
from poolhouse.flows.access.signatures_canonical import canonical_requests, derive_signing_key
from poolhouse.flows.access.signatures_chunks import ChunkKey, Chunks
from poolhouse.flows.access.signatures_claims import (
    ALGORITHM,
    TOKEN,
    Claim,
    Headers,
    epoch_of,
    instant_of,
    is_presigned,
    parse_authorization,
    parse_presigned,
)

WINDOW: Final = 300.0
WINDOW_OF_STORES: Final = 900.0
_ALWAYS_SIGNED: Final = ("X-Amz-Security-Token", "X-Amz-Target", "X-Amz-Content-Sha256")
"""Headers that change what a request is or whose: where one is there, it is signed."""
_KEPT_SIGNING_KEYS: Final = 256


class Terms(Struct, frozen=True, kw_only=True):
    """What a service asks of signatures. ``needs_target``: the operation is named by a header. ``is_store``: an object
    store, with the rules that S3 has of its own. ``takes_unsigned``: over TLS a client may leave the body out of what
    it signs."""

    needs_target: bool = False
    takes_presigned: bool = False
    is_store: bool = False
    takes_unsigned: bool = False


JSON_API: Final = Terms(needs_target=True)
QUERY_API: Final = Terms()
GATEWAY: Final = Terms(takes_presigned=True)
STORE: Final = Terms(takes_presigned=True, is_store=True, takes_unsigned=True)


class Signed(Struct, frozen=True):
    """Who signed, and for which region. Where the body was not there, ``digest`` is the SHA-256 that it has to have;
    where it comes in chunks, ``chunks`` has to be fed with it; with neither nothing is said of it."""

    caller: Caller
    region: str
    digest: str | None = None
    chunks: Chunks | None = None


class Signatures:
    """Verifies the requests to one service."""

    def __init__(self, callers: Callers, *, service: str, now: Callable[[], float], terms: Terms = JSON_API) -> None:
        self._callers = callers
        self._service = service
        self._now = now
        self._terms = terms
        self._window = WINDOW_OF_STORES if terms.is_store else WINDOW
        self._bodies = BodyRules(is_store=terms.is_store, takes_unsigned=terms.takes_unsigned)
        self._signing_keys: OrderedDict[tuple[str, bytes, str, str], bytes] = OrderedDict()

    async def verify(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes | str | None,
        *,
        hosts: Sequence[str] = (),
        is_secure: bool = False,
    ) -> Signed:
        """Who signed this request. ``target`` is path and query as they were sent. Without ``body`` (None: it is not
        here, or not yet) the client has to have said what it is; with it, all of it is verified; a text is its digest
        (hex), for which whoever asks vouches. ``hosts`` as a trusted proxy says that the client called us;
        ``is_secure``: the request came over TLS.

        Raises ``SignatureMissing``, ``SignatureIncomplete``, ``SignatureInvalid``, ``AccessKeyUnknown``,
        ``AccessKeyExpired``, ``CredentialsExpired``.
        """
        claim = self._claim(target, headers)
        if claim.service != self._service:
            raise SignatureInvalid(Reason.SIGNATURE_FOR_ANOTHER_SERVICE, service=self._service)
        self._require_signed(claim, headers)
        token = _token_of(claim, headers)
        instant = instant_of(claim, headers)
        self._check_time(claim, instant)
        told = body_of(headers, claim, body, self._bodies, is_secure=is_secure)
        key = await self._callers.find(claim.key_id, token)
        if key is None:
            raise await self._noted(None, AccessKeyUnknown())
        chunk_key = self._prove(method, target, headers, claim, instant, told, key, hosts)
        if chunk_key is None:
            raise await self._noted(_named(key), SignatureInvalid())
        chunks = told.require(body, chunk_key)
        try:
            caller = await self._callers.admit(key)
        except (AccessKeyExpired, CredentialsExpired) as expired:
            raise await self._noted(_named(key), expired) from None
        return Signed(caller, claim.region, told.digest if body is None else None, chunks)

    def _claim(self, target: str, headers: Headers) -> Claim:
        query = target.partition("?")[2]
        authorization = headers.getall("Authorization", [])
        if self._terms.takes_presigned and "X-Amz-" in query and is_presigned(query):
            if authorization:
                raise SignatureIncomplete(Reason.SIGNED_TWICE)
            return parse_presigned(query)
        return parse_authorization(authorization, needs_target=self._terms.needs_target)

    def _require_signed(self, claim: Claim, headers: Headers) -> None:
        names = claim.signed_headers
        for name in _ALWAYS_SIGNED:
            if headers.getall(name, []) and name.lower() not in names:
                raise SignatureIncomplete(Reason.HEADER_NOT_SIGNED, header=name.lower())
        if self._terms.is_store:
            # Others add none to what stores are sent, and each of them says something there.
            for name in headers:
                if name.lower().startswith("x-amz-") and name.lower() not in names:
                    raise SignatureIncomplete(Reason.HEADER_NOT_SIGNED, header=name.lower())

    def _prove(
        self,
        method: str,
        target: str,
        headers: Headers,
        claim: Claim,
        instant: str,
        told: Body,
        key: KnownKey,
        hosts: Sequence[str],
    ) -> ChunkKey | None:
        """What signed, where the signature is right; else None."""
        slot = (claim.key_id, key.secret, claim.day, claim.region)
        kept = self._signing_keys.get(slot)
        signing_key = kept or derive_signing_key(key.secret, claim.day, claim.region, claim.service)
        for canonical in canonical_requests(
            method, target, headers, claim.signed_headers, told.signed, hosts=hosts, keeps_path=self._terms.is_store
        ):
            text = "\n".join((ALGORITHM, instant, claim.scope, hashlib.sha256(canonical).hexdigest()))
            expected = hmac.digest(signing_key, text.encode(), "sha256").hex()
            if hmac.compare_digest(expected, claim.signature):
                break
        else:
            return None
        if kept is None:
            # Kept only once it has proven right, so that nobody else can fill the cache.
            self._keep(slot, signing_key)
        return ChunkKey(signing_key, instant, claim.scope, claim.signature)

    async def _noted(self, key_id: str | None, error: CallerRefused) -> CallerRefused:
        """The error, which the trail knows of, or of another of this key a moment ago."""
        if self._callers.refusals is not None:
            await self._callers.refusals.note(key_id, error)
        return error

    def _check_time(self, claim: Claim, instant: str) -> None:
        signed_at, now = epoch_of(instant), self._now()
        if claim.expires is not None:
            if now > signed_at + claim.expires:
                raise SignatureInvalid(Reason.PRESIGNED_EXPIRED, instant=instant, seconds=claim.expires)
            window = WINDOW
        else:
            window = self._window
        minutes = int(window / 60)
        if claim.expires is None and signed_at < now - window:
            raise SignatureInvalid(Reason.SIGNATURE_EXPIRED, instant=instant, minutes=minutes)
        if signed_at > now + window:
            raise SignatureInvalid(Reason.SIGNATURE_EARLY, instant=instant, minutes=minutes)

    def _keep(self, slot: tuple[str, bytes, str, str], signing_key: bytes) -> None:
        self._signing_keys[slot] = signing_key
        if len(self._signing_keys) > _KEPT_SIGNING_KEYS:
            self._signing_keys.popitem(last=False)


def _token_of(claim: Claim, headers: Headers) -> str | None:
    tokens = headers.getall(TOKEN, [])
    if claim.is_presigned:
        if tokens:
            raise SignatureIncomplete(Reason.SIGNED_TWICE)
        return claim.token
    if len(tokens) > 1:
        raise SignatureIncomplete(Reason.SECURITY_TOKEN_TWICE)
    return tokens[0].strip() if tokens else None


def _named(key: KnownKey) -> str | None:
    """What the trail calls the key. Anybody can have any number of temporary ones: they count together."""
    return None if key.caller.session is not None else key.caller.key_id
