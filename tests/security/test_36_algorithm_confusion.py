"""Security row 36: the algorithm belongs to the key, and HMAC keys and public keys are different types."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from itertools import permutations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from poolhouse.errors import InvalidAccessToken
from poolhouse.records.keys import Algorithm
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens import key_forms
from poolhouse.tokens.curves import ORDER
from poolhouse.tokens.jose import BadToken, HmacKey, Signer, SigningPrivateKey, Verifier
from poolhouse.tokens.keys import KeyRing
from poolhouse.tokens.making import new_key
from tests.support.keys import private_key
from tests.unit.crypto.world import BASE_URL, POOL, FakeClock, KeptKeys, vault

RSA = {"RS256", "RS512", "PS256"}
"""Ways to sign with keys of one kind: here the record of a key says which is its own."""


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
        (public, "ES512"),
        (public, "RS1"),
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


# --- three kinds of keys, and every way to take one for another ----------------------------------------------------


def made(algorithm: Algorithm) -> SigningPrivateKey:
    return key_forms.private_key(new_key(algorithm), algorithm)


def relabelled(token: str, algorithm: str) -> str:
    _, body, tail = token.split(".")
    return f"{encode(json.dumps({'kid': 'k', 'alg': algorithm}).encode())}.{body}.{tail}"


def bytes_of(public: Any) -> list[bytes]:
    """The public key in the spellings of an attacker."""
    info = PublicFormat.SubjectPublicKeyInfo
    found = [public.public_bytes(Encoding.PEM, info), public.public_bytes(Encoding.DER, info)]
    found.append(json.dumps(key_forms.members(public)).encode())
    if isinstance(public, ec.EllipticCurvePublicKey):
        found.append(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        found.append(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    if isinstance(public, ed25519.Ed25519PublicKey):
        found.append(public.public_bytes_raw())
    return found


NAMES = [*Algorithm, "HS256", "none", "None", "", "RS512", "PS256", "ES384", "ES256K", "Ed25519", "Ed448", "eddsa"]
CURVES = [Algorithm.ES256, Algorithm.EDDSA]


@pytest.mark.parametrize("signed_by", list(Algorithm))
@pytest.mark.parametrize("checked_by", list(Algorithm))
def test_a_token_of_one_algorithm_is_refused_by_a_key_of_another_whatever_it_says(
    signed_by: Algorithm, checked_by: Algorithm
) -> None:
    token = Signer(made(signed_by), "k", signed_by).sign({"sub": "admin"})

    for name in NAMES:
        with pytest.raises(BadToken):
            Verifier(made(checked_by).public_key(), checked_by).verify(relabelled(token, name))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_right_signature_under_another_name_is_refused(algorithm: Algorithm) -> None:
    key = made(algorithm)
    token = Signer(key, "k", algorithm).sign({"sub": "x"})

    for name in NAMES:
        if name != algorithm:
            with pytest.raises(BadToken, match="algorithm"):
                Verifier(key.public_key(), algorithm).verify(relabelled(token, name))


@pytest.mark.parametrize("algorithm", CURVES)
def test_the_public_key_is_no_shared_secret(algorithm: Algorithm) -> None:
    public = made(algorithm).public_key()

    for secret in bytes_of(public):
        for name in ("HS256", "none", algorithm.value):
            with pytest.raises(BadToken):
                Verifier(public, algorithm).verify(hmac_token(secret, name))


@pytest.mark.parametrize("algorithm", CURVES)
async def test_a_pool_that_chose_another_algorithm_keeps_to_it(algorithm: Algorithm) -> None:
    keys, clock = KeptKeys(), FakeClock()
    ring = KeyRing(BASE_URL, keys, vault(), PremadeKeys(), clock)
    await ring.make_keys(POOL)
    await ring.rotate(POOL, 3600, algorithm)
    clock.time += 300
    claims = {"iss": f"{BASE_URL}/{POOL}", "sub": "admin"}
    assert claims == await ring.verify(await ring.sign(POOL, "access", claims), "access")
    record = keys.kept[POOL, "access.2"]
    public = key_forms.public_key(record.public, algorithm)
    head, body, _ = (await ring.sign(POOL, "access", claims)).split(".")
    forged = [hmac_token(secret, name, record.kid) for secret in bytes_of(public) for name in NAMES]
    # A key of the attacker's for every algorithm, under the name of the pool's.
    for mine in Algorithm:
        token = Signer(made(mine), record.kid, mine).sign(claims)
        forged += [token, f"{head}.{body}.{token.split('.')[2]}"]
    # The old key's signature under the name of the new one, and the other way round.
    old = Signer(private_key(1), record.kid).sign(claims)
    forged += [old, f"{head}.{body}.{old.split('.')[2]}"]

    for token in forged:
        with pytest.raises(InvalidAccessToken):
            await ring.verify(token, "access")


def test_a_key_goes_with_its_own_algorithm_only() -> None:
    for algorithm in Algorithm:
        key = made(algorithm)
        for name in NAMES:
            if name != algorithm and not {name, algorithm} <= RSA:
                # Of another kind, or on another curve.
                with pytest.raises((TypeError, ValueError)):
                    Verifier(key.public_key(), name)
                with pytest.raises(TypeError):
                    Signer(key, "k", name)


def test_an_rsa_key_of_one_padding_or_hash_checks_no_signature_by_another() -> None:
    key = private_key(1)
    for mine, other in permutations(sorted(RSA), 2):
        token = Signer(key, "k", mine).sign({"sub": "jane"})
        assert Verifier(key.public_key(), mine).verify(token)
        with pytest.raises(BadToken):
            Verifier(key.public_key(), other).verify(token)
        head = encode(json.dumps({"kid": "k", "alg": other}).encode())
        with pytest.raises(BadToken):
            Verifier(key.public_key(), other).verify(f"{head}.{token.partition('.')[2]}")


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 222])
def test_a_salt_of_another_length_is_wrong(salt: int) -> None:
    key = private_key(1)
    head = encode(json.dumps({"kid": "k", "alg": "PS256"}).encode())
    signed = f"{head}.{encode(b'{}')}"
    padding = PSS(mgf=MGF1(SHA256()), salt_length=salt)
    signature = key.sign(signed.encode(), padding, SHA256())

    with pytest.raises(BadToken):
        Verifier(key.public_key(), "PS256").verify(f"{signed}.{encode(signature)}")


def test_keys_of_neighbouring_curves_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP256K1()), ec.generate_private_key(ec.SECP521R1())):
        with pytest.raises(ValueError, match="P-256"):
            Verifier(key.public_key(), "ES256")
    strangers: list[Any] = [ed448.Ed448PrivateKey.generate(), x25519.X25519PrivateKey.generate()]
    for key in strangers:
        with pytest.raises(TypeError):
            Verifier(key.public_key(), "EdDSA")
        with pytest.raises(TypeError):
            Signer(key, "k", "EdDSA")


# --- signatures that fit more than one message, or have more than one form ------------------------------------------


def raw_signature(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[2] + "==")


def with_signature(token: str, signature: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{encode(signature)}"


@pytest.mark.parametrize("algorithm", CURVES)
def test_cut_stretched_and_empty_signatures_are_refused(algorithm: Algorithm) -> None:
    key = made(algorithm)
    token = Signer(key, "k", algorithm).sign({"sub": "x"})
    right = raw_signature(token)

    forms = [right[:length] for length in (1, 31, 32, 33, 63)]
    forms += [right[1:], right + b"\0", b"\0" + right, right + right, right[32:] + right[:32], bytes(64), b"\xff" * 64]
    # 32 and 31 bytes, as a writer of numbers who forgets their width would have it
    forms += [right[:32].lstrip(b"\0")[:31] + right[32:]]
    for form in forms:
        for ours in (False, True):
            with pytest.raises(BadToken):
                Verifier(key.public_key(), algorithm, ours=ours).verify(with_signature(token, form))


def test_numbers_out_of_range_are_refused_by_es256() -> None:
    # CVE-2022-21449: zeros fitted every message.
    key = made(Algorithm.ES256)
    token = Signer(key, "k", "ES256").sign({"sub": "x"})
    right = raw_signature(token)
    r, s = int.from_bytes(right[:32], "big"), int.from_bytes(right[32:], "big")

    for pair in [(0, 0), (0, s), (r, 0), (ORDER, s), (r, ORDER), (r + ORDER, s), (r, s + ORDER), (1, 1), (s, r)]:
        if max(pair) < 2**256:
            forged = with_signature(token, b"".join(number.to_bytes(32, "big") for number in pair))
            with pytest.raises(BadToken):
                Verifier(key.public_key(), "ES256").verify(forged)


def test_a_signature_in_der_is_refused_by_es256() -> None:
    key = made(Algorithm.ES256)
    token = Signer(key, "k", "ES256").sign({"sub": "x"})
    right = raw_signature(token)
    der = encode_dss_signature(int.from_bytes(right[:32], "big"), int.from_bytes(right[32:], "big"))

    with pytest.raises(BadToken):
        Verifier(key.public_key(), "ES256").verify(with_signature(token, der))


ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME


def test_the_second_form_of_an_ed25519_signature_is_refused() -> None:
    key = made(Algorithm.EDDSA)
    token = Signer(key, "k", "EdDSA").sign({"sub": "x"})
    right = raw_signature(token)
    s = int.from_bytes(right[32:], "little")

    for added in range(1, 16):
        other = right[:32] + (s + added * ED25519_ORDER).to_bytes(33, "little")[:32]
        with pytest.raises(BadToken):
            Verifier(key.public_key(), "EdDSA").verify(with_signature(token, other))


def added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """RFC 8032 section 5.1.4, in the coordinates of the curve."""
    (x, y), (v, w) = one, other
    t = D * x * v * y * w
    return (
        (x * w + y * v) * pow(1 + t, -1, PRIME) % PRIME,
        (y * w + x * v) * pow(1 - t, -1, PRIME) % PRIME,
    )


def low_order_points() -> set[tuple[int, int]]:
    """The eight points whose order divides eight: the multiples of one of order eight."""
    # What is left of any point, once the large order is multiplied away, has a small one.
    for y in range(2, 200):
        square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
        x = pow(square, (PRIME + 3) // 8, PRIME)
        if (x * x - square) % PRIME:
            x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
        if (x * x - square) % PRIME:
            continue
        left, power = (0, 1), (x, y)
        for bit in bin(ED25519_ORDER)[:1:-1]:
            left = added(left, power) if bit == "1" else left
            power = added(power, power)
        found = {left}
        point = left
        while (point := added(point, left)) != left:
            found.add(point)
        if len(found) == 8:
            return found
    raise AssertionError("no point of order eight")


def test_points_of_low_order_are_no_ed25519_keys() -> None:
    encodings = set()
    for _, y in low_order_points():
        for written in (y, y + PRIME):
            if written < 2**255:
                encodings |= {(written | sign << 255).to_bytes(32, "little") for sign in (0, 1)}
    assert 14 == len(encodings)

    for raw in encodings:
        with pytest.raises(ValueError, match="no Ed25519 key"):
            Verifier(ed25519.Ed25519PublicKey.from_public_bytes(raw), "EdDSA")


def test_a_key_that_is_written_in_a_second_form_is_refused() -> None:
    for number in range(PRIME, 2**255):
        with pytest.raises(ValueError, match="no Ed25519 key"):
            Verifier(ed25519.Ed25519PublicKey.from_public_bytes(number.to_bytes(32, "little")), "EdDSA")
