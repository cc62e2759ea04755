"""Pages that are made once: what is in them of the visitor, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import fields, replace

from poolhouse.server.pages import made_once
from poolhouse.server.pages.headers import headers
from poolhouse.server.pages.made_once import PagesMadeOnce
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import Frame, Option, Problem, SignIn, View
from poolhouse.server.world import SystemClock

TOKEN, HANDLE = "token-of-jane-0123456789", "handle-of-jane-0123456789"


def _frame(token: str = TOKEN, handle: str = HANDLE, **changes: Any) -> Frame:
    usual: dict[str, Any] = {
        "root": "/pool_1",
        "product": "Acme <b>",
        "client": "The app",
        "links": {"forgot": f"/pool_1/forgotPassword?tx={handle}", "signup": f"/pool_1/signup?tx={handle}"},
        "redirect_origins": ("https://app.example.com",),
    }
    return Frame(csrf=token, handle=handle, **{**usual, **changes})


VIEW = SignIn(names=("username", "email"))


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(SystemClock(), "https://auth.example.com")


@pytest.fixture
def pages(renderer: Renderer) -> PagesMadeOnce:
    return PagesMadeOnce(renderer.html, lambda frame, _: headers(leads_to=frame.redirect_origins))


def _body(pages: PagesMadeOnce, frame: Frame, view: View = VIEW) -> str:
    answer = pages.answer(frame, view)
    assert answer is not None
    return answer.body.decode()


def test_it_is_the_page_that_would_be_made_for_this_visitor(renderer: Renderer, pages: PagesMadeOnce) -> None:
    for name in ("jane", "john", "jane"):
        frame = _frame(f"token-of-{name}-0123456789", f"handle-of-{name}-0123456789")
        answer = pages.answer(frame, VIEW)

        assert answer is not None
        assert renderer.html(frame, VIEW) == answer.body.decode()
        assert (200, "text/html; charset=utf-8") == (answer.status, answer.headers["Content-Type"])
        assert "no-store" == answer.headers["Cache-Control"]
        assert "https://app.example.com" in answer.headers["Content-Security-Policy"]


def test_nothing_of_one_visitor_is_in_the_page_of_another(pages: PagesMadeOnce) -> None:
    first = _body(pages, _frame())
    second = _body(pages, _frame("token-of-john-0123456789", "handle-of-john-0123456789"))

    assert {1, 2} == {first.count(TOKEN), first.count(HANDLE)}
    assert "jane" not in second
    assert first == second.replace("john", "jane")


@pytest.mark.parametrize("name", [field.name for field in fields(Frame) if field.name not in ("csrf", "handle")])
def test_all_that_stands_around_a_page_tells_it_from_others(
    pages: PagesMadeOnce, renderer: Renderer, name: str
) -> None:
    """A field of the frame that is new has to be put here."""
    others: dict[str, Any] = {
        "root": "/pool_2",
        "product": "Another",
        "client": None,
        "locale": "de",
        "links": {"forgot": f"/pool_2/forgotPassword?tx={HANDLE}"},
        "redirect_origins": ("https://evil.example.com",),
        "static": "/elsewhere",
        "logo": "/logo.png",
    }
    _body(pages, _frame())
    frame = replace(_frame(), **{name: others[name]})
    answer = pages.answer(frame, VIEW)

    assert answer is not None
    assert renderer.html(frame, VIEW) == answer.body.decode()
    assert ("evil" in answer.headers["Content-Security-Policy"]) == (name == "redirect_origins")
    assert 2 == len(pages)


@pytest.mark.parametrize(
    "changes",
    [
        {"names": ("phone_number",)},
        {"asks_password": False},
        {"can_remember": False},
        {"providers": (Option(value="Google", name="Google"),)},
        {"action": "/elsewhere"},
        {"status": 403},
    ],
)
def test_all_that_a_view_says_tells_it_from_others(
    pages: PagesMadeOnce, renderer: Renderer, changes: dict[str, Any]
) -> None:
    _body(pages, _frame())
    view = replace(VIEW, **changes)
    answer = pages.answer(_frame(), view)

    assert answer is not None
    assert (renderer.html(_frame(), view), view.status) == (answer.body.decode(), answer.status)


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "jane"},
        {"passkey": {"challenge": "c"}},
        {"problems": (Problem("signin.wrong"),)},
        {"notice": Problem("reset.done")},
    ],
)
def test_what_is_of_a_visitor_is_made_for_the_visitor(pages: PagesMadeOnce, changes: dict[str, Any]) -> None:
    assert pages.answer(_frame(), replace(VIEW, **changes)) is None
    assert 0 == len(pages)


@pytest.mark.parametrize("text", ["", "short", '"><script>alert(1)</script>', "x" * 200, "ä" * 40, "a b" * 20])
def test_what_is_no_token_of_ours_is_put_into_no_page(pages: PagesMadeOnce, text: str) -> None:
    assert pages.answer(_frame(token=text), VIEW) is None
    assert pages.answer(_frame(handle=text), VIEW) is None


def test_no_more_pages_are_kept_than_there_is_room_for(pages: PagesMadeOnce) -> None:
    for number in range(made_once.MOST + 3):
        _body(pages, _frame(product=f"Product {number}"))

    assert made_once.MOST == len(pages)
    assert "Product 0" in _body(pages, _frame(product="Product 0"))
