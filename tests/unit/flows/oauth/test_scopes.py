"""The one computation of scopes."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.grants import scopes
from poolhouse.records.clients import Client

LIVING = frozenset({"notes/read", "notes/write", "bills/read"})


def client(*allowed: str) -> Client:
    return Client(id="c", pool_id="p", name="c", created=0, modified=0, oauth_scopes=allowed)


@pytest.mark.parametrize(
    ("text", "asked"), [(None, None), ("", None), (" ", None), ("a", ("a",)), ("b a b", ("b", "a"))]
)
def test_scopes_are_asked_for_by_spaces_and_each_once(text: str | None, asked: tuple[str, ...] | None) -> None:
    assert asked == scopes.asked_for(text)


def test_too_many_scopes_are_refused_before_they_are_told_apart() -> None:
    with pytest.raises(errors.InvalidScope):
        scopes.asked_for("a " * 3000)


def test_a_machine_that_asks_for_nothing_has_all_that_it_may_and_that_exists() -> None:
    assert ("notes/write", "notes/read") == scopes.of_machine(
        None, client("notes/write", "gone/read", "notes/read", "openid"), LIVING
    )


@pytest.mark.parametrize("asked", [("bills/read",), ("notes/read", "bills/read"), ("openid",), ("gone/read",), ("",)])
def test_a_machine_is_refused_what_it_may_not_have_and_what_is_gone(asked: tuple[str, ...]) -> None:
    with pytest.raises(errors.InvalidScope):
        scopes.of_machine(asked, client("notes/read", "gone/read", "openid"), LIVING)


def test_a_machine_without_any_scope_is_refused() -> None:
    with pytest.raises(errors.InvalidScope):
        scopes.of_machine(None, client("gone/read"), LIVING)


def test_what_a_user_gave_is_worth_what_the_client_may_have_today() -> None:
    granted = ("openid", "email", "notes/read", "gone/read", "bills/read")

    assert ("openid", "notes/read") == scopes.of_user(granted, client("openid", "notes/read", "gone/read"), LIVING)


def test_a_refresh_can_ask_for_less_and_not_for_more() -> None:
    assert ("a", "b") == scopes.narrowed(None, ("a", "b"))
    assert ("b",) == scopes.narrowed(("b",), ("a", "b"))
    with pytest.raises(errors.InvalidScope):
        scopes.narrowed(("a", "c"), ("a", "b"))
