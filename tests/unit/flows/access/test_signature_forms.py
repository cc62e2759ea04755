"""Signatures in their other forms: in the query, over bodies that are not here, that come in chunks, or that nobody
signed; and by callers with temporary credentials."""

from __future__ import annotations

import hashlib
import hmac
import random
import zlib
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from multidict import CIMultiDict

from poolhouse.errors import (
    AccessKeyUnknown,
    CallerRefused,
    CredentialsExpired,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMissing,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.signatures import GATEWAY, JSON_API, STORE, Signatures, Signed, Terms
from poolhouse.flows.access.signatures_canonical import canonical_requests, derive_signing_key
from poolhouse.flows.access.signatures_chunks import FORMS, ChunkKey, Chunks
from tests.support.json_api import NOON, ROOT
from tests.support.temporary import TemporaryWorld, session
from tests.unit.flows.access.test_ten_thousand_signatures import INSTANT

HOST = "api.example.com"
SERVICES = {GATEWAY: "execute-api", STORE: "s3", JSON_API: "cognito-idp"}
SECRET = ROOT[1].encode()
DAY = INSTANT[:8]


class Forms:
    """Signs by hand what no SDK would, and has it verified."""

    def __init__(self, terms: Terms) -> None:
        self.world = TemporaryWorld()
        self.terms = terms
        self.service = SERVICES[terms]
        self.check = Signatures(self.world.callers, service=self.service, now=self.world.clock.now, terms=terms)

    @property
    def scope(self) -> str:
        return f"{DAY}/eu-west-1/{self.service}/aws4_request"

    def headers(
        self,
        payload: str,
        *,
        target: str = "/a",
        key: tuple[str, str] = ROOT,
        unsigned: tuple[str, ...] = (),
        **more: str,
    ) -> CIMultiDict[str]:
        """Of a PUT. All of them are signed but those in ``unsigned``."""
        given = CIMultiDict({"Host": HOST, "X-Amz-Date": INSTANT})
        given.update({name.replace("_", "-"): value for name, value in more.items()})
        names = sorted({name.lower() for name in given} - set(unsigned))
        canonical = next(canonical_requests("PUT", target, given, names, payload, keeps_path=self.terms.is_store))
        text = f"AWS4-HMAC-SHA256\n{INSTANT}\n{self.scope}\n{hashlib.sha256(canonical).hexdigest()}"
        signing = ChunkKey(derive_signing_key(key[1].encode(), DAY, "eu-west-1", self.service), INSTANT, self.scope, "")
        signature = hmac.digest(signing.key, text.encode(), "sha256").hex()
        given["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={key[0]}/{self.scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return given

    async def verify(
        self, headers: CIMultiDict[str], body: bytes | None = b"", *, target: str = "/a", **more: Any
    ) -> Signed:
        return await self.check.verify("PUT", target, headers, body, **more)


async def reason(call: Any) -> Reason:
    with pytest.raises(CallerRefused) as refused:
        await call
    assert refused.value.statement is not None
    assert "{" not in str(refused.value)
    return refused.value.statement.reason


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- bodies ----------------------------------------------------------------------------------------------------------


async def test_a_body_that_is_not_here_has_to_be_said_and_is_told() -> None:
    forms = Forms(GATEWAY)
    digest = sha256(b"hello")
    headers = forms.headers(digest, X_Amz_Content_Sha256=digest)

    assert digest == (await forms.verify(headers, None)).digest
    assert (await forms.verify(headers, b"hello")).digest is None
    assert Reason.BODY_DIFFERS == await reason(forms.verify(headers, b"hallo"))
    assert Reason.BODY_NOT_SAID == await reason(forms.verify(forms.headers(digest), None))


async def test_what_is_said_of_the_body_has_to_be_signed() -> None:
    forms = Forms(GATEWAY)
    digest = sha256(b"hello")
    headers = forms.headers(digest, unsigned=("x-amz-content-sha256",), X_Amz_Content_Sha256=digest)

    assert Reason.HEADER_NOT_SIGNED == await reason(forms.verify(headers, b"hello"))


@pytest.mark.parametrize("said", ["", "UNSIGNED", "a" * 63, "A" * 64, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"])
async def test_what_is_said_of_the_body_has_to_be_understood(said: str) -> None:
    forms = Forms(GATEWAY)

    assert Reason.BODY_FORM == await reason(forms.verify(forms.headers(said, X_Amz_Content_Sha256=said)))


async def test_a_body_that_nobody_signed_is_taken_by_a_store_over_tls_alone() -> None:
    said = "UNSIGNED-PAYLOAD"
    for terms in (GATEWAY, STORE):
        forms = Forms(terms)
        headers = forms.headers(said, X_Amz_Content_Sha256=said)
        assert Reason.BODY_NOT_SIGNED == await reason(forms.verify(headers, b"hello"))
        if terms is GATEWAY:
            assert Reason.BODY_NOT_SIGNED == await reason(forms.verify(headers, b"hello", is_secure=True))
        else:
            assert (await forms.verify(headers, b"hello", is_secure=True)).caller


async def test_a_store_has_to_be_told_of_the_body_and_all_that_is_said_to_it_signed() -> None:
    forms = Forms(STORE)
    digest = sha256(b"")
    extra = forms.headers(digest, X_Amz_Content_Sha256=digest)
    extra["X-Amz-Acl"] = "public-read"

    assert Reason.HEADER_NOT_SIGNED == await reason(forms.verify(forms.headers(digest)))
    assert Reason.HEADER_NOT_SIGNED == await reason(forms.verify(extra))
    gateway = Forms(GATEWAY)
    tolerated = gateway.headers(digest)
    tolerated["X-Amz-Cf-Id"] = "added by a proxy"
    assert (await gateway.verify(tolerated)).caller


# --- chunks ----------------------------------------------------------------------------------------------------------

KEY = ChunkKey(derive_signing_key(SECRET, DAY, "eu-west-1", "s3"), INSTANT, f"{DAY}/eu-west-1/s3/aws4_request", "5eed")
NOTHING = sha256(b"")


def signed_body(*parts: bytes, trailers: dict[str, str] | None = None, key: ChunkKey = KEY) -> bytes:
    """As a client would send it."""
    last, sent = key.seed, b""
    for part in (*parts, b""):
        last = key.sign("PAYLOAD", last, NOTHING, sha256(part))
        sent += b"%x;chunk-signature=%s\r\n" % (len(part), last.encode())
        sent += part + (b"\r\n" if part or trailers is None else b"")
    if trailers is not None:
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        signature = key.sign("TRAILER", last, sha256(text.encode()))
        sent += "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode()
        sent += f"x-amz-trailer-signature:{signature}\r\n\r\n".encode()
    return sent


def unsigned_body(*parts: bytes, trailers: dict[str, str]) -> bytes:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n"
    return sent + "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"


def read(form: str, body: bytes, *, length: int, trailers: tuple[str, ...] = (), size: int = 1000) -> bytes:
    chunks = Chunks(FORMS[form], KEY, length=length, trailers=trailers)
    got = b"".join(chunks.feed(body[at : at + size]) for at in range(0, len(body), size))
    chunks.finish()
    return got


SIGNED, TRAILED, UNSIGNED = FORMS
LONG, SHORT = random.Random(1).randbytes(9000), b"the end"


def sums(data: bytes) -> dict[str, str]:
    return {
        "x-amz-checksum-crc32": b64encode(zlib.crc32(data).to_bytes(4, "big")).decode(),
        "x-amz-checksum-sha1": b64encode(hashlib.sha1(data).digest()).decode(),
        "x-amz-checksum-sha256": b64encode(hashlib.sha256(data).digest()).decode(),
        "x-amz-checksum-crc64nvme": "whatever",
    }


@pytest.mark.parametrize("size", [1, 3, 8191, 100_000])
@pytest.mark.parametrize("parts", [(), (SHORT,), (LONG, SHORT), (LONG, LONG, SHORT)])
def test_a_body_in_signed_chunks_is_given_on_as_it_is_proven(parts: tuple[bytes, ...], size: int) -> None:
    whole = b"".join(parts)

    assert whole == read(SIGNED, signed_body(*parts), length=len(whole), size=size)


@pytest.mark.parametrize("name", sums(b""))
def test_sums_after_the_chunks_are_signed_and_have_to_be_right(name: str) -> None:
    value = sums(LONG + SHORT)[name]
    for body, form in (
        (signed_body(LONG, SHORT, trailers={name: value}), TRAILED),
        (unsigned_body(LONG, SHORT, trailers={name: value}), UNSIGNED),
    ):
        for size in (1, 5000):
            assert LONG + SHORT == read(form, body, length=len(LONG + SHORT), trailers=(name,), size=size)
    for body, form in (
        (signed_body(LONG, trailers={name: value}), TRAILED),
        (unsigned_body(LONG, trailers={name: value}), UNSIGNED),
    ):
        if name != "x-amz-checksum-crc64nvme":  # nothing here computes that one
            with pytest.raises(SignatureInvalid):
                read(form, body, length=len(LONG), trailers=(name,))


def test_no_byte_of_signed_chunks_can_be_changed() -> None:
    name = "x-amz-checksum-crc32"
    body = signed_body(SHORT, trailers={name: sums(SHORT)[name]})

    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises((SignatureInvalid, SignatureIncomplete)):
            read(TRAILED, changed, length=len(SHORT), trailers=(name,))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        signed_body(SHORT)[:-1],
        signed_body(SHORT) + b"x",
        signed_body(SHORT)[: len(signed_body(SHORT)) // 2],
        signed_body(SHORT + b"!"),
        signed_body(SHORT[:-1]),
        signed_body(SHORT[:3], SHORT[3:]),
        b"7\r\nthe end\r\n0\r\n\r\n",
        b"fffffff;chunk-signature=" + b"0" * 64 + b"\r\n",
        b"-7;chunk-signature=" + b"0" * 64 + b"\r\n",
        b"x" * 600,
    ],
)
def test_what_is_no_body_in_chunks_of_this_length_is_refused(body: bytes) -> None:
    with pytest.raises((SignatureInvalid, SignatureIncomplete)):
        read(SIGNED, body, length=len(SHORT))


@pytest.mark.parametrize(
    "trailers",
    [
        {},
        {"x-amz-checksum-crc32": "a", "x-other": "b"},
        {"x-other": "b"},
    ],
)
def test_what_follows_chunks_is_what_was_said(trailers: dict[str, str]) -> None:
    for body, form in (
        (signed_body(SHORT, trailers=trailers), TRAILED),
        (unsigned_body(SHORT, trailers=trailers), UNSIGNED),
    ):
        with pytest.raises(SignatureIncomplete):
            read(form, body, length=len(SHORT), trailers=("x-amz-checksum-crc32",))


async def test_chunks_begin_with_the_signature_of_the_head() -> None:
    forms = Forms(STORE)
    headers = forms.headers(
        SIGNED, X_Amz_Content_Sha256=SIGNED, X_Amz_Decoded_Content_Length="7", Content_Encoding="aws-chunked"
    )
    seed = headers["Authorization"].rpartition("=")[2]
    body = signed_body(SHORT, key=ChunkKey(KEY.key, INSTANT, KEY.scope, seed))

    assert (await forms.verify(headers, body)).chunks is None
    chunks = (await forms.verify(headers, None)).chunks
    assert chunks is not None
    assert SHORT == chunks.feed(body)
    chunks.finish()
    with pytest.raises(SignatureInvalid):
        await forms.verify(headers, signed_body(SHORT))


@pytest.mark.parametrize(
    ("form", "more", "told"),
    [
        (SIGNED, {}, Reason.BODY_LENGTH_NOT_SAID),
        (SIGNED, {"X_Amz_Decoded_Content_Length": "many"}, Reason.BODY_LENGTH_NOT_SAID),
        (SIGNED, {"X_Amz_Decoded_Content_Length": "7", "X_Amz_Trailer": "x-a"}, Reason.CHUNK_FORM),
        (TRAILED, {"X_Amz_Decoded_Content_Length": "7"}, Reason.CHUNK_FORM),
        (TRAILED, {"X_Amz_Decoded_Content_Length": "7", "X_Amz_Trailer": "x-a, x-a"}, Reason.CHUNK_FORM),
        (UNSIGNED, {"X_Amz_Decoded_Content_Length": "7", "X_Amz_Trailer": "x-a"}, Reason.BODY_NOT_SIGNED),
    ],
)
async def test_what_is_said_of_chunks_is_said_whole(form: str, more: dict[str, str], told: Reason) -> None:
    forms = Forms(STORE)

    assert told == await reason(forms.verify(forms.headers(form, X_Amz_Content_Sha256=form, **more), None))


# --- presigned -------------------------------------------------------------------------------------------------------


def presigned(url: str = f"https://{HOST}/a?x=1", *, service: str = "execute-api", expires: int = 60) -> str:
    """Path and query."""
    request = AWSRequest(method="GET", url=url)
    signer = SigV4QueryAuth(BotoCredentials(*ROOT), service, "eu-west-1", expires=expires)
    request.context["timestamp"] = INSTANT
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    parts = urlsplit(request.url)
    return f"{parts.path}?{parts.query}"


async def get(target: str, terms: Terms = GATEWAY, **headers: str) -> Signed:
    forms = Forms(terms)
    given = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await forms.check.verify("GET", target, CIMultiDict(given), b"")


async def test_a_presigned_request_is_taken_where_the_service_takes_such() -> None:
    assert "root" == (await get(presigned())).caller.name
    with pytest.raises(SignatureMissing):
        await get(presigned(service="cognito-idp"), JSON_API)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("X-Amz-Expires=60", "X-Amz-Expires=0"), Reason.PRESIGNED_EXPIRES),
        (("X-Amz-Expires=60", "X-Amz-Expires=604801"), Reason.PRESIGNED_EXPIRES),
        (("X-Amz-Expires=60", "X-Amz-Expires=-1"), Reason.PRESIGNED_EXPIRES),
        (("X-Amz-Expires=60", "X-Amz-Expires="), Reason.PRESIGNED_LACKS),
        (("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"), Reason.PRESIGNED_TWICE),
        (("X-Amz-Expires=60", "X-Amz-Expires=60&X%2DAmz-Expires=60"), Reason.PRESIGNED_TWICE),
        (("X-Amz-Expires=60", "X-Amz-Expires=61"), Reason.SIGNATURE_WRONG),
        (("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Reason.PRESIGNED_ALGORITHM),
        (("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=x-other"), Reason.HEADER_NOT_SIGNED),
        (("x=1", "x=2"), Reason.SIGNATURE_WRONG),
        (("x=1", "x=%31&y="), Reason.SIGNATURE_WRONG),
    ],
)
async def test_a_presigned_request_that_was_changed_is_refused(change: tuple[str, str], told: Reason) -> None:
    assert told == await reason(get(presigned().replace(*change)))


async def test_a_request_is_signed_once() -> None:
    headers = Forms(GATEWAY).headers(NOTHING)

    assert Reason.SIGNED_TWICE == await reason(get(presigned(), Authorization=headers["Authorization"]))
    assert Reason.SIGNED_TWICE == await reason(
        get(
            presigned().replace("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-security-token"),
            X_Amz_Security_Token="t",
        )
    )


async def test_a_plus_sign_that_was_signed_as_one_is_not_taken_for_a_space() -> None:
    signed = presigned(f"https://{HOST}/a?x=a%2Bb")

    assert (await get(signed)).caller
    assert Reason.SIGNATURE_WRONG == await reason(get(signed.replace("a%2Bb", "a+b")))


async def test_a_query_may_be_written_otherwise_than_it_was_signed() -> None:
    signed = presigned(f"https://{HOST}/a?x=%C3%A9")

    assert (await get(signed.replace("%C3%A9", "%c3%a9"))).caller


# --- the host --------------------------------------------------------------------------------------------------------


async def test_a_host_that_a_trusted_proxy_tells_stands_in_for_that_of_the_request() -> None:
    forms = Forms(GATEWAY)
    headers = forms.headers(NOTHING)
    headers["Host"] = "inner:8080"

    assert Reason.SIGNATURE_WRONG == await reason(forms.verify(headers))
    assert Reason.SIGNATURE_WRONG == await reason(forms.verify(headers, hosts=("other.example.com",)))
    assert (await forms.verify(headers, hosts=(HOST,))).caller


# --- temporary credentials -------------------------------------------------------------------------------------------


async def test_temporary_credentials_sign_with_their_token_and_not_without() -> None:
    forms = Forms(GATEWAY)
    some = forms.world.credentials.issue(session())
    key = (some.access_key_id, some.secret)
    token = some.session_token

    signed = await forms.verify(forms.headers(NOTHING, key=key, X_Amz_Security_Token=token))
    assert some.access_key_id == signed.caller.key_id
    for headers in (
        forms.headers(NOTHING, key=key),
        forms.headers(NOTHING, X_Amz_Security_Token=token),
        forms.headers(NOTHING, key=("ASIAAAAAAAAAAAAAAAAA", some.secret), X_Amz_Security_Token=token),
    ):
        with pytest.raises(AccessKeyUnknown):
            await forms.verify(headers)
    unsigned = forms.headers(NOTHING, key=key, unsigned=("x-amz-security-token",), X_Amz_Security_Token=token)
    assert Reason.HEADER_NOT_SIGNED == await reason(forms.verify(unsigned))


async def test_who_does_not_know_the_secret_is_not_told_that_credentials_have_expired() -> None:
    forms = Forms(GATEWAY)
    some = forms.world.credentials.issue(session(expires=NOON))

    def sent(secret: str) -> CIMultiDict[str]:
        return forms.headers(NOTHING, key=(some.access_key_id, secret), X_Amz_Security_Token=some.session_token)

    with pytest.raises(CredentialsExpired):
        await forms.verify(sent(some.secret))
    assert Reason.SIGNATURE_WRONG == await reason(forms.verify(sent("guess")))
