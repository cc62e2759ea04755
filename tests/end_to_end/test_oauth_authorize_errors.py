"""Errors of the authorization endpoint: which are shown, which are sent, and how both look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from poolhouse import errors
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.interaction import Interact, Send, Step
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Stored
from poolhouse.store.repositories.collections import ALL, AUTHORIZATION_CODES, AUTHORIZATION_REQUESTS
from poolhouse.testing.clock import FakeClock
from tests.support.oauth import CALLBACK, OAuth, oauth_served

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"}


class Failing(MemoryStore):
    """Does not take what is to be inserted into some collections."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(ALL, clock)
        self.refused: dict[str, Exception] = {}

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        if collection.name in self.refused:
            raise self.refused[collection.name]
        return await super().insert(collection, entry)

    @contextmanager
    def failing(self, collection: Collection, error: Exception) -> Iterator[None]:
        self.refused = {collection.name: error}
        yield
        self.refused = {}


@pytest.fixture
def store() -> Failing:
    return Failing(FakeClock())


@pytest.fixture
async def at(store: Failing) -> AsyncIterator[OAuth]:
    async with oauth_served(store=store) as served:
        yield served


async def test_e1_what_is_not_settled_is_shown_as_a_page_or_told_as_json(at: OAuth) -> None:
    wrong = {
        "redirect_mismatch": {"redirect_uri": "https://evil.example/"},
        "invalid_client": {"client_id": "nobody"},
        "invalid_request": {"response_mode": "odd"},
    }
    for word, changes in wrong.items():
        page = await at.authorize(at.request(at.app, **changes), headers=BROWSER)
        told = await at.authorize(at.request(at.app, **changes), headers=JSON)

        assert (400, "text/html; charset=utf-8") == (page.status, page.headers["Content-Type"])
        assert (400, word) == told.error
        assert "no-store" == page.headers["Cache-Control"] == told.headers["Cache-Control"]


async def test_e1_a_repeated_client_or_address_is_shown_and_a_repeated_state_is_sent_without_it(at: OAuth) -> None:
    usual = list(at.request(at.app).items())

    for name, value in (("client_id", at.app.id), ("redirect_uri", CALLBACK), ("response_mode", "query")):
        shown = await at.authorize([*usual, (name, value), (name, value)])
        assert (400, "") == (shown.status, shown.location)
    for name in ("state", "scope", "nonce", "prompt", "odd"):
        sent = await at.authorize([*usual, (name, "1"), (name, "2")])
        assert "invalid_request" == sent.refusal
        assert ("state" in sent.fields) == (name != "state")


async def test_e1_what_is_no_query_is_shown(at: OAuth) -> None:
    for odd in ("%ff=%ff", "&".join(f"p{n}=1" for n in range(70)), ""):
        shown = await at.authorize(odd)
        assert (400, "") == (shown.status, shown.location)
    too_long = await at.authorize({**at.request(at.app), "odd": "x" * 40_000}, method="POST")
    assert (400, "") == (too_long.status, too_long.location)


async def test_e1_an_unknown_pool_is_not_found(at: OAuth) -> None:
    shown = await at.authorize(at.request(at.app), pool_id="eu-north-1_Unknown00")

    assert (404, "") == (shown.status, shown.location)


async def test_e2_all_else_is_sent_the_way_that_the_answer_would_have_taken(at: OAuth) -> None:
    for mode, sign in (("query", "?"), ("fragment", "#")):
        sent = await at.authorize(at.request(at.app, scope="odd", response_mode=mode))
        assert sent.location.startswith(f"{CALLBACK}{sign}error=invalid_scope&")
        assert {"error", "error_description", "state", "iss"} == sent.fields.keys()
    token = await at.authorize(at.request(at.app, response_type="token"))
    assert token.location.startswith(f"{CALLBACK}#error=")


async def test_e3_errors_repeat_nothing_and_are_printable(at: OAuth) -> None:
    odd = 'x"\r\nSet-Cookie: a=b\\\u20ac'
    names = ("scope", "prompt", "max_age", "claims", "response_type", "code_challenge", "identity_provider")
    for name in names:
        sent = await at.authorize(at.request(at.app, state=None, **{name: odd}))
        described = sent.fields["error_description"]
        assert described.isascii()
        assert described.isprintable()
        assert not set('"\\') & set(described)
        assert "Set-Cookie" not in described


def test_e3_every_sentence_that_can_be_sent_is_printable() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OAuthError)]
    said = [str(kind()) for kind in kinds if hasattr(kind, "code")]
    said += [reason.value for reason in Reason if reason.name.startswith("OAUTH_")]

    assert [] == [text for text in said if not text.isascii() or not text.isprintable() or set('"\\') & set(text)]


async def test_e4_a_failure_is_the_clients_to_know(at: OAuth, store: Failing) -> None:
    held = await at.signed_in()
    failures = [
        (errors.StoreAway(), "temporarily_unavailable"),
        (errors.TooManyRequests(), "temporarily_unavailable"),
        (errors.SigningFailed("odd"), "server_error"),
        (RuntimeError("a fault of ours"), "server_error"),
    ]
    for failure, word in failures:
        with store.failing(AUTHORIZATION_CODES, failure):
            answered = await at.authorize(at.request(at.app), held)
        with store.failing(AUTHORIZATION_REQUESTS, failure):
            waiting = await at.authorize(at.request(at.app))
        for sent in (answered, waiting):
            assert word == sent.refusal
            assert "error_description" not in sent.fields
            assert b"fault" not in sent.body + sent.location.encode()


async def test_e4_a_user_who_ends_between_two_looks_is_not_given_a_code(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app))
    held = await at.signed_in()

    await at.house.services.users.disable(at.pool, "jane")
    outcome = await at.after(arrived, held, Step.SIGN_IN)

    assert isinstance(outcome, Interact | Send)
    assert not isinstance(outcome, Send) or "code" not in outcome.fields


async def test_a22_what_was_posted_goes_nowhere_else(at: OAuth) -> None:
    held = await at.signed_in()

    for sessions in ((), held):
        assert 303 == (await at.authorize(at.request(at.app), sessions, method="POST")).status
        assert 302 == (await at.authorize(at.request(at.app), sessions)).status


async def test_a23_nobody_frames_or_refers_to_an_answer(at: OAuth) -> None:
    held = await at.signed_in()
    answers = [
        await at.authorize(at.request(at.app), held),
        await at.authorize(at.request(at.app)),
        await at.authorize(at.request(at.app, scope="odd")),
        await at.authorize(at.request(at.app, client_id="nobody")),
        await at.authorize(at.request(at.app, response_mode="form_post"), held),
    ]
    for answer in answers:
        assert ("DENY", "no-referrer", "no-store") == tuple(
            answer.headers[name] for name in ("X-Frame-Options", "Referrer-Policy", "Cache-Control")
        )
        assert "Access-Control-Allow-Origin" not in answer.headers
        if answer.body:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    page = await at.api.session.get(
        f"{at.api.url}{answers[1].location[1:]}", headers={"Cookie": at.cookies((), answers[1].secret)}
    )
    async with page:
        assert ("DENY", "no-referrer") == (page.headers["X-Frame-Options"], page.headers["Referrer-Policy"])
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
