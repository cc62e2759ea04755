"""What the token service reads and writes: any form gets a declared error, and no value becomes markup."""

from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse import errors
from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.server.sts.answers import refusal, result
from poolhouse.server.sts.errors import TABLE, status_and_code
from poolhouse.server.sts.forms import parameters, policy_arns, required, whole_number


@given(st.binary(max_size=300) | st.text("Action=&%;+2F\xff\0", max_size=100).map(lambda text: text.encode()))
def test_any_form_is_read_or_refused(body: bytes) -> None:
    with suppress(InvalidParameter):
        form = parameters(body)
        policy_arns(form)
        for name in form:
            with suppress(InvalidParameter):
                required(form, name)
                whole_number(form, name)


def test_a_parameter_comes_once() -> None:
    with pytest.raises(InvalidParameter) as refused:
        parameters(b"Action=a&Action=b")

    assert refused.value.statement is not None
    assert Reason.FORM_NAME_TWICE == refused.value.statement.reason


@pytest.mark.parametrize("value", ["", "-1", "1.5", "9999999", "١٢", "ten"])
def test_a_number_is_one(value: str) -> None:
    with pytest.raises(InvalidParameter):
        whole_number({"DurationSeconds": value}, "DurationSeconds")


def test_managed_policies_stand_in_the_order_of_their_numbers() -> None:
    form = {"PolicyArns.member.10.arn": "c", "PolicyArns.member.2.arn": "b", "PolicyArns.member.1.arn": "a", "x": "y"}

    assert ("a", "b", "c") == policy_arns(form)


@given(st.text(max_size=50))
def test_no_value_becomes_markup(value: str) -> None:
    for answer in (result("GetCallerIdentity", {"Arn": value}, "id"), refusal("", "Code", value, 400, "id")):
        tree = ElementTree.fromstring(answer.body)
        assert len(tree) == 2


def test_every_error_has_a_code() -> None:
    waiting = [errors.PoolhouseError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        assert any(parent in TABLE for parent in kind.__mro__)
    assert (400, "ExpiredTokenException") == status_and_code(
        errors.LoginRefused(Reason.WEB_TOKEN_EXPIRED, now=2, exp=1)
    )
    assert (400, "InvalidIdentityToken") == status_and_code(errors.LoginRefused())
    assert (503, "ServiceUnavailable") == TABLE[errors.StoreAway]
