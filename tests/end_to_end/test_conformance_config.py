"""The module of the conformance suite's Config plan: what discovery and the key set say."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.conformance import Suite, suite

KNOWN = {
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "scopes_supported"),
    *("response_types_supported", "response_modes_supported", "grant_types_supported", "acr_values_supported"),
    *("subject_types_supported", "id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"),
    *("token_endpoint_auth_methods_supported", "display_values_supported", "claim_types_supported"),
    *("claims_supported", "ui_locales_supported", "claims_parameter_supported", "request_parameter_supported"),
    *("request_uri_parameter_supported", "require_request_uri_registration", "revocation_endpoint"),
    *("revocation_endpoint_auth_methods_supported", "introspection_endpoint"),
    *("introspection_endpoint_auth_methods_supported", "code_challenge_methods_supported", "end_session_endpoint"),
    *("backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported"),
    *("frontchannel_logout_session_supported", "authorization_response_iss_parameter_supported"),
    "prompt_values_supported",
}
"""The members that specifications have registered; another one would be a warning."""
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@pytest.fixture
async def at() -> AsyncIterator[Suite]:
    async with suite() as opened:
        yield opened


async def test_oidcc_discovery_endpoint_verification(at: Suite) -> None:
    address = at.here(f"{at.issuer}/.well-known/openid-configuration")
    async with at.robot.session.get(address) as answer:
        assert (200, "application/json") == (answer.status, answer.content_type)
        said: dict[str, Any] = await answer.json()

    assert at.issuer == said["issuer"]
    parts = urlsplit(said["issuer"])
    assert ("https", "", "") == (parts.scheme, parts.query, parts.fragment)
    assert set() == said.keys() - KNOWN
    endpoints = {name: value for name, value in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= endpoints.keys()
    assert {"https"} == {urlsplit(endpoint).scheme for endpoint in endpoints.values()}
    for name, value in said.items():
        if name.endswith("_supported") and not isinstance(value, bool):
            assert isinstance(value, list), name
            assert value, name
            assert all(isinstance(one, str) and one for one in value), name
            assert len(value) == len(set(value)), name
    assert set(said["subject_types_supported"]) <= {"public", "pairwise"}
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert "code" in said["response_types_supported"]
    assert "authorization_code" in said["grant_types_supported"]
    assert ["S256"] == said["code_challenge_methods_supported"]
    assert "openid" in said["scopes_supported"]
    assert all(SCOPE.fullmatch(scope) for scope in said["scopes_supported"])
    assert all(LANGUAGE.fullmatch(tag) for tag in said.get("ui_locales_supported", ()))
    assert {"sub", "iss", "auth_time", "acr"} <= set(said["claims_supported"])


async def test_oidcc_discovery_endpoint_verification_of_the_keys(at: Suite) -> None:
    keys = await at.jwks()

    assert keys
    assert len(keys) == len({key["kid"] for key in keys})
    for key in keys:
        assert set() == PRIVATE & key.keys()
        assert "sig" == key["use"]
        assert "RSA" == key["kty"]
        assert 2048 <= 8 * len(base64.urlsafe_b64decode(key["n"] + "=="))


async def test_every_endpoint_that_discovery_names_answers(at: Suite) -> None:
    """An address that leads nowhere is what a client finds out last."""
    for name, endpoint in (await at.metadata()).items():
        if name.endswith(("_endpoint", "_uri")):
            async with at.robot.session.get(at.here(endpoint), allow_redirects=False) as answer:
                assert 404 != answer.status, name
                assert 500 > answer.status, name
