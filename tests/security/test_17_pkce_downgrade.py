"""Row 17: whoever intercepts a code has nothing, because the proof of its owner cannot be left out, weakened or
exchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.flows.oauth.checks.request import needs_pkce
from tests.support.oauth import CHALLENGE, VERIFIER, OAuth, oauth_served

REFUSED = (400, "invalid_grant")
WITHOUT = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.mark.parametrize(
    "changes",
    [
        WITHOUT,
        {"code_challenge": ""},
        {"code_challenge": "", "code_challenge_method": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "S256 plain"},
        {"code_challenge": CHALLENGE[:42]},
    ],
    ids=str,
)
async def test_a_public_client_gets_no_code_without_a_strong_challenge(
    at: OAuth, changes: dict[str, str | None]
) -> None:
    arrived = await at.authorize(at.request(at.app, **changes), await at.signed_in())

    assert "invalid_request" == arrived.refusal
    assert "code" not in arrived.fields


@pytest.mark.parametrize("verifier", [None, "", CHALLENGE, "x" * 43, VERIFIER[:42], VERIFIER + "A"])
@pytest.mark.parametrize("kind", ["app", "web"])
async def test_where_there_was_a_challenge_its_verifier_is_needed(at: OAuth, kind: str, verifier: str | None) -> None:
    # A client that proves itself by a secret is held to the challenge that it sent, too.
    client = getattr(at, kind)

    assert REFUSED == (await at.redeemed(client, await at.code(client), code_verifier=verifier)).error


async def test_a_verifier_proves_nothing_where_there_was_no_challenge(at: OAuth) -> None:
    code = await at.code(at.web, **WITHOUT)

    assert REFUSED == (await at.redeemed(at.web, code)).error


async def test_the_challenge_of_one_request_is_not_that_of_another(at: OAuth) -> None:
    held = await at.signed_in()
    mine = await at.code(at.app, held, code_challenge="A" * 43)

    assert REFUSED == (await at.redeemed(at.app, mine)).error


async def test_no_setting_frees_an_app_of_a_device(at: OAuth) -> None:
    from msgspec.structs import replace

    freed = replace(at.web, requires_pkce=False)

    assert not needs_pkce(freed, "https://app.example.com/callback")
    assert needs_pkce(freed, "com.example.app:/callback")
