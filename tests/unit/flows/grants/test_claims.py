"""What tokens say, from values alone: every claim, and what no plugin can change."""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.flows.grants.claims import (
    ADMIN_SCOPE,
    FIXED_ACCESS,
    FIXED_ID,
    Issue,
    access_token,
    attribute_claims,
    first_draft,
    group_claims,
    id_token,
    settled,
    unamended,
)
from poolhouse.hooks.events.grants import PreToken
from poolhouse.ports.origin import Origin
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.groups import Group
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

POOL = Pool(id="eu-north-1_here", name="p", created=1.0, modified=1.0)
CLIENT = Client(
    id="client-here",
    pool_id=POOL.id,
    name="c",
    created=1.0,
    modified=1.0,
    id_validity=100,
    access_validity=200,
)
USER = User(
    pool_id=POOL.id,
    sub="the-sub",
    username="jane",
    created=1.0,
    modified=1.0,
    attributes={"email": "jane@example.com", "email_verified": "true", "custom:hidden": "x"},
)
GRANT = Grant(
    id="event",
    pool_id=POOL.id,
    client_id=CLIENT.id,
    user_sub=USER.sub,
    family="family",
    digest="d",
    created=1.0,
    auth_time=990,
    expires=2.0,
    epoch=0,
    scopes=(ADMIN_SCOPE,),
)
ISSUE = Issue(
    pool=POOL,
    client=CLIENT,
    user=USER,
    grant=GRANT,
    issuer="https://auth.example.com/here",
    now=1000,
    id_jti="id-jti",
    access_jti="access-jti",
    groups=("admins", "staff"),
    roles=("arn:one", "arn:two"),
    preferred_role="arn:one",
)
COMMON = {
    "sub": "the-sub",
    "iss": "https://auth.example.com/here",
    "auth_time": 990,
    "iat": 1000,
    "event_id": "event",
    "origin_jti": "family",
    "cognito:groups": ["admins", "staff"],
}
ID = {
    **COMMON,
    "email": "jane@example.com",
    "email_verified": True,
    "token_use": "id",
    "exp": 1100,
    "jti": "id-jti",
    "aud": "client-here",
    "cognito:username": "jane",
    "cognito:roles": ["arn:one", "arn:two"],
    "cognito:preferred_role": "arn:one",
}
ACCESS = {
    **COMMON,
    "token_use": "access",
    "exp": 1200,
    "jti": "access-jti",
    "client_id": "client-here",
    "username": "jane",
    "scope": ADMIN_SCOPE,
}


def draft(issue: Issue = ISSUE, **changes: Any) -> PreToken:
    return with_fields(first_draft(issue, source="TokenGeneration_Test", metadata={"a": "b"}), **changes)


def without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


ISSUES = {
    "all": (ISSUE, ID, ACCESS),
    "no groups": (
        replace(ISSUE, groups=(), roles=(), preferred_role=None),
        without(ID, "cognito:groups", "cognito:roles", "cognito:preferred_role"),
        without(ACCESS, "cognito:groups"),
    ),
    "a tie of roles": (replace(ISSUE, preferred_role=None), without(ID, "cognito:preferred_role"), ACCESS),
    "not revocable": (
        replace(ISSUE, client=replace(CLIENT, revocable=False)),
        without(ID, "jti", "origin_jti"),
        without(ACCESS, "jti", "origin_jti"),
    ),
    "other scopes": (
        replace(ISSUE, grant=replace(GRANT, scopes=("openid", "email", "openid"))),
        ID,
        {**ACCESS, "scope": "openid email"},
    ),
    "no scopes": (replace(ISSUE, grant=replace(GRANT, scopes=())), ID, {**ACCESS, "scope": ""}),
    "attributes with names of claims": (
        replace(
            ISSUE,
            user=replace(USER, attributes={**USER.attributes, "identities": "[]"}),
        ),
        ID,
        ACCESS,
    ),
}


@pytest.mark.parametrize("name", ISSUES)
def test_the_two_tokens_say_exactly_this_whether_a_plugin_sees_them_or_not(name: str) -> None:
    issue, identity, access = ISSUES[name]
    seen = draft(issue)

    assert identity == id_token(issue, seen)
    assert access == access_token(issue, seen)
    assert (identity, access) == unamended(issue)


def test_a_plugin_is_shown_who_and_where_and_all_that_it_may_change() -> None:
    assert (
        PreToken(
            source="TokenGeneration_Test",
            pool_id=POOL.id,
            client_id=CLIENT.id,
            username="jane",
            attributes=draft().attributes,
            groups=("admins", "staff"),
            roles=("arn:one", "arn:two"),
            preferred_role="arn:one",
            scopes=(ADMIN_SCOPE,),
            id_claims={"email": "jane@example.com", "email_verified": True},
            access_claims={},
            client_metadata={"a": "b"},
        )
        == draft()
    )
    assert {"email", "sub"} <= draft().attributes.keys()


IDENTIFYING = frozenset(
    [
        "acr",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "exp",
        "c_hash",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "s_hash",
        "sid",
        "sub",
        "token_use",
        "identities",
        "cognito:username",
        "cognito:groups",
        "cognito:roles",
        "cognito:preferred_role",
    ]
)


def test_the_claims_that_no_plugin_may_change_are_these() -> None:
    assert IDENTIFYING | {"aud"} == FIXED_ID
    assert IDENTIFYING | {"client_id", "username", "device_key", "event_id", "version", "scope"} == FIXED_ACCESS


