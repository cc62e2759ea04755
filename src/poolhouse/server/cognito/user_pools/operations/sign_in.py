"""Sign-in, refresh and revocation."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.errors import ClientNotFound, InvalidParameter, MissingParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.permitted import permits
from poolhouse.flows.sign_in.machine import Asking, Reply
from poolhouse.records.clients import Client
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools import challenges
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import users as shapes

_REFRESH_FLOWS = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")


@operation("InitiateAuth")
async def initiate_auth(call: Call) -> Result:
    return await _initiate(call, await call.client(), by_admin=False)


@operation("AdminInitiateAuth")
async def admin_initiate_auth(call: Call) -> Result:
    return await _initiate(call, await _client_of_pool(call), by_admin=True)


@operation("RespondToAuthChallenge")
async def respond_to_auth_challenge(call: Call) -> Result:
    return await _respond(call, await call.client())


@operation("AdminRespondToAuthChallenge")
async def admin_respond_to_auth_challenge(call: Call) -> Result:
    return await _respond(call, await _client_of_pool(call))


@operation("GetTokensFromRefreshToken")
async def get_tokens_from_refresh_token(call: Call) -> Result:
    given = call.input
    tokens = await call.services.refreshing.refresh(
        await call.client(),
        given["RefreshToken"],
        rotates=True,
        metadata=given.get("ClientMetadata", {}),
        client_secret=given.get("ClientSecret"),
        device_key=given.get("DeviceKey"),
    )
    return {"AuthenticationResult": shapes.authentication_result(tokens)}


@operation("RevokeToken")
async def revoke_token(call: Call) -> Result:
    await call.services.revocation.revoke(await call.client(), call.input["Token"], call.input.get("ClientSecret"))
    return {}


async def _initiate(call: Call, client: Client, *, by_admin: bool) -> Result:
    given = call.input
    parameters: Mapping[str, str] = given.get("AuthParameters", {})
    if given["AuthFlow"] in _REFRESH_FLOWS:
        return await _refresh(call, client, given["AuthFlow"], parameters)
    begun = challenges.opening(
        given["AuthFlow"], parameters, given.get("ClientMetadata", {}), given.get("Session"), by_admin=by_admin
    )
    return await _reply(call, await call.services.sign_in.initiate(client, begun))


async def _respond(call: Call, client: Client) -> Result:
    given = call.input
    answered = challenges.answer(
        given["ChallengeName"],
        given.get("Session"),
        given.get("ChallengeResponses", {}),
        given.get("ClientMetadata", {}),
    )
    return await _reply(call, await call.services.factor_set_ups.respond(client, answered))


async def _refresh(call: Call, client: Client, flow: str, parameters: Mapping[str, str]) -> Result:
    if not client.rotation.enabled and not permits(client, flow):
        raise InvalidParameter(Reason.FLOW_NOT_ENABLED_FOR_CLIENT)
    token = parameters.get("REFRESH_TOKEN")
    if not token:
        raise MissingParameter("REFRESH_TOKEN")
    tokens = await call.services.refreshing.refresh(
        client,
        token,
        rotates=False,
        metadata={},
        secret_hash=parameters.get("SECRET_HASH"),
        device_key=parameters.get("DEVICE_KEY"),
    )
    return {"ChallengeParameters": {}, "AuthenticationResult": shapes.authentication_result(tokens)}


async def _client_of_pool(call: Call) -> Client:
    pool = await call.pool()
    client = await call.client()
    if client.pool_id != pool.id:
        raise ClientNotFound(client.id)
    return client


async def _reply(call: Call, reply: Reply) -> Result:
    if isinstance(reply, Asking):
        return challenges.asked(reply)
    tokens = await call.services.sign_in_end.tokens(reply)
    return {"ChallengeParameters": {}, "AuthenticationResult": shapes.authentication_result(tokens)}
