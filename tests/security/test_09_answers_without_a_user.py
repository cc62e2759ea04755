"""What a provider answers is a user only where it says which: never an error, an empty object, an empty name (security
row 9)."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolhouse.errors import LoginRefused, ProviderAway
from poolhouse.flows.identities.proofs import opaque
from poolhouse.hooks.context import HttpAnswer
from tests.support.logins import ISSUER, OIDC_KEY, SAML_ARN, LoginWorld

OPAQUE = (opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER)
HOSTS = ("graph.facebook.com", "api.amazon.com", "api.twitter.com")
NOBODY = ["", "\n", "a\0b", "\x85", 0, 1001, 1.5, True, None, [], {}, ["1001"], "x" * 256]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner))
ANSWERING = LoginWorld()
TOKENS = {opaque.FACEBOOK: "EAAB1", opaque.AMAZON: "Atza|1", opaque.TWITTER: "a;b"}


async def answered(key: str, said: Any, status: int = 200) -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    for host in HOSTS:
        ANSWERING.providers.broken[host] = HttpAnswer(status, {}, body)
    return await ANSWERING.prove(key, TOKENS[key])


@pytest.mark.parametrize("subject", NOBODY, ids=repr)
@pytest.mark.parametrize("key", OPAQUE)
async def test_an_answer_that_names_nobody_is_nobody(key: str, subject: object) -> None:
    facebook = {"app_id": "app", "is_valid": True, "type": "USER", "expires_at": 0, "user_id": subject}
    said = {"data": facebook, "id": subject, "aud": "app", "exp": 60, "user_id": subject, "id_str": subject}

    with pytest.raises((LoginRefused, ProviderAway)):
        await answered(key, said)


@pytest.mark.parametrize("key", OPAQUE)
async def test_an_error_is_nobody_whatever_stands_beside_it(key: str) -> None:
    facebook = {"app_id": "app", "is_valid": True, "type": "USER", "expires_at": 0, "user_id": "7"}
    said = {"data": facebook, "id": "7", "aud": "app", "exp": 60, "user_id": "7", "id_str": "7"}

    with pytest.raises(LoginRefused):
        await answered(key, {**said, "error": {"code": 190}})


@pytest.mark.parametrize("key", OPAQUE)
async def test_the_same_answer_with_a_name_is_somebody(key: str) -> None:
    facebook = {"app_id": "app", "is_valid": True, "type": "USER", "expires_at": 0, "user_id": "7"}

    proven = await answered(key, {"data": facebook, "id": "7", "aud": "app", "exp": 60, "user_id": "7", "id_str": "7"})

    assert "7" == proven.subject


@pytest.mark.parametrize(
    "spoilt",
    [
        {"is_valid": False},
        {"is_valid": "true"},
        {"is_valid": 1},
        {"is_valid": None},
        {"type": "PAGE"},
        {"type": "APP"},
        {"expires_at": 1},
        {"expires_at": "0"},
        {"expires_at": None},
        {"expires_at": True},
        {"app_id": None},
        {"app_id": ["app"]},
        {"user_id": "8"},
    ],
    ids=str,
)
async def test_what_facebook_does_not_vouch_for_is_nobody(spoilt: dict[str, object]) -> None:
    facebook = {"app_id": "app", "is_valid": True, "type": "USER", "expires_at": 0, "user_id": "7", **spoilt}

    with pytest.raises((LoginRefused, ProviderAway)):
        await answered(opaque.FACEBOOK, {"data": facebook, "id": "7"})


@pytest.mark.parametrize("left", [0, -1, "60", None, True, [60]])
async def test_a_token_of_amazon_has_time_left(left: object) -> None:
    with pytest.raises((LoginRefused, ProviderAway)):
        await answered(opaque.AMAZON, {"aud": "app", "user_id": "7", "exp": left})


@settings(max_examples=150, deadline=None)
@given(key=st.sampled_from(OPAQUE), said=JSON | st.binary(max_size=60), status=st.sampled_from([200, 204, 400, 503]))
async def test_rubbish_that_is_answered_is_nobody(key: str, said: Any, status: int) -> None:
    with pytest.raises((LoginRefused, ProviderAway)):
        await answered(key, said, status)


@pytest.mark.parametrize("subject", [each for each in NOBODY if each is not None], ids=repr)
async def test_a_token_that_names_nobody_is_nobodys(subject: Any) -> None:
    world = LoginWorld()

    with pytest.raises(LoginRefused):
        await world.prove(OIDC_KEY, world.providers.openid(ISSUER).token("app", subject))


@pytest.mark.parametrize("subject", ["", " ", "\t"])
async def test_an_assertion_that_names_nobody_is_nobodys(subject: str) -> None:
    world = LoginWorld()

    with pytest.raises(LoginRefused):
        await world.prove(SAML_ARN, world.saml_response(subject))


# --- rubbish in place of logins --------------------------------------------------------------------------------------

WORLD = LoginWorld()
GOOD = WORLD.good()
TEXTS = st.text(max_size=200) | st.text(alphabet=string.ascii_letters + string.digits + "-_.;|=+/", max_size=400)


def mangled(good: str) -> st.SearchStrategy[str]:
    """A good login with something cut out of it, or put into it."""
    places = st.integers(0, len(good))
    return st.builds(
        lambda start, end, inside: good[: min(start, end)] + inside + good[max(start, end) :],
        places,
        places,
        st.text(max_size=5),
    ).filter(lambda text: text != good)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), key=st.sampled_from(sorted(GOOD)))
async def test_rubbish_in_place_of_a_login_meets_declared_errors_only(data: st.DataObject, key: str) -> None:
    """And whatever passes is still the same user: a character of a header's padding, say, changes nobody."""
    value = data.draw(TEXTS | mangled(GOOD[key]))
    WORLD.noted.entries.clear()

    try:
        proven = await WORLD.prove(key, value)
    except (LoginRefused, ProviderAway):
        assert all(value not in str(entry) for entry in WORLD.noted.entries if len(value) > 12)
        return
    # Remarks around a response's base64 are white space, and change nothing.
    assert proven.subject == (await WORLD.prove(key, GOOD[key])).subject


@settings(max_examples=100, deadline=None)
@given(claims=st.dictionaries(st.sampled_from(["aud", "sub", "exp", "iat", "nbf", "azp", "iss", "x"]), JSON))
async def test_rubbish_that_a_provider_signs_meets_declared_errors_only(claims: dict[str, Any]) -> None:
    issuer = WORLD.providers.openid(ISSUER)
    try:
        token = issuer.token("app", "jane", **{n: v for n, v in claims.items() if n not in ("aud", "sub")})
    except ValueError:
        return  # no JSON
    try:
        await WORLD.prove(OIDC_KEY, token)
    except LoginRefused:
        return
    assert {"iss"} & claims.keys() == set() or claims["iss"] in (None, ISSUER)
