"""Every row of what becomes a tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from poolhouse.errors import LoginRefused
from poolhouse.flows.identities.settings import MOST_TAG_BYTES
from poolhouse.flows.identities.tags import principal_tags, tagged
from poolhouse.ports.identities import Proven
from poolhouse.records.identities import IdentityPool, PrincipalTags

PROVIDER = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"
SAML = "arn:aws:iam::000000000000:saml-provider/corporate"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


def pool(*mapped: PrincipalTags) -> IdentityPool:
    return IdentityPool(
        id="eu-west-1:0",
        name="pool",
        created=0.0,
        modified=0.0,
        allows_guests=True,
        sealed_pepper="",
        principal_tags=mapped,
    )


def login(provider: str = PROVIDER, kind: str = "user_pool", **claims: Any) -> Proven:
    names = (f"{provider}:client", provider) if kind == "user_pool" else ()
    return Proven(provider=provider, subject="the-subject", app="client", kind=kind, names=names, claims=claims)


def custom(claims: Mapping[str, str], provider: str = f"{PROVIDER}:client") -> PrincipalTags:
    return PrincipalTags(provider=provider, claims=dict(claims))


USUAL = {"client": "client", "username": "the-subject"}


@pytest.mark.parametrize(
    ("kind", "provider", "then"),
    [
        ("user_pool", PROVIDER, USUAL),
        ("oidc", "login.example.com", USUAL),
        ("social", "accounts.google.com", USUAL),
        ("social", "appleid.apple.com", USUAL),
        ("social", "graph.facebook.com", USUAL),
        ("social", "www.amazon.com", USUAL),
        ("social", "api.twitter.com", USUAL),
        ("plugin", "games.example.com", USUAL),
        ("saml", SAML, {"client": "id-7", "username": "Jane"}),
        ("developer", "login.mycompany.myapp", {}),
    ],
)
def test_the_defaults_of_a_provider_are_the_app_and_who_it_is(kind: str, provider: str, then: dict[str, str]) -> None:
    said = {f"{CLAIMS}nameidentifier": "id-7", f"{CLAIMS}name": "Jane"}
    name = f"{provider}:client" if kind == "user_pool" else provider
    by_default = PrincipalTags(provider=name, use_defaults=True, claims={"ignored": "x"})

    assert then == principal_tags(pool(by_default), [login(provider, kind, x="y", **said)])


def test_without_a_map_there_are_no_tags() -> None:
    assert {} == principal_tags(pool(), [login(team="a")])
    assert {} == principal_tags(pool(custom({"t": "team"}, "graph.facebook.com")), [login(team="a")])


def test_a_map_that_names_the_pool_without_a_client_is_one() -> None:
    assert {"t": "a"} == principal_tags(pool(custom({"t": "team"}, PROVIDER)), [login(team="a")])


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("blue", "blue"),
        ("", ""),
        ("Zoë 7_.:/=+-@", "Zoë 7_.:/=+-@"),
        (True, "true"),
        (7, "7"),
        (["blue"], "blue"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("auth0|x", None),
        ("a;b", None),
        ("a*", None),
        ("a?", None),
        ("${x}", None),
        ("line\nline", None),
        (["a", "b"], None),
        ([], None),
        ({"a": "b"}, None),
    ],
)
def test_a_claim_becomes_a_tag_or_is_left_out(said: Any, then: str | None) -> None:
    found = tagged(pool(custom({"Tag": "claim"})), [login(claim=said)])

    assert ({} if then is None else {"Tag": then}) == found.tags
    assert (("Tag",) if then is None else ()) == found.left_out


@pytest.mark.parametrize("claims", [{}, {"claim": None}])
def test_a_claim_that_is_not_there_is_no_tag_and_nothing_that_was_left_out(claims: dict[str, Any]) -> None:
    found = tagged(pool(custom({"Tag": "claim"})), [login(**claims)])

    assert ({}, ()) == (found.tags, found.left_out)


def test_of_two_logins_with_the_same_tag_the_first_is_believed_whatever_its_case() -> None:
    other = login("login.example.com", "oidc", team="red", city="Oslo")
    asked = pool(custom({"Team": "team"}), custom({"team": "team", "city": "city"}, "login.example.com"))

    assert {"Team": "blue", "city": "Oslo"} == principal_tags(asked, [login(team="blue"), other])


def test_a_tag_of_the_first_login_that_cannot_be_one_is_not_taken_from_the_second() -> None:
    other = login("login.example.com", "oidc", team="red")
    asked = pool(custom({"team": "team"}), custom({"team": "team"}, "login.example.com"))

    assert {} == principal_tags(asked, [login(team="a|b"), other])


def test_all_together_have_a_size_and_none_is_dropped_for_another() -> None:
    asked = pool(custom({"a": "one", "b": "two"}))

    fits = principal_tags(asked, [login(one="x" * 256, two="x" * (MOST_TAG_BYTES - 258))])

    assert MOST_TAG_BYTES == sum(len(key) + len(value) for key, value in fits.items())
    with pytest.raises(LoginRefused, match="larger than 460 bytes"):
        principal_tags(asked, [login(one="x" * 256, two="x" * (MOST_TAG_BYTES - 257))])


def test_there_are_fifty_tags_at_most() -> None:
    many = {f"a{number}": "claim" for number in range(50)}
    asked = pool(custom(many), custom({"b": "claim"}, "login.example.com"))
    first, second = login(claim="x"), login("login.example.com", "oidc", claim="x")

    assert 50 == len(principal_tags(asked, [first]))
    with pytest.raises(LoginRefused):
        principal_tags(asked, [first, second])
