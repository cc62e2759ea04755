"""The door to signatures: what a token is, and what is refused before a key sees it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jose.jwt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.tokens.jose import MAX_TOKEN, BadToken, HmacKey, Signer, Verifier, encoded, read
from tests.support.keys import private_key

CLAIMS = {"sub": "0a5f", "iss": "https://auth.example.com/p", "exp": 1_700_000_000, "name": "Zoë", "ok": True}


def signer() -> Signer:
    return Signer(private_key(), "kid-1")


def verifier(number: int = 0) -> Verifier:
    return Verifier(private_key(number).public_key(), "RS256")


def test_what_was_signed_is_verified_and_read() -> None:
    assert CLAIMS == verifier().verify(signer().sign(CLAIMS))


def test_the_header_says_kid_and_alg_and_nothing_else() -> None:
    assert {"kid": "kid-1", "alg": "RS256"} == jwt.get_unverified_header(signer().sign(CLAIMS))


def test_other_implementations_accept_our_tokens() -> None:
    token, public = signer().sign(CLAIMS), private_key().public_key()

    assert CLAIMS == jwt.decode(token, public, algorithms=["RS256"], options={"verify_exp": False})
    assert CLAIMS == jose.jwt.decode(token, verifier()._key, algorithms=["RS256"], options={"verify_exp": False})


def test_tokens_of_other_implementations_are_accepted() -> None:
    token = jwt.encode(CLAIMS, private_key(), algorithm="RS256", headers={"kid": "x"})

    assert CLAIMS == verifier().verify(token)


def test_a_p256_key_is_for_es256_only() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    token = jwt.encode(CLAIMS, key, algorithm="ES256")

    assert CLAIMS == Verifier(key.public_key(), "ES256").verify(token)
    with pytest.raises(TypeError):
        Verifier(key.public_key(), "RS256")
    with pytest.raises(ValueError, match="P-256"):
        Verifier(ec.generate_private_key(ec.SECP384R1()).public_key(), "ES256")


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(BadToken, match="signature is wrong"):
        verifier(1).verify(signer().sign(CLAIMS))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_changed_part_is_noticed(part: int) -> None:
    parts = signer().sign(CLAIMS).split(".")
    middle = len(parts[part]) // 2
    changed = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + changed + parts[part][middle + 1 :]

    with pytest.raises(BadToken):
        verifier().verify(".".join(parts))


def test_one_token_has_one_text() -> None:
    token = signer().sign(CLAIMS)
    assert token[-1] in "AQgw"  # 256 bytes leave four bits that mean nothing
    sibling = token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]

    with pytest.raises(BadToken, match="canonical"):
        verifier().verify(sibling)


def made(header: Any, claims: Any = b"{}") -> str:
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims, b"sig"))
    return b".".join(encoded(part) for part in parts).decode()


@pytest.mark.parametrize(
    "token",
    [
        made({"kid": "x"}),
        made({"alg": 7}),
        made({"alg": "RS256", "kid": 7}),
        made({"alg": "RS256", "kid": "x" * 2000}),
        made([]),
        made(b"no JSON"),
        made({"alg": "RS256"}, []),
        made({"alg": "RS256"}, b"\xff"),
        made({"alg": "RS256"}, b'{"a":"\xff"}'),
        made({"alg": "RS256"}, b"[" * 4000),
        made({"alg": "RS256"}, b'{"a":' * 1000),
        made({"alg": "RS256"}) + "=",
        "a.b.c",
        "A.A.A",
    ],
)
def test_what_is_not_json_of_the_expected_kind_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        read(token)


@given(
    st.one_of(
        st.text(max_size=200),
        st.text(alphabet="abAB01-_.=", max_size=200),
        st.builds(made, st.dictionaries(st.text(max_size=5), st.integers()), st.binary(max_size=40)),
        st.builds(lambda at, new: signer().sign(CLAIMS)[:at] + new, st.integers(0, 500), st.text(max_size=4)),
    )
)
def test_any_text_but_ours_is_a_bad_token(token: str) -> None:
    with pytest.raises(BadToken):
        verifier().verify(token)


def test_nothing_secret_shows_itself() -> None:
    assert "<Signer kid-1>" == repr(signer())
    assert "<Verifier RS256>" == repr(verifier())
    assert "HmacKey()" == repr(HmacKey(b"s" * 32))


def test_a_shared_secret_is_for_hs256_only() -> None:
    secret = b"s" * 32
    token = jwt.encode(CLAIMS, secret, algorithm="HS256")

    assert CLAIMS == Verifier(HmacKey(secret), "HS256").verify(token)
    with pytest.raises(BadToken, match="signature is wrong"):
        Verifier(HmacKey(b"t" * 32), "HS256").verify(token)
    for algorithm in ("RS256", "ES256", "HS384", "HS512", "none", ""):
        with pytest.raises(TypeError):
            Verifier(HmacKey(secret), algorithm)


def test_a_token_of_8_kib_is_read_and_a_character_more_is_not() -> None:
    short = made({"alg": "RS256"}, b'{"a":""}')
    bodies = (b'{"a":"' + b"x" * size + b'"}' for size in range(6070, 6140))
    tokens = {len(token): token for token in (made({"alg": "RS256"}, body) for body in bodies)}

    assert len(short) < min(tokens) < MAX_TOKEN < max(tokens)
    assert 8192 == MAX_TOKEN
    assert {True} == {length <= MAX_TOKEN for length in tokens if _is_read(tokens[length])}
    assert {True} == {length > MAX_TOKEN for length in tokens if not _is_read(tokens[length])}
    assert MAX_TOKEN in tokens or MAX_TOKEN - 1 in tokens


@pytest.mark.parametrize(("characters", "is_one"), [(1024, True), (1026, False)])
def test_a_header_of_1_kib_is_read_and_more_is_not(characters: int, is_one: bool) -> None:
    empty = len(b'{"alg":"RS256","kid":""}')
    header = b'{"alg":"RS256","kid":"' + b"x" * (characters * 3 // 4 - empty) + b'"}'
    assert characters == len(encoded(header))

    assert is_one == _is_read(made(header))


def _is_read(token: str) -> bool:
    try:
        read(token)
    except BadToken:
        return False
    return True


@pytest.mark.parametrize("size", range(1, 4))
def test_base64url_is_that_of_the_standard(size: int) -> None:
    for start in range(256):
        raw = bytes((start + 97 * place) % 256 for place in range(size))
        assert base64.urlsafe_b64encode(raw).rstrip(b"=") == encoded(raw)
