"""Every algorithm that a pool can choose: signed here, checked by others, and the other way round."""

from __future__ import annotations

import base64
import hashlib
import json

import jose.jwk
import jose.jwt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec

from poolhouse.crypto.workers import Workers
from poolhouse.records.keys import Algorithm
from poolhouse.tokens import key_forms
from poolhouse.tokens.curves import ORDER, P256Verifying
from poolhouse.tokens.jose import BadToken, Signer, SigningPrivateKey, Verifier, encoded, half_hash
from poolhouse.tokens.making import WorkersKeyMaker, new_key
from poolhouse.tokens.pool_keys import sealed_key
from tests.unit.crypto.world import NOW, POOL, vault

CLAIMS = {"sub": "0a5f", "iss": "https://auth.example.com/p", "exp": 1_700_000_000, "name": "Zoë", "ok": True}
UNTIMED = {"verify_exp": False}
EVERY = pytest.mark.parametrize("algorithm", list(Algorithm))


def made(algorithm: Algorithm) -> SigningPrivateKey:
    return key_forms.private_key(new_key(algorithm), algorithm)


def jwk(key: SigningPrivateKey, algorithm: Algorithm) -> dict[str, str]:
    return {**key_forms.members(key.public_key()), "alg": algorithm.value, "use": "sig"}


@EVERY
def test_a_stranger_verifies_our_tokens_with_the_published_key(algorithm: Algorithm) -> None:
    key = made(algorithm)
    token = Signer(key, "kid-1", algorithm).sign(CLAIMS)

    assert {"kid": "kid-1", "alg": algorithm.value} == jwt.get_unverified_header(token)
    assert CLAIMS == jwt.decode(token, jwt.PyJWK(jwk(key, algorithm)), algorithms=[algorithm], options=UNTIMED)


@pytest.mark.parametrize("algorithm", [Algorithm.RS256, Algorithm.ES256])
def test_another_stranger_does_too(algorithm: Algorithm) -> None:
    key = made(algorithm)
    token = Signer(key, "kid-1", algorithm).sign(CLAIMS)

    published = jose.jwk.construct(jwk(key, algorithm))
    assert CLAIMS == jose.jwt.decode(token, published, algorithms=[algorithm], options=UNTIMED)


@EVERY
def test_we_verify_the_tokens_of_strangers(algorithm: Algorithm) -> None:
    key = made(algorithm)
    verifier = Verifier(key.public_key(), algorithm)

    # ECDSA gives another signature each time, the higher S as often as the lower.
    for number in range(16):
        token = jwt.encode({**CLAIMS, "number": number}, key, algorithm=algorithm)
        assert {**CLAIMS, "number": number} == verifier.verify(token)


@EVERY
def test_a_key_is_the_same_after_it_was_published(algorithm: Algorithm) -> None:
    key = made(algorithm)
    published = json.loads(json.dumps(key_forms.members(key.public_key())))

    assert CLAIMS == Verifier(key_forms.public_key(published, algorithm), algorithm, ours=True).verify(
        Signer(key, "k", algorithm).sign(CLAIMS)
    )


def test_the_published_members_are_those_of_the_specifications() -> None:
    # RFC 8037 appendix A.2
    example = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert example == key_forms.members(key_forms.public_key(example, Algorithm.EDDSA))
    # RFC 7517 appendix A.1
    example = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert example == key_forms.members(key_forms.public_key(example, Algorithm.ES256))


