"""Row 21: what was decided stays here and is decided again before anything is given: a request that waits has no more
rights than its client, its user and the server have when it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from poolhouse.config.settings import OAuth as OAuthSettings
from poolhouse.errors import TransactionEnded
from poolhouse.flows.clients.own import OwnSettings
from poolhouse.flows.oauth.interaction import Browser, Interact, Send, Show, Step
from poolhouse.store.repositories.collections import ALL
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import opened_house
from tests.support.oauth import OAuth, claims_of, code_settings, oauth_served


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def test_a_flow_that_was_switched_off_does_not_come_back_with_a_request_that_waited(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "store.db"
    on = OAuthSettings(implicit=True)
    async with oauth_served(store=SqliteStore(path, ALL, clock), clock=clock, oauth=on) as at:
        await at.updated(at.app, **code_settings(oauth_flows=("code", "implicit")))
        arrived = await at.authorize(at.request(at.app, response_type="token"))
        pending, held = await at.pending(arrived), await at.signed_in()

    async with opened_house(SqliteStore(path, ALL, clock), clock) as house:
        authorization = house.built.oauth.authorization
        with pytest.raises(TransactionEnded):
            await authorization.pending(pending.pool.id, pending.handle, arrived.secret)
        assert isinstance(await authorization.go_on(pending, Browser(arrived.secret, held)), Show)


Loss = Callable[[OAuth], Awaitable[object]]
LOSSES: dict[str, Loss] = {
    "the flow": lambda at: at.updated(at.app, **code_settings(oauth_flows=("implicit",))),
    "all of OAuth": lambda at: at.updated(at.app, **code_settings(oauth_enabled=False)),
    "its address": lambda at: at.updated(at.app, **code_settings(callback_urls=())),
    "itself": lambda at: at.house.services.clients.delete(at.pool.id, at.app.id),
}


@pytest.mark.parametrize("what", LOSSES)
async def test_a_client_that_lost_something_is_given_nothing(at: OAuth, what: str) -> None:
    arrived = await at.authorize(at.request(at.app))
    pending = await at.authorization.done(await at.pending(arrived), Step.SIGN_IN)
    held = await at.signed_in()

    await LOSSES[what](at)

    assert isinstance(await at.authorization.go_on(pending, Browser(arrived.secret, held)), Show)


async def test_scopes_that_a_client_lost_meanwhile_are_not_given(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app, scope="openid email phone"))
    held = await at.signed_in()

    await at.updated(at.app, **code_settings(oauth_scopes=("openid", "email")))
    outcome = await at.after(arrived, held, Step.SIGN_IN)
    assert isinstance(outcome, Send)

    assert "openid email" == (await at.redeemed(at.app, outcome.fields["code"])).json["scope"]


async def test_nothing_that_a_browser_says_later_changes_the_request(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app, scope="openid", prompt="login", max_age="0"))
    held = await at.signed_in()
    more = (
        "&scope=openid+email&prompt=none&redirect_uri=https://evil.example&done=sign_in&client_id=x&response_type=token"
    )
    async with at.api.session.get(
        f"{at.api.url}{arrived.location[1:]}{more}", headers={"Cookie": at.cookies(held, arrived.secret)}
    ) as page:
        await page.read()

    request = (await at.pending(arrived)).request
    assert (("openid",), ("login",), ()) == (request.scopes, request.prompt, request.done)
    # Being signed in is not having signed in for this.
    assert isinstance(await at.after(arrived, held), Interact)


async def test_a_browser_chooses_among_its_own_sessions_and_gets_no_fresher_one(at: OAuth) -> None:
    john = await at.house.user(at.app, "john")
    old = await at.signed_in()
    at.house.clock.advance(60)
    arrived = await at.authorize(at.request(at.app, prompt="login"), old)
    at.house.clock.advance(60)
    both = await at.signed_in(john, held=old)

    # John has just signed in. The browser puts Jane, who has not, before him.
    swapped = await at.after(arrived, both[::-1], Step.SIGN_IN)
    honest = await at.after(arrived, both)

    assert isinstance(swapped, Interact)
    assert isinstance(honest, Send)
    assert john.sub == claims_of((await at.redeemed(at.app, honest.fields["code"])).json["id_token"])["sub"]


async def test_a_client_that_asks_meanwhile_gets_nothing_unasked(at: OAuth) -> None:
    held = await at.signed_in()
    arrived = await at.authorize(at.request(at.app, prompt="login"), held)
    await at.house.services.clients.update_own(at.app.id, OwnSettings(asks_consent=True))
    browser = Browser(arrived.secret, await at.signed_in(held=held))
    pending = await at.authorization.done(await at.pending(arrived), Step.SIGN_IN)

    outcome = await at.authorization.go_on(pending, browser)

    assert isinstance(outcome, Interact)
    assert Step.CONSENT is outcome.step
