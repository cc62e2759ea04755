"""Identity pools as an administrator sets them up: by boto3, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.live import Live, unique
from tests.support.server_process import REGION

ACCOUNT = "000000000000"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"
USER_POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abcdefghi"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/members"
GUEST_ROLE = f"arn:aws:iam::{ACCOUNT}:role/guests"


@pytest.fixture
def identity(live: Live) -> Any:
    return live.identity


@pytest.fixture
def made(identity: Any) -> Any:
    """A plain pool, as it was answered."""
    return answered(identity.create_identity_pool)(
        IdentityPoolName=unique("pool"), AllowUnauthenticatedIdentities=False
    )


def answered(operation: Callable[..., Any]) -> Callable[..., Any]:
    """What is in the answer, without what boto3 says of the way it came."""

    def call(**given: Any) -> Any:
        answer = operation(**given)
        answer.pop("ResponseMetadata")
        return answer

    return call


def refused(operation: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        operation(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def arn(pool_id: str) -> str:
    return f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/{pool_id}"


def test_a_pool_is_described_as_it_was_made(identity: Any) -> None:
    settings = {
        "IdentityPoolName": unique("my pool +=,.@-"),
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": False,
        "SupportedLoginProviders": {"graph.facebook.com": "7346241598935552", "api.twitter.com": "key;secret"},
        "DeveloperProviderName": "login.mycompany.myapp",
        "OpenIdConnectProviderARNs": [OIDC],
        "CognitoIdentityProviders": [
            {"ProviderName": USER_POOL, "ClientId": "client1", "ServerSideTokenCheck": True},
            {"ProviderName": USER_POOL, "ClientId": "client2"},
        ],
        "SamlProviderARNs": [SAML],
        "IdentityPoolTags": {"team": "apps", "empty": ""},
    }

    made = answered(identity.create_identity_pool)(**settings)

    assert settings == {name: value for name, value in made.items() if name != "IdentityPoolId"}
    assert made == answered(identity.describe_identity_pool)(IdentityPoolId=made["IdentityPoolId"])
    region, _, rest = made["IdentityPoolId"].partition(":")
    assert (REGION, 36) == (region, len(rest))
