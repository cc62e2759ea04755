"""Many at the same moment, over the network: what can happen once happens once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from poolhouse.testing.made import MadeClient
from tests.support.json_api import Answer, ApiClient
from tests.support.live import OTHER_PASSWORD, PASSWORD, Live, attributes, guesses_within, unique
from tests.support.server_process import ROOT

# Either is an answer that tells the client to come back; neither says that anything happened.
LATER = {"TooManyRequestsException", "LimitExceededException"}


class Crowd:
    """Calls through both processes in turn, all at once."""

    def __init__(self, clients: list[ApiClient]) -> None:
        self._clients = clients

    async def all_at_once(self, count: int, operation: str, given: dict[str, Any]) -> list[Answer]:
        calls = [self._clients[turn % len(self._clients)].call(operation, given) for turn in range(count)]
        return await asyncio.gather(*calls)

    async def call(self, operation: str, given: dict[str, Any]) -> Any:
        answer = await self._clients[0].call(operation, given)
        assert 200 == answer.status, answer.body
        return answer.json if answer.body else {}


@pytest.fixture
async def crowd(live: Live, other: Live) -> AsyncIterator[Crowd]:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield Crowd([ApiClient(server.base_url + "/", session, key=ROOT, now=time.time()) for server in (live, other)])


@pytest.fixture
def client(live: Live) -> MadeClient:
    return live.client(live.pool())


def outcomes(answers: list[Answer]) -> Counter[str]:
    return Counter("success" if answer.status == 200 else answer.error for answer in answers)


async def test_two_hundred_sign_ups_of_one_name_make_one_user(live: Live, client: MadeClient, crowd: Crowd) -> None:
    name = unique()
    given = {
        "ClientId": client.id,
        "Username": name,
        "Password": PASSWORD,
        "UserAttributes": attributes(email=f"{name}@example.com"),
    }

    said = outcomes(await crowd.all_at_once(200, "SignUp", given))

    assert 1 == said.pop("success")
    assert said.keys() <= {"UsernameExistsException", *LATER}
    users = await crowd.call("ListUsers", {"UserPoolId": client.pool_id})
    assert [name] == [user["Username"] for user in users["Users"]]
    assert 1 == len(live.messages(f"{name}@example.com"))
    await crowd.call(
        "ConfirmSignUp",
        {"ClientId": client.id, "Username": name, "ConfirmationCode": live.code(f"{name}@example.com")},
    )


async def test_fifty_sign_ups_of_one_address_make_one_user(live: Live, crowd: Crowd) -> None:
    pool = await asyncio.to_thread(live.pool, UsernameAttributes=["email"])
    client = await asyncio.to_thread(live.client, pool)
    given = {"ClientId": client.id, "Username": f"{unique()}@example.com", "Password": PASSWORD}

    said = outcomes(await crowd.all_at_once(50, "SignUp", given))

    assert 1 == said.pop("success")
    assert said.keys() <= {"UsernameExistsException", *LATER}
    assert 1 == len((await crowd.call("ListUsers", {"UserPoolId": pool.id}))["Users"])


async def test_one_address_confirmed_by_many_users_is_the_alias_of_one(live: Live, crowd: Crowd) -> None:
    pool = await asyncio.to_thread(live.pool, AliasAttributes=["email"])
    client = await asyncio.to_thread(live.client, pool)
    address = f"{unique()}@example.com"
    confirmations = []
    for number in range(10):
        given = {"ClientId": client.id, "Username": f"user-{number}"}
        await crowd.call("SignUp", {**given, "Password": PASSWORD, "UserAttributes": attributes(email=address)})
        confirmations.append({**given, "ConfirmationCode": live.code(address)})

    said = outcomes(
        [
            answer
            for answers in await asyncio.gather(
                *(crowd.all_at_once(2, "ConfirmSignUp", given) for given in confirmations)
            )
            for answer in answers
        ]
    )

    assert 1 == said["success"]
    users = (await crowd.call("ListUsers", {"UserPoolId": pool.id, "Filter": f'email = "{address}"'}))["Users"]
    verified = [user["Username"] for user in users if {"Name": "email_verified", "Value": "true"} in user["Attributes"]]
    assert 1 == len(verified)
    assert 10 == len(users)


async def test_a_hundred_uses_of_one_confirmation_code_confirm_once(
    live: Live, client: MadeClient, crowd: Crowd
) -> None:
    name = unique()
    given = {"ClientId": client.id, "Username": name}
    address = f"{name}@example.com"
    await crowd.call("SignUp", {**given, "Password": PASSWORD, "UserAttributes": attributes(email=address)})

    said = outcomes(await crowd.all_at_once(100, "ConfirmSignUp", {**given, "ConfirmationCode": live.code(address)}))

    assert 1 == said.pop("success")
    assert said.keys() <= {"ExpiredCodeException", "NotAuthorizedException", *LATER}


async def test_a_hundred_uses_of_one_reset_code_set_one_password(live: Live, client: MadeClient, crowd: Crowd) -> None:
    name = await asyncio.to_thread(live.user, client)
    given = {"ClientId": client.id, "Username": name}
    await crowd.call("ForgotPassword", given)
    code = live.code(f"{name}@example.com")
    passwords = [f"{OTHER_PASSWORD}{number:02}" for number in range(50)]

    answers = await asyncio.gather(
        *(
            crowd.all_at_once(2, "ConfirmForgotPassword", {**given, "ConfirmationCode": code, "Password": password})
            for password in passwords
        )
    )

    won = [
        password for password, both in zip(passwords, answers, strict=True) for answer in both if answer.status == 200
    ]
    assert 1 == len(won)
    assert outcomes([answer for both in answers for answer in both]).keys() <= {
        "success",
        "ExpiredCodeException",
        *LATER,
    }
    assert await asyncio.to_thread(live.sign_in, client, name, won[0])


async def test_a_hundred_answers_in_one_session_choose_one_password(
    live: Live, client: MadeClient, crowd: Crowd
) -> None:
    name = unique()
    await crowd.call(
        "AdminCreateUser",
        {
            "UserPoolId": client.pool_id,
            "Username": name,
            "TemporaryPassword": PASSWORD,
            "MessageAction": "SUPPRESS",
        },
    )
    asked = await crowd.call(
        "InitiateAuth",
        {
            "ClientId": client.id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": name, "PASSWORD": PASSWORD},
        },
    )

    said = outcomes(
        await crowd.all_at_once(
            100,
            "RespondToAuthChallenge",
            {
                "ClientId": client.id,
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "Session": asked["Session"],
                "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": OTHER_PASSWORD},
            },
        )
    )

    assert {"success": 1, "NotAuthorizedException": 99} == said
    assert await asyncio.to_thread(live.sign_in, client, name, OTHER_PASSWORD)


async def test_a_hundred_proofs_for_one_srp_challenge_sign_in_once(
    live: Live, client: MadeClient, crowd: Crowd
) -> None:
    from pycognito.aws_srp import AWSSRP

    name = await asyncio.to_thread(live.user, client)
    srp = AWSSRP(name, PASSWORD, client.pool_id, client.id, client=live.aws)
    asked = await crowd.call(
        "InitiateAuth",
        {"ClientId": client.id, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": srp.get_auth_params()},
    )
    proof = srp.process_challenge(asked["ChallengeParameters"], srp.get_auth_params())

    said = outcomes(
        await crowd.all_at_once(
            100,
            "RespondToAuthChallenge",
            {
                "ClientId": client.id,
                "ChallengeName": "PASSWORD_VERIFIER",
                "Session": asked["Session"],
                "ChallengeResponses": proof,
            },
        )
    )

    assert {"success": 1, "NotAuthorizedException": 99} == said


@pytest.mark.parametrize("grace", [0, 60])
async def test_a_hundred_uses_of_one_refresh_token_have_one_successor(live: Live, crowd: Crowd, grace: int) -> None:
    client = await asyncio.to_thread(
        live.client,
        await asyncio.to_thread(live.pool),
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
    )
    name = await asyncio.to_thread(live.user, client)
    first = (await asyncio.to_thread(live.sign_in, client, name))["RefreshToken"]

    answers = await crowd.all_at_once(100, "GetTokensFromRefreshToken", {"ClientId": client.id, "RefreshToken": first})

    successors = {answer.json["AuthenticationResult"]["RefreshToken"] for answer in answers if answer.status == 200}
    assert 1 == len(successors - {first}) == len(successors)
    said = outcomes(answers)
    # Within the grace everybody gets the same one; without it, only the first.
    assert said == ({"success": 100} if grace else {"success": 1, "RefreshTokenReuseException": 99})
    await crowd.call("GetTokensFromRefreshToken", {"ClientId": client.id, "RefreshToken": successors.pop()})


async def test_fifty_right_passwords_at_once_lock_nobody_out(live: Live, client: MadeClient, crowd: Crowd) -> None:
    name = await asyncio.to_thread(live.user, client)

    said = outcomes(
        await crowd.all_at_once(
            50,
            "InitiateAuth",
            {
                "ClientId": client.id,
                "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": name, "PASSWORD": PASSWORD},
            },
        )
    )

    assert said["success"]
    assert said.keys() <= {"success", "TooManyRequestsException"}
    assert await asyncio.to_thread(live.sign_in, client, name)


async def test_of_a_hundred_guesses_at_once_no_more_are_checked_than_one_after_another(
    live: Live, client: MadeClient, crowd: Crowd
) -> None:
    name = await asyncio.to_thread(live.user, client)
    began = time.monotonic()

    answers = await crowd.all_at_once(
        100,
        "InitiateAuth",
        {
            "ClientId": client.id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": name, "PASSWORD": "Wr0ng-Horse!"},
        },
    )

    assert {"NotAuthorizedException"} == outcomes(answers).keys()
    checked = sum(answer.json["message"] == "Incorrect username or password." for answer in answers)
    assert 0 < checked <= guesses_within(time.monotonic() - began)
