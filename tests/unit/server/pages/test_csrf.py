"""A form is taken from our own page, in the browser and for the request that it was made for, and from nowhere else."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.errors import FormRefused
from poolhouse.server.pages.csrf import FIELD, Csrf

BASE = "https://auth.example.org"
SECRET = "browser-secret"
TX = "handle"


class Secrets:
    fingerprint = "test"

    def __init__(self, key: bytes = bytes(32)) -> None:
        self._key = key

    def derive(self, purpose: str, *parts: str) -> bytes:
        return self._key

    def seal(self, purpose: str, context: str, plain: bytes) -> str:
        raise NotImplementedError

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        raise NotImplementedError


CSRF = Csrf(Secrets(), BASE)


def posted(**headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", "/login", headers={"Host": "auth.example.org", **named})


def taken(request: web.Request | None = None, token: object = None, secret: str | None = SECRET, tx: str = TX) -> bool:
    form = {} if token is None else {FIELD: token}
    try:
        CSRF.check(request or posted(), form, secret, tx)
    except FormRefused:
        return False
    return True


GOOD = CSRF.token(SECRET, TX)


def test_a_form_of_ours_is_taken() -> None:
    assert taken(token=GOOD)


@pytest.mark.parametrize(
    "token", [None, "", "wrong", GOOD[:-1], GOOD + "=", GOOD.swapcase(), GOOD * 1000, "\ud800", "é", 7, b"x"]
)
def test_a_form_without_its_token_is_refused(token: object) -> None:
    assert not taken(token=token)


def test_a_token_of_another_browser_is_refused() -> None:
    assert not taken(token=CSRF.token("another", TX))
    assert not taken(token=GOOD, secret="another")


@pytest.mark.parametrize("secret", [None, ""])
def test_a_browser_without_a_secret_is_refused(secret: str | None) -> None:
    assert not taken(token=CSRF.token("", TX), secret=secret)


def test_a_token_of_another_request_is_refused() -> None:
    assert not taken(token=GOOD, tx="another")


def test_a_token_of_another_server_is_refused() -> None:
    assert not taken(token=Csrf(Secrets(b"1" * 32), BASE).token(SECRET, TX))


def test_secret_and_handle_cannot_be_cut_another_way() -> None:
    assert CSRF.token("ab", "c") != CSRF.token("a", "bc")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "SAME-ORIGIN"])
def test_a_form_that_another_site_sends_is_refused_even_with_a_token(site: str) -> None:
    assert not taken(posted(Sec_Fetch_Site=site), token=GOOD)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://auth.example.org.evil.example",
        "https://auth.example.org:8443",
        "https://auth.example.org/",
        "",
    ],
)
def test_a_form_of_another_origin_is_refused_even_with_a_token(origin: str) -> None:
    assert not taken(posted(Origin=origin), token=GOOD)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("auth.example.org", "https://auth.example.org"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        # Behind a proxy that calls us by another name.
        ("internal:8080", "https://auth.example.org"),
        # What browsers say where pages send no referrer.
        ("auth.example.org", "null"),
    ],
)
def test_our_own_origin_is_taken(host: str, origin: str) -> None:
    assert taken(posted(Host=host, Origin=origin, Sec_Fetch_Site="same-origin"), token=GOOD)


@given(secret=st.text(), about=st.text(), token=st.text())
def test_nothing_that_is_sent_breaks_the_check(secret: str, about: str, token: str) -> None:
    assert not taken(token=token, secret=secret, tx=about)