def test_what_a_plugin_says_of_who_where_and_when_is_dropped() -> None:
    forged = dict.fromkeys(FIXED_ID | FIXED_ACCESS, "forged")
    plain = replace(ISSUE, groups=(), roles=(), preferred_role=None)

    identity = id_token(plain, draft(plain, id_claims={**forged, "nickname": "j"}))
    access = access_token(plain, draft(plain, access_claims={**forged, "nickname": "j"}))

    known = without(ID, "email", "email_verified", "cognito:groups", "cognito:roles", "cognito:preferred_role")
    others = FIXED_ACCESS - FIXED_ID - {"event_id"}
    assert {**known, "nickname": "j", **dict.fromkeys(others, "forged")} == identity
    assert {**without(ACCESS, "cognito:groups"), "nickname": "j"} == access


@pytest.mark.parametrize(
    ("audience", "signed"), [("client-here", {"aud": "client-here"}), ("another", {}), (["client-here"], {})]
)
def test_the_audience_of_an_access_token_is_the_client_or_nobody(audience: Any, signed: dict[str, Any]) -> None:
    assert {**ACCESS, **signed} == access_token(ISSUE, draft(access_claims={"aud": audience}))


def test_a_plugin_changes_groups_roles_and_scopes_by_their_own_fields() -> None:
    changed = draft(groups=("x",), roles=("arn:x",), preferred_role="arn:x", scopes=("billing", "billing", "read"))

    identity, access = id_token(ISSUE, changed), access_token(ISSUE, changed)

    assert ["x"] == identity["cognito:groups"] == access["cognito:groups"]
    assert (["arn:x"], "arn:x") == (identity["cognito:roles"], identity["cognito:preferred_role"])
    assert "billing read" == access["scope"]


@pytest.mark.parametrize(
    ("granted", "asked", "scope"),
    [
        ((ADMIN_SCOPE,), (ADMIN_SCOPE,), ADMIN_SCOPE),
        (("openid",), (ADMIN_SCOPE, "openid"), "openid"),
        ((ADMIN_SCOPE,), ("aws.cognito.other", "x"), "x"),
        ((), ("aws.cognitox",), "aws.cognitox"),
        ((), ("a b", "", " c", "d\n", "e"), "e"),
        (("a b",), ("a b",), ""),
    ],
)
def test_scopes_of_ours_are_those_granted_and_none_has_a_space(
    granted: tuple[str, ...], asked: tuple[str, ...], scope: str
) -> None:
    issue = replace(ISSUE, grant=replace(GRANT, scopes=granted))

    assert scope == access_token(issue, draft(issue, scopes=asked))["scope"]


def test_who_and_where_are_as_they_were_whatever_a_plugin_says() -> None:
    before = draft()
    amended = with_fields(
        before,
        source="other",
        pool_id="x",
        client_id="x",
        username="x",
        attributes={"email": "x"},
        groups=("x",),
        scopes=("x",),
    )

    after = settled(before, amended)

    assert with_fields(before, source="other", groups=("x",), scopes=("x",)) == after


def test_where_it_came_from_is_not_a_plugins_to_say() -> None:
    before = draft()

    after = settled(before, with_fields(before, origin=Origin(source="198.51.100.7")))

    assert before.origin is after.origin


@pytest.mark.parametrize(
    ("key", "value", "claim"),
    [
        ("email_verified", "true", True),
        ("email_verified", "false", False),
        ("phone_number_verified", "true", True),
        ("phone_number_verified", "TRUE", False),
        ("address", "Here 1", {"formatted": "Here 1"}),
        ("updated_at", "1700000000", 1700000000),
        ("updated_at", "yesterday", "yesterday"),
        ("updated_at", str(2**53 - 1), 2**53 - 1),
        ("updated_at", str(2**53), str(2**53)),
        ("name", "true", "true"),
        ("nickname", "7", "7"),
    ],
)
def test_attributes_have_the_types_of_the_standard(key: str, value: str, claim: Any) -> None:
    assert {key: claim} == attribute_claims(POOL, CLIENT, replace(USER, attributes={key: value}))


def test_attributes_that_the_client_may_not_read_are_not_said() -> None:
    listing = replace(CLIENT, read_attributes=("name",))
    user = replace(USER, attributes={"email": "jane@example.com", "name": "Jane", "address": "Here"})

    assert {"name": "Jane"} == attribute_claims(POOL, listing, user)


def group(name: str, role: str | None = None, precedence: int | None = None) -> Group:
    return Group(id=name, pool_id=POOL.id, name=name, created=1.0, modified=1.0, role_arn=role, precedence=precedence)


@pytest.mark.parametrize(
    ("groups", "roles", "preferred"),
    [
        ([], (), None),
        ([group("a")], (), None),
        ([group("a", "r1")], ("r1",), "r1"),
        ([group("a", "r1", 2), group("b", "r2", 1)], ("r1", "r2"), "r2"),
        ([group("a", "r1", 1), group("b", "r2", 1)], ("r1", "r2"), None),
        ([group("a", "r1", 1), group("b", "r1", 1)], ("r1",), "r1"),
        ([group("a", "r1", 0), group("b", "r2")], ("r1", "r2"), "r1"),
        ([group("a", "r1"), group("b", "r2")], ("r1", "r2"), None),
        ([group("a", None, 0), group("b", "r2", 5)], ("r2",), "r2"),
        ([group("a", "", 0), group("b", "r2", 5)], ("r2",), "r2"),
    ],
)
def test_the_preferred_role_is_that_of_the_lowest_precedence_where_there_is_one(
    groups: list[Group], roles: tuple[str, ...], preferred: str | None
) -> None:
    assert (tuple(one.name for one in groups), roles, preferred) == group_claims(groups)
