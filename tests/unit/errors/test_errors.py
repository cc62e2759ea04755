"""What errors say, to a person and to a program."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement

NOT_NULL = Statement(Reason.MEMBER_NOT_NULL)


def test_an_error_says_its_reason_in_english_and_keeps_the_facts() -> None:
    error = errors.InvalidParameter(Reason.URI_PROTOCOL_FORBIDDEN, uri="data:x", protocol="DATA", detail="for the log")

    assert "data:x cannot use the DATA protocol." == str(error)
    assert error.statement is not None
    assert "uri_protocol_forbidden" == error.statement.reason.id
    assert {"uri": "data:x", "protocol": "DATA"} == error.statement.facts
    assert "for the log" == error.detail


def test_an_error_without_a_reason_has_the_usual_one_of_its_class() -> None:
    error = errors.UserNotFound()

    assert error.statement is not None
    assert ("User does not exist.", Reason.USER_NOT_FOUND) == (str(error), error.statement.reason)


def test_several_problems_are_a_line_each_and_can_be_told_apart() -> None:
    problems = (
        Statement(Reason.ATTRIBUTE_TOO_LONG, attribute="name", most=3),
        Statement(Reason.ATTRIBUTE_REQUIRED, attribute="email"),
    )

    error = errors.InvalidParameter(Reason.ATTRIBUTES_DO_NOT_CONFORM, problems=problems)

    assert (
        "Attributes did not conform to the schema: name: String must be no longer than 3 characters\n"
        "email: The attribute email is required\n"
    ) == str(error)


def test_a_sentence_says_what_stands_between_several_problems() -> None:
    problems = tuple(Statement(Reason.NULL_REFUSED, path=path, constraint=NOT_NULL) for path in ("a", "b"))

    error = errors.InvalidParameter(Reason.INPUT_FAULTS, count=2, faults=problems)

    assert (
        "2 validation errors detected: "
        "Value null at 'a' failed to satisfy constraint: Member must not be null; "
        "Value null at 'b' failed to satisfy constraint: Member must not be null"
    ) == str(error)


@pytest.mark.parametrize("words", ["{attribute} in braces", "plain"])
def test_a_plugins_own_words_are_told_as_they_are_and_have_no_reason(words: str) -> None:
    error = errors.InvalidParameter(words)

    assert (words, None) == (str(error), error.statement)


def test_facts_are_told_as_they_are() -> None:
    assert "User pool {x} does not exist." == str(errors.PoolNotFound("{x}"))


def test_another_error_can_give_the_same_reason() -> None:
    wrong = errors.NotAuthorized(Reason.SECRET_WRONG, client_id="c")

    error = errors.Unauthorized(wrong.statement)

    assert (str(wrong), wrong.statement) == (str(error), error.statement)
