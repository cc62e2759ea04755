"""Policies as access keys have kept them: statements without a version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from poolhouse.flows.access.policies import EVERYTHING, Permissions
from poolhouse.flows.access.policy_documents import stored_statements

ONE = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_One"
TWO = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Two"
GET = "cognito-idp:AdminGetUser"
DELETE = "cognito-idp:AdminDeleteUser"


def Policy(statements: Iterable[Any]) -> Permissions:  # noqa: N802 - what these tests are about
    """The statements of an access key, from before they had a language."""
    return Permissions([stored_statements(statements)])


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def test_nothing_is_allowed_by_default() -> None:
    assert not Policy([]).allows(GET, ONE)


def test_everything_is_everything() -> None:
    assert EVERYTHING.allows(GET, ONE)
    assert EVERYTHING.allows("cognito-idp:ListUserPools", "*")


def test_an_allowance_is_for_its_actions_and_resources() -> None:
    policy = Policy([allow(["cognito-idp:AdminGet*", "cognito-idp:ListUsers"], [ONE])])

    assert policy.allows(GET, ONE)
    assert policy.allows("cognito-idp:ListUsers", ONE)
    assert not policy.allows(DELETE, ONE)
    assert not policy.allows(GET, TWO)
    assert not policy.allows(GET, "*")


def test_a_denial_wins_wherever_it_stands() -> None:
    assert not Policy([deny(DELETE), allow()]).allows(DELETE, ONE)
    assert not Policy([allow(), deny(DELETE)]).allows(DELETE, ONE)
    assert Policy([allow(), deny(DELETE)]).allows(GET, ONE)


def test_actions_ignore_case_and_resources_do_not() -> None:
    policy = Policy([allow("COGNITO-IDP:admingetuser", ONE)])

    assert policy.allows(GET, ONE)
    assert not policy.allows(GET, ONE.lower())


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("a*", "ba", False),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "abbcbc", True),
        ("a*b*c", "a1c", False),
        ("*ab*ab", "ab", False),
        ("*ab*ab", "abab", True),
        ("*aab", "aaab", True),
        ("a**b", "ab", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a|b", "a", False),
        ("a\nb*", "a\nb\n", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_stars_and_question_marks_are_the_only_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert expected == Policy([allow("x", pattern)]).allows("x", text)


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"Boolean": {"x:y": "true"}}},
        {"Condition": {"StringEquals": {"x:y": "${a:b}"}}},
        {"NotAction": "x"},
        {"NotResource": "x"},
        {"Principal": "*"},
        {"Other": 1},
    ],
)
def test_what_is_not_understood_never_allows_and_always_denies(more: dict[str, Any]) -> None:
    assert not Policy([allow(**more)]).allows(GET, ONE)
    assert not Policy([allow(), deny(GET, ONE, **more)]).allows(GET, ONE)
    assert Policy([allow(), deny(GET, ONE, **more)]).allows(GET, TWO)


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Effect": "allow", "Action": "*", "Resource": "*"},
        {"Effect": "Allow", "Action": "*"},
        {"Effect": "Allow", "Resource": "*"},
        {"Effect": "Allow", "Action": 1, "Resource": "*"},
        {"Effect": "Allow", "Action": ["*", 1], "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": {"$ne": ""}},
        {"Effect": "Allow", "Action": "*", "Resource": "arn:${aws:username}:*"},
        {"Effect": "Allow", "Action": [], "Resource": "*"},
    ],
)
def test_a_malformed_statement_allows_nothing(statement: dict[str, Any]) -> None:
    assert not Policy([statement]).allows(GET, ONE)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "NotAction": "cognito-idp:ListUsers", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:${aws:username}"},
        {"Effect": "Deny", "Action": GET},
        {"Effect": "Perhaps", "Action": GET, "Resource": ONE},
    ],
)
def test_a_denial_that_is_not_understood_is_read_widely(statement: dict[str, Any]) -> None:
    assert not Policy([allow(), statement]).allows(GET, ONE)
