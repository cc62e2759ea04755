"""Signatures that others computed: requests, their canonical texts and signatures, of every form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest
from multidict import CIMultiDict

from poolhouse.errors import CallerRefused, SignatureInvalid
from poolhouse.flows.access.callers import Caller, KnownKey
from poolhouse.flows.access.policies import EVERYTHING
from poolhouse.flows.access.signatures import GATEWAY, JSON_API, QUERY_API, STORE, Signatures, Terms
from poolhouse.flows.access.signatures_canonical import canonical_requests, derive_signing_key
from poolhouse.flows.access.signatures_chunks import FORMS, ChunkKey, Chunks
from tests.support.temporary import session

KEY_ID, SECRET, TOKEN = "ASIAEXAMPLEKEY000001", b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "SESSION/TOKEN+1=="
INSTANT, NOW = "20260102T030405Z", 1767323045.0


class OneKey:
    """Knows the key of the vectors."""

    refusals = None

    async def find(self, key_id: str, token: str | None = None) -> KnownKey | None:
        if (key_id, token) != (KEY_ID, TOKEN):
            return None
        return KnownKey(Caller(KEY_ID, "one", "arn:one", EVERYTHING, session()), SECRET)

    async def admit(self, key: KnownKey) -> Caller:
        return key.caller


@dataclass
class Vector:
    method: str
    target: str
    host: str
    scope: str
    signed: str
    digest: str
    signature: str
    terms: Terms
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    payload: str | None = None
    is_presigned: bool = False

    @property
    def service(self) -> str:
        return self.scope.split("/")[1]

    def sent(self) -> CIMultiDict[str]:
        if self.is_presigned:
            return CIMultiDict({"Host": self.host})
        credential = f"{KEY_ID}/20260102/{self.scope}/aws4_request"
        authorization = (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={self.signed}, Signature={self.signature}"
        )
        return CIMultiDict(
            {
                "Host": self.host,
                "X-Amz-Date": INSTANT,
                "X-Amz-Security-Token": TOKEN,
                **self.headers,
                "Authorization": authorization,
            }
        )

    def whole_target(self) -> str:
        if not self.is_presigned:
            return self.target
        return (
            f"{self.target}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY_ID}%2F20260102%2F"
            f"{self.scope.replace('/', '%2F')}%2Faws4_request&X-Amz-Date={INSTANT}&X-Amz-Expires=300"
            f"&X-Amz-SignedHeaders={self.signed}&X-Amz-Security-Token=SESSION%2FTOKEN%2B1%3D%3D"
            f"&X-Amz-Signature={self.signature}"
        )


IDS = "identitypools/us-east-1%3A11111111-2222-3333-4444-555555555555/identities/us-east-1%3Aaaaaaaaa-2222-3333-4444-"
VECTORS = {
    "1 rest": Vector(
        "GET",
        f"/{IDS}555555555555/datasets/a.b%3Ac/records?maxResults=10&lastSyncCount=3&syncSessionToken=x%2Fy%3D%2B",
        "sync.example.test",
        "us-east-1/cognito-sync",
        "host;x-amz-date;x-amz-security-token",
        "cb8d53b23598d80e4a5f36801d2a58306381c07c111b5978b022ba7e1f7bbb32",
        "bb4a3e0c3da6095832b62beff989d3f6c72420bb692f1299f1c2c46653fd80d9",
        QUERY_API,
    ),
    "2 json": Vector(
        "POST",
        "/",
        "id.example.test",
        "us-east-1/cognito-identity",
        "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
        "bc599468c1ed82361c2283a12a3f381b1c54aa62ad5898ca5245b541e2623396",
        "dd9b3b9ac57ea4e7da20deba96fe500952199875ffba1f885f2273ca395659f5",
        JSON_API,
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityService.ListIdentityPools",
        },
        b'{"MaxResults": 10}',
    ),
    "3 presigned": Vector(
        "GET",
        "/prod/items/a%20b?z=1&a=two%20words",
        "api.example.test",
        "eu-west-1/execute-api",
        "host",
        "607d614c069d4f8f156d15921caafeb4a3a91803fa6fa43e4b6edd1ddda56a39",
        "03fae9e1335dbe59d11e05e0d6d09acdc9b88fd42d0c2e898dac479613ba062e",
        GATEWAY,
        is_presigned=True,
    ),
    "4 store": Vector(
        "PUT",
        "/bucket/us-east-1%3Aaaaa/a%20b~c//d",
        "s3.example.test",
        "us-east-1/s3",
        "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token",
        "26b5c8f9ce3f1a2f0e4d67eae7a0206e2d18de635bc56fd54974fe1d3069b377",
        "67d1ce30cfeaeeeb73c8dccf804bfd8cd05d5a5ddc8d5d1933f2bf8db177f5c5",
        STORE,
        {"Content-Type": "text/plain", "X-Amz-Content-Sha256": hashlib.sha256(b"hello").hexdigest()},
        b"hello",
        hashlib.sha256(b"hello").hexdigest(),
    ),
    "5 chunks": Vector(
        "PUT",
        "/bucket/obj",
        "s3.example.test",
        "us-east-1/s3",
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-security-token",
        "04ab558cbe9ac65a0f9a7ec482a417a554b0f934db01f189382592f451ecae22",
        "40794e2bfc513950493c0fa1dde4ff839700b26e66c0cf9f901951a1350dc197",
        STORE,
        {
            "Content-Encoding": "aws-chunked",
            "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "X-Amz-Decoded-Content-Length": "5",
        },
        b"5;chunk-signature=fb3815ad0d92e69a5f9ce2c10b8d122beb16c6182009822fafa45a2bb1e6f82f\r\nhello\r\n"
        b"0;chunk-signature=b8b2c8f353362487b204784cdd7f574a8767316cbe0e115e3f638dc4adb5f533\r\n\r\n",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    ),
}


def verifier(vector: Vector, now: float = NOW) -> Signatures:
    return Signatures(OneKey(), service=vector.service, now=lambda: now, terms=vector.terms)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", VECTORS)
def test_the_canonical_text_is_the_published_one(name: str) -> None:
    vector = VECTORS[name]

    texts = canonical_requests(
        vector.method,
        vector.whole_target(),
        vector.sent(),
        vector.signed.split(";"),
        vector.payload or hashlib.sha256(vector.body).hexdigest(),
        keeps_path=vector.terms.is_store,
    )

    assert vector.digest in {hashlib.sha256(text).hexdigest() for text in texts}


@pytest.mark.parametrize("name", VECTORS)
async def test_the_published_signature_is_right(name: str) -> None:
    vector = VECTORS[name]

    signed = await verifier(vector).verify(vector.method, vector.whole_target(), vector.sent(), vector.body)

    assert (KEY_ID, vector.scope.split("/")[0]) == (signed.caller.key_id, signed.region)


@pytest.mark.parametrize("name", VECTORS)
async def test_no_byte_of_it_can_be_changed(name: str) -> None:
    vector, passed = VECTORS[name], []
    check = verifier(vector)
    target, headers = vector.whole_target(), vector.sent()
    changed: list[tuple[str, str, CIMultiDict[str], bytes]] = [
        (vector.method.lower(), target, headers, vector.body),
        ("DELETE", target, headers, vector.body),
        (vector.method, f"{target}{'&' if '?' in target else '?'}x=1", headers, vector.body),
        (vector.method, target, headers, vector.body + b"x"),
    ]
    for at, letter in enumerate(target[1:], 1):
        changed.append((vector.method, target[:at] + chr(ord(letter) ^ 1) + target[at + 1 :], headers, vector.body))
    for header in headers:
        for at, letter in enumerate(headers[header]):
            text = headers[header][:at] + chr(ord(letter) ^ 1) + headers[header][at + 1 :]
            changed.append((vector.method, target, CIMultiDict({**headers, header: text}), vector.body))
    for at in range(len(vector.body)):
        body = vector.body[:at] + bytes([vector.body[at] ^ 1]) + vector.body[at + 1 :]
        changed.append((vector.method, target, headers, body))

    for request in changed:
        try:
            await check.verify(*request)
            passed.append(request)
        except CallerRefused:
            pass

    assert not passed


@pytest.mark.parametrize("size", [1, 2, 7, 80, 1000])
def test_chunks_are_proven_however_they_are_cut(size: int) -> None:
    vector = VECTORS["5 chunks"]
    chunks = chunks_of(vector)

    got = [chunks.feed(vector.body[at : at + size]) for at in range(0, len(vector.body), size)]
    chunks.finish()

    assert b"hello" == b"".join(got)


def chunks_of(vector: Vector) -> Chunks:
    key = derive_signing_key(SECRET, "20260102", "us-east-1", "s3")
    scope = f"20260102/{vector.scope}/aws4_request"
    form = FORMS["STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]
    return Chunks(form, ChunkKey(key, INSTANT, scope, vector.signature), length=5)


@pytest.mark.parametrize(("offset", "fits"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
async def test_a_presigned_request_is_good_as_long_as_it_says(offset: float, *, fits: bool) -> None:
    vector = VECTORS["3 presigned"]
    check = verifier(vector, NOW + offset)

    if fits:
        assert (await check.verify("GET", vector.whole_target(), vector.sent(), b"")).caller
    else:
        with pytest.raises(SignatureInvalid):
            await check.verify("GET", vector.whole_target(), vector.sent(), b"")


@pytest.mark.parametrize(("offset", "fits"), [(900, True), (901, False), (-900, True), (-901, False)])
async def test_a_store_knows_slower_clocks(offset: float, *, fits: bool) -> None:
    vector = VECTORS["4 store"]
    check = verifier(vector, NOW + offset)

    if fits:
        assert (await check.verify("PUT", vector.target, vector.sent(), b"hello")).caller
    else:
        with pytest.raises(SignatureInvalid):
            await check.verify("PUT", vector.target, vector.sent(), b"hello")
