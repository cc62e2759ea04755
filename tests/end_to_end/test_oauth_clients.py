"""What the vendor's SDK can say of clients that speak OAuth: each setting is kept, goes together with the others, and
counts at the endpoints."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from poolhouse.testing.made import MadeClient, MadePool
from tests.support.live import Live, unique

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CODE = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": ["https://app.example.com/back", "com.example.app:/back"],
    "LogoutURLs": ["https://app.example.com/out"],
    "SupportedIdentityProviders": ["COGNITO"],
}
MACHINE = {
    "GenerateSecret": True,
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthScopes": ["notes/read"],
}


@pytest.fixture
def pool(live: Live) -> MadePool:
    made = live.pool()
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    live.aws.create_resource_server(UserPoolId=made.id, Identifier="notes", Name="notes", Scopes=scopes)
    return made


def made(live: Live, pool: MadePool, **settings: Any) -> dict[str, Any]:
    answer = live.aws.create_user_pool_client(UserPoolId=pool.id, ClientName="app", **settings)
    client: dict[str, Any] = answer["UserPoolClient"]
    return client


def token(live: Live, client: MadeClient, secret: str | None = None) -> tuple[int, dict[str, Any]]:
    said = base64.b64encode(f"{client.id}:{secret or client.secret}".encode()).decode()
    request = urllib.request.Request(
        f"{live.base_url}/{client.pool_id}/oauth2/token",
        urlencode({"grant_type": "client_credentials"}).encode(),
        {"Authorization": f"Basic {said}"},
    )
    try:
        with DIRECT.open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_what_is_said_of_a_client_is_shown_and_what_is_not_said_has_its_default(live: Live, pool: MadePool) -> None:
    client = made(live, pool, **CODE, DefaultRedirectURI="com.example.app:/back")

    assert {**CODE, "DefaultRedirectURI": "com.example.app:/back"}.items() <= client.items()

    bare = live.aws.update_user_pool_client(UserPoolId=pool.id, ClientId=client["ClientId"])["UserPoolClient"]
    assert {
        "ClientName": "app",
        "RefreshTokenValidity": 30,
        "AuthSessionValidity": 3,
        "PreventUserExistenceErrors": "LEGACY",
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AllowedOAuthFlowsUserPoolClient": False,
    }.items() <= bare.items()
    assert (
        not {*CODE, "DefaultRedirectURI", "ExplicitAuthFlows", "ClientSecret"} - {"AllowedOAuthFlowsUserPoolClient"}
        & bare.keys()
    )


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({**CODE, "DefaultRedirectURI": "https://app.example.com/other"}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["http://app.example.com/"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["https://app.example.com/#"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["https://me@app.example.com/"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["myapp://me@there"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["/back"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": ["javascript:alert(1)"]}, "InvalidParameterException"),
        ({**CODE, "LogoutURLs": ["data:text/html,x"]}, "InvalidParameterException"),
        ({**CODE, "CallbackURLs": [f"https://a.example/{n}" for n in range(101)]}, "InvalidParameterException"),
        ({**CODE, "SupportedIdentityProviders": ["Nobody"]}, "InvalidParameterException"),
        ({**CODE, "AllowedOAuthScopes": ["openid", "notes/burn"]}, "ScopeDoesNotExistException"),
        ({**CODE, "AllowedOAuthFlows": ["code", "client_credentials"]}, "InvalidOAuthFlowException"),
        ({**MACHINE, "GenerateSecret": False}, "InvalidOAuthFlowException"),
        ({**MACHINE, "AllowedOAuthScopes": ["openid"]}, "InvalidOAuthFlowException"),
        ({**MACHINE, "ClientSecret": "x" * 24}, "InvalidParameterException"),
    ],
)
def test_what_does_not_go_together_is_refused(live: Live, pool: MadePool, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        made(live, pool, **settings)

    assert code == refused(error)


def test_a_client_whose_oauth_is_off_is_given_nothing_whatever_its_other_settings_say(
    live: Live, pool: MadePool
) -> None:
    client = live.client(pool, **MACHINE)
    assert 200 == token(live, client)[0]

    off = {**MACHINE, "AllowedOAuthFlowsUserPoolClient": False}
    off.pop("GenerateSecret")
    shown = live.aws.update_user_pool_client(UserPoolId=pool.id, ClientId=client.id, **off)["UserPoolClient"]

    # What was said stays said, for the day on which it is on again.
    assert (["client_credentials"], ["notes/read"]) == (shown["AllowedOAuthFlows"], shown["AllowedOAuthScopes"])
    status, said = token(live, client)
    assert (400, "unauthorized_client") == (status, said["error"])


def test_a_scope_that_is_deleted_stays_with_the_client_sleeps_and_wakes(live: Live, pool: MadePool) -> None:
    client = live.client(pool, **{**MACHINE, "AllowedOAuthScopes": ["notes/read", "notes/write"]})

    def offered(*names: str) -> str:
        scopes = [{"ScopeName": name, "ScopeDescription": name} for name in names]
        live.aws.update_resource_server(UserPoolId=pool.id, Identifier="notes", Name="notes", Scopes=scopes)
        return str(token(live, client)[1]["scope"])

    assert "notes/read" == offered("read")
    shown = live.aws.describe_user_pool_client(UserPoolId=pool.id, ClientId=client.id)["UserPoolClient"]
    assert ["notes/read", "notes/write"] == shown["AllowedOAuthScopes"]
    assert "notes/read notes/write" == offered("read", "write")


def test_a_client_has_two_secrets_while_one_is_replaced_and_both_are_good(live: Live, pool: MadePool) -> None:
    client = live.client(pool, **MACHINE)
    ids = {"UserPoolId": pool.id, "ClientId": client.id}

    added = live.aws.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]

    new = added["ClientSecretValue"]
    assert re.fullmatch(rf"{client.id}--[0-9]+", added["ClientSecretId"])
    assert [200, 200] == [token(live, client, secret)[0] for secret in (client.secret, new)]
    with pytest.raises(ClientError) as third:
        live.aws.add_user_pool_client_secret(**ids)
    assert "LimitExceededException" == refused(third)
    listed = live.aws.list_user_pool_client_secrets(**ids)["ClientSecrets"]
    assert 2 == len(listed)
    assert not any("ClientSecretValue" in secret for secret in listed)

    (old,) = [each["ClientSecretId"] for each in listed if each["ClientSecretId"] != added["ClientSecretId"]]
    live.aws.delete_user_pool_client_secret(**ids, ClientSecretId=old)
    assert (401, 200) == (token(live, client)[0], token(live, client, new)[0])
    with pytest.raises(ClientError) as last:
        live.aws.delete_user_pool_client_secret(**ids, ClientSecretId=added["ClientSecretId"])
    assert "InvalidParameterException" == refused(last)
    assert new == live.aws.describe_user_pool_client(**ids)["UserPoolClient"]["ClientSecret"]


def test_a_secret_that_was_given_is_not_told_back_when_it_is_added(live: Live, pool: MadePool) -> None:
    client = live.client(pool, **MACHINE)
    given = unique("s").replace("-", "_") + "x" * 24

    added = live.aws.add_user_pool_client_secret(UserPoolId=pool.id, ClientId=client.id, ClientSecret=given)

    assert "ClientSecretValue" not in added["ClientSecretDescriptor"]
    assert 200 == token(live, client, given)[0]


def test_a_client_without_a_secret_has_none_for_ever(live: Live, pool: MadePool) -> None:
    client = live.client(pool)

    with pytest.raises(ClientError) as error:
        live.aws.add_user_pool_client_secret(UserPoolId=pool.id, ClientId=client.id)

    assert "InvalidParameterException" == refused(error)
