"""Security row 38: no key is taken from a token, and no demand of a token is followed."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from poolhouse.errors import InvalidAccessToken
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.jose import BadToken, Verifier
from poolhouse.tokens.keys import KeyRing
from tests.support.keys import private_key
from tests.unit.crypto.world import BASE_URL, POOL, FakeClock, KeptKeys, vault


def own_jwk() -> dict[str, Any]:
    jwk: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(5).public_key(), as_dict=True)
    return jwk


CLAIMS = {"iss": f"{BASE_URL}/{POOL}", "sub": "admin"}
HEADERS: list[dict[str, Any]] = [
    {"jwk": own_jwk()},
    {"jku": "https://evil.example/jwks.json"},
    {"x5u": "https://evil.example/chain.pem"},
    {"x5c": ["MIIB"]},
    {"crit": ["exp"], "exp": 1},
    {"crit": []},
    {"jwk": None},
    {"jku": ""},
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: next(iter(header)))
def test_a_header_with_a_key_or_a_demand_is_refused_even_with_a_right_signature(header: dict[str, Any]) -> None:
    token = jwt.api_jws.encode(b'{"sub":"x"}', private_key(0), algorithm="RS256", headers=header)

    with pytest.raises(BadToken, match="makes demands or brings a key"):
        Verifier(private_key(0).public_key(), "RS256").verify(token)


@pytest.mark.parametrize("header", [{}, *HEADERS], ids=lambda header: next(iter(header), "none"))
async def test_a_token_signed_with_a_stranger_s_key_is_refused_whatever_it_brings(header: dict[str, Any]) -> None:
    keys = KeptKeys()
    ring = KeyRing(BASE_URL, keys, vault(), PremadeKeys(), FakeClock())
    await ring.make_keys(POOL)

    for kid in (keys.kept[POOL, "access.1"].kid, "stranger", "", "../../etc/passwd", None):
        named = {**header, "kid": kid} if kid is not None else header
        token = jwt.encode(CLAIMS, private_key(5), algorithm="RS256", headers=named)
        with pytest.raises(InvalidAccessToken):
            await ring.verify(token, "access")


async def test_a_key_of_another_pool_cannot_be_named_by_kid() -> None:
    keys, other = KeptKeys(), "us-east-1_Attackers"
    ring = KeyRing(BASE_URL, keys, vault(), PremadeKeys(), FakeClock())
    await ring.make_keys(POOL)
    await ring.make_keys(other)

    forged = await ring.sign(other, "access", CLAIMS)

    with pytest.raises(InvalidAccessToken):
        await ring.verify(forged, "access")
