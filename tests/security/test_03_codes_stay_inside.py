"""Row 3: a code leaves in a message and in no other way: not in an answer, not in the store, not in a value's text."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec.structs import replace

from poolhouse.flows.grants.issue import DeviceMark, TokenSet
from poolhouse.records.messages import Message
from poolhouse.records.pools import PasskeyPolicy, Pool
from poolhouse.records.sign_in import Code
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.user_pools.call import OPERATIONS
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.testing import VirtualAuthenticator
from poolhouse.testing.clock import FakeClock
from tests.security.served import served
from tests.support.devices import ALWAYS, Device
from tests.support.factors import totp, with_factors
from tests.support.house import PASSWORD, House
from tests.support.json_api import ApiClient, user_pools
from tests.support.passkeys import ORIGIN, RP_ID, WEB_AUTHN

NEW = "An0ther-Horse!"
EMAIL = [{"Name": "email", "Value": "jane@example.com"}]

WITHOUT_RIGHTS = {
    name
    for name, operation in user_pools().operations.items()
    if operation.caller != "signed" and name in load_operations(OPERATIONS)
}


class Walk:
    """Calls operations, and keeps what came back."""

    def __init__(self, api: ApiClient, client_id: str) -> None:
        self.api = api
        self.client_id = client_id
        self.answers: list[bytes] = []
        self.called: set[str] = set()

    async def __call__(self, name: str, **given: Any) -> Any:
        if "ClientId" in user_pools().shapes[user_pools().operations[name].input].members:
            given["ClientId"] = self.client_id
        answer = await self.api.call(name, given)
        assert 200 == answer.status, (name, answer.body)
        self.answers += [answer.body, str(dict(answer.headers)).encode()]
        self.called.add(name)
        return answer.json if answer.body else None


async def on_a_device(house: House, walk: Walk, pool: Pool, parameters: dict[str, str]) -> None:
    tracked = replace(await house.services.pools.get(pool.id), devices=ALWAYS)
    await house.built.ports.pools.save(tracked)
    given = (await walk("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters))[
        "AuthenticationResult"
    ]
    metadata, access = given["NewDeviceMetadata"], given["AccessToken"]
    mark = DeviceMark(metadata["DeviceKey"], metadata["DeviceGroupKey"])
    device = Device(house, TokenSet(access=access, id="", refresh=None, expires_in=0, device=mark))
    on = {"AccessToken": access, "DeviceKey": device.key}
    await walk("ConfirmDevice", DeviceSecretVerifierConfig=device.config, **on)
    await walk("ListDevices", AccessToken=access)
    await walk("GetDevice", **on)
    await walk("UpdateDeviceStatus", DeviceRememberedStatus="not_remembered", **on)
    await walk("ForgetDevice", **on)
    await house.built.ports.pools.save(replace(await house.services.pools.get(pool.id), devices=None))


async def _passkeys(walk: Any, house: House, pool: Pool, access: str) -> None:
    """A user who is signed in makes a passkey, looks at it, and deletes it."""
    first, said = pool.first_factors, PasskeyPolicy(rp_id=RP_ID)
    allowed = replace(await house.services.pools.get(pool.id), first_factors=(*first, WEB_AUTHN), passkeys=said)
    await house.built.ports.pools.save(allowed)
    key, on = VirtualAuthenticator(), {"AccessToken": access}
    options = await walk("StartWebAuthnRegistration", **on)
    await walk(
        "CompleteWebAuthnRegistration", Credential=key.create(options["CredentialCreationOptions"], ORIGIN), **on
    )
    listed = await walk("ListWebAuthnCredentials", **on)
    await walk("DeleteWebAuthnCredential", CredentialId=listed["Credentials"][0]["CredentialId"], **on)
    await house.built.ports.pools.save(replace(await house.services.pools.get(pool.id), first_factors=first))


async def test_no_answer_to_anybody_holds_a_live_code() -> None:
    """Everything that works without an administrator's signature is called here, in one life of a user."""
    clock = FakeClock()
    store = MemoryStore(collections.ALL, clock)
    async with served(store=store, clock=clock) as (house, api):
        pool = await house.pool()
        client = await house.client(pool)
        walk = Walk(api, client.id)
        await walk("SignUp", Username="jane", Password=PASSWORD, UserAttributes=EMAIL)
        await walk("ResendConfirmationCode", Username="jane")
        await walk("ConfirmSignUp", Username="jane", ConfirmationCode=house.last_code())
        await walk("ForgotPassword", Username="jane")
        await walk("ConfirmForgotPassword", Username="jane", ConfirmationCode=house.last_code(), Password=NEW)
        parameters = {"USERNAME": "jane", "PASSWORD": NEW}
        tokens = (await walk("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters))[
            "AuthenticationResult"
        ]
        token = {"AccessToken": tokens["AccessToken"]}
        await walk("UpdateUserAttributes", UserAttributes=[{"Name": "email", "Value": "new@example.com"}], **token)
        await walk("GetUserAttributeVerificationCode", AttributeName="email", **token)
        await walk("GetUser", **token)
        await with_factors(house, pool)
        secret = (await walk("AssociateSoftwareToken", **token))["SecretCode"]
        await walk("VerifySoftwareToken", UserCode=totp(secret, clock.now()), **token)
        await walk("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": False}, **token)
        await walk("SetUserSettings", MFAOptions=[], **token)
        await walk("GetUserAuthFactors", **token)
        await on_a_device(house, walk, pool, parameters)
        await _passkeys(walk, house, pool, token["AccessToken"])
        for name, given in (
            ("AdminGetUser", {"Username": "jane"}),
            ("ListUsers", {}),
            ("AdminResetUserPassword", {"Username": "jane"}),
        ):
            if name == "AdminResetUserPassword":
                await walk("VerifyUserAttribute", AttributeName="email", Code=house.last_code(), **token)
            await walk(name, UserPoolId=pool.id, **given)
        await house.services.users.set_password(pool, "jane", NEW, permanent=False)
        asked = await walk("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        await walk(
            "RespondToAuthChallenge",
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "jane", "NEW_PASSWORD": PASSWORD},
        )
        parameters["PASSWORD"] = PASSWORD
        tokens = (await walk("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters))[
            "AuthenticationResult"
        ]
        token = {"AccessToken": tokens["AccessToken"]}
        await walk("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=NEW, **token)
        await walk("GetTokensFromRefreshToken", RefreshToken=tokens["RefreshToken"])
        await walk("DeleteUserAttributes", UserAttributeNames=["nickname"], **token)
        await walk("GlobalSignOut", **token)
        tokens = (
            await walk(
                "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "jane", "PASSWORD": NEW}
            )
        )["AuthenticationResult"]
        await walk("DeleteUser", AccessToken=tokens["AccessToken"])
        await walk("RevokeToken", Token=tokens["RefreshToken"])
        stored = [
            json.dumps(entry.value)
            for collection in collections.ALL
            for entry in (await store.find(collection, Query(limit=1000))).entries
        ]

    codes = {message.code for message in house.messages}
    assert 6 == len(codes)
    assert WITHOUT_RIGHTS <= walk.called
    assert [] == [(code, text) for code in codes for text in walk.answers if _says(text.decode(), code)]
    assert [] == [(code, text) for code in codes for text in stored if _says(text, code)]


def _says(text: str, code: str | None) -> bool:
    """The digits stand there by themselves; random bytes in base64 and hex may well hold them."""
    return any(f"{left}{code}{right}" in text for left in ' "' for right in '. "')


def test_the_record_of_a_code_has_no_digits() -> None:
    assert {
        "attribute",
        "created",
        "digest",
        "expires",
        "id",
        "pool_id",
        "purpose",
        "target",
        "unknown",
        "user_sub",
        "version",
    } == {field.name for field in msgspec.structs.fields(Code)}


def test_a_message_does_not_show_its_code() -> None:
    message = Message(id="1", channel="email", to="jane@example.com", purpose="p", body="is 123456", code="123456")

    assert "123456" not in repr(message) + str(message) + f"{message}"
