"""What is saved as a policy, what is not, and what is read again."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access.policies import Permissions, parse_policy, parse_trust
from poolhouse.flows.access.policy_documents import LARGEST, stored_policy, stored_statements, stored_trust
from tests.support.roles import allow, deny, trust
from tests.support.roles import document as policy

VERSION = "2012-10-17"


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


def test_stored_statements_without_a_language_know_no_conditions_of_a_later_one() -> None:
    own = Permissions([stored_statements([allow("*", "arn:aws:s3:::b/${k:a}")])], context={"k:a": "x"})
    action = Permissions([stored_statements([allow(), {**allow("s:${k:a}"), "Effect": "Deny"}])])

    assert not action.allows("s:g", "*")
    assert not own.allows("s:g", "arn:aws:s3:::b/x")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (policy(allow()), "Resource is not known"),
        (policy({"Effect": "Allow", "Action": "sts:*"}), "exactly one of Principal and NotPrincipal"),
        (trust("ada"), "an object with AWS, Federated or Service"),
        (trust({"Canonical": "x"}), "Canonical is not known"),
        (trust({"Federated": "*"}), r"\* is no principal"),
        (trust({"Federated": "cognito-identity.*"}), "is no principal"),
        (trust({"AWS": "arn:aws:iam::123456789012:user/*"}), "is no principal"),
        (
            policy({"Effect": "Allow", "Action": "sts:*", "NotPrincipal": {"Service": "a.b"}}),
            "with the effect Deny only",
        ),
    ],
)
def test_a_trust_policy_that_is_not_understood_is_not_saved(document: Any, told: str) -> None:
    with pytest.raises(PolicyMalformed, match=told):
        parse_trust(document)
