"""Row 23: what comes back to us was random and stored, or was signed for one purpose, audience and time."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

METADATA = {"token_use": "access", "sub": "root", "scope": "everything", "marker": "caller-words-5521"}


def decoded(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


@pytest.fixture
async def tokens(house: House, client: Client) -> TokenSet:
    await house.user(client)
    return await house.sign_in(client)


async def test_every_token_says_what_for_for_whom_and_until_when(tokens: TokenSet, client: Client) -> None:
    access, identity = decoded(tokens.access), decoded(tokens.id)

    assert ("access", client.id, 3600) == (access["token_use"], access["client_id"], access["exp"] - access["iat"])
    assert ("id", client.id, 3600) == (identity["token_use"], identity["aud"], identity["exp"] - identity["iat"])
    assert identity["iss"] == access["iss"] == f"https://auth.example.com/{client.pool_id}"


async def test_no_token_stands_for_another_kind(house: House, client: Client, tokens: TokenSet) -> None:
    for wrong in (tokens.id, tokens.refresh or ""):
        with pytest.raises(errors.InvalidAccessToken):
            await house.services.bearers.of(wrong)
    for wrong in (tokens.id, tokens.access):
        with pytest.raises(errors.InvalidRefreshToken):
            await house.refresh(client, wrong)


async def test_a_key_signs_for_one_purpose(house: House, client: Client, tokens: TokenSet) -> None:
    """Whatever a token says it is for: what the key of ID tokens signed opens nothing, and the other way round."""
    signing = house.built.ports.tokens
    claims = decoded(tokens.access)
    by_id_key = await signing.sign(client.pool_id, "id", claims)
    by_access_key = await signing.sign(client.pool_id, "access", claims)

    assert (await house.services.bearers.of(by_access_key)).user.username == "jane"
    with pytest.raises(errors.InvalidAccessToken):
        await house.services.bearers.of(by_id_key)
    with pytest.raises(errors.InvalidAccessToken):
        await signing.verify(by_access_key, "id")
    assert claims == await signing.verify(by_id_key, "id")


@pytest.mark.parametrize("use", ["id", "refresh", "", None, 7])
async def test_a_token_that_says_it_is_for_something_else_opens_nothing(
    use: object, house: House, client: Client, tokens: TokenSet
) -> None:
    claims = {**decoded(tokens.access), "token_use": use}

    with pytest.raises(errors.InvalidAccessToken):
        await house.services.bearers.of(await house.built.ports.tokens.sign(client.pool_id, "access", claims))


async def test_a_token_ends(house: House, tokens: TokenSet) -> None:
    house.clock.advance(3600)

    with pytest.raises(errors.InvalidAccessToken, match="expired"):
        await house.bearer(tokens)


async def test_no_character_of_a_token_can_be_another(house: House, client: Client, tokens: TokenSet) -> None:
    refresh = tokens.refresh or ""
    step = max(1, len(tokens.access) // 40)
    forged = [_changed(tokens.access, at) for at in range(0, len(tokens.access), step)]

    for access in forged:
        with pytest.raises(errors.InvalidAccessToken):
            await house.services.bearers.of(access)
    for at in range(len(refresh)):
        with pytest.raises((errors.InvalidRefreshToken, errors.RefreshTokenReused)):
            await house.refresh(client, _changed(refresh, at))
    assert await house.refresh(client, refresh)


async def test_a_secret_of_one_sign_in_is_no_good_for_another(house: House, client: Client, tokens: TokenSet) -> None:
    other = await house.sign_in(client)
    grant, secret = (tokens.refresh or "").split("."), (other.refresh or "").split(".")

    with pytest.raises(errors.InvalidRefreshToken):
        await house.refresh(client, f"{grant[0]}.{secret[1]}")


async def test_nothing_that_the_caller_says_is_signed(house: House, client: Client) -> None:
    await house.user(client)

    reply = await house.begin(client, metadata=METADATA, scope="everything", nonce="caller-words-5521")
    tokens = reply.tokens  # type: ignore[union-attr]

    for token in (tokens.access, tokens.id):
        assert "caller-words-5521" not in json.dumps(decoded(token))
        assert "root" != decoded(token)["sub"]


async def test_handles_and_codes_have_no_pattern(house: House, client: Client) -> None:
    await house.user(client)
    asked = [await SrpClient(house, client).begin("jane") for _ in range(20)]
    handles = [base64.urlsafe_b64decode(one.handle + "=") for one in asked if isinstance(one, Asking)]

    assert {32} == {len(handle) for handle in handles}
    assert 20 == len(set(handles))
    # 256 random bits differ in some 128 places; by chance in fewer than 70 about once in 10^13.
    for one, other in itertools.combinations(handles, 2):
        assert 70 < (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


@pytest.mark.parametrize("handle", ["", "A", "A" * 42, "A" * 43, "A" * 44, "A" * 10_000, "é" * 43, "../../x", "\x00"])
async def test_an_invented_handle_is_refused(handle: str, house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    asking = Asking("NEW_PASSWORD_REQUIRED", handle)

    with pytest.raises(errors.InvalidSession):
        await house.answer(client, asking, NEW_PASSWORD=PASSWORD)


def _changed(token: str, at: int) -> str:
    """Another character in its place, of a kind that may stand there."""
    if token[at] == ".":
        return f"{token[:at]}-{token[at + 1 :]}"
    return f"{token[:at]}{'B' if token[at] != 'B' else 'C'}{token[at + 1 :]}"
