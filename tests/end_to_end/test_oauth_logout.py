"""The ways out of a browser session: rules LO1 to LO8 and SE1, and what the conformance suite's logout plans ask.

Names of tests that begin with a rule go on with what holds. Each module of the suite's plans for RP-initiated, Front-
and Back-channel logout is named where it is kept.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from jose import jwt
from msgspec.structs import replace

from poolhouse.config.settings import Server, Sessions
from poolhouse.flows.grants.sessions import Begun
from poolhouse.flows.oauth.backchannel_logout import EVENT, TRIES
from poolhouse.flows.oauth.logout import QUESTION_SECONDS
from poolhouse.flows.pools.domains import DomainSettings
from poolhouse.records.clients import Client
from poolhouse.records.keys import Algorithm
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.support.house import House, opened_house
from tests.support.logout import BASE_URL, GOODBYE, Browsing, Hearing, browsing, changed, hearing, id_token, is_question
from tests.support.oauth import CALLBACK, Told, claims_of
from tests.support.robot import Robot
from tests.support.sessions import begin, fresh, grant_in

ARN = "arn:aws:acm:us-east-1:000000000000:certificate/one"


@pytest.fixture
async def browser() -> AsyncIterator[Browsing]:
    async with browsing() as found:
        yield found


@pytest.fixture
def app(browser: Browsing) -> Client:
    return browser.oauth.app


def goes_to(told: Told) -> str:
    assert told.status in (302, 303), (told.status, told.body)
    return told.headers["Location"]


def is_done(told: Told) -> bool:
    """Whether it is the page that says that nobody is signed in any more."""
    return 200 == told.status and b"signed out" in told.body.lower() and b'id="stay"' not in told.body


async def test_discovery_names_the_ways_out(browser: Browsing) -> None:
    """oidcc-rp-initiated-logout-discovery-endpoint-verification,
    oidcc-backchannel-logout-discovery-endpoint-verification, and that of the front-channel plan."""
    said = (await browser.request("GET", "/.well-known/openid-configuration")).json

    assert f"{said['issuer']}/oauth2/end_session" == said["end_session_endpoint"]
    for channel in ("backchannel", "frontchannel"):
        assert said[f"{channel}_logout_supported"] is True
        assert said[f"{channel}_logout_session_supported"] is True


# --- RP-initiated logout ---------------------------------------------------------------------------------------------


async def test_lo1_a_request_may_come_in_the_address_or_as_a_form(browser: Browsing, app: Client) -> None:
    """oidcc-rp-initiated-logout."""
    begun = await browser.sign_in(None, app)
    asked = {
        "id_token_hint": await id_token(browser, app, begun),
        "post_logout_redirect_uri": GOODBYE,
        "state": "a b&c",
        "logout_hint": "jane",
        "ui_locales": "en",
    }

    # A browser sends a form of another site without our cookies.
    posted = await browser.request("POST", "/oauth2/end_session", form=asked, with_cookies=False)
    assert 303 == posted.status
    assert 1 == len(await browser.signed_in())
    parts = urlsplit(goes_to(posted))
    assert f"/{browser.oauth.pool.id}/oauth2/end_session" == parts.path
    assert asked["id_token_hint"] not in parts.query
    told = await browser.request("GET", "/oauth2/end_session", parts.query)

    assert f"{GOODBYE}?state=a+b%26c" == goes_to(told)
    assert () == await browser.signed_in()
    assert {} == browser.cookies


async def test_lo1_what_is_moved_from_a_form_into_an_address_cannot_be_made_up(browser: Browsing) -> None:
    await browser.sign_in()

    assert 400 == (await browser.end_session(request="v1.made.up")).status
    assert 400 == (await browser.end_session(request="ü")).status
    assert 1 == len(await browser.signed_in())


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_lo1_a_request_as_long_as_it_may_be_is_not_lost(browser: Browsing, app: Client, method: str) -> None:
    # Nothing proves who asks, so the user is asked; and the question holds the state.
    asked = {
        "logout_hint": "h" * 8 * 1024,
        "client_id": app.id,
        "post_logout_redirect_uri": GOODBYE,
        "state": "s" * 8 * 1024,
    }
    await browser.sign_in(None, app)
    async with aiohttp.ClientSession(max_field_size=64 * 1024, max_line_size=64 * 1024) as session:
        browser.oauth.api.session = session
        if method == "POST":
            posted = await browser.request("POST", "/oauth2/end_session", form=asked, with_cookies=False)
            page = await browser.request("GET", "/oauth2/end_session", urlsplit(goes_to(posted)).query)
        else:
            page = await browser.end_session(**asked)
        assert is_question(page)
        told = await browser.say(page)

    assert f"{GOODBYE}?state={asked['state']}" == goes_to(told)
    assert () == await browser.signed_in()


async def test_lo1_a_form_that_fits_into_no_address_is_refused(browser: Browsing, app: Client) -> None:
    names = ("id_token_hint", "state", "logout_hint", "ui_locales")
    asked = {"client_id": app.id, **dict.fromkeys(names, "x" * 8 * 1024)}

    posted = await browser.request("POST", "/oauth2/end_session", form=asked, with_cookies=False)

    assert 400 == posted.status
    assert b"too large" in posted.body


async def test_lo2_the_browser_goes_back_to_a_registered_address_with_a_good_hint(
    browser: Browsing, app: Client
) -> None:
    """oidcc-rp-initiated-logout-no-state."""
    begun = await browser.sign_in(None, app)
    browser.oauth.house.clock.advance(7200)

    # The hint has expired.
    told = await browser.end_session(
        id_token_hint=await id_token(browser, app, begun, exp=1, iat=0), post_logout_redirect_uri=GOODBYE
    )

    assert 302 == told.status
    assert GOODBYE == goes_to(told)
    assert () == await browser.signed_in()


async def test_lo2_the_query_of_a_registered_address_stays(browser: Browsing, app: Client) -> None:
    begun = await browser.sign_in(None, app)

    told = await browser.end_session(
        id_token_hint=await id_token(browser, app, begun),
        post_logout_redirect_uri="https://app.example.com/bye?from=here",
        state="s",
    )

    assert "https://app.example.com/bye?from=here&state=s" == goes_to(told)


async def test_lo2_without_a_hint_the_user_is_asked_and_then_the_browser_goes_back(
    browser: Browsing, app: Client
) -> None:
    await browser.sign_in(None, app)

    page = await browser.end_session(client_id=app.id, post_logout_redirect_uri=GOODBYE, state="s")
    assert is_question(page)
    assert 1 == len(await browser.signed_in())
    told = await browser.say(page)

    assert 303 == told.status
    assert f"{GOODBYE}?state=s" == goes_to(told)
    assert () == await browser.signed_in()


async def test_lo2_an_address_that_was_taken_off_while_the_user_thought_is_gone_to_no_more(
    browser: Browsing, app: Client
) -> None:
    await browser.sign_in(None, app)
    page = await browser.end_session(client_id=app.id, post_logout_redirect_uri=GOODBYE)
    await changed(browser, app, logout_urls=())

    told = await browser.say(page)

    assert is_done(told)
    assert () == await browser.signed_in()


async def test_lo2_hint_and_client_have_to_agree(browser: Browsing, app: Client) -> None:
    begun = await browser.sign_in(None, app)

    page = await browser.end_session(
        id_token_hint=await id_token(browser, app, begun),
        client_id=browser.oauth.web.id,
        post_logout_redirect_uri=GOODBYE,
    )

    assert is_question(page)
    assert is_done(await browser.say(page))


def _with_algorithm_none(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def _with_other_claims(token: str) -> str:
    header, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed_body = base64.urlsafe_b64encode(json.dumps({**said, "sub": "other"}).encode()).decode().rstrip("=")
    return f"{header}.{changed_body}.{signature}"


@pytest.mark.parametrize(
    "kind",
    [
        "bad-post-logout-redirect-uri",
        "query-added-to-post-logout-redirect-uri",
        "modified-id-token-hint",
        "bad-id-token-hint",
        "altered-id-token-hint",
        "access-token-as-hint",
        "logout-token-as-hint",
        "hint-of-another-pool",
        "hint-of-a-client-that-is-gone",
        "no-id-token-hint",
    ],
)
async def test_lo3_what_is_not_certain_leads_nowhere_but_to_a_question(
    kind: str, browser: Browsing, app: Client
) -> None:
    """oidcc-rp-initiated-logout-*, by the ends of their names; and more."""
    oauth = browser.oauth
    begun = await browser.sign_in(None, app)
    tokens = oauth.house.built.ports.tokens
    hint: str | None = await id_token(browser, app, begun)
    assert hint is not None
    uri = GOODBYE
    match kind:
        case "bad-post-logout-redirect-uri":
            uri = "https://evil.example.com/"
        case "query-added-to-post-logout-redirect-uri":
            uri = f"{GOODBYE}?foo=bar"
        case "modified-id-token-hint":
            hint = _with_algorithm_none(hint)
        case "bad-id-token-hint":
            hint = jwt.encode({"sub": oauth.user.sub, "aud": app.id}, "k" * 32, algorithm="HS256")
        case "altered-id-token-hint":
            hint = _with_other_claims(hint)
        case "access-token-as-hint":
            hint = (await oauth.granted(app, "openid")).access
        case "logout-token-as-hint":
            hint = await id_token(browser, app, begun, token_use=None)
        case "hint-of-another-pool":
            other = await oauth.house.pool()
            hint = await tokens.sign(
                other.id,
                "id",
                {"iss": tokens.issuer(other.id), "aud": app.id, "sub": oauth.user.sub, "token_use": "id"},
            )
        case "hint-of-a-client-that-is-gone":
            hint = await id_token(browser, app, begun, aud="n0such")
        case _:
            hint = None
    asked = {"post_logout_redirect_uri": uri, "state": "s"} | ({} if hint is None else {"id_token_hint": hint})

    page = await browser.end_session(**asked)

    assert is_question(page)
    assert 1 == len(await browser.signed_in())
    assert is_done(await browser.say(page))
    assert () == await browser.signed_in()


@pytest.mark.parametrize("asked", [{}, {"state": "s"}, {"client_id": "app"}])
async def test_lo3_without_an_address_the_user_is_asked_and_told_that_it_is_done(
    asked: dict[str, str], browser: Browsing, app: Client
) -> None:
    """oidcc-rp-initiated-logout-no-params, -only-state."""
    await browser.sign_in()
    page = await browser.end_session(**{name: app.id if name == "client_id" else "s" for name in asked})

    assert is_question(page)
    assert is_done(await browser.say(page))
    assert () == await browser.signed_in()


async def test_lo3_a_hint_without_an_address_signs_out_and_says_so(browser: Browsing, app: Client) -> None:
    """oidcc-rp-initiated-logout-no-post-logout-redirect-uri."""
    begun = await browser.sign_in(None, app)

    assert is_done(await browser.end_session(id_token_hint=await id_token(browser, app, begun)))
    assert () == await browser.signed_in()


async def test_lo3_where_nobody_is_signed_in_nothing_is_asked(browser: Browsing, app: Client) -> None:
    assert is_done(await browser.end_session())
    hint = await id_token(browser, app)
    assert GOODBYE == goes_to(await browser.end_session(id_token_hint=hint, post_logout_redirect_uri=GOODBYE))
    # The address alone is no proof of who asks.
    assert is_question(await browser.end_session(client_id=app.id, post_logout_redirect_uri=GOODBYE))


async def test_lo4_the_question_is_answered_by_the_user_alone(browser: Browsing, app: Client) -> None:
    await browser.sign_in(None, app)
    page = await browser.end_session()

    wrong = await browser.say(page, _csrf="wrong")
    missing = await browser.say(page, _csrf="")
    foreign = await browser.request(
        "POST",
        "/oauth2/end_session",
        {"tx": "v1.a.b"},
        {"_csrf": "x", "do": "signout"},
        {"Sec-Fetch-Site": "cross-site"},
    )
    browser.cookies[browser.name("browser")] = "b" * 43
    elsewhere = await browser.say(page)

    assert [403] * 4 == [told.status for told in (wrong, missing, foreign, elsewhere)]
    assert 1 == len(await browser.signed_in())


async def test_lo4_a_question_ends(browser: Browsing) -> None:
    await browser.sign_in()
    page = await browser.end_session()
    browser.oauth.house.clock.advance(QUESTION_SECONDS)

    told = await browser.say(page)

    assert 400 == told.status
    assert 1 == len(await browser.signed_in())


async def test_lo4_who_wants_to_stay_stays(browser: Browsing) -> None:
    await browser.sign_in()

    told = await browser.say(await browser.end_session(), "stay")

    assert 200 == told.status
    assert 1 == len(await browser.signed_in())


async def test_lo4_a_good_hint_of_somebody_else_or_of_another_session_is_no_reason_not_to_ask(
    browser: Browsing, app: Client
) -> None:
    oauth = browser.oauth
    john = await oauth.house.user(app, "john", email="john@example.com")
    elsewhere = await begin(oauth.house, oauth.pool, oauth.user)
    await browser.sign_in(None, app)

    assert is_question(await browser.end_session(id_token_hint=await id_token(browser, app, sub=john.sub)))
    assert is_question(await browser.end_session(id_token_hint=await id_token(browser, app, elsewhere)))
    assert 1 == len(await browser.signed_in())


async def test_lo4_a_hint_signs_out_the_account_that_it_is_about_and_no_other(browser: Browsing, app: Client) -> None:
    oauth = browser.oauth
    john = await oauth.house.user(app, "john", email="john@example.com")
    begun = await browser.sign_in(None, app)
    await browser.sign_in(john, app)

    await browser.end_session(id_token_hint=await id_token(browser, app, begun), post_logout_redirect_uri=GOODBYE)

    assert [john.sub] == [one.user.sub for one in await browser.signed_in()]
    assert 1 == len(browser.handles)


async def test_lo5_what_was_given_in_the_session_ends_but_for_use_without_the_user(
    browser: Browsing, app: Client
) -> None:
    oauth = browser.oauth
    begun = await browser.sign_in(None, app)
    online = await grant_in(oauth.house, begun.signed_in, app.id)
    offline = await grant_in(oauth.house, begun.signed_in, app.id, "openid", "offline_access")

    await browser.end_session(id_token_hint=await id_token(browser, app, begun))

    grants = [await oauth.house.built.ports.grants.get(oauth.pool.id, one.id) for one in (online, offline)]
    assert [True, False] == [grant.revoked for grant in grants if grant is not None]
    assert {} == browser.cookies


async def test_lo5_the_cookie_is_taken_back_with_the_attributes_it_was_given_with(
    browser: Browsing, app: Client
) -> None:
    begun = await browser.sign_in(None, app)

    told = await browser.end_session(id_token_hint=await id_token(browser, app, begun))

    (line,) = [line for line in told.headers.getall("Set-Cookie") if "sessions" in line]
    parts = {part.strip().lower() for part in line.split(";")[1:]}
    assert line.startswith(f"{browser.name('sessions')}=")
    assert {"max-age=0", "path=/", "secure", "httponly", "samesite=lax"} <= parts


async def test_lo5_a_handle_from_before_is_worth_nothing_after(browser: Browsing, app: Client) -> None:
    begun = await browser.sign_in(None, app)
    held = dict(browser.cookies)
    await browser.end_session(id_token_hint=await id_token(browser, app, begun))

    browser.cookies = held

    assert () == await browser.signed_in()


async def test_se1_a_session_has_limits_and_can_be_listed_and_ended(browser: Browsing) -> None:
    oauth = browser.oauth
    begun = await browser.sign_in()
    sessions, user = oauth.house.services.sessions, await fresh(oauth.house, oauth.user)

    assert [begun.signed_in.session.id] == [session.id for session in await sessions.of_user(user)]
    assert await sessions.end_one(user, begun.signed_in.session.id)
    assert () == await browser.signed_in()
    await browser.sign_in()
    oauth.house.clock.advance(8 * 3600)
    assert () == await browser.signed_in()


async def test_pages_of_the_way_out_are_kept_by_nobody_and_framed_by_nobody(browser: Browsing) -> None:
    await browser.sign_in()

    for page in (await browser.end_session(), await browser.logout()):
        assert "no-store" == page.headers["Cache-Control"]
        assert "no-referrer" == page.headers["Referrer-Policy"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in page.headers


async def test_the_answer_to_the_question_may_lead_to_the_app(browser: Browsing, app: Client) -> None:
    await browser.sign_in()

    page = await browser.end_session(client_id=app.id, post_logout_redirect_uri=GOODBYE)

    assert "form-action 'self' https://app.example.com" in page.headers["Content-Security-Policy"]


async def test_a_method_that_is_not_served_is_refused(browser: Browsing) -> None:
    assert 405 == (await browser.request("PUT", "/oauth2/end_session")).status
    assert 405 == (await browser.request("POST", "/logout")).status


@pytest.mark.parametrize("query", ["state=a&state=b", "state=%ff", f"state={'a' * 9000}", "&".join("a=b" * 3)])
async def test_odd_requests_sign_nobody_out(query: str, browser: Browsing) -> None:
    await browser.sign_in()

    told = await browser.request("GET", "/oauth2/end_session", query)

    assert told.status in (200, 400)
    assert 1 == len(await browser.signed_in())


async def test_lo5_after_a_code_flow_nothing_of_it_is_left_but_what_is_for_use_without_the_user(
    browser: Browsing,
) -> None:
    """oidcc-rp-initiated-logout as the suite walks it: prompt=none fails afterwards."""
    oauth = browser.oauth
    await browser.sign_in()
    online = await oauth.tokens(oauth.web, browser.handles)
    offline = await oauth.tokens(oauth.web, browser.handles, scope="openid offline_access")
    silent = oauth.request(oauth.web, prompt="none")
    assert "code" in (await oauth.authorize(silent, browser.handles)).fields
    held = browser.handles

    told = await browser.end_session(id_token_hint=online["id_token"], post_logout_redirect_uri=GOODBYE, state="s")

    assert f"{GOODBYE}?state=s" == goes_to(told)
    assert "login_required" == (await oauth.authorize(silent, held)).refusal
    assert [400, 200] == [
        (await oauth.token(oauth.web, grant_type="refresh_token", refresh_token=tokens["refresh_token"])).status
        for tokens in (online, offline)
    ]
    bearer = {"Authorization": f"Bearer {online['access_token']}"}
    assert 401 == (await oauth.ask("userInfo", None, bearer, method="GET")).status


@pytest.mark.parametrize(("host", "root"), [("login.example.org", ""), ("auth.example.com", "/people")])
async def test_the_ways_out_stand_at_the_domains_of_the_pool_and_stay_there(host: str, root: str) -> None:
    async with browsing() as browser, aiohttp.ClientSession(headers={"Host": host}) as session:
        oauth = browser.oauth
        domains = oauth.house.services.domains
        await domains.create(oauth.pool.id, "people", DomainSettings())
        await domains.create(oauth.pool.id, "login.example.org", DomainSettings(certificate=ARN))
        robot = Robot(session, oauth.api.url)
        for _ in range(2):  # twice: the browser has its name by then
            await browser.sign_in()
            robot.cookies |= browser.cookies
            page = await robot.open(f"{root}/oauth2/end_session?client_id={oauth.app.id}")
            assert page.form.action.startswith(f"{root}/oauth2/end_session?tx=")
            done = await robot.send(page, press="signout", headers={"Origin": f"https://{host}"})
            assert 200 == done.status
            assert () == await browser.signed_in()
        await browser.sign_in()
        robot.cookies |= browser.cookies
        left = await robot.open(f"{root}/logout?client_id={oauth.app.id}&logout_uri={GOODBYE}")
        assert GOODBYE == left.left
        assert () == await browser.signed_in()


# --- Back-channel logout ---------------------------------------------------------------------------------------------


@dataclass
class Quiet:
    """A house where nobody does jobs but the test, with ``app`` and ``web`` that hear at one server."""

    house: House
    pool: Pool
    user: User
    app: Client
    web: Client
    server: Hearing

    async def ends(self, *clients: Client) -> Begun:
        """A session that these clients had a part in has ended."""
        begun = await begin(self.house, self.pool, self.user)
        for client in clients:
            await self.house.services.sessions.joined(begun.signed_in, client.id)
        await self.house.services.sessions.end(self.pool, begun.handles)
        return begun

    async def works(self, *, times: int = 1, seconds: float = 0.0) -> None:
        for _ in range(times):
            self.house.clock.advance(seconds)
            await self.house.built.jobs.drain()


@asynccontextmanager
async def quiet(*answers: int, allowed: bool = True) -> AsyncIterator[Quiet]:
    async with hearing(*answers) as server:
        hosts = (server.origin,) if allowed else ()
        async with opened_house(server=Server(base_url=BASE_URL, outbound_hosts=hosts)) as house:
            pool = await house.pool()
            first = await house.client(pool)
            user = await house.user(first)
            clients = house.built.ports.clients
            app, web = [
                await clients.save(replace(client, backchannel_logout_uri=server.url))
                for client in (first, await house.client(pool))
            ]
            try:
                yield Quiet(house, pool, user, app, web, server)
            finally:
                await house.built.clients_http.close()


@pytest.mark.parametrize(("size", "tries"), [(256 * 1024, 1), (256 * 1024 + 1, 3)])
async def test_g10_of_a_clients_server_no_more_than_its_share_is_read(size: int, tries: int) -> None:
    async with quiet() as at:
        at.server.says = b"x" * size
        await at.ends(at.app)

        await at.works(times=4, seconds=3600)

        assert tries == len(at.server.heard)


async def test_lo6_the_server_of_each_client_of_the_session_gets_a_logout_token() -> None:
    """oidcc-backchannel-rp-initiated-logout."""
    async with hearing() as server, browsing(server.origin) as browser:
        oauth = browser.oauth
        app = await changed(browser, oauth.app, backchannel_logout_uri=server.url)
        await changed(browser, oauth.web, backchannel_logout_uri=server.url)  # it had no part in the session
        begun = await browser.sign_in(None, app)
        hint = await id_token(browser, app, begun)

        told = await browser.end_session(id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s")
        assert f"{GOODBYE}?state=s" == goes_to(told)
        await server.hears(1)

        ((headers, form),) = server.heard
        assert "application/x-www-form-urlencoded" == headers["Content-Type"]
        assert ["logout_token"] == list(form)
        token = form["logout_token"]
        jwks = (await browser.request("GET", "/.well-known/jwks.json")).json
        said = jwt.decode(
            token, jwks, algorithms=["RS256"], audience=app.id, options={"verify_exp": False, "verify_iat": False}
        )
        now = int(oauth.house.clock.now())
        assert "logout+jwt" == jwt.get_unverified_header(token)["typ"]
        assert {
            "iss": f"https://auth.example.com/{oauth.pool.id}",
            "aud": app.id,
            "iat": now,
            "exp": now + 120,
            "events": {EVENT: {}},
            "sub": oauth.user.sub,
            "sid": jwt.get_unverified_claims(hint)["sid"],
        } == {name: value for name, value in said.items() if name != "jti"}
        assert said["jti"]


async def test_lo6_a_logout_token_is_neither_a_hint_nor_an_access_token() -> None:
    async with hearing() as server, browsing(server.origin) as browser:
        oauth = browser.oauth
        app = await changed(browser, oauth.app, backchannel_logout_uri=server.url)
        begun = await browser.sign_in(None, app)
        await browser.end_session(id_token_hint=await id_token(browser, app, begun))
        await server.hears(1)
        (token,) = server.tokens
        await browser.sign_in(None, app)

        page = await browser.end_session(id_token_hint=token, post_logout_redirect_uri=GOODBYE)
        resource = await oauth.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method="GET")

        assert is_question(page)
        assert 401 == resource.status


async def test_lo6_it_is_signed_by_what_signs_the_clients_id_tokens_which_are_hints_too() -> None:
    async with hearing() as server, browsing(server.origin) as browser:
        oauth = browser.oauth
        await oauth.house.services.signing_keys.choose(oauth.app.id, Algorithm.ES256)
        oauth.house.clock.advance(600)
        app = await changed(browser, oauth.app, backchannel_logout_uri=server.url)
        await browser.sign_in()
        tokens = await oauth.tokens(app, browser.handles)
        assert "ES256" == jwt.get_unverified_header(tokens["id_token"])["alg"]

        told = await browser.end_session(id_token_hint=tokens["id_token"], post_logout_redirect_uri=GOODBYE)
        await server.hears(1)

        assert GOODBYE == goes_to(told)
        (token,) = server.tokens
        header = jwt.get_unverified_header(token)
        assert ("ES256", "logout+jwt") == (header["alg"], header["typ"])
        jwks = (await browser.request("GET", "/.well-known/jwks.json")).json
        (key,) = [key for key in jwks["keys"] if key["kid"] == header["kid"]]
        options = {"verify_exp": False, "verify_iat": False}
        said = jwt.decode(token, key, algorithms=["ES256"], audience=app.id, options=options)
        assert claims_of(tokens["id_token"])["sid"] == said["sid"]


@pytest.mark.parametrize("operation", ["AdminUserGlobalSignOut", "AdminDisableUser", "AdminDeleteUser"])
async def test_lo6_clients_are_told_when_an_administrator_ends_it(operation: str) -> None:
    async with hearing() as server, browsing(server.origin) as browser:
        oauth = browser.oauth
        app = await changed(browser, oauth.app, backchannel_logout_uri=server.url)
        await browser.sign_in(None, app)

        answer = await oauth.api.call(operation, {"UserPoolId": oauth.pool.id, "Username": "jane"})
        await server.hears(1)

        assert 200 == answer.status
        assert () == await browser.signed_in()


async def test_lo6_who_does_not_answer_is_told_again_and_after_three_times_no_more() -> None:
    async with quiet(500, 503, 500, 500) as at:
        await at.ends(at.app)

        await at.works()
        await at.works(seconds=1)
        assert 1 == len(at.server.heard)
        await at.works(times=5, seconds=3600)

        assert TRIES == len(at.server.heard) == 3
        assert 3 == len({jwt.get_unverified_claims(token)["jti"] for token in at.server.tokens})


@pytest.mark.parametrize("status", [200, 204, 400])
async def test_lo6_who_has_answered_is_not_told_again(status: int) -> None:
    async with quiet(status) as at:
        await at.ends(at.app)

        await at.works(times=3, seconds=3600)

        assert 1 == len(at.server.heard)


async def test_lo6_one_that_cannot_be_reached_does_not_keep_another_from_hearing() -> None:
    async with quiet() as at:
        nowhere = replace(at.app, backchannel_logout_uri="https://127.0.0.1:1/backchannel_logout")
        await at.house.built.ports.clients.save(nowhere)
        await at.ends(at.app, at.web)

        await at.works()

        assert [at.web.id] == [jwt.get_unverified_claims(token)["aud"] for token in at.server.tokens]


async def test_lo6_nothing_is_sent_to_an_address_that_is_not_public() -> None:
    async with quiet(allowed=False) as at:
        await at.ends(at.app)

        await at.works(times=4, seconds=3600)

        assert [] == at.server.heard


async def test_lo6_a_client_that_is_gone_or_wants_to_hear_nothing_any_more_is_not_told() -> None:
    async with quiet() as at:
        await at.ends(at.app, at.web)
        await at.house.built.ports.clients.save(replace(at.app, backchannel_logout_uri=None))
        await at.house.services.clients.delete(at.pool.id, at.web.id)

        await at.works()

        assert [] == at.server.heard


async def test_lo6_the_user_does_not_wait_for_the_servers_of_clients() -> None:
    async with quiet() as at:
        await at.ends(at.app)

        # Nobody has done a job yet, and the session is over.
        assert [] == at.server.heard
        assert [] == list(await at.house.services.sessions.of_user(at.user))
        await at.works()
        assert 1 == len(at.server.heard)


async def test_lo7_clients_of_one_session_cannot_tell_that_it_is_one() -> None:
    async with quiet() as at:
        begun = await at.ends(at.app, at.web)
        await at.works()

        said = [jwt.get_unverified_claims(token) for token in at.server.tokens]

        assert {at.app.id, at.web.id} == {claims["aud"] for claims in said}
        assert 2 == len({claims["sid"] for claims in said})
        assert begun.signed_in.session.id not in str(said)


# --- Front-channel logout --------------------------------------------------------------------------------------------


async def test_lo8_the_browser_tells_the_clients_of_the_session_and_then_goes_back(
    browser: Browsing, app: Client
) -> None:
    """oidcc-frontchannel-rp-initiated-logout."""
    oauth = browser.oauth
    app = await changed(browser, app, frontchannel_logout_uri="https://app.example.com/frontchannel_logout?a=b")
    web = await changed(
        browser,
        oauth.web,
        frontchannel_logout_uri="https://web.example.com:8443/out",
        frontchannel_session=False,
    )
    begun = await browser.sign_in(None, app, web)
    hint = await id_token(browser, app, begun)

    page = await browser.end_session(id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s")

    assert 200 == page.status
    text = page.body.decode().replace("&amp;", "&")
    sid = jwt.get_unverified_claims(hint)["sid"]
    issuer = f"https%3A%2F%2Fauth.example.com%2F{oauth.pool.id}"
    assert f'src="https://app.example.com/frontchannel_logout?a=b&iss={issuer}&sid={sid}"' in text
    assert 'src="https://web.example.com:8443/out"' in text
    assert f'href="{GOODBYE}?state=s"' in text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src https://app.example.com https://web.example.com:8443;" in policy
    assert () == await browser.signed_in()


async def test_lo8_clients_that_had_no_part_in_the_session_hear_nothing(browser: Browsing, app: Client) -> None:
    await changed(browser, browser.oauth.web, frontchannel_logout_uri="https://web.example.com/out")
    begun = await browser.sign_in(None, app)

    page = await browser.end_session(id_token_hint=await id_token(browser, app, begun))

    assert b"<iframe" not in page.body
    assert "frame-src" not in page.headers["Content-Security-Policy"]


# --- as Cognito has it -----------------------------------------------------------------------------------------------


async def test_logout_goes_to_a_registered_address(browser: Browsing, app: Client) -> None:
    await browser.sign_in(None, app)

    told = await browser.logout(client_id=app.id, logout_uri=GOODBYE, state="s")

    assert 302 == told.status
    assert f"{GOODBYE}?state=s" == goes_to(told)
    assert () == await browser.signed_in()
    assert {} == browser.cookies


async def test_logout_signs_out_every_account_of_the_browser(browser: Browsing, app: Client) -> None:
    john = await browser.oauth.house.user(app, "john", email="john@example.com")
    await browser.sign_in(None, app)
    await browser.sign_in(john, app)

    await browser.logout(client_id=app.id, logout_uri=GOODBYE)

    assert () == await browser.signed_in()


async def test_logout_leads_to_a_new_sign_in_with_the_parameters_that_came(browser: Browsing, app: Client) -> None:
    await browser.sign_in(None, app)
    asked = {
        "client_id": app.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email",
        "state": "s",
        "nonce": "n",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }

    told = await browser.logout(**asked, evil="https://evil.example.com")

    parts = urlsplit(goes_to(told))
    assert ("", "", f"/{browser.oauth.pool.id}/login") == parts[:3]
    assert asked == {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert () == await browser.signed_in()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, b"client_id"),
        ({"client_id": "n0such", "logout_uri": GOODBYE}, b"Client does not exist"),
        ({"client_id": "app"}, b"redirect_uri"),
        ({"client_id": "app", "logout_uri": "https://evil.example.com/"}, b"redirect_mismatch"),
        ({"client_id": "app", "logout_uri": f"{GOODBYE}/"}, b"redirect_mismatch"),
        ({"client_id": "app", "logout_uri": CALLBACK}, b"redirect_mismatch"),
        ({"client_id": "app", "redirect_uri": GOODBYE, "response_type": "code"}, b"redirect_mismatch"),
        ({"client_id": "app", "redirect_uri": CALLBACK}, b"response_type"),
    ],
)
async def test_logout_shows_what_is_wrong_and_signs_nobody_out(
    asked: dict[str, str], said: bytes, browser: Browsing, app: Client
) -> None:
    await browser.sign_in(None, app)

    told = await browser.logout(**{name: app.id if value == "app" else value for name, value in asked.items()})

    assert 400 == told.status
    assert said in told.body
    assert b"evil" not in told.body
    assert 1 == len(await browser.signed_in())


async def test_logout_of_a_client_of_another_pool_is_refused(browser: Browsing) -> None:
    house = browser.oauth.house
    other = await house.client(await house.pool(), logout_urls=(GOODBYE,))
    await browser.sign_in()

    assert 400 == (await browser.logout(client_id=other.id, logout_uri=GOODBYE)).status
    assert 1 == len(await browser.signed_in())


@pytest.mark.parametrize("ends", [True, False])
async def test_logout_ends_refresh_tokens_unless_a_setting_has_it_as_cognito_does(ends: bool) -> None:
    async with browsing(sessions=Sessions(logout_ends_tokens=ends)) as browser:
        oauth = browser.oauth
        begun = await browser.sign_in(None, oauth.app)
        given = await grant_in(oauth.house, begun.signed_in, oauth.app.id)

        await browser.logout(client_id=oauth.app.id, logout_uri=GOODBYE)

        grant = await oauth.house.built.ports.grants.get(oauth.pool.id, given.id)
        assert grant is not None
        assert ends == grant.revoked


async def test_a_hundred_requests_at_once_sign_out_once(browser: Browsing, app: Client) -> None:
    await browser.sign_in(None, app)
    held = dict(browser.cookies)

    async def once() -> int:
        other = Browsing(browser.oauth, dict(held))
        return (await other.logout(client_id=app.id, logout_uri=GOODBYE)).status

    assert [302] * 100 == await asyncio.gather(*(once() for _ in range(100)))
    assert () == await browser.signed_in()
