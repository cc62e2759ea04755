"""Every row of the resolution of roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from poolhouse.errors import NoRole, NotAuthorized, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.roles import role_of
from poolhouse.ports.identities import Proven
from poolhouse.records.identities import IdentityPool, RoleMapping, RoleRule

PROVIDER = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"
MAPPED = f"{PROVIDER}:client"
SAML = "arn:aws:iam::000000000000:saml-provider/corporate"
FACEBOOK = "graph.facebook.com"


def role(name: str) -> str:
    return f"arn:aws:iam::000000000000:role/{name}"


MEMBER, GUEST, ADMIN, STAFF = role("member"), role("guest"), role("admin"), role("staff")
BOTH = {"authenticated": MEMBER, "unauthenticated": GUEST}
REFUSED = (NotAuthorized, Reason.CUSTOM_ROLE_REFUSED)
AMBIGUOUS = (NotAuthorized, Reason.ROLE_AMBIGUOUS)
NONE = (NoRole, Reason.NO_ROLE)


def pool(roles: dict[str, str] | None = None, *mappings: RoleMapping) -> IdentityPool:
    return IdentityPool(
        id="eu-west-1:0",
        name="pool",
        created=0.0,
        modified=0.0,
        allows_guests=True,
        sealed_pepper="",
        roles=BOTH if roles is None else roles,
        mappings=mappings,
    )


def login(**claims: Any) -> Proven:
    return Proven(
        provider=PROVIDER, subject="s", app="client", kind="user_pool", names=(MAPPED, PROVIDER), claims=claims
    )


def assertion(*roles: str, **claims: Any) -> Proven:
    return Proven(provider=SAML, subject="s", app="", kind="saml", names=(SAML,), claims=claims, saml_roles=roles)


def by_token(ambiguous: str = "Deny", provider: str = MAPPED) -> RoleMapping:
    return RoleMapping(provider=provider, kind="Token", ambiguous=ambiguous)


def by_rules(*rules: RoleRule, ambiguous: str = "Deny", provider: str = MAPPED) -> RoleMapping:
    return RoleMapping(provider=provider, kind="Rules", ambiguous=ambiguous, rules=rules)


def rule(claim: str, match: str, value: str, arn: str = ADMIN) -> RoleRule:
    return RoleRule(claim=claim, match=match, value=value, role_arn=arn)


@dataclass(frozen=True)
class Row:
    says: str
    then: str | tuple[type[PoolhouseError], Reason]
    logins: Sequence[Proven] = field(default_factory=lambda: [login()])
    mappings: tuple[RoleMapping, ...] = ()
    roles: dict[str, str] | None = None
    custom: str | None = None
    guest: bool = False


IS_ADMIN = by_rules(rule("admin", "Equals", "yes"), rule("team", "Equals", "staff", STAFF))
CLAIMED = {"cognito:roles": [ADMIN, STAFF]}

ROWS = (
    Row("a guest has the guests' role", GUEST, logins=(), guest=True),
    Row("a guest cannot choose a role", REFUSED, logins=(), guest=True, custom=GUEST),
    Row("a guest without a role for guests has none", NONE, logins=(), guest=True, roles={"authenticated": MEMBER}),
    Row("without a mapping users have theirs", MEMBER),
    Row("without a mapping a custom role changes nothing", MEMBER, custom=ADMIN),
    Row("a user without a role for users has none", NONE, roles={"unauthenticated": GUEST}),
    Row("a mapping of another client is none", MEMBER, mappings=(by_token(provider=f"{PROVIDER}:other"),)),
    Row(
        "a mapping of the pool without a client is one where its client has none",
        ADMIN,
        [login(**{"cognito:roles": [ADMIN]})],
        (by_token(provider=PROVIDER),),
    ),
    Row("token: the preferred role", STAFF, [login(**CLAIMED, **{"cognito:preferred_role": STAFF})], (by_token(),)),
    Row("token: the only role", ADMIN, [login(**{"cognito:roles": [ADMIN]})], (by_token(),)),
    Row("token: roles may be one text", ADMIN, [login(**{"cognito:roles": ADMIN})], (by_token(),)),
    Row(
        "token: a text with commas has several",
        STAFF,
        [login(**{"cognito:roles": f"{ADMIN}, {STAFF}"})],
        (by_token(),),
        custom=STAFF,
    ),
    Row(
        "token: commas need no spaces behind them",
        STAFF,
        [login(**{"cognito:roles": f"{ADMIN},{STAFF}"})],
        (by_token(),),
        custom=STAFF,
    ),
    Row("token: a preferred role that is no text", AMBIGUOUS, [login(**{"cognito:preferred_role": 7})], (by_token(),)),
    Row("token: a custom role that it has", STAFF, [login(**CLAIMED)], (by_token(),), custom=STAFF),
    Row(
        "token: a custom role goes before the preferred one",
        ADMIN,
        [login(**CLAIMED, **{"cognito:preferred_role": STAFF})],
        (by_token(),),
        custom=ADMIN,
    ),
    Row("token: a custom role that it has not", REFUSED, [login(**CLAIMED)], (by_token(),), custom=MEMBER),
    Row(
        "token: a custom role that is preferred and not among its roles",
        REFUSED,
        [login(**{"cognito:preferred_role": STAFF})],
        (by_token(),),
        custom=STAFF,
    ),
    Row("token: several roles, denied", AMBIGUOUS, [login(**CLAIMED)], (by_token(),)),
    Row("token: several roles, the usual one", MEMBER, [login(**CLAIMED)], (by_token("AuthenticatedRole"),)),
    Row("token: no role, denied", AMBIGUOUS, mappings=(by_token(),)),
    Row("token: no role, the usual one", MEMBER, mappings=(by_token("AuthenticatedRole"),)),
    Row("token: no role, and no usual one", NONE, mappings=(by_token("AuthenticatedRole"),), roles={}),
    Row("token: roles that are no texts", AMBIGUOUS, [login(**{"cognito:roles": [7, None, ""]})], (by_token(),)),
    Row("rules: the first that matches", ADMIN, [login(admin="yes", team="staff")], (IS_ADMIN,)),
    Row("rules: the second where the first does not match", STAFF, [login(admin="no", team="staff")], (IS_ADMIN,)),
    Row(
        "rules: a custom role of one that matches", STAFF, [login(admin="yes", team="staff")], (IS_ADMIN,), custom=STAFF
    ),
    Row("rules: a custom role of one that does not", REFUSED, [login(admin="yes")], (IS_ADMIN,), custom=STAFF),
    Row("rules: none matches, denied", AMBIGUOUS, [login(admin="no")], (IS_ADMIN,)),
    Row(
        "rules: none matches, the usual one",
        MEMBER,
        [login(admin="no")],
        (by_rules(rule("admin", "Equals", "yes"), ambiguous="AuthenticatedRole"),),
    ),
    Row("ambiguity that nobody spoke of is denied", AMBIGUOUS, mappings=(RoleMapping(provider=MAPPED, kind="Token"),)),
    Row("saml: the only role", ADMIN, [assertion(ADMIN)]),
    Row("saml: a custom role that it offers", STAFF, [assertion(ADMIN, STAFF)], custom=STAFF),
    Row("saml: a custom role that it does not offer", REFUSED, [assertion(ADMIN, STAFF)], custom=MEMBER),
    Row("saml: several roles", AMBIGUOUS, [assertion(ADMIN, STAFF)]),
    Row("saml: no role, the usual one", MEMBER, [assertion()]),
    Row(
        "saml: rules go before what it offers",
        STAFF,
        [assertion(ADMIN, team="staff")],
        (by_rules(rule("team", "Equals", "staff", STAFF), provider=SAML),),
    ),
    Row("saml: by token means what it offers", ADMIN, [assertion(ADMIN)], (by_token(provider=SAML),)),
    Row(
        "several logins: the first that a mapping is set for",
        STAFF,
        [Proven(provider=FACEBOOK, subject="s", app="a", kind="social"), login(team="staff")],
        (IS_ADMIN,),
    ),
    Row(
        "a login without other names is known by its provider",
        ADMIN,
        [Proven(provider=FACEBOOK, subject="s", app="a", kind="social", claims={"aud": "a"})],
        (by_rules(rule("aud", "Equals", "a"), provider=FACEBOOK),),
    ),
    Row("no login at all has the users' role", MEMBER, logins=()),
)


@pytest.mark.parametrize("row", ROWS, ids=[row.says for row in ROWS])
def test_a_role_is_resolved_as_the_table_says(row: Row) -> None:
    asked = pool(row.roles, *row.mappings)

    if isinstance(row.then, str):
        assert row.then == role_of(asked, row.logins, row.custom, guest=row.guest)
        return
    kind, reason = row.then
    with pytest.raises(kind) as caught:
        role_of(asked, row.logins, row.custom, guest=row.guest)
    assert caught.value.statement is not None
    assert (kind, reason) == (type(caught.value), caught.value.statement.reason)


MATCHES: tuple[tuple[str, str, Any, bool], ...] = (
    ("Equals", "yes", "yes", True),
    ("Equals", "yes", "Yes", False),
    ("Equals", "yes", "yes, please", False),
    ("Contains", "le", "please", True),
    ("Contains", "LE", "please", False),
    ("StartsWith", "ple", "please", True),
    ("StartsWith", "lea", "please", False),
    ("NotEqual", "no", "yes", True),
    ("NotEqual", "no", "no", False),
    ("Equals", "", "", True),
    ("Equals", "true", True, True),
    ("NotEqual", "true", False, True),
    ("Equals", "7", 7, True),
    ("Equals", "1.5", 1.5, True),
    ("Equals", "staff", ["users", "staff"], True),
    ("Contains", "af", ["users", "staff"], True),
    ("StartsWith", "st", ["users", "staff"], True),
    ("NotEqual", "admin", ["users", "staff"], True),
    ("NotEqual", "staff", ["users", "staff"], False),
    ("NotEqual", "staff", [], True),
    ("Equals", "staff", [], False),
    ("Equals", '{"a":1}', {"a": 1}, True),
    ("Matches", "yes", "yes", False),
)


@pytest.mark.parametrize(("match", "value", "said", "matches"), MATCHES)
def test_a_rule_matches_as_its_type_says(match: str, value: str, said: Any, matches: bool) -> None:
    asked = pool(BOTH, by_rules(rule("claim", match, value), ambiguous="AuthenticatedRole"))

    assert (ADMIN if matches else MEMBER) == role_of(asked, [login(claim=said)], None, guest=False)


@pytest.mark.parametrize("match", ["Equals", "Contains", "StartsWith", "NotEqual"])
@pytest.mark.parametrize("claims", [{}, {"claim": None}], ids=["absent", "null"])
def test_a_claim_that_is_not_there_matches_nothing(match: str, claims: dict[str, Any]) -> None:
    asked = pool(BOTH, by_rules(rule("claim", match, "x"), ambiguous="AuthenticatedRole"))

    assert MEMBER == role_of(asked, [login(**claims)], None, guest=False)
