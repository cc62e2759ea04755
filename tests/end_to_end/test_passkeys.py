"""Passkeys from the first call to the last: by the AWS SDK for Python, with an authenticator in this process, and with
that of a real browser."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from poolhouse.testing import VirtualAuthenticator
from poolhouse.testing.made import MadeClient, MadePool
from tests.docs.pages import blocks
from tests.end_to_end.conftest import Servers
from tests.support.browser import browser, empty_page
from tests.support.live import Live, refused


def in_the_page(call: str, options: Any) -> str:
    """What docs/signing-in.md prints for browsers, and a call of it."""
    (printed,) = [each.text for each in blocks("docs/signing-in.md") if "parseCreationOptionsFromJSON" in each.text]
    return f"(() => {{ {printed}\nreturn {call}({json.dumps(options)}); }})()"


def client_with_passkeys(live: Live, rp_id: str, **configuration: Any) -> MadeClient:
    pool = live.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}})
    live.aws.set_user_pool_mfa_config(
        UserPoolId=pool.id, WebAuthnConfiguration={"RelyingPartyId": rp_id, **configuration}
    )
    return live.client(pool)


def asked(live: Live, client: MadeClient, name: str) -> Any:
    reply = live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    assert "WEB_AUTHN" == reply["ChallengeName"]
    return reply


def answered(live: Live, client: MadeClient, name: str, reply: Any, credential: Any) -> Any:
    return live.aws.respond_to_auth_challenge(
        ClientId=client.id,
        ChallengeName="WEB_AUTHN",
        Session=reply["Session"],
        ChallengeResponses={"USERNAME": name, "CREDENTIAL": json.dumps(credential)},
    )


def test_a_passkey_is_registered_used_and_deleted(live: Live) -> None:
    idp, key, origin = live.aws, VirtualAuthenticator(), "https://app.example.com"
    client = client_with_passkeys(live, "example.com", UserVerification="required")
    said = idp.get_user_pool_mfa_config(UserPoolId=client.pool_id)["WebAuthnConfiguration"]
    assert {
        "RelyingPartyId": "example.com",
        "UserVerification": "required",
        "FactorConfiguration": "SINGLE_FACTOR",
    } == said
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]

    options = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    made = key.create(options, origin)
    idp.complete_web_authn_registration(AccessToken=token, Credential=made)

    (held,) = idp.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert (made["id"], "example.com", "platform") == (
        held["CredentialId"],
        held["RelyingPartyId"],
        held["AuthenticatorAttachment"],
    )
    assert ["PASSWORD", "WEB_AUTHN"] == idp.get_user_auth_factors(AccessToken=token)["ConfiguredUserAuthFactors"]
    reply = asked(live, client, name)
    options = reply["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]
    done = answered(live, client, name, reply, key.get(options, origin))
    assert name == idp.get_user(AccessToken=done["AuthenticationResult"]["AccessToken"])["Username"]
    assert "Invalid session for the user." == refused(
        "NotAuthorizedException", answered, live, client, name, reply, key.get(options, origin)
    )
    idp.delete_web_authn_credential(AccessToken=token, CredentialId=made["id"])
    assert [] == idp.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert "Credential does not exist." == refused(
        "ResourceNotFoundException", idp.delete_web_authn_credential, AccessToken=token, CredentialId=made["id"]
    )


def test_what_a_registration_is_refused_for_has_the_fields_names(live: Live) -> None:
    idp, origin = live.aws, "https://app.example.com"
    client = client_with_passkeys(live, "example.com")
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]

    def tried(exception: str, origin: str = origin, access: str = token, **changes: Any) -> None:
        options = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
        made = VirtualAuthenticator().create({**options, **changes}, origin)
        refused(exception, idp.complete_web_authn_registration, AccessToken=access, Credential=made)

    tried("WebAuthnOriginNotAllowedException", "https://example.org")
    tried("WebAuthnRelyingPartyMismatchException", rp={"id": "app.example.com"})
    tried("WebAuthnChallengeNotFoundException", challenge="A" * 43)
    other = live.sign_in(live.client(MadePool(client.pool_id, "people")), name)["AccessToken"]
    tried("WebAuthnClientMismatchException", access=other)
    refused(
        "WebAuthnCredentialNotSupportedException",
        idp.complete_web_authn_registration,
        AccessToken=token,
        Credential={"id": "a", "response": {}},
    )
    for allowed, exception in (
        (["PASSWORD", "WEB_AUTHN"], "WebAuthnConfigurationMissingException"),
        (["PASSWORD"], "WebAuthnNotEnabledException"),
    ):
        without = live.client(live.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": allowed}}))
        token = live.sign_in(without, live.user(without))["AccessToken"]
        refused(exception, idp.start_web_authn_registration, AccessToken=token)


@pytest.mark.requires_browser
async def test_a_browser_makes_a_passkey_and_signs_in_by_it(servers: Servers, tmp_path: Path) -> None:
    live = servers.get("sqlite")
    client = await asyncio.to_thread(client_with_passkeys, live, "localhost", UserVerification="required")
    name = await asyncio.to_thread(live.user, client)
    token = (await asyncio.to_thread(live.sign_in, client, name))["AccessToken"]

    async with empty_page() as address, browser(tmp_path / "profile") as page:
        await page.open(address)
        await page.with_authenticator()
        options = live.aws.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
        made = await page.run(in_the_page("create", options))
        live.aws.complete_web_authn_registration(AccessToken=token, Credential=made)
        reply = asked(live, client, name)
        credential = await page.run(in_the_page("get", reply["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]))

    done = answered(live, client, name, reply, credential)
    assert name == live.aws.get_user(AccessToken=done["AuthenticationResult"]["AccessToken"])["Username"]
    (held,) = live.aws.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert (made["id"], ["internal"]) == (held["CredentialId"], held["AuthenticatorTransports"])
