"""Every event of a request says where the request came from."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from poolhouse import (
    Asked,
    Audit,
    ChallengeDecision,
    ComposeMessage,
    CreateChallenge,
    DefineChallenge,
    FlowCall,
    IdentitiesMerged,
    IdentityCreated,
    IdentityDeleted,
    IssueCredentials,
    MigrateUser,
    NarrowCredentials,
    Origin,
    PostAuthentication,
    PostConfirmation,
    PreAuthentication,
    PreSignUp,
    PreToken,
    ProvenLogin,
    SignInState,
    Stage,
    ValidateLogin,
    VerifyChallenge,
    hookimpl,
)
from poolhouse.hooks.dispatch import every_hook
from poolhouse.hooks.expected import event_of
from poolhouse.testing import House, MadeClient, running_house

OF_NO_REQUEST = {"Lifespan", "Register", "Message"}


class Spy:
    """Keeps the origin of every event that it gets."""

    def __init__(self) -> None:
        self.seen: dict[str, Origin] = {}

    def _keep(self, event: Any) -> None:
        self.seen[type(event).__name__] = event.origin

    @hookimpl
    async def around_flow(self, event: FlowCall) -> AsyncIterator[None]:
        self._keep(event)
        yield

    @hookimpl
    def pre_sign_up(self, event: PreSignUp) -> None:
        self._keep(event)

    @hookimpl
    def post_confirmation(self, event: PostConfirmation) -> None:
        self._keep(event)

    @hookimpl
    def pre_authentication(self, event: PreAuthentication) -> None:
        self._keep(event)

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> None:
        self._keep(event)

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        self._keep(event)
        return (
            ChallengeDecision(issue_tokens=True) if event.session else ChallengeDecision(challenge="CUSTOM_CHALLENGE")
        )

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        self._keep(event)
        return Asked()

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        self._keep(event)
        return True

    @hookimpl
    def post_authentication(self, event: PostAuthentication) -> None:
        self._keep(event)

    @hookimpl
    def pre_token(self, event: PreToken) -> None:
        self._keep(event)

    @hookimpl
    def validate_login(self, event: ValidateLogin) -> ProvenLogin:
        self._keep(event)
        return ProvenLogin(subject=event.value)

    @hookimpl
    def identity_created(self, event: IdentityCreated) -> None:
        self._keep(event)

    @hookimpl
    def identities_merged(self, event: IdentitiesMerged) -> None:
        self._keep(event)

    @hookimpl
    def identity_deleted(self, event: IdentityDeleted) -> None:
        self._keep(event)

    @hookimpl
    def narrow_credentials(self, event: NarrowCredentials) -> None:
        self._keep(event)

    @hookimpl
    def issue_credentials(self, event: IssueCredentials) -> None:
        self._keep(event)

    @hookimpl
    def compose_message(self, event: ComposeMessage) -> None:
        self._keep(event)

    @hookimpl
    def audit(self, event: Audit) -> None:
        self._keep(event)

    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("nothing", self._nothing)]

    async def _nothing(self, state: SignInState) -> None:
        self._keep(state)


async def go_through_a_users_life(house: House, client: MadeClient) -> None:
    jane = {"ClientId": client.id, "Username": "jane"}
    email = [{"Name": "email", "Value": "jane@example.com"}]
    await house.aws("sign_up", **jane, Password="Passw0rd!", UserAttributes=email)
    await house.aws("confirm_sign_up", **jane, ConfirmationCode=house.last_code("jane@example.com"))
    await house.sign_in(client, "jane", "Passw0rd!")
    with pytest.raises(house.boto3().exceptions.UserNotFoundException):
        await house.sign_in(client, "nobody", "Passw0rd!")
    asked = await house.aws(
        "initiate_auth", ClientId=client.id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "jane"}
    )
    await house.aws(
        "respond_to_auth_challenge",
        ClientId=client.id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "jane", "ANSWER": "x"},
    )


async def go_through_an_identitys_life(house: House) -> None:
    async def aws(operation: str, **parameters: Any) -> dict[str, Any]:
        return await house.aws(operation, service="cognito-identity", **parameters)

    made = await aws(
        "create_identity_pool",
        IdentityPoolName="people",
        AllowUnauthenticatedIdentities=False,
        SupportedLoginProviders={"badges.example.com": "app"},
        DeveloperProviderName="our.back.end",
    )
    pool_id = made["IdentityPoolId"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id}},
            }
        ],
    }
    roles = house.server.access.roles
    arn = roles.arn(await roles.create("user", trust))
    await aws("set_identity_pool_roles", IdentityPoolId=pool_id, Roles={"authenticated": arn})
    logins = {"badges.example.com": "jane"}
    identity = (await aws("get_id", IdentityPoolId=pool_id, Logins=logins))["IdentityId"]
    await aws("get_credentials_for_identity", IdentityId=identity, Logins=logins)
    for user in ("jane", "jane-2"):
        await aws("get_open_id_token_for_developer_identity", IdentityPoolId=pool_id, Logins={"our.back.end": user})
    await aws(
        "merge_developer_identities",
        IdentityPoolId=pool_id,
        DeveloperProviderName="our.back.end",
        SourceUserIdentifier="jane-2",
        DestinationUserIdentifier="jane",
    )
    await aws("delete_identities", IdentityIdsToDelete=[identity])


def test_every_event_of_a_request_has_an_origin() -> None:
    events = {event_of(spec) for spec in every_hook().values()}

    without = {event.__name__ for event in events if "origin" not in {f.name for f in fields(event)}}

    assert without == OF_NO_REQUEST


def fields(event: type) -> tuple[Any, ...]:
    return dataclasses.fields(event) if dataclasses.is_dataclass(event) else ()


async def test_every_event_tells_the_request_by_address_user_agent_and_id() -> None:
    spy = Spy()
    async with running_house(plugins=[("spy", spy)]) as house:
        pool = await house.make_pool(AutoVerifiedAttributes=["email"])
        await go_through_a_users_life(house, await house.make_client(pool))
        await go_through_an_identitys_life(house)

    named = {event_of(spec).__name__ for spec in every_hook().values()} - OF_NO_REQUEST - {"OverLimit"}
    assert named | {"SignInState"} == spy.seen.keys()
    assert {"127.0.0.1"} == {origin.source for origin in spy.seen.values()}
    assert all(origin.user_agent.startswith("Boto3/") for origin in spy.seen.values())
    assert all(len(origin.request_id) == 36 for origin in spy.seen.values())


async def post(house: House, client: MadeClient, **headers: str) -> None:
    """A sign-in of somebody unknown, as a browser sends it."""
    body = f'{{"ClientId": "{client.id}", "AuthFlow": "USER_PASSWORD_AUTH", '
    body += '"AuthParameters": {"USERNAME": "jane", "PASSWORD": "Passw0rd!"}}'
    target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    content = {"Content-Type": "application/x-amz-json-1.1"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(house.base_url, data=body, headers={**target, **content, **headers}) as answer,
    ):
        await answer.read()


@pytest.mark.parametrize(("trusted", "source"), [(["127.0.0.1"], "198.51.100.7"), ([], "127.0.0.1")])
async def test_the_address_is_that_behind_trusted_proxies(trusted: list[str], source: str) -> None:
    spy = Spy()
    async with running_house(plugins=[("spy", spy)], settings={"server": {"trusted_proxies": trusted}}) as house:
        client = await house.make_client(await house.make_pool())
        await post(house, client, **{"X-Forwarded-For": "198.51.100.7", "User-Agent": "Mozilla/5.0 (made up)"})

    origin = spy.seen["MigrateUser"]
    assert (source, "Mozilla/5.0 (made up)") == (origin.source, origin.user_agent)


async def test_a_user_agent_of_odd_bytes_and_any_length_is_short_printable_text() -> None:
    spy = Spy()
    async with running_house(plugins=[("spy", spy)]) as house:
        client = await house.make_client(await house.make_pool())
        await post(house, client, **{"User-Agent": "a\u00adb" + "c" * 4000})

    user_agent = spy.seen["MigrateUser"].user_agent
    assert user_agent.startswith("a?b")
    assert len(user_agent) == 512


async def test_what_the_client_says_of_itself_comes_along() -> None:
    spy = Spy()
    async with running_house(plugins=[("spy", spy)]) as house:
        pool = await house.make_pool()
        client, user = await house.make_client(pool), await house.make_user(pool)
        sign_in = {
            "ClientId": client.id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "jane", "PASSWORD": user.password},
        }
        await house.aws("initiate_auth", **sign_in, UserContextData={"EncodedData": "ZGF0YQ=="})
        by_client = spy.seen["PreAuthentication"]
        await house.aws("initiate_auth", **sign_in)
        without = spy.seen["PreAuthentication"]

    assert ({"encoded_data": "ZGF0YQ=="}, None) == (by_client.context_data, by_client.actor)
    assert {} == without.context_data


async def test_what_a_servers_own_client_says_comes_along_from_a_back_end() -> None:
    spy = Spy()
    async with running_house(plugins=[("spy", spy)]) as house:
        pool = await house.make_pool()
        client = await house.make_client(pool, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
        user = await house.make_user(pool)
        await house.aws(
            "admin_initiate_auth",
            UserPoolId=pool.id,
            ClientId=client.id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "jane", "PASSWORD": user.password},
            ContextData={
                "IpAddress": "203.0.113.9",
                "ServerName": "app",
                "ServerPath": "/login",
                "HttpHeaders": [{"headerName": "Accept-Language", "headerValue": "fr"}],
            },
        )

    origin = spy.seen["PreAuthentication"]
    assert origin.actor is not None
    assert {
        "ip_address": "203.0.113.9",
        "server_name": "app",
        "server_path": "/login",
        "header:accept-language": "fr",
    } == origin.context_data
