"""What users do with their own account over HTTP: recovery codes, and the factor of a plugin."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from poolhouse import Asked, CodeMismatch, Enrolling, Factor, Fits, Holder, hookimpl
from poolhouse.flows.pools.domains import DomainSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.security.served import served
from tests.support.factors import TOTP, asked, with_app, with_factors
from tests.support.house import House
from tests.support.json_api import ApiClient
from tests.support.recovery_codes import challenged, recovered
from tests.support.sign_in import SignedIn

CALLBACK = "https://app.example.com/callback"


class Word:
    """A word that is shown once, and good for ever."""

    name, proof = "WORD", "word"

    @hookimpl
    def register_factors(self) -> list[Factor]:
        return [self]

    async def offer(self, holder: Holder) -> bool:
        return True

    async def enrol(self, holder: Holder) -> Enrolling:
        return Enrolling(shown={"word": "heron"}, kept={"word": "heron"})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked(public={"question": "the word"})

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        if answers.get("ANSWER") != kept["word"]:
            raise CodeMismatch
        return Fits()


class Account:
    """Jane's, in a pool that offers an app and the word."""

    def __init__(self, house: House, api: ApiClient, pool: Pool, client: Client, token: str) -> None:
        self.house, self.api, self.pool, self.client, self.token = house, api, pool, client, token

    async def ask(
        self,
        path: str,
        method: str = "POST",
        *,
        token: str | None = "",
        pool_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        **form: str,
    ) -> tuple[int, Mapping[str, str], Any]:
        token = self.token if token == "" else token
        sent = {**({} if token is None else {"Authorization": f"Bearer {token}"}), **(headers or {})}
        url = f"{self.api.url.rstrip('/')}/{pool_id or self.pool.id}/account/{path}"
        async with self.api.session.request(method, url, headers=sent, data=form or None) as answer:
            body = await answer.read()
            return answer.status, answer.headers, json.loads(body) if body else None


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with served(plugins=[("word", Word())]) as (house, api):
        pool = await house.pool(tags={"poolhouse:factors": "WORD"})
        pool = await with_factors(house, pool, "OPTIONAL", TOTP)
        client = await house.client(pool, callback_urls=(CALLBACK,))
        await house.user(client)
        yield Account(house, api, pool, client, (await house.sign_in(client)).access)


async def test_ten_codes_are_shown_once_and_then_how_many_are_left(account: Account) -> None:
    await with_app(account.house, account.client)

    status, headers, made = await account.ask("recovery-codes")
    await recovered(account.house, account.client, await challenged(account.house, account.client), made["codes"][0])
    _, _, left = await account.ask("recovery-codes", "GET")

    assert (200, "no-store") == (status, headers["Cache-Control"])
    assert 10 == len(made["codes"])
    assert {"left": 9, "created": made["created"]} == left


async def test_who_has_no_second_factor_is_told_so(account: Account) -> None:
    status, _, said = await account.ask("recovery-codes")

    assert (400, "invalid_request") == (status, said["error"])
    assert "second factor" in said["error_description"]
    assert {"left": 0, "created": None} == (await account.ask("recovery-codes", "GET"))[2]


async def test_pages_of_the_client_and_no_others_may_read_the_codes(account: Account) -> None:
    await with_app(account.house, account.client)

    _, theirs, _ = await account.ask("recovery-codes", headers={"Origin": "https://app.example.com"})
    _, foreign, _ = await account.ask("recovery-codes", headers={"Origin": "https://evil.example.com"})

    assert "https://app.example.com" == theirs["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Origin" not in foreign


@pytest.mark.parametrize(
    ("path", "method"),
    [("recovery-codes", "GET"), ("recovery-codes", "POST"), ("factors/WORD", "POST"), ("factors/WORD", "DELETE")],
)
async def test_without_a_good_token_of_the_pool_nothing_is_told_or_done(
    account: Account, path: str, method: str
) -> None:
    await with_app(account.house, account.client)
    other = await account.house.pool()
    address = f"{path}?access_token={account.token}"

    found = [
        (await account.ask(path, method, token=None))[0],
        (await account.ask(path, method, token="x"))[0],
        (await account.ask(path, method, pool_id=other.id))[0],
        (await account.ask(address, method, token=None))[0],
    ]
    await account.house.services.profile.sign_out_everywhere(account.token)
    ended = (await account.ask(path, method))[0]

    assert [401, 401, 401, 400, 401] == [*found, ended]
    jane = await account.house.services.users.require(account.pool, "jane")
    assert (None, ("SOFTWARE_TOKEN_MFA",)) == (jane.recovery, tuple(one.factor for one in jane.factors))


async def test_other_methods_are_refused(account: Account) -> None:
    assert 405 == (await account.ask("recovery-codes", "DELETE"))[0]
    assert 405 == (await account.ask("factors/WORD", "GET"))[0]


async def test_a_plugins_factor_is_set_up_and_asked_for_and_switched_off(account: Account) -> None:
    _, _, begun = await account.ask("factors/WORD")
    wrong, _, refused = await account.ask("factors/WORD", answer="stork")
    _, _, done = await account.ask("factors/WORD", answer="heron")
    asking = asked(await account.house.begin(account.client))
    signed_in = await account.house.answer(account.client, asking, ANSWER="heron")
    _, _, off = await account.ask("factors/WORD", "DELETE")

    assert {"factor": "WORD", "shown": {"word": "heron"}} == begun
    assert (400, "invalid_request") == (wrong, refused["error"])
    assert {"factor": "WORD", "enabled": True} == done
    assert ("CUSTOM_CHALLENGE", "the word") == (asking.challenge, asking.public["question"])
    assert isinstance(signed_in, SignedIn)
    assert {"factor": "WORD", "enabled": False} == off
    assert (await account.house.sign_in(account.client)).access


async def test_a_recovery_code_stands_in_for_a_plugins_factor(account: Account) -> None:
    await account.ask("factors/WORD")
    await account.ask("factors/WORD", answer="heron")
    codes = (await account.ask("recovery-codes"))[2]["codes"]

    asking = await challenged(account.house, account.client)

    assert isinstance(await recovered(account.house, account.client, asking, codes[0]), SignedIn)


@pytest.mark.parametrize("factor", ["NOBODYS", "SMS_MFA"])
async def test_a_factor_that_nobody_can_set_up_is_not_set_up(account: Account, factor: str) -> None:
    assert 400 == (await account.ask(f"factors/{factor}"))[0]


async def test_a_factor_that_the_pool_does_not_name_is_not_set_up(account: Account) -> None:
    await account.house.services.pools.untag(account.pool.id, ["poolhouse:factors"])

    assert 400 == (await account.ask("factors/WORD"))[0]


async def test_a_page_may_ask_by_every_method_that_there_is(account: Account) -> None:
    status, headers, _ = await account.ask("factors/WORD", "OPTIONS", token=None)

    assert (200, "GET,POST,DELETE,OPTIONS") == (status, headers["Access-Control-Allow-Methods"])
    assert "authorization" in headers["Access-Control-Allow-Headers"]


async def test_the_same_is_there_at_the_domain_of_the_pool(account: Account) -> None:
    await account.house.services.domains.create(account.pool.id, "people", DomainSettings())

    assert (200, {"left": 0, "created": None}) == (await account.ask("recovery-codes", "GET", pool_id="people"))[::2]
