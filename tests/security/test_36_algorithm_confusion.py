"""Security row 36: the algorithm belongs to the key, and HMAC keys and public keys are different types."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from poolhouse.errors import InvalidAccessToken
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.jose import BadToken, HmacKey, Signer, Verifier
from poolhouse.tokens.keys import KeyRing
from tests.support.keys import private_key
from tests.unit.crypto.world import BASE_URL, POOL, FakeClock, KeptKeys, vault


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_token(secret: bytes, algorithm: str = "HS256", kid: str = "k", iss: str = f"{BASE_URL}/{POOL}") -> str:
    header = encode(json.dumps({"kid": kid, "alg": algorithm}).encode())
    signed = f"{header}.{encode(json.dumps({'iss': iss, 'sub': 'admin'}).encode())}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def spellings(public: RSAPublicKey) -> list[bytes]:
    """What an attacker may take for the shared secret: the public key in every usual spelling."""
    return [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        public.public_numbers().n.to_bytes(256, "big"),
    ]


def test_a_token_made_with_the_public_key_as_shared_secret_is_refused() -> None:
    public = private_key().public_key()

    for secret in spellings(public):
        for algorithm in ("HS256", "RS256", "hs256", "RS256 "):
            with pytest.raises(BadToken):
                Verifier(public, "RS256").verify(hmac_token(secret, algorithm))


async def test_the_same_holds_for_the_key_ring_with_a_real_kid_and_issuer() -> None:
    keys = KeptKeys()
    ring = KeyRing(BASE_URL, keys, vault(), PremadeKeys(), FakeClock())
    await ring.make_keys(POOL)
    kid = keys.kept[POOL, "access.1"].kid

    for number in range(2):
        public = private_key(number).public_key()
        assert isinstance(public, RSAPublicKey)
        for secret in spellings(public):
            for algorithm in ("HS256", "RS256", "none"):
                with pytest.raises(InvalidAccessToken):
                    await ring.verify(hmac_token(secret, algorithm, kid), "access")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "ES256", "HS256", "none", "", "rs256"])
def test_a_verifier_for_one_algorithm_refuses_a_header_that_names_another(algorithm: str) -> None:
    token = Signer(private_key(), "k").sign({"sub": "x"})
    _, body, tail = token.split(".")
    header = encode(json.dumps({"kid": "k", "alg": algorithm}).encode())

    with pytest.raises(BadToken, match="algorithm"):
        Verifier(private_key().public_key(), "RS256").verify(f"{header}.{body}.{tail}")


def test_a_key_cannot_be_given_to_an_algorithm_of_another_kind() -> None:
    public = private_key().public_key()
    wrong: list[tuple[object, str]] = [
        (public, "HS256"),
        (public, "ES256"),
        (public, "none"),
        (public, "RS512"),
        (HmacKey(b"s" * 32), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()).public_key(), "RS256"),
        (spellings(public)[0], "RS256"),
        (spellings(public)[0], "HS256"),
        (spellings(public)[0].decode(), "RS256"),
        (private_key(), "RS256"),
        (b"s" * 32, "HS256"),
        (None, "RS256"),
    ]

    for key, algorithm in wrong:
        with pytest.raises(TypeError):
            Verifier(key, algorithm)  # type: ignore[arg-type]


def test_only_an_rsa_private_key_signs() -> None:
    keys: list[object] = [
        private_key().public_key(),
        ec.generate_private_key(ec.SECP256R1()),
        dsa.generate_private_key(1024),
        b"s" * 32,
    ]

    for key in keys:
        with pytest.raises(TypeError):
            Signer(key, "k")  # type: ignore[arg-type]


def test_a_short_rsa_key_is_refused_on_both_sides() -> None:
    short = rsa.generate_private_key(65537, 1024)

    with pytest.raises(ValueError, match="2048"):
        Signer(short, "k")
    with pytest.raises(ValueError, match="2048"):
        Verifier(short.public_key(), "RS256")
