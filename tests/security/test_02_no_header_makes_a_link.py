"""Row 2: where we are is a setting. No header of a request is ever part of a link, an issuer or a message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.security.served import served
from tests.support.house import PASSWORD

BASE = "https://auth.example.com"
HOSTILE = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "666",
    "X-Original-URL": "http://evil.example/",
    "X-Rewrite-URL": "http://evil.example/",
    "Forwarded": "host=evil.example;proto=http",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
}
TARGET = "AWSCognitoIdentityProviderService."


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return decoded


@pytest.mark.parametrize("document", ["openid-configuration", "jwks.json"])
async def test_what_is_published_names_the_configured_address(document: str) -> None:
    async with served() as (house, api):
        pool = await house.pool()
        url = f"{api.url}{pool.id}/.well-known/{document}"
        async with api.session.get(url) as plain, api.session.get(url, headers=HOSTILE) as hostile:
            expected, answer = await plain.read(), await hostile.read()
            headers = str(hostile.headers)

    assert expected == answer
    assert "evil" not in headers
    if document == "openid-configuration":
        assert f"{BASE}/{pool.id}" == json.loads(answer)["issuer"]
        assert f"{BASE}/{pool.id}/.well-known/jwks.json" == json.loads(answer)["jwks_uri"]


async def test_tokens_and_messages_of_a_hostile_request_name_the_configured_address() -> None:
    async with served() as (house, api):
        client = await house.client(await house.pool())

        async def call(operation: str, given: dict[str, Any]) -> Any:
            headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET + operation, **HOSTILE}
            answer = await api.send(json.dumps({"ClientId": client.id, **given}).encode(), headers)
            assert 200 == answer.status, answer.body
            assert b"evil" not in answer.body
            assert "evil" not in str(answer.headers)
            return answer.json

        email = [{"Name": "email", "Value": "jane@example.com"}]
        await call("SignUp", {"Username": "jane", "Password": PASSWORD, "UserAttributes": email})
        await call("ConfirmSignUp", {"Username": "jane", "ConfirmationCode": house.last_code()})
        parameters = {"USERNAME": "jane", "PASSWORD": PASSWORD}
        signed_in = await call("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters})
        await call("ForgotPassword", {"Username": "jane"})

    tokens = signed_in["AuthenticationResult"]
    issuer = f"{BASE}/{client.pool_id}"
    assert [issuer, issuer] == [claims(tokens["IdToken"])["iss"], claims(tokens["AccessToken"])["iss"]]
    assert 2 == len(house.messages)
    assert not any("evil" in f"{m.subject}{m.body}{m.link}{m.to}" for m in house.messages)
