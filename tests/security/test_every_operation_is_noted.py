"""Beyond the rows: whatever writes or checks a credential, a contact, a state, a membership, a setting or a key is in
the trail: what was done, by whom, from where, and in which request. The table is
``server/cognito/user_pools/noted.py``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.jobs.worker import JobWorker, Kind
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.running import Source, Told
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.jobs import Job
from poolhouse.records.keys import Algorithm
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.server.cognito.user_pools.noted import ELSEWHERE, NOTED, SILENT
from poolhouse.testing import VirtualAuthenticator
from tests.security.trailed import KEY, OTHER, WRONG, Trailed, trailed
from tests.support.devices import ALWAYS, Device
from tests.support.factors import App, associated, enrolled, with_factors
from tests.support.house import PASSWORD
from tests.support.passkeys import ORIGIN, RP_ID, registered

Scene = Callable[[Trailed], Awaitable[None]]
SCENES: dict[str, Scene] = {}


def scene(operation: str) -> Callable[[Scene], Scene]:
    """The function does all that the operation can leave in the trail."""

    def register(played: Scene) -> Scene:
        SCENES[operation] = played
        return played

    return register


@pytest.mark.parametrize("operation", NOTED)
async def test_an_operation_leaves_what_the_table_says(operation: str) -> None:
    async with trailed() as at:
        await SCENES[operation](at)

    assert set(NOTED[operation]) == at.seen


@pytest.mark.parametrize("operation", [name for names in SILENT.values() for name in names])
async def test_what_only_reads_leaves_nothing(operation: str) -> None:
    async with trailed() as at:
        await at.house.services.groups.create(at.pool.id, "staff", GroupSettings())
        await at.house.services.resource_servers.create(at.pool.id, "notes", "notes", ())
        group: dict[str, object] = {"GroupName": "staff"}
        given = {
            "GetGroup": group,
            "ListUsersInGroup": group,
            "ListTagsForResource": {"ResourceArn": arn(at)},
            "ListUserPools": {"MaxResults": 10},
            "DescribeResourceServer": {"Identifier": "notes"},
            "DescribeUserPoolDomain": {"Domain": "nobodys"},
        }
        if operation in ("GetDevice", "AdminGetDevice", "ListDevices", "AdminListDevices"):
            device = await devices_of(at)
            given[operation] = {"DeviceKey": device.key} if "Get" in operation else {}
        answer = await at.call(operation, **given.get(operation, {}))

        assert 200 == answer.status, answer.body
        await at.left(actor=None)


async def test_new_tokens_for_a_good_refresh_token_write_no_entry() -> None:
    async with trailed() as at:
        answer = await at.call("GetTokensFromRefreshToken", RefreshToken=at.tokens.refresh)

        assert 200 == answer.status
        await at.left(actor=None)


def arn(at: Trailed) -> str:
    account = at.house.built.settings.server.account_id
    return f"arn:aws:cognito-idp:{at.pool.id.partition('_')[0]}:{account}:userpool/{at.pool.id}"


# --- signing up and codes --------------------------------------------------------------------------------------------


@scene("SignUp")
async def sign_up(at: Trailed) -> None:
    email = [{"Name": "email", "Value": "joe@example.com"}]
    await at.call("SignUp", Username="joe", Password=PASSWORD, UserAttributes=email)
    joe = await at.house.services.users.require(at.pool, "joe")
    await at.left("sign_up", "code.requested", actor=None, subject=joe.sub)
    await at.call("SignUp", Username="jim", Password=PASSWORD, SecretHash="bm9uZQ==")
    await at.left("client.refused", actor=None, subject=None)


@scene("ConfirmSignUp")
async def confirm_sign_up(at: Trailed) -> None:
    joe = (await at.house.sign_up(at.client, "joe")).user
    code = at.house.last_code()
    await at.call("ConfirmSignUp", Username="joe", ConfirmationCode="x" + code)
    await at.left("code.refused", actor=None, subject=joe.sub)
    await at.call("ConfirmSignUp", Username="joe", ConfirmationCode=code, SecretHash="bm9uZQ==")
    await at.left("client.refused", actor=None, subject=None)
    await at.call("ConfirmSignUp", Username="joe", ConfirmationCode=code)
    await at.left("sign_up.confirmed", actor=f"user:{joe.sub}", subject=joe.sub)


@scene("ResendConfirmationCode")
async def resend(at: Trailed) -> None:
    joe = (await at.house.sign_up(at.client, "joe")).user
    await at.call("ResendConfirmationCode", Username="joe")
    await at.left("code.requested", actor=None, subject=joe.sub)
    await at.call("ResendConfirmationCode", Username="joe", SecretHash="bm9uZQ==")
    await at.left("client.refused", actor=None, subject=None)


@scene("ForgotPassword")
async def forgot(at: Trailed) -> None:
    await at.call("ForgotPassword")
    await at.left("code.requested", actor=None)
    await at.call("ForgotPassword", SecretHash="bm9uZQ==")
    await at.left("client.refused", actor=None, subject=None)
    await at.call("ForgotPassword", Username="old-1")
    old = await at.house.services.users.require(at.pool, "old-1")
    await at.left("user.migrated", "code.requested", actor=None, subject=old.sub)


@scene("ConfirmForgotPassword")
async def recover(at: Trailed) -> None:
    await at.house.services.recovery.start(at.client, "jane", metadata={}, secret_hash=None)
    code = at.house.last_code()
    await at.call("ConfirmForgotPassword", ConfirmationCode="x" + code, Password=OTHER)
    await at.left("code.refused", actor=None)
    await at.call("ConfirmForgotPassword", ConfirmationCode=code, Password=OTHER, SecretHash="bm9uZQ==")
    await at.left("client.refused", actor=None, subject=None)
    await at.call("ConfirmForgotPassword", ConfirmationCode=code, Password=OTHER)
    await at.left("password.recovered", actor="jane")
    await at.call("ConfirmForgotPassword", ConfirmationCode=code, Password=OTHER)
    await at.left("code.refused", actor=None)


# --- signing in ------------------------------------------------------------------------------------------------------


def opening(name: str = "jane", password: str = PASSWORD) -> dict[str, str]:
    return {"USERNAME": name, "PASSWORD": password}


async def _opens(at: Trailed, operation: str, flow: str, admin: str | None) -> None:
    await at.call(operation, AuthFlow=flow, AuthParameters=opening())
    await at.left("sign_in.succeeded", actor=admin or "jane")
    await at.call(operation, AuthFlow=flow, AuthParameters=opening(password=WRONG))
    await at.left("sign_in.failed", actor=admin)
    await at.call(operation, AuthFlow=flow, AuthParameters=opening("nobody"))
    await at.left("sign_in.failed", actor=admin, subject=None)
    await at.call(operation, AuthFlow=flow, AuthParameters={**opening(), "SECRET_HASH": "bm9uZQ=="})
    await at.left("sign_in.failed", actor=admin)
    for _ in range(6):
        await at.call(operation, AuthFlow=flow, AuthParameters=opening(password=WRONG))
    await at.call(operation, AuthFlow=flow, AuthParameters=opening())  # locked
    await at.left("sign_in.failed", actor=admin)
    await at.call(operation, AuthFlow=flow, AuthParameters=opening("old-1"))
    old = await at.house.services.users.require(at.pool, "old-1")
    found = [entry for entry in await at.entries() if entry.subject == old.sub]
    assert {"user.migrated", "sign_in.succeeded"} == {entry.action for entry in found}
    at.seen.add("user.migrated")
    await at.house.services.users.disable(at.pool, "jane")
    await at.call(operation, AuthFlow=flow, AuthParameters=opening())
    await at.left("sign_in.failed", actor=admin)
    await at.call(operation, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": at.tokens.refresh})
    await at.left("grants.refused", actor=admin)
    await at.house.services.users.enable(at.pool, "jane")
    await _replaced(at)
    await at.call(operation, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": at.tokens.refresh})
    await at.left("grants.reused", actor=admin)


async def _replaced(at: Trailed) -> None:
    """The refresh token is one that has a successor."""
    grants = at.house.built.ports.grants
    jane = await at.house.services.users.require(at.pool, "jane")
    stored = await grants.get(at.pool.id, (at.tokens.refresh or "").partition(".")[0])
    assert stored is not None
    await grants.save(replace(stored, epoch=jane.epoch, digest="another"))


@scene("InitiateAuth")
async def initiate(at: Trailed) -> None:
    await _asks_by_message(at, "InitiateAuth", "USER_PASSWORD_AUTH", None)
    await _opens(at, "InitiateAuth", "USER_PASSWORD_AUTH", None)


@scene("AdminInitiateAuth")
async def initiate_by_admin(at: Trailed) -> None:
    await _asks_by_message(at, "AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH", KEY)
    await _opens(at, "AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH", KEY)


async def _answers(at: Trailed, start: str, operation: str, flow: str, admin: str | None) -> None:
    await at.house.services.users.set_password(at.pool, "jane", OTHER, permanent=False)
    begun = await at.call(start, AuthFlow=flow, AuthParameters=opening(password=OTHER))
    await at.left(actor=None)
    session = begun.json["Session"]
    answers = {"USERNAME": "jane", "NEW_PASSWORD": PASSWORD}
    told = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeResponses": answers}
    await at.call(operation, Session=session, **told)
    await at.left("password.chosen", "sign_in.succeeded", actor=admin or "jane")
    await at.call(operation, Session=session, **told)
    await at.left("sign_in.failed", actor=admin, subject=None)


async def _set_up(at: Trailed, start: str, operation: str, flow: str, admin: str | None) -> None:
    """At the end of a sign-in that asks for a second factor to be set up."""
    await with_factors(at.house, at.pool, "ON")
    begun = await at.call(start, AuthFlow=flow, AuthParameters=opening())
    told: dict[str, object] = {"ChallengeName": "MFA_SETUP", "Session": begun.json["Session"]}
    said = {"USERNAME": "jane", "FACTOR": "SOFTWARE_TOKEN_MFA"}
    begun = await at.call(operation, ChallengeResponses=said, **told)
    await at.left("factor.requested", actor=admin or "jane")
    app = App(at.house, begun.json["ChallengeParameters"]["secret"])
    told["Session"] = begun.json["Session"]
    await at.call(operation, ChallengeResponses={**said, "ANSWER": app.wrong()}, **told)
    await at.left("factor.refused", actor=admin or "jane")
    await at.call(operation, ChallengeResponses={**said, "ANSWER": app.code()}, **told)
    await at.left("factor.enrolled", "sign_in.succeeded", actor=admin or "jane")


async def _recovers(at: Trailed, start: str, operation: str, flow: str, admin: str | None) -> None:
    """By a recovery code in place of the app."""
    jane = await at.house.services.users.require(at.pool, "jane")
    pool = await at.house.services.pools.get(at.pool.id)
    made = await at.house.services.recovery_codes.make_for(pool, at.client, jane)
    begun = await at.call(start, AuthFlow=flow, AuthParameters=opening())
    told: dict[str, object] = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": begun.json["Session"]}
    await at.call(operation, ChallengeResponses={"USERNAME": "jane", "RECOVERY_CODE": "2222-2222"}, **told)
    await at.left("sign_in.failed", actor=admin)
    await at.call(operation, ChallengeResponses={"USERNAME": "jane", "RECOVERY_CODE": made.codes[0]}, **told)
    await at.left("recovery_code.used", "sign_in.succeeded", actor=admin or "jane")


async def _by_message(at: Trailed, start: str, operation: str, flow: str, admin: str | None) -> None:
    """The second factor is a code to the telephone, which is verified by it, or to the e-mail address."""
    users = at.house.services.users
    await with_factors(at.house, at.pool, "ON", "SMS_MFA", "EMAIL_OTP")
    await users.update(at.pool, "jane", {"phone_number": "+14155550123"}, {})
    await at.house.services.preferences.set_for(at.pool, "jane", [Wish("SOFTWARE_TOKEN_MFA")])
    begun = await at.call(start, AuthFlow=flow, AuthParameters=opening())
    told: dict[str, object] = {"ChallengeName": "SELECT_MFA_TYPE", "Session": begun.json["Session"]}
    begun = await at.call(operation, ChallengeResponses={"USERNAME": "jane", "ANSWER": "SMS_MFA"}, **told)
    await at.left("code.requested", actor=admin or "jane")
    told = {"ChallengeName": "SMS_MFA", "Session": begun.json["Session"]}
    code = at.house.last_code()
    await at.call(operation, ChallengeResponses={"USERNAME": "jane", "SMS_MFA_CODE": "x" + code}, **told)
    await at.left("code.refused", "sign_in.failed", actor=admin)
    await at.call(operation, ChallengeResponses={"USERNAME": "jane", "SMS_MFA_CODE": code}, **told)
    await at.left("contact.verified", "sign_in.succeeded", actor=admin or "jane")


async def _asks_by_message(at: Trailed, operation: str, flow: str, admin: str | None) -> None:
    await with_factors(at.house, at.pool, "ON", "EMAIL_OTP")
    await at.call(operation, AuthFlow=flow, AuthParameters=opening())
    await at.left("code.requested", actor=admin or "jane")
    await with_factors(at.house, at.pool, "OFF")


@scene("RespondToAuthChallenge")
async def respond(at: Trailed) -> None:
    await _answers(at, "InitiateAuth", "RespondToAuthChallenge", "USER_PASSWORD_AUTH", None)
    await _set_up(at, "InitiateAuth", "RespondToAuthChallenge", "USER_PASSWORD_AUTH", None)
    await _recovers(at, "InitiateAuth", "RespondToAuthChallenge", "USER_PASSWORD_AUTH", None)
    await _by_message(at, "InitiateAuth", "RespondToAuthChallenge", "USER_PASSWORD_AUTH", None)


@scene("AdminRespondToAuthChallenge")
async def respond_by_admin(at: Trailed) -> None:
    await _answers(at, "AdminInitiateAuth", "AdminRespondToAuthChallenge", "ADMIN_USER_PASSWORD_AUTH", KEY)
    await _set_up(at, "AdminInitiateAuth", "AdminRespondToAuthChallenge", "ADMIN_USER_PASSWORD_AUTH", KEY)
    await _recovers(at, "AdminInitiateAuth", "AdminRespondToAuthChallenge", "ADMIN_USER_PASSWORD_AUTH", KEY)
    await _by_message(at, "AdminInitiateAuth", "AdminRespondToAuthChallenge", "ADMIN_USER_PASSWORD_AUTH", KEY)


# --- factors ---------------------------------------------------------------------------------------------------------


@scene("SetUserPoolMfaConfig")
async def set_pool_mfa(at: Trailed) -> None:
    totp = {"Enabled": True}
    await at.call("SetUserPoolMfaConfig", MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration=totp)
    await at.left("pool.updated", actor=KEY, subject=None)


@scene("AssociateSoftwareToken")
async def associate(at: Trailed) -> None:
    await with_factors(at.house, at.pool)
    await at.call("AssociateSoftwareToken")
    await at.left("factor.requested", actor="jane")


@scene("VerifySoftwareToken")
async def verify_app(at: Trailed) -> None:
    await with_factors(at.house, at.pool)
    app = await associated(at.house, at.tokens)
    await at.call("VerifySoftwareToken", UserCode=app.wrong())
    await at.left("factor.refused", actor="jane")
    await at.call("VerifySoftwareToken", UserCode=app.code())
    await at.left("factor.enrolled", actor="jane")


@scene("SetUserMFAPreference")
async def prefer(at: Trailed) -> None:
    await with_factors(at.house, at.pool)
    await enrolled(at.house, at.tokens)
    await at.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True})
    await at.left("factor.changed", actor="jane")


@scene("AdminSetUserMFAPreference")
async def prefer_by_admin(at: Trailed) -> None:
    await at.call("AdminSetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": False})
    await at.left("factor.changed", actor=KEY)


@scene("AdminDeleteSoftwareToken")
async def take_away(at: Trailed) -> None:
    await at.call("AdminDeleteSoftwareToken")
    await at.left("factor.deleted", actor=KEY)


@scene("SetUserSettings")
async def set_settings(at: Trailed) -> None:
    await at.call("SetUserSettings", MFAOptions=[])
    await at.left("factor.changed", actor="jane")


@scene("AdminSetUserSettings")
async def set_settings_by_admin(at: Trailed) -> None:
    await at.call("AdminSetUserSettings", MFAOptions=[])
    await at.left("factor.changed", actor=KEY)


@scene("GetTokensFromRefreshToken")
async def refresh(at: Trailed) -> None:
    await at.call("GetTokensFromRefreshToken", RefreshToken="none")
    await at.left("grants.refused", actor=None, subject=None)
    await _replaced(at)
    await at.call("GetTokensFromRefreshToken", RefreshToken=at.tokens.refresh)
    await at.left("grants.reused", actor=None)


@scene("RevokeToken")
async def revoke(at: Trailed) -> None:
    await at.call("RevokeToken", Token=at.tokens.refresh, ClientSecret="n" * 24)
    await at.left("client.refused", actor=None, subject=None)
    await at.call("RevokeToken", Token=at.tokens.refresh)
    await at.left("grants.revoked", actor="jane")


# --- users themselves ------------------------------------------------------------------------------------------------

NEW_EMAIL = [{"Name": "email", "Value": "new-jane@example.com"}]


@scene("ChangePassword")
async def change_password(at: Trailed) -> None:
    await at.call("ChangePassword", PreviousPassword=WRONG, ProposedPassword=OTHER)
    await at.left("password.change_refused", actor="jane")
    await at.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword="short")
    await at.left("password.change_refused", actor="jane")
    await at.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER)
    await at.left("password.changed", actor="jane")


@scene("UpdateUserAttributes")
async def update_attributes(at: Trailed) -> None:
    await at.call("UpdateUserAttributes", UserAttributes=NEW_EMAIL)
    await at.left("attributes.updated", "code.requested", actor="jane")


@scene("DeleteUserAttributes")
async def delete_attributes(at: Trailed) -> None:
    await at.call("DeleteUserAttributes", UserAttributeNames=["email"])
    await at.left("attributes.deleted", actor="jane")


@scene("GetUserAttributeVerificationCode")
async def ask_for_code(at: Trailed) -> None:
    await at.call("GetUserAttributeVerificationCode", AttributeName="email")
    await at.left("code.requested", actor="jane")


@scene("VerifyUserAttribute")
async def verify_attribute(at: Trailed) -> None:
    await at.house.services.profile.send_code(at.tokens.access, "email", {})
    code = at.house.last_code()
    await at.call("VerifyUserAttribute", AttributeName="email", Code="x" + code)
    await at.left("code.refused", actor="jane")
    await at.call("VerifyUserAttribute", AttributeName="email", Code=code)
    await at.left("contact.verified", actor="jane")


@scene("GlobalSignOut")
async def sign_out(at: Trailed) -> None:
    await at.call("GlobalSignOut")
    await at.left("user.signed_out", actor="jane")


@scene("DeleteUser")
async def delete_oneself(at: Trailed) -> None:
    await at.call("DeleteUser")
    await at.left("user.deleted", actor="jane")


# --- administrators: users -------------------------------------------------------------------------------------------


@scene("AdminCreateUser")
async def invite(at: Trailed) -> None:
    email = [{"Name": "email", "Value": "joe@example.com"}]
    told = {"Username": "joe", "UserAttributes": email, "DesiredDeliveryMediums": ["EMAIL"]}
    await at.call("AdminCreateUser", **told)
    joe = await at.house.services.users.require(at.pool, "joe")
    await at.left("user.invited", actor=KEY, subject=joe.sub)
    await at.call("AdminCreateUser", MessageAction="RESEND", **told)
    await at.left("user.invited_again", actor=KEY, subject=joe.sub)


@scene("AdminConfirmSignUp")
async def confirm_by_admin(at: Trailed) -> None:
    joe = (await at.house.sign_up(at.client, "joe")).user
    await at.call("AdminConfirmSignUp", Username="joe")
    await at.left("sign_up.confirmed", actor=KEY, subject=joe.sub)


@scene("AdminSetUserPassword")
async def set_password(at: Trailed) -> None:
    await at.call("AdminSetUserPassword", Password=OTHER, Permanent=True)
    await at.left("password.set", actor=KEY)


@scene("AdminResetUserPassword")
async def reset_password(at: Trailed) -> None:
    await at.call("AdminResetUserPassword")
    await at.left("password.reset_required", "code.requested", actor=KEY)


@scene("AdminUpdateUserAttributes")
async def update_by_admin(at: Trailed) -> None:
    await at.call("AdminUpdateUserAttributes", UserAttributes=NEW_EMAIL)
    await at.left("attributes.updated", "code.requested", actor=KEY)


@scene("AdminDeleteUserAttributes")
async def delete_by_admin(at: Trailed) -> None:
    await at.call("AdminDeleteUserAttributes", UserAttributeNames=["email"])
    await at.left("attributes.deleted", actor=KEY)


async def _plain(at: Trailed, operation: str, action: str) -> None:
    await at.call(operation)
    await at.left(action, actor=KEY)


@scene("AdminDisableUser")
async def disable(at: Trailed) -> None:
    await _plain(at, "AdminDisableUser", "user.disabled")


@scene("AdminEnableUser")
async def enable(at: Trailed) -> None:
    await at.house.services.users.disable(at.pool, "jane")
    await _plain(at, "AdminEnableUser", "user.enabled")


@scene("AdminUserGlobalSignOut")
async def sign_out_by_admin(at: Trailed) -> None:
    await _plain(at, "AdminUserGlobalSignOut", "user.signed_out")


@scene("AdminDeleteUser")
async def delete_user(at: Trailed) -> None:
    await _plain(at, "AdminDeleteUser", "user.deleted")


# --- administrators: groups, clients, pools --------------------------------------------------------------------------


async def _of_nobody(at: Trailed, operation: str, action: str, **given: object) -> dict[str, object]:
    answer = await at.call(operation, **given)
    assert 200 == answer.status, answer.body
    await at.left(action, actor=KEY, subject=None)
    return dict(answer.json) if answer.body else {}


@scene("CreateGroup")
async def create_group(at: Trailed) -> None:
    await _of_nobody(at, "CreateGroup", "group.created", GroupName="staff")


@scene("CreateResourceServer")
async def create_resource_server(at: Trailed) -> None:
    await _of_nobody(at, "CreateResourceServer", "resource_server.created", Identifier="notes", Name="notes")


@scene("UpdateResourceServer")
async def update_resource_server(at: Trailed) -> None:
    await create_resource_server(at)
    at.seen.clear()
    await _of_nobody(at, "UpdateResourceServer", "resource_server.updated", Identifier="notes", Name="notes")


@scene("DeleteResourceServer")
async def delete_resource_server(at: Trailed) -> None:
    await create_resource_server(at)
    at.seen.clear()
    await _of_nobody(at, "DeleteResourceServer", "resource_server.deleted", Identifier="notes")


@scene("CreateUserPoolDomain")
async def create_domain(at: Trailed) -> None:
    await _of_nobody(at, "CreateUserPoolDomain", "domain.created", Domain="people")


@scene("UpdateUserPoolDomain")
async def update_domain(at: Trailed) -> None:
    await create_domain(at)
    at.seen.clear()
    await _of_nobody(at, "UpdateUserPoolDomain", "domain.updated", Domain="people", ManagedLoginVersion=2)


@scene("DeleteUserPoolDomain")
async def delete_domain(at: Trailed) -> None:
    await create_domain(at)
    at.seen.clear()
    await _of_nobody(at, "DeleteUserPoolDomain", "domain.deleted", Domain="people")


@scene("UpdateGroup")
async def update_group(at: Trailed) -> None:
    await create_group(at)
    at.seen.clear()
    await _of_nobody(at, "UpdateGroup", "group.updated", GroupName="staff", Description="all")


@scene("DeleteGroup")
async def delete_group(at: Trailed) -> None:
    await create_group(at)
    at.seen.clear()
    await _of_nobody(at, "DeleteGroup", "group.deleted", GroupName="staff")


@scene("AdminAddUserToGroup")
async def join(at: Trailed) -> None:
    await create_group(at)
    at.seen.clear()
    await at.call("AdminAddUserToGroup", GroupName="staff")
    await at.left("group.joined", actor=KEY)


@scene("AdminRemoveUserFromGroup")
async def leave(at: Trailed) -> None:
    await join(at)
    at.seen.clear()
    await at.call("AdminRemoveUserFromGroup", GroupName="staff")
    await at.left("group.left", actor=KEY)


@scene("CreateUserPoolClient")
async def create_client(at: Trailed) -> None:
    await _of_nobody(at, "CreateUserPoolClient", "client.created", ClientName="app")


@scene("UpdateUserPoolClient")
async def update_client(at: Trailed) -> None:
    await _of_nobody(at, "UpdateUserPoolClient", "client.updated")


@scene("DeleteUserPoolClient")
async def delete_client(at: Trailed) -> None:
    await _of_nobody(at, "DeleteUserPoolClient", "client.deleted")


@scene("AddUserPoolClientSecret")
async def add_secret(at: Trailed) -> None:
    secret = await at.house.client(at.pool, generates_secret=True)
    await _of_nobody(at, "AddUserPoolClientSecret", "client.secret_added", ClientId=secret.id)


@scene("DeleteUserPoolClientSecret")
async def delete_secret(at: Trailed) -> None:
    secret = await at.house.client(at.pool, generates_secret=True)
    added, _ = await at.house.services.clients.add_secret(at.pool.id, secret.id)
    given = {"ClientId": secret.id, "ClientSecretId": added.id}
    await _of_nobody(at, "DeleteUserPoolClientSecret", "client.secret_deleted", **given)


@scene("CreateUserPool")
async def create_pool(at: Trailed) -> None:
    await _of_nobody(at, "CreateUserPool", "pool.created", PoolName="another")


@scene("UpdateUserPool")
async def update_pool(at: Trailed) -> None:
    await _of_nobody(at, "UpdateUserPool", "pool.updated")


@scene("DeleteUserPool")
async def delete_pool(at: Trailed) -> None:
    await _of_nobody(at, "DeleteUserPool", "pool.deleted")


@scene("AddCustomAttributes")
async def add_attributes(at: Trailed) -> None:
    given = [{"Name": "shoe", "AttributeDataType": "String"}]
    await _of_nobody(at, "AddCustomAttributes", "pool.attributes_added", CustomAttributes=given)


@scene("TagResource")
async def tag(at: Trailed) -> None:
    await _of_nobody(at, "TagResource", "pool.tagged", ResourceArn=arn(at), Tags={"a": "b"})


@scene("UntagResource")
async def untag(at: Trailed) -> None:
    await _of_nobody(at, "UntagResource", "pool.untagged", ResourceArn=arn(at), TagKeys=["a"])


# --- operators -------------------------------------------------------------------------------------------------------


async def _left_by(at: Trailed, work: Awaitable[object]) -> list[tuple[str, str | None, dict[str, str]]]:
    """What the work left, as a command of the name ``test``: action, actor, facts."""
    before = {entry.id for entry in await at.entries()}

    async def command() -> None:
        begin(Origin(actor="command:test"))
        await work

    await asyncio.create_task(command())
    return [(entry.action, entry.actor, entry.facts) for entry in await at.entries() if entry.id not in before]


async def test_what_commands_do_to_keys_and_users_in_bulk_is_noted() -> None:
    async with trailed() as at:
        keys, services, left = at.house.built.access_keys, at.house.services, []
        await services.groups.create(at.pool.id, "staff", GroupSettings())
        left += await _left_by(at, keys.create("backend", ()))
        (made,) = (await keys.page(10, None)).items
        left += await _left_by(at, keys.delete(made.id))
        left += await _left_by(at, services.signing_keys.rotate(at.pool.id))
        left += await _left_by(at, services.signing_keys.rotate(at.pool.id, Algorithm.ES256))
        lines = [b'{"username": "joe", "groups": ["staff"]}']
        left += await _left_by(at, services.imports.run(at.pool, Source(lines=lines), Manner(), Told()))
        left += await _left_by(at, services.exports.run(at.pool, lambda _: None, hashes=True))

    assert [
        ("access_key.created", "command:test", {"key": made.id}),
        ("access_key.deleted", "command:test", {"key": made.id}),
        ("keys.rotated", "command:test", {}),
        ("keys.rotated", "command:test", {"algorithm": "ES256"}),
        ("user.imported", "command:test", {"groups": "staff"}),
        ("users.exported", "command:test", {"hashes": "yes", "factors": "sealed"}),
    ] == left
    assert set(ELSEWHERE["commands"]) == {action for action, _, _ in left}


async def test_what_becomes_of_jobs_is_noted() -> None:
    async def breaks(_: Job) -> None:
        raise OSError

    async with trailed() as at:
        leases, left = at.house.built.jobs.leases, []
        worker = JobWorker(leases, [Kind("breaks", breaks)])
        await leases.enqueue("breaks", "a")
        left += await _left_by(at, leases.cancel("breaks", "a"))
        left += await _left_by(at, leases.retry("breaks", "a"))
        held = await leases.take("breaks", "a")
        assert held is not None
        left += await _left_by(at, leases.cancel("breaks", "a"))
        for name, can_be_cancelled in (("b", True), ("c", False)):
            await leases.enqueue("breaks", name, can_be_cancelled=can_be_cancelled)
            for _ in range(leases.pace.tries):
                left += await _left_by(at, worker.drain())
                at.house.clock.advance(leases.pace.longest)

    assert {
        ("job.cancelled", "command:test"),
        ("job.retried", "command:test"),
        ("job.cancelling", "command:test"),
        ("job.failed", "job:breaks/b"),
        ("job.failing", "job:breaks/c"),
    } == {(action, actor) for action, actor, _ in left}
    assert {"breaks"} == {facts["kind"] for _, _, facts in left}
    assert set(ELSEWHERE["jobs"]) == {action for action, _, _ in left}


# --- devices ---------------------------------------------------------------------------------------------------------


async def devices_of(at: Trailed, *, confirmed: bool = True) -> Device:
    """A device on which jane is signed in."""
    await at.house.built.ports.pools.save(replace(await at.house.services.pools.get(at.pool.id), devices=ALWAYS))
    at.tokens = await at.house.sign_in(at.client)
    device = Device(at.house, at.tokens)
    if confirmed:
        await device.confirm()
    return device


@scene("ConfirmDevice")
async def confirm_device(at: Trailed) -> None:
    device = await devices_of(at, confirmed=False)
    await at.call("ConfirmDevice", DeviceKey=device.key, DeviceSecretVerifierConfig=device.config)
    await at.left("device.confirmed", actor="jane")


@scene("UpdateDeviceStatus")
async def update_device(at: Trailed) -> None:
    device = await devices_of(at)
    await at.call("UpdateDeviceStatus", DeviceKey=device.key, DeviceRememberedStatus="not_remembered")
    await at.left("device.updated", actor="jane")


@scene("AdminUpdateDeviceStatus")
async def update_device_by_admin(at: Trailed) -> None:
    device = await devices_of(at)
    await at.call("AdminUpdateDeviceStatus", DeviceKey=device.key, DeviceRememberedStatus="not_remembered")
    await at.left("device.updated", actor=KEY)


@scene("ForgetDevice")
async def forget_device(at: Trailed) -> None:
    device = await devices_of(at)
    await at.call("ForgetDevice", DeviceKey=device.key)
    await at.left("device.forgotten", actor="jane")


@scene("AdminForgetDevice")
async def forget_device_by_admin(at: Trailed) -> None:
    device = await devices_of(at)
    await at.call("AdminForgetDevice", DeviceKey=device.key)
    await at.left("device.forgotten", actor=KEY)


async def passkey_of(at: Trailed) -> VirtualAuthenticator:
    """A passkey of jane's."""
    said = PasskeyPolicy(rp_id=RP_ID)
    pool = await at.house.services.pools.get(at.pool.id)
    await at.house.built.ports.pools.save(replace(pool, first_factors=("PASSWORD", "WEB_AUTHN"), passkeys=said))
    return await registered(at.house, at.tokens)


@scene("StartWebAuthnRegistration")
async def start_passkey(at: Trailed) -> None:
    await passkey_of(at)
    await at.call("StartWebAuthnRegistration")
    await at.left("factor.requested", actor="jane")


@scene("CompleteWebAuthnRegistration")
async def complete_passkey(at: Trailed) -> None:
    key = await passkey_of(at)
    for origin, left in (("https://example.org", "factor.refused"), (ORIGIN, "factor.enrolled")):
        options = (await at.call("StartWebAuthnRegistration")).json["CredentialCreationOptions"]
        await at.call("CompleteWebAuthnRegistration", Credential=key.create(options, origin))
        await at.left(left, actor="jane")


@scene("DeleteWebAuthnCredential")
async def delete_passkey(at: Trailed) -> None:
    await passkey_of(at)
    (held,) = (await at.call("ListWebAuthnCredentials")).json["Credentials"]
    await at.call("DeleteWebAuthnCredential", CredentialId=held["CredentialId"])
    await at.left("factor.deleted", actor="jane")
