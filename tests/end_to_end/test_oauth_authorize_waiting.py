"""Authorization requests that wait for their users: who has to sign in, to choose, to agree, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from poolhouse.errors import TransactionEnded, VersionConflict
from poolhouse.flows.clients.own import OwnSettings
from poolhouse.flows.oauth.interaction import Browser, Interact, Send, Show, Step
from poolhouse.records.clients import Client
from poolhouse.records.keys import Algorithm
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Key, Query, Stored
from poolhouse.store.repositories.collections import ALL, AUTHORIZATION_REQUESTS
from poolhouse.testing.clock import FakeClock
from tests.support.oauth import CALLBACK, OAuth, claims_of, code_settings, head_of, oauth_served

APP = "com.example.app:/back"


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def asking(at: OAuth, **changes: object) -> Client:
    """A client of somebody else: its users are asked."""
    if changes:
        await at.updated(at.app, **code_settings(**changes))
    return await at.house.services.clients.update_own(at.app.id, OwnSettings(asks_consent=True))


# --- prompt ----------------------------------------------------------------------------------------------------------


async def test_a8_without_a_page_the_client_hears_what_would_have_been_asked(at: OAuth) -> None:
    nobody = await at.authorize(at.request(at.app, prompt="none"))
    somebody = await at.authorize(at.request(at.app, prompt="none"), await at.signed_in())
    client = await asking(at)
    not_agreed = await at.authorize(at.request(client, prompt="none"), await at.signed_in())

    assert "login_required" == nobody.refusal
    assert "code" in somebody.fields
    assert "consent_required" == not_agreed.refusal
    assert "Set-Cookie" not in nobody.headers


async def test_a8_login_asks_again_and_is_content_with_a_new_sign_in_alone(at: OAuth) -> None:
    held = await at.signed_in()
    at.house.clock.advance(5)
    arrived = await at.authorize(at.request(at.app, prompt="login"), held)

    unchanged = await at.after(arrived, held, Step.SIGN_IN)
    at.house.clock.advance(5)
    signed_in = await at.signed_in(held=held)
    outcome = await at.after(arrived, signed_in)

    assert "login" == arrived.page
    assert isinstance(unchanged, Interact)
    assert Step.SIGN_IN is unchanged.step
    assert isinstance(outcome, Send)
    told = await at.redeemed(at.app, outcome.fields["code"])
    assert int(at.house.clock.now()) == claims_of(told.json["id_token"])["auth_time"]


async def test_a8_login_is_not_content_with_a_session_of_the_same_second(at: OAuth) -> None:
    held = await at.signed_in()

    arrived = await at.authorize(at.request(at.app, prompt="login"), held)
    outcome = await at.after(arrived, held)

    assert "login" == arrived.page
    assert isinstance(outcome, Interact)


async def test_a8_consent_is_shown_each_time_and_to_clients_of_ones_own_too(at: OAuth) -> None:
    held = await at.signed_in()

    for _ in range(2):
        arrived = await at.authorize(at.request(at.app, prompt="consent"), held)
        browser = Browser(arrived.secret, held)
        pending = await at.authorization.consent(await at.pending(arrived), browser, at.user.sub, ["openid", "email"])
        assert "consent" == arrived.page
        assert isinstance(await at.authorization.go_on(pending, browser), Send)


async def test_a8_select_account_shows_the_chooser_and_the_first_is_the_chosen(at: OAuth) -> None:
    john = await at.house.user(at.app, "john")
    held = await at.signed_in(john, held=await at.signed_in())
    arrived = await at.authorize(at.request(at.app, prompt="select_account"), held)
    nobody = await at.authorize(at.request(at.app, prompt="select_account"))

    outcome = await at.after(arrived, held[::-1], Step.CHOOSE_ACCOUNT)

    assert ("accounts", "login") == (arrived.page, nobody.page)
    assert isinstance(outcome, Send)
    told = await at.redeemed(at.app, outcome.fields["code"])
    assert at.user.sub == claims_of(told.json["id_token"])["sub"]


async def test_a8_create_opens_the_sign_up(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app, prompt="create"), await at.signed_in())

    outcome = await at.after(arrived, await at.signed_in(), Step.SIGN_UP)

    assert "signup" == arrived.page
    assert isinstance(outcome, Send)


# --- how fresh, how strong, who --------------------------------------------------------------------------------------


async def test_a9_a_session_that_is_too_old_has_to_be_renewed(at: OAuth) -> None:
    held = await at.signed_in()
    at.house.clock.advance(100)

    async def page(max_age: str) -> str:
        return (await at.authorize(at.request(at.app, max_age=max_age), held)).page

    assert ("login", "", "login") == (await page("99"), await page("100"), await page("0"))
    silent = await at.authorize(at.request(at.app, max_age="99", prompt="none"), held)
    assert "login_required" == silent.refusal
    fresh = await at.authorize(at.request(at.app, max_age="0"), await at.signed_in())
    assert "login" == fresh.page


async def test_a9_it_is_looked_at_again_after_the_pages(at: OAuth) -> None:
    held = await at.signed_in()
    at.house.clock.advance(50)
    arrived = await at.authorize(at.request(at.app, max_age="60", prompt="consent"), held)
    browser = Browser(arrived.secret, held)
    pending = await at.authorization.consent(await at.pending(arrived), browser, at.user.sub, ["openid", "email"])

    at.house.clock.advance(20)
    too_old = await at.authorization.go_on(pending, browser)
    renewed = await at.signed_in(held=held)
    pending = await at.authorization.done(pending, Step.SIGN_IN)
    at.house.clock.advance(200)
    outcome = await at.authorization.go_on(pending, Browser(arrived.secret, renewed))

    assert "consent" == arrived.page
    assert isinstance(too_old, Interact)
    assert Step.SIGN_IN is too_old.step
    assert isinstance(outcome, Send)
    assert "code" in outcome.fields


async def test_a10_a_wish_for_more_assurance_is_tried_once(at: OAuth) -> None:
    weak = await at.signed_in()
    asked = at.request(at.app, acr_values="odd mfa")

    arrived = await at.authorize(asked, weak)
    outcome = await at.after(arrived, await at.signed_in(held=weak), Step.SIGN_IN)
    silent = await at.authorize({**asked, "prompt": "none"}, await at.signed_in())
    strong = await at.tokens(at.app, await at.signed_in(None, "password", "totp"), acr_values="odd mfa")

    assert "login" == arrived.page
    assert isinstance(outcome, Send)
    told = await at.redeemed(at.app, outcome.fields["code"])
    assert "1fa" == claims_of(told.json["id_token"])["acr"]
    assert "code" in silent.fields
    assert ("mfa", ["pwd", "otp", "mfa"]) == tuple(claims_of(strong["id_token"])[name] for name in ("acr", "amr"))


async def test_a10_an_essential_level_is_reached_or_refused(at: OAuth) -> None:
    weak, strong = await at.signed_in(), await at.signed_in(None, "verified-passkey")

    def essential(*levels: str) -> str:
        return json.dumps({"id_token": {"acr": {"essential": True, "values": levels}}})

    arrived = await at.authorize(at.request(at.app, claims=essential("mfa")), weak)
    tried = await at.after(arrived, await at.signed_in(held=weak), Step.SIGN_IN)
    unknown = await at.authorize(at.request(at.app, claims=essential("odd")), await at.signed_in())
    reached = await at.tokens(at.app, strong, claims=essential("odd", "mfa"))

    assert "login" == arrived.page
    assert isinstance(tried, Send)
    assert "unmet_authentication_requirements" == tried.fields["error"] == unknown.refusal
    # A level above is called by the name that was asked for.
    assert "mfa" == claims_of(reached["id_token"])["acr"]


async def test_a12_a_hint_says_who_it_has_to_be(at: OAuth) -> None:
    john = await at.house.user(at.app, "john")
    held = await at.signed_in()
    hint = (await at.tokens(at.app, held))["id_token"]
    at.house.clock.advance(2 * 3600)
    johns = await at.signed_in(john)

    same = await at.authorize(at.request(at.app, id_token_hint=hint, prompt="none"), held)
    other = await at.authorize(at.request(at.app, id_token_hint=hint, prompt="none"), johns)
    both = await at.tokens(at.app, await at.signed_in(john, held=held), id_token_hint=hint)
    asked = await at.authorize(at.request(at.app, id_token_hint=hint), johns)
    again = await at.after(asked, await at.signed_in(john, held=johns), Step.SIGN_IN)

    assert "code" in same.fields
    assert "login_required" == other.refusal
    assert at.user.sub == claims_of(both["id_token"])["sub"]
    assert "login" == asked.page
    assert isinstance(again, Send)
    assert "login_required" == again.fields["error"]


async def test_a12_a_hint_that_is_not_good_is_an_error_only_where_nobody_can_be_asked(at: OAuth) -> None:
    held = await at.signed_in()
    tokens = await at.tokens(at.web, held)
    other_pool = await at.house.pool()
    stranger = await at.house.client(other_pool, **code_settings(oauth_scopes=("openid",)))
    await at.house.user(stranger, "jane")
    foreign = (await at.house.sign_in(stranger)).id
    mine = (await at.tokens(at.app, held))["id_token"]
    altered = f"{mine[:-4]}AAAA"
    keys, said = at.house.built.keys, claims_of(mine)
    # Of another issuer, about this client; and what we signed with the same key for another purpose.
    of_another = await keys.sign(other_pool.id, "id", {**said, "iss": keys.issuer(other_pool.id)})
    no_id_token = await keys.sign(at.pool.id, "id", {**said, "token_use": "logout"})

    for bad in (tokens["id_token"], tokens["access_token"], foreign, of_another, no_id_token, altered, "x", "a.b.c"):
        silent = await at.authorize(at.request(at.app, id_token_hint=bad, prompt="none"), held)
        assert "invalid_request" == silent.refusal
        assert "code" in (await at.authorize(at.request(at.app, id_token_hint=bad), held)).fields


async def test_a12_a_hint_is_good_whatever_it_was_signed_with(at: OAuth) -> None:
    await at.house.services.signing_keys.choose(at.app.id, Algorithm.ES256)
    at.house.clock.advance(4000)
    held = await at.signed_in()
    hint = (await at.tokens(at.app, held))["id_token"]

    assert "ES256" == head_of(hint)["alg"]
    assert "code" in (await at.authorize(at.request(at.app, id_token_hint=hint, prompt="none"), held)).fields


async def test_a14_a_subject_that_is_asked_for_is_the_one_or_nobody(at: OAuth) -> None:
    held = await at.signed_in()
    john = await at.house.user(at.app, "john")

    def whose(sub: str) -> str:
        return json.dumps({"id_token": {"sub": {"value": sub}}})

    assert "code" in (await at.authorize(at.request(at.app, claims=whose(at.user.sub), prompt="none"), held)).fields
    silent = await at.authorize(at.request(at.app, claims=whose(john.sub), prompt="none"), held)
    asked = await at.authorize(at.request(at.app, claims=whose(john.sub)), held)
    assert ("login_required", "login") == (silent.refusal, asked.page)


# --- consent ---------------------------------------------------------------------------------------------------------


async def agree(at: OAuth, client: Client, held: tuple[str, ...], *scopes: str, **changes: str | None) -> Send:
    arrived = await at.authorize(at.request(client, **changes), held)
    assert "consent" == arrived.page, (arrived.location, arrived.body)
    browser = Browser(arrived.secret, held)
    pending = await at.authorization.consent(await at.pending(arrived), browser, at.user.sub, scopes)
    outcome = await at.authorization.go_on(pending, browser)
    assert isinstance(outcome, Send)
    return outcome


async def test_a20_consent_is_remembered_and_asked_for_again_where_more_is_wanted(at: OAuth) -> None:
    client, held = await asking(at), await at.signed_in()

    first = await agree(at, client, held, "openid", "email")
    told = await at.redeemed(client, first.fields["code"])
    same = await at.authorize(at.request(client), held)
    less = await at.authorize(at.request(client, scope="openid"), held)
    wider = await at.authorize(at.request(client, scope="openid email phone"), held)
    by_claim = await at.authorize(at.request(client, claims=json.dumps({"userinfo": {"phone_number": None}})), held)

    assert "openid email" == told.json["scope"]
    assert "code" in same.fields
    assert "code" in less.fields
    assert ("consent", "consent") == (wider.page, by_claim.page)


async def test_a20_what_the_user_leaves_out_is_not_given(at: OAuth) -> None:
    client, held = await asking(at), await at.signed_in()
    claims = json.dumps({"userinfo": {"given_name": None}})

    sent = await agree(at, client, held, "email", "odd", scope="openid email phone", claims=claims)
    told = await at.redeemed(client, sent.fields["code"])
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {told.json['access_token']}"}, method="GET")

    assert "openid email" == told.json["scope"]
    assert "given_name" not in info.json


async def test_a20_the_consent_of_one_user_is_not_that_of_another(at: OAuth) -> None:
    client, held = await asking(at), await at.signed_in()
    john = await at.house.user(at.app, "john")
    arrived = await at.authorize(at.request(client), held)
    browser = Browser(arrived.secret, held)
    pending = await at.authorization.consent(await at.pending(arrived), browser, at.user.sub, ["openid", "email"])

    both = await at.signed_in(john, held=held)
    outcome = await at.authorization.go_on(pending, Browser(arrived.secret, both))

    assert isinstance(outcome, Interact)
    assert Step.CONSENT is outcome.step


async def test_a20_a_consent_that_is_taken_back_ends_what_stood_on_it(at: OAuth) -> None:
    client, held = await asking(at), await at.signed_in()
    consents = at.house.built.oauth.consents
    sent = await agree(at, client, held, "openid", "email")
    refresh = (await at.redeemed(client, sent.fields["code"])).json["refresh_token"]
    unredeemed = (await at.authorize(at.request(client), held)).fields["code"]
    kept = await at.token(client, grant_type="refresh_token", refresh_token=refresh)
    listed = [consent.client_id for consent in (await consents.of_user(at.user, 10, None)).items]

    assert await consents.withdraw(at.user, client.id)
    at.house.clock.advance(1)

    assert [client.id] == listed
    assert 200 == kept.status
    newest = kept.json["refresh_token"]
    ended = await at.token(client, grant_type="refresh_token", refresh_token=newest)
    assert (400, "invalid_grant") == ended.error
    assert (400, "invalid_grant") == (await at.redeemed(client, unredeemed)).error
    # That the user agrees again does not bring the old tokens back.
    await agree(at, client, held, "openid", "email")
    assert (400, "invalid_grant") == (await at.token(client, grant_type="refresh_token", refresh_token=newest)).error
    assert await consents.withdraw(at.user, client.id)
    assert not await consents.withdraw(at.user, client.id)


async def test_a20_introspection_knows_of_a_consent_that_was_taken_back(at: OAuth) -> None:
    client = await at.house.services.clients.update_own(at.web.id, OwnSettings(asks_consent=True))
    held = await at.signed_in()
    sent = await agree(at, client, held, "openid", "email")
    refresh = (await at.redeemed(client, sent.fields["code"])).json["refresh_token"]

    async def is_active() -> bool:
        told = await at.ask("introspect", {"token": refresh}, at.basic(client))
        active: bool = told.json["active"]
        return active

    assert await is_active()
    await at.house.built.oauth.consents.withdraw(at.user, client.id)
    assert not await is_active()


async def test_a17_access_without_the_user_needs_that_the_user_agreed_to_it(at: OAuth) -> None:
    offline = "openid offline_access"
    own = await at.tokens(at.app, scope=offline)
    client, held = await asking(at), await at.signed_in()
    await agree(at, client, held, "openid", scope="openid")

    dropped = await at.tokens(client, held, scope=offline)
    agreed = await agree(at, client, held, "openid", "offline_access", scope=offline, prompt="consent")
    recorded = await at.tokens(client, held, scope=offline)

    assert (offline, "openid", offline) == (own["scope"], dropped["scope"], recorded["scope"])
    assert offline == (await at.redeemed(client, agreed.fields["code"])).json["scope"]


async def test_r9_an_app_of_a_device_is_asked_for_each_time(at: OAuth) -> None:
    client, held = await asking(at, callback_urls=(APP, CALLBACK)), await at.signed_in()

    await agree(at, client, held, "openid", "email")
    web = await at.authorize(at.request(client), held)
    app = await at.authorize(at.request(client, redirect_uri=APP), held)

    assert "code" in web.fields
    assert "consent" == app.page


async def test_a21_a_user_who_does_not_want_to_is_denied_once(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app))
    pending = await at.pending(arrived)

    sent = await at.authorization.cancel(pending)

    assert ("access_denied", at.request(at.app)["state"]) == (sent.fields["error"], sent.fields["state"])
    with pytest.raises(TransactionEnded):
        await at.authorization.cancel(pending)
    with pytest.raises(TransactionEnded):
        await at.pending(arrived)


# --- the request under way -------------------------------------------------------------------------------------------


async def test_a19_a_request_waits_half_an_hour_for_the_browser_in_which_it_began(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app))
    elsewhere = await at.authorize(at.request(at.app))

    assert "HttpOnly" in arrived.headers["Set-Cookie"]
    assert 43 == len(arrived.secret)
    assert arrived.secret != elsewhere.secret
    for secret in (elsewhere.secret, "x", arrived.tx):
        with pytest.raises(TransactionEnded):
            await at.pending(arrived, secret)
    for tx in ("", "x", elsewhere.tx):
        with pytest.raises(TransactionEnded):
            await at.authorization.pending(at.pool.id, tx, arrived.secret)
    with pytest.raises(TransactionEnded):
        await at.authorization.pending(at.pool.id, arrived.tx, None)
    at.house.clock.advance(1799)
    assert (await at.pending(arrived)).client.id == at.app.id
    at.house.clock.advance(1)
    with pytest.raises(TransactionEnded):
        await at.pending(arrived)


async def test_a19_a_browser_keeps_its_cookie_and_several_requests(at: OAuth) -> None:
    first = await at.authorize(at.request(at.app))
    second = await at.authorize(at.request(at.web), secret=first.secret)

    assert "Set-Cookie" not in second.headers
    assert at.web.id == (await at.pending(second, first.secret)).client.id
    assert at.app.id == (await at.pending(first)).client.id


class Apart(MemoryStore):
    """Others have their turn between the reading of a document and what is done with it."""

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        found = await super().get(collection, key)
        await asyncio.sleep(0)
        return found


async def test_a19_a_request_is_answered_once() -> None:
    clock = FakeClock()
    async with oauth_served(store=Apart(ALL, clock), clock=clock) as at:
        arrived = await at.authorize(at.request(at.app))
        pending = await at.authorization.done(await at.pending(arrived), Step.SIGN_IN)
        browser = Browser(arrived.secret, await at.signed_in())

        outcomes = await asyncio.gather(*(at.authorization.go_on(pending, browser) for _ in range(50)))

    assert 1 == len([outcome for outcome in outcomes if isinstance(outcome, Send)])
    ended = [outcome for outcome in outcomes if isinstance(outcome, Show)]
    assert 49 == len(ended)
    assert all(isinstance(outcome.error, TransactionEnded) for outcome in ended)


async def test_a19_everything_is_looked_at_again_before_the_answer(at: OAuth) -> None:
    gone = [
        code_settings(oauth_enabled=False),
        code_settings(oauth_flows=("implicit",)),
        code_settings(callback_urls=("https://app.example.com/other",)),
    ]
    for settings in gone:
        await at.updated(at.app, **code_settings())
        arrived = await at.authorize(at.request(at.app))
        pending = await at.authorization.done(await at.pending(arrived), Step.SIGN_IN)

        await at.updated(at.app, **settings)
        outcome = await at.authorization.go_on(pending, Browser(arrived.secret, await at.signed_in()))

        assert isinstance(outcome, Show)
        with pytest.raises(TransactionEnded):
            await at.authorization.cancel(pending)
    await at.house.services.clients.delete(at.pool.id, at.app.id)
    with pytest.raises(TransactionEnded):
        await at.pending(arrived)


async def test_a19_what_the_pages_keep_is_sealed_in_the_store_and_not_overwritten(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app))
    pending = await at.pending(arrived)

    kept = await at.authorization.keep(pending, {"attempt": "a-secret-handle"})

    stored = (await at.house.built.store.find(AUTHORIZATION_REQUESTS, Query())).entries
    assert b"a-secret-handle" not in stored[0].json
    assert arrived.tx.encode() not in stored[0].json
    assert arrived.secret.encode() not in stored[0].json
    assert {"attempt": "a-secret-handle"} == (await at.pending(arrived)).request.private == kept.request.private
    with pytest.raises(VersionConflict):
        await at.authorization.keep(pending, {"attempt": "another"})
