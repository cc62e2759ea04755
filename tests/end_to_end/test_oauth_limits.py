"""How often clients may fail and ask at the OAuth endpoints (rules K10 and H8), over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from poolhouse.config.settings import Limits, Server
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from tests.support.oauth import OAuth, Told, oauth_served

MACHINE = {"grant_type": "client_credentials"}
ENDPOINTS = ("token", "revoke", "introspect")
LOW = Limits(source_failed_proofs=5, client_failed_proofs=8)
HERE = Server(base_url="https://auth.example.com", trusted_proxies=(ip_network("127.0.0.0/8"),))
MALLORY, ALICE, CAROL = "192.0.2.1", "198.51.100.9", "203.0.113.7"


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served(limits=LOW, server=HERE) as served:
        yield served


async def prove(at: OAuth, source: str, secret: str | None = None, endpoint: str = "token", **form: str) -> Told:
    """The machine proves itself from this address (by its own secret: None)."""
    headers = {**at.basic(at.machine, secret), "X-Forwarded-For": source}
    return await at.ask(endpoint, {**MACHINE, "token": "x", **form}, headers)


async def unknown(at: OAuth, source: str, client_id: str, endpoint: str = "token") -> Told:
    form = {**MACHINE, "token": "x", "client_id": client_id, "client_secret": "guess"}
    return await at.ask(endpoint, form, {"X-Forwarded-For": source})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_k10_an_address_may_fail_so_often_in_a_minute_and_others_are_not_refused_for_it(
    at: OAuth, endpoint: str
) -> None:
    statuses = [(await prove(at, MALLORY, "guess", endpoint)).status for _ in range(7)]
    right = await prove(at, MALLORY, endpoint=endpoint)

    assert [401] * 5 + [429] * 2 == statuses
    # A right one among too many guesses waits as they do: what is refused tells nothing.
    assert (429, "temporarily_unavailable") == right.error
    assert 12 == int(right.headers["Retry-After"])
    assert (await prove(at, ALICE, endpoint=endpoint)).status == 200
    at.house.clock.advance(12.1)
    assert (await prove(at, MALLORY, endpoint=endpoint)).status == 200


async def test_k10_the_same_count_is_kept_at_all_endpoints(at: OAuth) -> None:
    for endpoint in (*ENDPOINTS, "token", "revoke"):
        assert 401 == (await prove(at, MALLORY, "guess", endpoint)).status

    assert [429] * 3 == [(await prove(at, MALLORY, "guess", endpoint)).status for endpoint in ENDPOINTS]


async def test_k10_many_addresses_do_not_fail_more_often_than_the_client_may(at: OAuth) -> None:
    statuses = [(await prove(at, f"192.0.2.{number}", "guess")).status for number in range(10)]

    assert [401] * 8 + [429] * 2 == statuses


async def test_k10_an_unknown_client_and_a_wrong_secret_are_told_apart_by_nothing_before_and_after_the_limit(
    at: OAuth,
) -> None:
    wrong = [await prove(at, MALLORY, "guess") for _ in range(7)]
    nobody = [await at.ask("token", MACHINE, {**_basic_of_nobody(at), "X-Forwarded-For": ALICE}) for _ in range(7)]
    of_client = [await prove(at, f"203.0.113.{number}", "guess") for number in range(5)]
    of_nobody = [await unknown(at, f"198.18.0.{number}", "nobody") for number in range(5)]

    assert [(told.status, told.body) for told in wrong] == [(told.status, told.body) for told in nobody]
    assert [told.headers.get("Retry-After") for told in wrong] == [told.headers.get("Retry-After") for told in nobody]
    assert [told.status for told in of_client] == [told.status for told in of_nobody]
    assert 429 in {told.status for told in of_client}


def _basic_of_nobody(at: OAuth) -> dict[str, str]:
    import base64

    return {"Authorization": "Basic " + base64.b64encode(b"nobody:guess").decode()}


async def test_k10_what_is_right_does_not_count(at: OAuth) -> None:
    statuses = {(await prove(at, MALLORY)).status for _ in range(30)}

    assert {200} == statuses
    assert [401] * 5 == [(await prove(at, MALLORY, "guess")).status for _ in range(5)]


async def test_k10_a_hundred_guesses_at_once_are_no_more_than_a_hundred_after_each_other(at: OAuth) -> None:
    told = await asyncio.gather(*(prove(at, MALLORY, "guess") for _ in range(100)))

    assert 5 == len([one for one in told if one.status == 401])
    assert 95 == len([one for one in told if one.status == 429])


async def test_k10_addresses_of_one_network_count_as_one(at: OAuth) -> None:
    statuses = [(await prove(at, f"2001:db8:1:2::{number}", "guess")).status for number in range(6)]

    assert [401] * 5 + [429] == statuses
    assert 401 == (await prove(at, "2001:db8:1:3::1", "guess")).status


async def test_k10_guesses_by_the_json_api_are_counted_with_the_others(at: OAuth) -> None:
    refresh = (await at.granted(at.web, "openid")).refresh or ""
    guess = {"ClientId": at.web.id, "ClientSecret": "x" * 24}

    codes = [
        (await at.api.call("RevokeToken", {"Token": refresh, **guess})).error,
        (await at.api.call("GetTokensFromRefreshToken", {"RefreshToken": refresh, **guess})).error,
        (await at.api.call("RevokeToken", {"Token": refresh, **guess})).error,
        (await at.api.call("GetTokensFromRefreshToken", {"RefreshToken": refresh, **guess})).error,
        (await at.api.call("RevokeToken", {"Token": refresh, **guess})).error,
    ]

    assert ["UnauthorizedException", "NotAuthorizedException"] * 2 + ["UnauthorizedException"] == codes
    for operation in ("RevokeToken", "GetTokensFromRefreshToken"):
        token = {"Token": refresh} if operation == "RevokeToken" else {"RefreshToken": refresh}
        right = {"ClientId": at.web.id, "ClientSecret": at.secret(at.web)}
        answer = await at.api.call(operation, {**token, **right})
        assert "TooManyRequestsException" == answer.error, answer.body
    assert 429 == (await prove(at, "127.0.0.1")).status


async def test_k10_a_plugin_may_let_somebody_in() -> None:
    seen: list[OverLimit] = []

    class Letting:
        @hookimpl
        def over_limit(self, event: OverLimit) -> bool | None:
            seen.append(event)
            return event.source == MALLORY

    async with oauth_served(limits=LOW, server=HERE, plugins=[("letting", Letting())]) as at:
        for _ in range(6):
            await prove(at, MALLORY, "guess")
        assert 200 == (await prove(at, MALLORY)).status

    assert {("client_proof", "source", at.pool.id, at.machine.id)} == {
        (event.asked, event.scope, event.pool_id, event.client_id) for event in seen
    }


async def test_h8_a_client_that_asks_too_often_is_told_when_to_come_again() -> None:
    limits = Limits(client_tokens=6, pool_tokens=8, source_tokens=3)
    async with oauth_served(limits=limits, server=HERE) as at:
        machine = [(await prove(at, MALLORY, endpoint=name)).status for name in (*ENDPOINTS, *ENDPOINTS, "token")]
        refused = await prove(at, MALLORY)
        form = {"client_id": at.app.id, "token": "x.y"}
        public = [await at.ask("revoke", form, {"X-Forwarded-For": CAROL}) for _ in range(3)]

    assert [200] * 6 + [429] == machine
    assert (429, "temporarily_unavailable") == refused.error
    assert "10" == refused.headers["Retry-After"]
    # The pool has eight in all.
    assert [200, 200, 429] == [told.status for told in public]


async def test_h8_an_address_of_a_public_client_has_a_limit_and_that_of_one_with_a_secret_has_none() -> None:
    async with oauth_served(limits=Limits(source_tokens=3), server=HERE) as at:
        machine = {(await prove(at, MALLORY)).status for _ in range(10)}
        form = {"client_id": at.app.id, "token": "x.y"}
        public = [(await at.ask("revoke", form, {"X-Forwarded-For": MALLORY})).status for _ in range(4)]
        other = await at.ask("revoke", form, {"X-Forwarded-For": ALICE})

    assert {200} == machine
    assert [200, 200, 200, 429] == public
    assert 200 == other.status


async def test_h8_grant_types_have_the_classes_of_the_field_and_share_them_with_the_json_api() -> None:
    limits = Limits(requests={"ClientAuthentication": 2, "UserToken": 2})
    async with oauth_served(limits=limits, server=HERE) as at:
        machine = [(await at.token(at.machine, **MACHINE)).status for _ in range(3)]
        first = await at.granted(at.app, "openid")
        refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")
        revoked = await at.ask("revoke", {"client_id": at.app.id, "token": refreshed.json["refresh_token"]})
        third = await at.ask("revoke", {"client_id": at.app.id, "token": "x.y"})
        by_api = await at.api.call("RevokeToken", {"Token": "x.y", "ClientId": at.app.id})

    assert [200, 200, 429] == machine
    assert [200, 200] == [refreshed.status, revoked.status]
    assert (429, "1") == (third.status, third.headers["Retry-After"])
    assert "TooManyRequestsException" == by_api.error, by_api.body


async def test_h8_without_limits_nobody_is_refused() -> None:
    async with oauth_served(limits=Limits(rates=False), server=HERE) as at:
        statuses = {(await prove(at, MALLORY, "guess")).status for _ in range(100)}

    assert {401} == statuses


async def test_h8_authorization_requests_have_limits_by_address_by_client_and_by_pool() -> None:
    limits = Limits(source_authorizations=3, client_authorizations=5, pool_authorizations=6)
    async with oauth_served(limits=limits, server=HERE) as at:

        async def asked(source: str, client: Client) -> tuple[int, str | None]:
            told = await at.authorize(at.request(client), headers={"X-Forwarded-For": source})
            return told.status, told.headers.get("Retry-After")

        one = [await asked(MALLORY, at.app) for _ in range(4)]
        other = [await asked(ALICE, at.app) for _ in range(3)]
        third = [await asked(CAROL, at.web) for _ in range(2)]

    assert [(302, None)] * 3 + [(429, "20")] == one
    assert [(302, None)] * 2 + [(429, "12")] == other
    assert [(302, None), (429, "10")] == third


@pytest.mark.parametrize("path", ["oauth2/authorize", "passkeys/add"])
@pytest.mark.parametrize(
    "named", [{"client_id": "nobody"}, {"client_id": "of another pool"}, {"client_id": "no/name"}, {"client_id": None}]
)
async def test_h8_who_tries_names_of_clients_is_counted_by_address(path: str, named: dict[str, str | None]) -> None:
    async with oauth_served(limits=Limits(source_authorizations=3), server=HERE) as at:
        if named["client_id"] == "of another pool":
            named = {"client_id": (await at.house.client(await at.house.pool())).id}

        async def asked(source: str, **changes: str | None) -> tuple[int, str | None]:
            told = await at.authorize(at.request(at.app, **changes), headers={"X-Forwarded-For": source}, path=path)
            assert "Location" not in told.headers or not changes
            return told.status, told.headers.get("Retry-After")

        tried = [await asked(MALLORY, **named) for _ in range(4)]
        # A name that is known makes no difference any more.
        known = await asked(MALLORY)
        other = await asked(ALICE, **named)
        at.house.clock.advance(20.1)
        later = await asked(MALLORY, **named)

    assert [(400, None)] * 3 + [(429, "20")] == tried
    assert (429, "20") == known
    assert [(400, None)] * 2 == [other, later]


async def test_h8_who_floods_the_authorization_endpoint_is_not_sent_to_the_client() -> None:
    async with oauth_served(limits=Limits(client_authorizations=1), server=HERE) as at:
        await at.authorize(at.request(at.app))
        told = await at.authorize(at.request(at.app))

    assert 429 == told.status
    assert "Location" not in told.headers
    assert "no-store" in told.headers["Cache-Control"]
