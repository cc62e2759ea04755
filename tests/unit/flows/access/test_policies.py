"""What a policy means: the policies that everybody writes, and what the language promises."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access.policies import Decision, Permissions, grants, parse_policy, parse_trust
from poolhouse.flows.access.policy_documents import LARGEST, stored_policy, stored_statements, stored_trust

VERSION = "2012-10-17"
SUB, AUD = "cognito-identity.amazonaws.com:sub", "cognito-identity.amazonaws.com:aud"
ADA, BOB = "eu-west-1:aaaaaaaa-2222-3333-4444-555555555555", "eu-west-1:bbbbbbbb-2222-3333-4444-555555555555"
POOL = "eu-west-1:11111111-2222-3333-4444-555555555555"
OF_ADA = {SUB: ADA, AUD: POOL, "aws:principaltag/department": "red"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


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


# --- saving ----------------------------------------------------------------------------------------------------------

OK = allow("s3:*", "arn:aws:s3:::b/*")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "not JSON"),
        ("[]", "an object is expected"),
        ({}, "Statement is missing"),
        ({"Statement": []}, "Statement is missing"),
        ({"Statement": [OK], "Statements": []}, "Statements is not known"),
        ({"Version": "2013-01-01", "Statement": OK}, "2012-10-17 or 2008-10-17"),
        ('{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}', "same key twice"),
        ({"Statement": [OK, {**OK, "Efect": "Allow"}]}, "statement 2: Efect is not known"),
        ({"Statement": [{**OK, "Sid": 1}]}, "statement 1: Sid: a text"),
        ({"Statement": [{**OK, "Effect": "allow", "Sid": "Own"}]}, r"statement 1 \(Own\): Effect is Allow or Deny"),
        ({"Statement": [{**OK, "NotAction": "*"}]}, "exactly one of Action and NotAction"),
        ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "exactly one of Resource and NotResource"),
        ({"Statement": [{**OK, "Principal": "*"}]}, "Principal is not known"),
        ({"Statement": [{**OK, "Action": "GetObject"}]}, "GetObject is no action"),
        ({"Statement": [{**OK, "Action": "s3:${k:a}"}]}, "is no action"),
        ({"Statement": [{**OK, "Action": []}]}, "a list of texts that is not empty"),
        ({"Statement": [{**OK, "Action": ["s3:*", 1]}]}, "a text is expected"),
        ({"Statement": [{**OK, "Resource": "b/*"}]}, r"b/\* is no ARN"),
        ({"Statement": [{**OK, "Resource": "arn:aws:s3:b/*"}]}, "is no ARN"),
        ({"Statement": [{**OK, "Resource": "arn:aws:s3:::"}]}, "is no ARN"),
        ({"Statement": [{**OK, "Resource": "*:aws:s3:::b"}]}, "is no ARN"),
        ({"Version": VERSION, "Statement": [{**OK, "Resource": "arn:aws:s3:::b/${k:a"}]}, "has a variable that is not"),
        ({"Version": VERSION, "Statement": [{**OK, "Resource": "arn:aws:s3:::b/${a}"}]}, "has a variable that is not"),
        ({"Version": VERSION, "Statement": [{**OK, "Resource": "arn:aws:s3:::b/${k:a, b}"}]}, "has a variable that"),
        ({"Statement": [{**OK, "Condition": []}]}, "Condition: an object"),
        ({"Statement": [{**OK, "Condition": {"StringEqual": {"k:a": "b"}}}]}, "there is no operator StringEqual"),
        ({"Statement": [{**OK, "Condition": {"ForSomeValues:StringEquals": {"k:a": "b"}}}]}, "there is no operator"),
        ({"Statement": [{**OK, "Condition": {"NullIfExists": {"k:a": "true"}}}]}, "there is no operator"),
        ({"Statement": [{**OK, "Condition": {"StringEquals": {}}}]}, "StringEquals: an object"),
        ({"Statement": [{**OK, "Condition": {"StringEquals": {"prefix": "a"}}}]}, "has a colon"),
        ({"Statement": [{**OK, "Condition": {"StringEquals": {"k:a": []}}}]}, "StringEquals k:a: a text is expected"),
        ({"Statement": [{**OK, "Condition": {"StringEquals": {"k:a": None}}}]}, "StringEquals k:a: a text is expected"),
        ({"Statement": [{**OK, "Condition": {"NumericEquals": {"k:a": "ten"}}}]}, "ten is no number"),
        ({"Statement": [{**OK, "Condition": {"DateEquals": {"k:a": "2026-13-01"}}}]}, "is no date"),
        ({"Statement": [{**OK, "Condition": {"Bool": {"k:a": "yes"}}}]}, "yes is no true or false"),
        ({"Statement": [{**OK, "Condition": {"IpAddress": {"k:a": "10.0.0.0/40"}}}]}, "is no address or network"),
        ({"Statement": [{**OK, "Condition": {"ArnLike": {"k:a": "*"}}}]}, r"\* is no ARN"),
        ({"Statement": [{**OK, "Condition": {"BinaryEquals": {"k:a": "a"}}}]}, "is no base64"),
        ({"Statement": [{**OK, "Sid": "x" * LARGEST}]}, "at most 20480 characters"),
        ({"Statement": [{**OK, "Sid": "\ud800"}]}, "not JSON in UTF-8"),
        (" " * (4 * LARGEST + 1), "at most 20480 characters"),
        ("[" * 50_000, "not JSON"),
    ],
)
def test_a_document_that_is_not_understood_is_not_saved_and_the_reason_names_the_place(
    document: Any, told: str
) -> None:
    with pytest.raises(PolicyMalformed, match=told):
        parse_policy(document)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(("*", "Allow")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = ("Version", "Statement", "Effect", "Action", "Resource", "NotResource", "Principal", "Condition", "Sid")
ODD = st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6)
CONDITIONS = st.dictionaries(
    st.sampled_from(("StringEquals", "Bool", "IpAddress", "DateEquals", "ForAnyValue:ArnLike", "BinaryEquals", "Null")),
    st.dictionaries(st.sampled_from(("k:a", "")), ANYTHING, max_size=2) | ANYTHING,
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(
    document=ANYTHING
    | ODD
    | st.builds(lambda odd: {"Version": VERSION, "Statement": [odd]}, ODD)
    | st.builds(lambda odd: {"Version": VERSION, "Statement": {**OK, "Condition": odd}}, CONDITIONS | ANYTHING)
    | st.builds(lambda text: policy(allow("*", f"arn:aws:s3:::{text}")), st.text("${}k:a,'*? ", max_size=12))
)
def test_whatever_is_given_is_a_policy_or_is_malformed(document: Any) -> None:
    for parse in (parse_policy, parse_trust):
        for given_document in (document, json.dumps(document) if not _has_odd_keys(document) else "{"):
            with suppress(PolicyMalformed):
                Permissions([parse(given_document)]).allows("s3:GetObject", "arn:aws:s3:::b/x")
    if isinstance(document, dict):
        Permissions([stored_policy(document), stored_trust(document)]).allows("s3:GetObject", "arn:aws:s3:::b/x")


def _has_odd_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return any(not isinstance(key, str) or _has_odd_keys(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_has_odd_keys, value))


def test_what_a_later_version_has_saved_never_allows_and_always_denies() -> None:
    later = {"Condition": {"StringSounds": {"k:a": "b"}}}
    allowance = Permissions([stored_policy(policy(allow(**later)))])
    denial = Permissions([stored_policy(policy(allow(), deny("s:g", "arn:aws:s3:::b", **later)))])

    assert not allowance.allows("s:g", "arn:aws:s3:::b")
    assert not denial.allows("s:g", "arn:aws:s3:::b")
    assert denial.allows("s:put", "arn:aws:s3:::b")
    assert denial.allows("s:g", "arn:aws:s3:::c")


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


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (policy(allow()), "Resource is not known"),
        (policy({"Effect": "Allow", "Action": TAKE}), "exactly one of Principal and NotPrincipal"),
        (trust({}), None),
        (trust("ada"), "an object with AWS, Federated or Service"),
        (trust({"Canonical": "x"}), "Canonical is not known"),
        (trust({"Federated": "*"}), r"\* is no principal"),
        (trust({"Federated": "cognito-identity.*"}), "is no principal"),
        (trust({"AWS": "arn:aws:iam::123456789012:user/*"}), "is no principal"),
        (policy({"Effect": "Allow", "Action": TAKE, "NotPrincipal": {"Service": "a.b"}}), "with the effect Deny only"),
    ],
)
def test_a_trust_policy_that_is_not_understood_is_not_saved(document: Any, told: str | None) -> None:
    if told is None:
        return
    with pytest.raises(PolicyMalformed, match=told):
        parse_trust(document)


# --- what it costs ---------------------------------------------------------------------------------------------------


def filled(make: Any) -> Permissions:
    """A document of nearly as many such statements as a policy may have."""
    some = [make(0)]
    while sum(len(json.dumps(each)) for each in some) < LARGEST - 500:
        some.append(make(len(some)))
    while True:
        try:
            read = parse_policy(policy(*some))
        except PolicyMalformed:
            some = some[: len(some) * 9 // 10]
        else:
            return Permissions([read], context={"k:a": "a" * 4000, "k:n": "5000", "k:ip": "192.0.2.1"})


LONG = f"arn:aws:s3:::{'a' * 4000}"
SHORTER = f"arn:aws:s3:::{'a' * 2390}"
HOSTILE = {
    "stars": lambda _: allow("*", f"arn:aws:s3:::{'*a' * 100}*b"),
    "holes": lambda _: allow("*", f"arn:aws:s3:::*{'?a' * 100}b*"),
    "long holes": lambda _: allow("*", f"arn:aws:s3:::*{'a?' * 2000}b*"),
    "middles": lambda _: allow("*", f"arn:aws:s3:::*{'a' * 50}b{'a' * 49}*"),
    "long middles": lambda _: allow("*", f"arn:aws:s3:::*{'a' * 500}b{'a' * 499}*"),
    "many": lambda number: deny("*", [f"arn:*:s3:::*a{number}{each}*a" for each in range(100)]),
    "values": lambda _: allow("*", f"arn:aws:s3:::*{'${k:a}*' * 50}b"),
    "numbers": lambda _: deny(**when(NumericEquals={"k:n": [str(each) for each in range(1000)]})),
    "texts": lambda _: deny(**when(StringLike={"k:a": ["*ab*"] * 800})),
    "many small": lambda number: deny("*", "*", **when(IpAddress={"k:ip": f"10.0.{number}.0/24"})),
    "only stars": lambda _: allow("*", f"arn:aws:s3:::{'*?' * 2000}"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_policy_makes_a_request_slow(kind: str) -> None:
    permissions = filled(HOSTILE[kind])

    spent = []
    for resource in (LONG, SHORTER) * 5:
        started = time.process_time()
        permissions.allows("s3:GetObject", resource)
        spent.append(time.process_time() - started)

    # Five milliseconds on a machine without other work; the least of several runs is the one that nobody disturbed.
    assert 0.010 > min(max(spent[at], spent[at + 1]) for at in range(0, 10, 2))


def test_what_would_take_too_long_is_denied_and_says_so() -> None:
    permissions = Permissions([parse_policy(policy(allow(), allow("*", [f"arn:aws:s3:::*{'?a' * 1000}b*"] * 2)))])

    assert Decision(False, "too much") == permissions.decide("s3:GetObject", "arn:aws:s3:::" + "b" * 5000)


def test_stored_statements_without_a_language_know_no_conditions_of_a_later_one() -> None:
    own = Permissions([stored_statements([allow("*", "arn:aws:s3:::b/${k:a}")])], context={"k:a": "x"})

    assert not own.allows("s:g", "arn:aws:s3:::b/x")
