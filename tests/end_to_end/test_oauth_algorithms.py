"""The algorithm of a client's ID tokens (rule D8), over a socket."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest

from poolhouse.records.keys import Algorithm
from tests.support.house import PASSWORD
from tests.support.oauth import OAuth, code_settings, oauth_served

LEAD = 300


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def keys_of(at: OAuth) -> dict[str, Any]:
    async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/jwks.json") as answer:
        return {key["kid"]: key for key in (await answer.json())["keys"]}


async def checked(at: OAuth, token: str, audience: str | None = None) -> tuple[str, dict[str, Any]]:
    """The algorithm of a token that a stranger verified, and its claims."""
    key = (await keys_of(at))[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": audience is not None}
    claims: dict[str, Any] = jwt.decode(token, jwt.PyJWK(key), [key["alg"]], audience=audience, options=options)
    return key["alg"], claims


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA, Algorithm.PS256])
async def test_d8_a_client_has_id_tokens_by_its_algorithm_and_all_others_as_before(
    at: OAuth, algorithm: Algorithm
) -> None:
    await at.house.services.signing_keys.choose(at.app.id, algorithm)
    waiting = await at.tokens(at.app)
    at.house.clock.advance(LEAD + 60)

    mine, others = await at.tokens(at.app), await at.tokens(at.web)

    assert "RS256" == (await checked(at, waiting["id_token"], at.app.id))[0]
    used, claims = await checked(at, mine["id_token"], at.app.id)
    assert algorithm.value == used
    # Ed25519 hashes by SHA-512, the others by SHA-256.
    hashed = (hashlib.sha512 if algorithm is Algorithm.EDDSA else hashlib.sha256)(
        mine["access_token"].encode()
    ).digest()
    assert base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).decode().rstrip("=") == claims["at_hash"]
    assert "RS256" == (await checked(at, mine["access_token"]))[0]
    assert "RS256" == (await checked(at, others["id_token"], at.web.id))[0]
    async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/openid-configuration") as answer:
        named = (await answer.json())["id_token_signing_alg_values_supported"]
    assert sorted({"RS256", algorithm.value}) == named


async def test_d8_tokens_of_the_json_api_and_refreshed_ones_are_signed_by_it_too(at: OAuth) -> None:
    await at.house.services.signing_keys.choose(at.app.id, Algorithm.ES256)
    at.house.clock.advance(LEAD + 60)

    by_api = await at.house.sign_in(await at.house.services.clients.get(at.app.id), "jane", PASSWORD)
    first = await at.tokens(at.app)
    refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert ["ES256"] * 2 == [
        (await checked(at, token, at.app.id))[0] for token in (by_api.id, refreshed.json["id_token"])
    ]


async def test_d8_an_update_by_the_api_keeps_the_choice_and_it_can_be_taken_back(at: OAuth) -> None:
    await at.house.services.signing_keys.choose(at.app.id, Algorithm.ES256)
    at.house.clock.advance(LEAD + 60)
    updated = await at.updated(at.app, **code_settings())
    assert "ES256" == updated.id_algorithm
    assert "ES256" == (await checked(at, (await at.tokens(at.app))["id_token"], at.app.id))[0]

    await at.house.services.signing_keys.choose(at.app.id, None)

    assert "RS256" == (await checked(at, (await at.tokens(at.app))["id_token"], at.app.id))[0]


async def test_d8_a_hint_of_such_a_token_is_good(at: OAuth) -> None:
    await at.house.services.signing_keys.choose(at.app.id, Algorithm.ES256)
    at.house.clock.advance(LEAD + 60)
    held = await at.signed_in()
    hint = (await at.tokens(at.app, held))["id_token"]

    arrived = await at.authorize(at.request(at.app, id_token_hint=hint, prompt="none"), held)

    assert "code" in arrived.fields


async def test_d8_the_choice_is_noted_and_rotations_keep_to_it(at: OAuth) -> None:
    await at.house.services.signing_keys.choose(at.app.id, Algorithm.ES256)
    at.house.clock.advance(LEAD + 60)
    before = jwt.get_unverified_header((await at.tokens(at.app))["id_token"])["kid"]

    await at.house.services.signing_keys.rotate(at.pool.id)
    at.house.clock.advance(LEAD + 60)

    after = jwt.get_unverified_header((await at.tokens(at.app))["id_token"])
    assert "ES256" == after["alg"]
    assert before != after["kid"]
    assert {before, after["kid"]} <= (await keys_of(at)).keys()