def test_the_example_of_the_specification_of_ed25519_is_right() -> None:
    # RFC 8037 appendix A.4, whose payload is no JSON object: so the signature alone.
    public = key_forms.public_key(
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, Algorithm.EDDSA
    )
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg=="

    assert Verifier(public, "EdDSA")._key.verify(signed, base64.urlsafe_b64decode(signature))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"},
        {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed448", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"},
        {"kty": "RSA", "n": "AQAB", "e": "Aw"},
    ],
)
@EVERY
def test_what_makes_no_key_of_the_algorithm_is_none(algorithm: Algorithm, members: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        key_forms.public_key(members, algorithm)


@EVERY
def test_a_key_of_another_algorithm_is_not_sealed(algorithm: Algorithm) -> None:
    for other in Algorithm:
        # Those of RSA have keys of one kind.
        if other is not algorithm and not {other, algorithm} <= {Algorithm.RS256, Algorithm.PS256, Algorithm.RS512}:
            with pytest.raises(ValueError, match="no key for"):
                sealed_key(POOL, "id", "id.1", algorithm, new_key(other), NOW, NOW, vault())


def test_a_key_on_another_curve_signs_and_checks_nothing() -> None:
    key = generate_ec(SECP384R1())

    with pytest.raises(ValueError, match="P-256"):
        Signer(key, "k", "ES256")
    with pytest.raises(ValueError, match="P-256"):
        Verifier(key.public_key(), "ES256")


@EVERY
async def test_made_keys_are_of_the_algorithm_and_never_the_same(algorithm: Algorithm) -> None:
    workers = Workers(threads=1)
    maker = WorkersKeyMaker(workers)
    keys = [await maker.make(algorithm) for _ in range(2)]
    await workers.close()

    records = [sealed_key(POOL, "id", "id.1", algorithm, private, NOW, NOW, vault()) for private in keys]

    assert 2 == len({record.kid for record in records})
    assert [algorithm.value] * 2 == [record.algorithm for record in records]


def test_an_es256_signature_of_ours_has_one_form() -> None:
    key = made(Algorithm.ES256)
    assert isinstance(key, EllipticCurvePrivateKey)
    signer, ours = Signer(key, "k", "ES256"), Verifier(key.public_key(), "ES256", ours=True)

    for number in range(16):
        token = signer.sign({"number": number})
        head, _, tail = token.rpartition(".")
        raw = base64.urlsafe_b64decode(tail + "==")
        assert 64 == len(raw)
        other = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
        sibling = f"{head}.{encoded(other).decode()}"

        assert {"number": number} == ours.verify(token) == Verifier(key.public_key(), "ES256").verify(sibling)
        with pytest.raises(BadToken, match="signature is wrong"):
            ours.verify(sibling)


def signed_as(s: int, message: bytes) -> tuple[EllipticCurvePublicKey, bytes]:
    """A right signature with this S, and the key that makes it so: the point is the curve's own, which k = 1 gives."""
    r = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
    z = int.from_bytes(hashlib.sha256(message).digest(), "big")
    key = derive_private_key((s - z) * pow(r, -1, ORDER) % ORDER, SECP256R1())
    return key.public_key(), r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("s", "ours", "strangers"),
    [
        (1, True, True),
        (ORDER // 2, True, True),
        (ORDER // 2 + 1, False, True),
        (ORDER - 1, False, True),
        (ORDER + 1, False, False),
    ],
)
def test_the_lower_half_of_the_order_is_for_ours_and_all_of_it_for_strangers(
    s: int, ours: bool, strangers: bool
) -> None:
    public, signature = signed_as(s, b"a message")

    assert ours is P256Verifying(public, one_form=True).verify(b"a message", signature)
    assert strangers is P256Verifying(public, one_form=False).verify(b"a message", signature)


@pytest.mark.parametrize("one_form", [True, False])
@pytest.mark.parametrize("r", [0, 1, ORDER, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER, 2**256 - 1])
def test_numbers_that_no_signature_has_are_wrong_for_any_key_and_message(r: int, s: int, one_form: bool) -> None:
    key = made(Algorithm.ES256)
    assert isinstance(key, EllipticCurvePrivateKey)
    verifying = P256Verifying(key.public_key(), one_form=one_form)

    for message in (b"", b"a message"):
        assert not verifying.verify(message, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@EVERY
def test_a_changed_part_is_noticed(algorithm: Algorithm) -> None:
    key = made(algorithm)
    parts = Signer(key, "k", algorithm).sign(CLAIMS).split(".")
    for part in range(3):
        middle = len(parts[part]) // 2
        changed = "A" if parts[part][middle] != "A" else "B"
        forged = [*parts]
        forged[part] = parts[part][:middle] + changed + parts[part][middle + 1 :]
        with pytest.raises(BadToken):
            Verifier(key.public_key(), algorithm).verify(".".join(forged))


def test_what_a_token_vouches_for_is_hashed_by_the_hash_of_its_signature() -> None:
    text = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    by = {algorithm: jose_half(algorithm, text) for algorithm in ("RS256", "RS512", "EdDSA")}

    assert by == {algorithm: half_hash(algorithm, text) for algorithm in by}
    assert by["RS512"] == by["EdDSA"] != by["RS256"]


def jose_half(algorithm: str, text: str) -> str:
    """OpenID Connect Core 1.0 section 3.1.3.6, in other words."""
    digest = (hashlib.sha256 if algorithm == "RS256" else hashlib.sha512)(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
