"""What a policy means: the policies that everybody writes, and what the language promises."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.flows.access.policies import Decision, Permissions, grants, parse_policy, parse_trust
from tests.support.roles import allow, deny
from tests.support.roles import document as policy

VERSION = "2012-10-17"
SUB, AUD = "cognito-identity.amazonaws.com:sub", "cognito-identity.amazonaws.com:aud"
ADA, BOB = "eu-west-1:aaaaaaaa-2222-3333-4444-555555555555", "eu-west-1:bbbbbbbb-2222-3333-4444-555555555555"
POOL = "eu-west-1:11111111-2222-3333-4444-555555555555"
OF_ADA = {SUB: ADA, AUD: POOL, "aws:principaltag/department": "red"}


def permitted(*statements: dict[str, Any], context: Any = OF_ADA) -> Permissions:
    return Permissions([parse_policy(policy(*statements))], context=context)


def when(**operators: Any) -> dict[str, Any]:
    return {"Condition": {name.replace("__", ":"): keys for name, keys in operators.items()}}


# --- the policies that must work -------------------------------------------------------------------------------------


def test_a_folder_of_ones_own() -> None:
    own = permitted(
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::b/${{{SUB}}}/*"),
        allow("s3:ListBucket", "arn:aws:s3:::b", **when(StringLike={"s3:prefix": [f"${{{SUB}}}/*"]})),
    )

    assert own.allows("s3:PutObject", f"arn:aws:s3:::b/{ADA}/notes/1")
    assert not own.allows("s3:PutObject", f"arn:aws:s3:::b/{BOB}/notes/1")
    assert not own.allows("s3:DeleteObject", f"arn:aws:s3:::b/{ADA}/notes/1")
    assert own.allows("s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": f"{ADA}/notes"})
    assert not own.allows("s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": f"{BOB}/"})
    assert not own.allows("s3:ListBucket", "arn:aws:s3:::b")


def test_data_of_ones_own() -> None:
    resource = f"arn:aws:cognito-sync:*:*:identitypool/${{{AUD}}}/identity/${{{SUB}}}/*"
    own = permitted(allow("cognito-sync:*", resource))
    begin = f"arn:aws:cognito-sync:eu-west-1:123456789012:identitypool/{POOL}/identity"

    assert own.allows("cognito-sync:UpdateRecords", f"{begin}/{ADA}/dataset/game")
    assert not own.allows("cognito-sync:UpdateRecords", f"{begin}/{BOB}/dataset/game")
    assert not own.allows("cognito-sync:ListDatasets", f"{begin}/{ADA}")


def test_rows_of_ones_own() -> None:
    rows = "arn:aws:dynamodb:eu-west-1:123456789012:table/games"
    leading = {"dynamodb:LeadingKeys": [f"${{{SUB}}}"]}
    own = permitted(allow("dynamodb:*Item", rows, **when(ForAllValues__StringEquals=leading)))

    assert own.allows("dynamodb:GetItem", rows, {"dynamodb:leadingkeys": (ADA,)})
    assert own.allows("dynamodb:GetItem", rows, {"dynamodb:leadingkeys": (ADA, ADA)})
    assert not own.allows("dynamodb:GetItem", rows, {"dynamodb:leadingkeys": (ADA, BOB)})
    assert own.allows("dynamodb:GetItem", rows), "of no rows all are one's own: the operator says so"


def test_what_belongs_to_a_department() -> None:
    own = permitted(allow("s3:List*", "arn:aws:s3:::*-${aws:PrincipalTag/department}"))

    assert own.allows("s3:ListBucket", "arn:aws:s3:::photos-red")
    assert not own.allows("s3:ListBucket", "arn:aws:s3:::photos-blue")
    assert not own.with_context({}).allows("s3:ListBucket", "arn:aws:s3:::photos-")


def test_a_part_of_an_interface() -> None:
    read = permitted(allow("execute-api:Invoke", "arn:aws:execute-api:*:*:games/prod/GET/scores/*"))
    begin = "arn:aws:execute-api:eu-west-1:123456789012:games/prod"

    assert read.allows("execute-api:Invoke", f"{begin}/GET/scores/1")
    assert not read.allows("execute-api:Invoke", f"{begin}/POST/scores/1")


# --- who wins --------------------------------------------------------------------------------------------------------


def test_the_decision_names_the_statement_that_made_it() -> None:
    role = [parse_policy(policy(allow(Sid="All"), deny("s:b", Sid="NotB")), "usual")]
    narrow = [parse_policy(policy(allow("s:a")), "guest")]

    assert Decision(True, "allowed", "usual, statement 1 (All)") == Permissions(role).decide("s:a", "*")
    assert Decision(False, "denied", "usual, statement 2 (NotB)") == Permissions(role).decide("s:b", "*")
    assert Decision(False, "not allowed") == Permissions(narrow).decide("s:c", "*")
    assert Decision(False, "session") == Permissions(role, [narrow]).decide("s:c", "*")


def test_every_session_policy_has_to_allow_and_none_adds() -> None:
    a_and_b, b_and_c = ([parse_policy(policy(allow(names)))] for names in (["s:a", "s:b"], ["s:b", "s:c"]))
    everything = [parse_policy(policy(allow()))]

    def permitted_of(role: Any, *sessions: Any) -> list[str]:
        permissions = Permissions(role, sessions)
        return [name for name in ("s:a", "s:b", "s:c") if permissions.allows(name, "*")]

    assert ["s:a", "s:b"] == permitted_of(a_and_b, everything)
    assert ["s:b"] == permitted_of(everything, a_and_b, b_and_c)
    assert [] == permitted_of(everything, [])
    assert [] == permitted_of([], everything)
    assert ["s:a", "s:c"] == permitted_of(everything, [parse_policy(policy(allow(), deny("s:b")))])


def test_who_they_are_everybody_may_ask() -> None:
    assert permitted(deny()).allows("sts:GetCallerIdentity", "*")
    assert Permissions([]).allows("sts:GetCallerIdentity", "*")


# --- variables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["*", "?", "a*", "${k:b}", "*/*"])
def test_what_a_key_holds_is_never_a_pattern(value: str) -> None:
    own = permitted(allow("*", "arn:aws:s3:::b/${k:a}/*"), context={"k:a": value, "k:b": "x"})
    like = permitted(allow(**when(StringLike={"k:asked": "${k:a}"})), context={"k:a": value, "k:b": "x"})

    assert own.allows("s:g", f"arn:aws:s3:::b/{value}/1")
    assert not own.allows("s:g", "arn:aws:s3:::b/x/1")
    assert like.allows("s:g", "*", {"k:asked": value})
    assert not like.allows("s:g", "*", {"k:asked": "x"})


def test_a_value_does_not_shift_the_fields_of_an_arn() -> None:
    statement = allow("*", "arn:aws:s3:${k:a}:1:own/*")

    assert permitted(statement, context={"k:a": "eu"}).allows("s:g", "arn:aws:s3:eu:1:own/x")
    assert not permitted(statement, context={"k:a": "eu:1:other"}).allows("s:g", "arn:aws:s3:eu:1:other:1:own/x")


def test_a_star_does_not_run_over_the_fields_of_an_arn() -> None:
    statement = permitted(allow("*", "arn:aws:s3:*:1:own/*"))

    assert statement.allows("s:g", "arn:aws:s3:eu:1:own/a:b")
    assert not statement.allows("s:g", "arn:aws:s3:eu:2:other:1:own/x")


@pytest.mark.parametrize("context", [{}, {"k:a": ""}, {"k:a": ("x",)}], ids=["none", "empty", "several"])
def test_an_allowance_needs_a_value_for_each_variable(context: Any) -> None:
    resource = permitted(allow("*", ["arn:aws:s3:::b", "arn:aws:s3:::b/${k:a}*"]), context=context)
    negated = permitted({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/${k:a}"}, context=context)
    unlike = permitted(allow(**when(StringNotEquals={"k:asked": "${k:a}"})), context=context)

    assert not resource.allows("s:g", "arn:aws:s3:::b")
    assert not negated.allows("s:g", "arn:aws:s3:::c")
    assert not unlike.allows("s:g", "*", {"k:asked": "y"})


def test_a_denial_of_all_but_ones_own_holds_without_a_value() -> None:
    but = {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/${k:a}/*"}

    assert permitted(allow(), but, context={"k:a": "x"}).allows("s:g", "arn:aws:s3:::b/x/1")
    assert not permitted(allow(), but, context={}).allows("s:g", "arn:aws:s3:::b/x/1")


def test_a_default_stands_in_for_a_value() -> None:
    statement = allow("*", "arn:aws:s3:::b/${k:a, 'all*'}/*")

    assert permitted(statement, context={}).allows("s:g", "arn:aws:s3:::b/all*/1")
    assert not permitted(statement, context={}).allows("s:g", "arn:aws:s3:::b/allow/1")
    assert permitted(statement, context={"k:a": "x"}).allows("s:g", "arn:aws:s3:::b/x/1")


def test_signs_can_be_meant_as_they_are() -> None:
    literal = permitted(allow("*", "arn:aws:s3:::b/${*}${?}${$}{x}"))

    assert literal.allows("s:g", "arn:aws:s3:::b/*?${x}")
    assert not literal.allows("s:g", "arn:aws:s3:::b/aab{x}")


def test_the_older_language_has_no_variables() -> None:
    statement = {"Statement": allow("*", "arn:aws:s3:::b/${k:a}/*")}
    older = Permissions([parse_policy({"Version": "2008-10-17", **statement})], context={"k:a": "x"})

    assert not older.allows("s:g", "arn:aws:s3:::b/x/1")
    assert older.allows("s:g", "arn:aws:s3:::b/${k:a}/1")


def test_no_request_says_otherwise_what_is_known_of_the_caller() -> None:
    own = permitted(allow("*", f"arn:aws:s3:::b/${{{SUB}}}/*"))

    assert not own.allows("s:g", f"arn:aws:s3:::b/{BOB}/1", {SUB: BOB})


@pytest.mark.parametrize(
    "key",
    [SUB, AUD, "aws:PrincipalTag/team", "aws:PrincipalArn", "aws:userid", "aws:username", "aws:FederatedProvider"],
)
def test_who_a_caller_is_no_request_says(key: str) -> None:
    by_value = permitted(allow(**when(StringEquals={key: "x"})), context={})
    by_name = permitted(allow("*", f"arn:aws:s3:::b/${{{key}}}"), context={})

    assert by_value.with_context({key.lower(): "x"}).allows("s:g", "*")
    assert not by_value.allows("s:g", "*", {key.lower(): "x"})
    assert by_name.with_context({key.lower(): "x"}).allows("s:g", "arn:aws:s3:::b/x")
    assert not by_name.allows("s:g", "arn:aws:s3:::b/x", {key.lower(): "x"})


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "said", "given_value", "expected"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEqualsIgnoreCase", "ADA", "ada", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], None, True),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringLike", "a?c*", "abcd", True),
        ("StringNotLike", "a*", "b", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", 10, "9.5", True),
        ("NumericEquals", "1.0", "1", True),
        ("NumericGreaterThanEquals", "9007199254740993", "9007199254740992", False),
        ("NumericLessThan", "10", "9e0", False),
        ("NumericNotEquals", "10", "ten", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "1767225599", True),
        ("DateGreaterThan", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", False),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("Bool", "false", None, False),
        ("BinaryEquals", "YQ==", "YQ==", True),
        ("IpAddress", "192.0.2.0/24", "192.0.2.7", True),
        ("IpAddress", "192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("IpAddress", "192.0.2.0/24", "192.0.3.7", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("NotIpAddress", "192.0.2.0/24", "192.0.3.7", True),
        ("NotIpAddress", "192.0.2.0/24", "somewhere", False),
        ("ArnLike", "arn:aws:sns:*:1:a*", "arn:aws:sns:eu:1:ab:c", True),
        ("ArnEquals", "arn:aws:sns:*:1:a*", "arn:aws:sns:eu:1:ab", True),
        ("ArnLike", "arn:aws:sns:*:1:a*", "arn:aws:sns:eu:2:1:ab", False),
        ("ArnNotLike", "arn:aws:sns:*:1:a", "arn:aws:sns:eu:1:b", True),
        ("Null", "true", None, True),
        ("Null", "true", "a", False),
        ("Null", False, "a", True),
        ("ForAnyValue:StringEquals", "a", ("b", "a"), True),
        ("ForAnyValue:StringEquals", "a", (), False),
        ("ForAnyValue:StringEquals", "a", None, False),
        ("ForAnyValue:StringNotEquals", "a", ("a", "b"), True),
        ("ForAnyValue:StringNotEquals", "a", None, False),
        ("ForAllValues:StringLike", "a*", ("a", "ab"), True),
        ("ForAllValues:StringLike", "a*", ("a", "b"), False),
        ("ForAllValues:StringLike", "a*", None, True),
        ("ForAllValues:StringNotEquals", "a", ("b", "c"), True),
        ("ForAnyValue:StringEqualsIfExists", "a", None, True),
        ("StringEquals", "a", ("a", "b"), False),
        ("StringEquals", "a", ("a",), True),
    ],
)
def test_what_a_condition_lets_through(operator: str, said: Any, given_value: Any, expected: bool) -> None:
    asked = {} if given_value is None else {"k:a": given_value}
    only_then = permitted(allow(Condition={operator: {"K:A": said}}))

    assert expected == only_then.allows("s:g", "*", asked)


@pytest.mark.parametrize(
    ("operator", "said", "given_value"),
    [
        ("NumericLessThan", "10", "ten"),
        ("DateLessThan", "2026-01-01", "soon"),
        ("IpAddress", "10.0.0.0/8", "here"),
        ("Bool", "true", "perhaps"),
        ("BinaryEquals", "YQ==", "?"),
        ("ArnLike", "arn:aws:sns:*:1:a", "a"),
        ("StringEquals", "a", ("a", "b")),
        ("StringLike", "a", "a" * 5000),
    ],
)
def test_what_cannot_be_compared_is_not_allowed_and_is_denied(operator: str, said: str, given_value: Any) -> None:
    condition = {"Condition": {operator: {"k:a": said}}}
    negated = {"Condition": {f"ForAllValues:{operator}": {"k:a": said}}}

    for more in (condition, negated) if isinstance(given_value, str) else (condition,):
        assert not permitted(allow(**more)).allows("s:g", "*", {"k:a": given_value})
        assert not permitted(allow(), deny(**more)).allows("s:g", "*", {"k:a": given_value})


def test_all_operators_and_all_keys_have_to_hold() -> None:
    both = permitted(allow(**when(StringEquals={"k:a": "x", "k:b": "y"}, Bool={"k:c": "true"})))

    assert both.allows("s:g", "*", {"k:a": "x", "k:b": "y", "k:c": "true"})
    for lacking in ("k:a", "k:b", "k:c"):
        context = {"k:a": "x", "k:b": "y", "k:c": "true", lacking: "no"}
        assert not both.allows("s:g", "*", context)


# --- who may take a role ---------------------------------------------------------------------------------------------

TAKE = "sts:AssumeRoleWithWebIdentity"
FROM_US = {"Federated": ("cognito-identity.amazonaws.com",)}


def trust(principal: Any = None, action: str = TAKE, **more: Any) -> dict[str, Any]:
    given_principal = principal or {"Federated": "cognito-identity.amazonaws.com"}
    return policy({"Effect": "Allow", "Principal": given_principal, "Action": action, **more})


def test_a_role_is_taken_by_whom_its_trust_policy_names() -> None:
    read = parse_trust(
        trust(
            **when(
                StringEquals={AUD: POOL},
                ForAnyValue__StringLike={"cognito-identity.amazonaws.com:amr": "authenticated"},
            )
        )
    )
    known = {AUD: POOL, "cognito-identity.amazonaws.com:amr": ("authenticated", "graph.facebook.com")}

    assert grants(read, TAKE, FROM_US, known)
    assert not grants(read, "sts:AssumeRole", FROM_US, known)
    assert not grants(read, TAKE, {"Federated": ("accounts.google.com",)}, known)
    assert not grants(read, TAKE, {"AWS": ("cognito-identity.amazonaws.com",)}, known)
    assert not grants(read, TAKE, {}, known)
    assert not grants(read, TAKE, FROM_US, {**known, AUD: "eu-west-1:another"})
    assert not grants(read, TAKE, FROM_US, {**known, "cognito-identity.amazonaws.com:amr": ("unauthenticated",)})


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", {}, True),
        ({"AWS": "*"}, {"AWS": ("arn:aws:iam::123456789012:user/ada",)}, True),
        ({"AWS": "*"}, FROM_US, False),
        ({"AWS": "123456789012"}, {"AWS": ("arn:aws:iam::123456789012:user/ada",)}, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, {"AWS": ("arn:aws:iam::123456789012:user/ada",)}, True),
        ({"AWS": "arn:aws:iam::123456789012:user/ada"}, {"AWS": ("arn:aws:iam::123456789012:user/bob",)}, False),
        ({"AWS": "210987654321"}, {"AWS": ("arn:aws:iam::123456789012:user/ada",)}, False),
        ({"Service": "lambda.amazonaws.com"}, {"Service": ("lambda.amazonaws.com",)}, True),
        ({"Federated": ["a.example", "b.example"]}, {"Federated": ("b.example",)}, True),
    ],
)
def test_principals_are_names_and_no_patterns(principal: Any, caller: Any, expected: bool) -> None:
    assert expected == grants(parse_trust(trust(principal)), TAKE, caller, {})


def test_a_denial_in_a_trust_policy_wins() -> None:
    but = {"Effect": "Deny", "NotPrincipal": {"Federated": "a.example"}, "Action": "*"}
    read = parse_trust({"Statement": [*trust("*")["Statement"], but]})

    assert grants(read, TAKE, {"Federated": ("a.example",)}, {})
    assert not grants(read, TAKE, {"Federated": ("b.example",)}, {})
