"""The header fields of pages, to the letter: security rows 42 to 45."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.server.pages.headers import headers, origin_of

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def test_every_page_has_these_fields() -> None:
    assert {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
        "Cache-Control": "no-store",
    } == headers()


def test_a_form_may_lead_to_the_client_and_nowhere_else() -> None:
    policy = headers(leads_to=["https://app.example:8443", "com.example.app:"])["Content-Security-Policy"]

    assert "; form-action 'self' https://app.example:8443 com.example.app:; " in policy


def test_frames_are_of_the_clients_that_are_told() -> None:
    policy = headers(frames=["https://one.example/out?sid=1", "https://one.example/2", "javascript:x y", "app://x"])

    assert "; frame-src https://one.example; frame-ancestors 'none'; " in policy["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://app.example/back?x=1#y", "https://app.example"),
        ("https://app.example:443/", "https://app.example"),
        ("http://127.0.0.1:3000/back", "http://127.0.0.1:3000"),
        ("http://[::1]:3000/back", "http://[::1]:3000"),
        ("com.example.app:/back", "com.example.app:"),
        ("myapp://back", "myapp:"),
        ("/relative", None),
        ("", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("https://a b", None),
        ("https://app.example:99999/", None),
    ],
)
def test_the_origin_of_an_address_is_what_a_policy_names(uri: str, origin: str | None) -> None:
    assert origin == origin_of(uri)


@given(st.lists(st.text()), st.lists(st.text()))
def test_nothing_adds_a_directive_or_a_source_without_a_name(leads_to: list[str], frames: list[str]) -> None:
    policy = headers(leads_to=leads_to, frames=frames)["Content-Security-Policy"]
    names = [directive.split()[0] for directive in policy.split(";")]

    assert [name for name in names if name != "frame-src"] == [each.split()[0] for each in POLICY.split(";")]
    assert "*" not in policy
    assert "unsafe" not in policy
    assert "," not in policy
