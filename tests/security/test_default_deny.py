"""Beyond the rows: what declares nothing does not start, and what nobody thought of is not open."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools.call import OPERATIONS as OF_IDENTITY_POOLS
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.user_pools.call import OPERATIONS
from poolhouse.server.endings import Endings
from poolhouse.server.routes import Audience, Route, mount
from tests.security.served import served
from tests.support.json_api import user_pools


async def page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="inside")


def guard(_: web.Request) -> None:
    raise web.HTTPNotFound


@pytest.mark.parametrize("audience", [None, "anybody", "", True, 0])
def test_a_route_that_does_not_say_for_whom_does_not_start(audience: Any) -> None:
    with pytest.raises(TypeError, match="does not declare who may use it"):
        mount(web.Application(), [Route("GET", "/x", page, audience, "x")], guard=guard)


async def test_an_operators_route_is_guarded() -> None:
    app = web.Application()
    mount(app, [Route("GET", "/x", page, Audience.OPERATOR, "x")], guard=guard)
    handler = next(iter(app.router.routes())).handler

    with pytest.raises(web.HTTPNotFound):
        await handler(None)  # type: ignore[arg-type]


OF_POOLS = {
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/account/factors/{factor}",
    "/account/recovery-codes",
    "/accounts",
    "/authorize",
    "/confirm",
    "/confirmForgotPassword",
    "/confirmUser",
    "/consent",
    "/factors/add",
    "/forgotPassword",
    "/login",
    "/logout",
    "/oauth2/authorize",
    "/oauth2/end_session",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/token",
    "/oauth2/userInfo",
    "/passkeys/add",
    "/signup",
}
"""Under the id of a pool, at its domain, and under the prefix of that."""
OPEN = {
    *(begins + path for begins in ("/{pool_id}", "", "/{prefix}") for path in OF_POOLS),
    "/.well-known/openid-configuration/{pool_id}",
    "/.well-known/oauth-authorization-server/{pool_id}",
    "/.well-known/jwks_uri",
    "/static/pages/{name}",
    # Signatures are checked there, and nothing is told without one; the check wants the gateway's token.
    "/authz/check",
    "/authz/envoy/{api}/{stage}{path}",
    "/authz/execute-api/{api}/{stage}",
    "/gateway/{api}/{stage}{path}",
    "/healthz",
    "/readyz",
    "/",
    "/{path}",
}


async def test_every_path_that_is_open_is_known() -> None:
    """A new route has to be put on this list, where somebody looks at it."""
    async with served() as (house, api):
        resources: list[str] = []
        for resource in house.built.app.router.resources():
            resources += resource.paths if isinstance(resource, Endings) else [resource.canonical]
        statuses = {}
        for path in ("/metrics", "/_dev/outbox", "/admin", "/debug", "/.env", "/static/../x", "/docs"):
            async with api.session.get(api.url.rstrip("/") + path) as answer:
                statuses[path] = answer.status

    assert OPEN == set(resources) - {"/metrics"}
    assert {404, 405} >= set(statuses.values())


def test_operations_without_rights_are_the_ones_that_the_model_leaves_open() -> None:
    """A new one has to be put on this list, where somebody looks at it."""
    model = user_pools()
    offered = load_operations(OPERATIONS)

    assert {
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "ForgotPassword",
        "GetTokensFromRefreshToken",
        "InitiateAuth",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SignUp",
    } == {name for name in offered if model.operations[name].caller == "public"}
    assert {
        # This one and VerifySoftwareToken take the session of a sign-in under way, too.
        "AssociateSoftwareToken",
        "ChangePassword",
        "CompleteWebAuthnRegistration",
        "ConfirmDevice",
        "DeleteUser",
        "DeleteUserAttributes",
        "DeleteWebAuthnCredential",
        "ForgetDevice",
        "GetDevice",
        "GetUser",
        "GetUserAttributeVerificationCode",
        "GetUserAuthFactors",
        "GlobalSignOut",
        "ListDevices",
        "ListWebAuthnCredentials",
        "SetUserMFAPreference",
        "SetUserSettings",
        "StartWebAuthnRegistration",
        "UpdateDeviceStatus",
        "UpdateUserAttributes",
        "VerifySoftwareToken",
        "VerifyUserAttribute",
    } == {name for name in offered if model.operations[name].caller == "token"}
    assert {"public", "token", "signed"} == {operation.caller for operation in model.operations.values()}


def test_operations_of_identity_pools_without_rights_are_the_ones_that_the_model_leaves_open() -> None:
    """A new one has to be put on this list, where somebody looks at it."""
    model = identity_pools_model()
    offered = load_operations(OF_IDENTITY_POOLS)

    for operations in (offered, model.operations):
        assert {"GetId", "GetOpenIdToken", "GetCredentialsForIdentity", "UnlinkIdentity"} == {
            name for name in operations if model.operations[name].caller != "signed"
        }


async def test_an_operation_with_a_token_wants_a_good_one() -> None:
    model = user_pools()
    async with served() as (_, api):
        device = {"DeviceKey": "eu-north-1_0"}
        given: dict[str, dict[str, Any]] = {
            "ChangePassword": {"ProposedPassword": "Corr3ct-Horse!"},
            "ConfirmDevice": {**device, "DeviceSecretVerifierConfig": {"Salt": "AQ==", "PasswordVerifier": "AQ=="}},
            "CompleteWebAuthnRegistration": {"Credential": {}},
            "DeleteWebAuthnCredential": {"CredentialId": "c"},
            "ForgetDevice": device,
            "GetDevice": device,
            "UpdateDeviceStatus": {**device, "DeviceRememberedStatus": "remembered"},
            "DeleteUserAttributes": {"UserAttributeNames": ["email"]},
            "GetUserAttributeVerificationCode": {"AttributeName": "email"},
            "SetUserSettings": {"MFAOptions": []},
            "UpdateUserAttributes": {"UserAttributes": [{"Name": "email", "Value": "a@example.com"}]},
            "VerifySoftwareToken": {"UserCode": "123456"},
            "VerifyUserAttribute": {"AttributeName": "email", "Code": "123456"},
        }
        answers = {
            name: await api.call(name, {"AccessToken": "a.b.c", **given.get(name, {})})
            for name in load_operations(OPERATIONS)
            if model.operations[name].caller == "token"
        }

    assert {"NotAuthorizedException"} == {answer.error for answer in answers.values()}
