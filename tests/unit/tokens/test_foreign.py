"""Tokens of other issuers: which key of a set checks them, and by which algorithm."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP256R1, SECP384R1, SECP521R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from poolhouse.tokens.foreign import ForeignKeySet, JoseForeignTokens
from poolhouse.tokens.jose import MAX_FOREIGN_TOKEN, BadToken, Signer

CLAIMS = {"iss": "https://login.example.org", "sub": "jane", "exp": 1}
RSA = new_rsa(65537, 2048)
OTHER = new_rsa(65537, 2048)
EC = {"ES256": new_ec(SECP256R1()), "ES384": new_ec(SECP384R1()), "ES512": new_ec(SECP521R1())}
TOKENS = JoseForeignTokens()


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    algorithm = RSAAlgorithm if hasattr(key, "decrypt") else ECAlgorithm
    made = algorithm.to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return {**made, "kid": "k", **more}


def keys(*found: Any, declared: tuple[str, ...] = ()) -> ForeignKeySet:
    return ForeignKeySet(json.dumps({"keys": list(found)}).encode(), declared)


def token(key: Any, algorithm: str, kid: str | None = "k") -> str:
    return jwt.encode(CLAIMS, key, algorithm=algorithm, headers={"kid": kid} if kid is not None else {})


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
def test_what_the_field_takes_is_taken(algorithm: str) -> None:
    key = EC.get(algorithm, RSA)
    made = TOKENS.read(token(key, algorithm))

    assert CLAIMS == made.claims
    assert True is keys(jwk(key, alg=algorithm)).check(made)
    assert True is keys(jwk(key), declared=(algorithm,)).check(made)
    assert False is keys(jwk(key, alg=algorithm)).check(TOKENS.read(token(key, algorithm)[:-8] + "AAAAAAAA"))


@pytest.mark.parametrize("algorithm", ["PS256", "PS512"])
def test_other_algorithms_are_not(algorithm: str) -> None:
    assert None is keys(jwk(RSA, alg=algorithm)).check(TOKENS.read(token(RSA, algorithm)))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512"])
def test_a_key_is_for_the_algorithm_that_it_says(algorithm: str) -> None:
    made = TOKENS.read(token(RSA, algorithm))

    assert None is keys(jwk(RSA, alg="RS256")).check(made)
    assert None is keys(jwk(RSA, alg="RS256"), declared=(algorithm,)).check(made)


def test_a_key_that_says_nothing_is_for_rs256_unless_its_issuer_declares_another() -> None:
    by_256, by_512 = TOKENS.read(token(RSA, "RS256")), TOKENS.read(token(RSA, "RS512"))

    assert (True, None) == (keys(jwk(RSA)).check(by_256), keys(jwk(RSA)).check(by_512))
    declared = keys(jwk(RSA), declared=("RS512", "HS256", "none"))
    assert (None, True) == (declared.check(by_256), declared.check(by_512))


def test_a_public_key_is_no_shared_secret() -> None:
    pem = jwk(RSA)["n"].encode()
    made = TOKENS.read(jwt.encode(CLAIMS, pem, algorithm="HS256", headers={"kid": "k"}))

    assert None is keys(jwk(RSA)).check(made)
    assert None is keys(jwk(RSA, alg="HS256"), declared=("HS256",)).check(made)


@pytest.mark.parametrize(
    "odd",
    [
        jwk(new_rsa(65537, 1024)),
        jwk(RSA, use="enc"),
        jwk(RSA, key_ops=["encrypt"]),
        jwk(RSA, key_ops="verify"),
        jwk(RSA, d="AQAB"),
        {"kty": "oct", "k": "AAAA", "kid": "k", "alg": "HS256"},
        jwk(new_ec(SECP256K1())),
        jwk(EC["ES256"], alg="ES384"),
        jwk(EC["ES256"], crv="P-384"),
        {"kty": "RSA", "kid": "k"},
        jwk(RSA, n="!" * 400),
        jwk(RSA, n="A" * 100_000),
        jwk(RSA, e="AA"),
        jwk(RSA, n=5),
        jwk(RSA, alg=["RS256"]),
        "k",
        None,
        5,
    ],
    # The keys are made for each process; their text would name the tests differently in each.
    ids=[f"odd-{number}" for number in range(18)],
)
def test_what_is_no_key_to_check_with_is_left_out_and_hides_no_other(odd: Any) -> None:
    made = TOKENS.read(token(RSA, "RS256", "good"))

    found = keys(odd, jwk(RSA, kid="good"))

    assert (1, True) == (len(found), found.check(made))


def test_a_token_without_a_name_is_checked_where_one_key_fits() -> None:
    made = TOKENS.read(token(RSA, "RS256", None))

    assert True is keys(jwk(RSA, kid="a"), jwk(EC["ES256"], kid="b")).check(made)
    assert None is keys(jwk(RSA, kid="a"), jwk(OTHER, kid="b")).check(made)


def test_two_keys_of_one_name_are_none() -> None:
    assert None is keys(jwk(RSA), jwk(OTHER)).check(TOKENS.read(token(RSA, "RS256")))


def test_a_key_without_a_name_is_not_that_of_a_name() -> None:
    unnamed = {name: value for name, value in jwk(RSA).items() if name != "kid"}

    assert None is keys(unnamed).check(TOKENS.read(token(RSA, "RS256", "k")))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":1}', b"\xff", b"[" * 10_000])
def test_what_is_no_key_set_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="key set"):
        ForeignKeySet(body)


def test_a_key_set_has_bounds() -> None:
    with pytest.raises(ValueError, match="too many"):
        keys(*([jwk(RSA)] * 101))
    with pytest.raises(ValueError, match="too large"):
        ForeignKeySet(json.dumps({"keys": [], "x": "x" * 300_000}).encode())


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit"])
def test_a_token_brings_no_key_and_makes_no_demand(name: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(jwt.encode(CLAIMS, RSA, algorithm="RS256", headers={"kid": "k", name: ["x"]}))


def test_tokens_of_others_may_be_longer_than_ours_and_have_an_end() -> None:
    def of(size: int) -> str:
        return Signer(RSA, "k").sign({**CLAIMS, "groups": "x" * size})

    assert TOKENS.read(of(9000)).claims["groups"]
    with pytest.raises(BadToken):
        TOKENS.read(of(MAX_FOREIGN_TOKEN))


@pytest.mark.parametrize(
    "flip", [lambda s: b"\0" * len(s), lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\xff" * len(s)]
)
@pytest.mark.parametrize("algorithm", ["ES384", "ES512"])
def test_a_signature_on_a_larger_curve_has_one_length(algorithm: str, flip: Callable[[bytes], bytes]) -> None:
    head, body, tail = token(EC[algorithm], algorithm).split(".")
    signature = base64.urlsafe_b64decode(tail + "==")
    spoilt = base64.urlsafe_b64encode(flip(signature)).rstrip(b"=").decode()

    assert False is keys(jwk(EC[algorithm])).check(TOKENS.read(f"{head}.{body}.{spoilt}"))


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
MEMBERS = st.sampled_from(["kty", "n", "e", "crv", "x", "y", "alg", "use", "key_ops", "kid", "d", "k"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(MEMBERS, VALUES) | VALUES, max_size=4))
def test_rubbish_in_a_key_set_is_left_out(odd: list[Any]) -> None:
    found = keys(
        *odd, *({**jwk(RSA, kid=f"mixed-{n}"), **each} for n, each in enumerate(odd) if isinstance(each, dict))
    )

    assert found.check(TOKENS.read(token(OTHER, "RS256"))) is not True
