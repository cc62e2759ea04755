"""Row 34: no member of any input can carry a database operator to a handler: text members hold text."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.engine.validation import compile_input
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import KeysInMemory, ManualClock, access_key, build, running, user_pools
from tests.support.json_api_inputs import smallest

MODEL = user_pools()
OPERATORS: list[Any] = [
    {"$ne": None},
    {"$gt": ""},
    {"$regex": ".*"},
    {"$where": "1"},
    ["$ne"],
    [{"$ne": 1}],
    {"$in": ["a", "b"]},
]
READ = {name: compile_input(MODEL, operation.input) for name, operation in MODEL.operations.items()}
SMALLEST = {name: smallest(MODEL, operation) for name, operation in MODEL.operations.items()}
SCALARS = {"string", "integer", "long", "boolean", "blob", "timestamp"}
MEMBERS = sorted(
    (name, member)
    for name, operation in MODEL.operations.items()
    for member, reference in MODEL.shapes[operation.input].members.items()
    if MODEL.shapes[reference.shape].type in SCALARS
)


def test_every_operation_is_looked_at() -> None:
    """But one, whose only member is a structure."""
    assert {"GetProvisionedLimit"} == MODEL.operations.keys() - {name for name, _ in MEMBERS}


@pytest.mark.parametrize("operator", OPERATORS, ids=str)
def test_an_operator_in_any_plain_member_is_refused(operator: Any) -> None:
    for name, member in MEMBERS:
        with pytest.raises(ProtocolError, match="found where not expected"):
            READ[name]({**SMALLEST[name], member: operator})


@pytest.mark.parametrize("operator", OPERATORS, ids=str)
def test_an_operator_as_a_parameter_of_a_sign_in_is_refused(operator: Any) -> None:
    given = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "a", "AuthParameters": {"USERNAME": operator}}

    with pytest.raises(ProtocolError, match="found where not expected"):
        READ["InitiateAuth"](given)


@pytest.mark.parametrize("operator", OPERATORS, ids=str)
def test_an_operator_as_the_value_of_an_attribute_is_refused(operator: Any) -> None:
    given = {"AccessToken": "t", "UserAttributes": [{"Name": "email", "Value": operator}]}

    with pytest.raises(ProtocolError, match="found where not expected"):
        READ["UpdateUserAttributes"](given)


class Counting:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, call: Call) -> Result:
        self.count += 1
        return None


async def test_no_handler_of_any_operation_is_called_with_an_operator() -> None:
    """Over the wire: the reading that is tried above stands before every handler."""
    handler = Counting()
    key = ("AKIAONE", "s3cret")
    keys = KeysInMemory(access_key(*key, {"Effect": "Allow", "Action": "*", "Resource": "*"}))
    api = build(dict.fromkeys(MODEL.operations, handler), clock=ManualClock(), keys=keys, strict=False)
    first = dict(reversed(MEMBERS))
    answers = {}

    async with running(api) as client:
        for name, member in first.items():
            given = {**SMALLEST[name], member: {"$ne": None}}
            signed = MODEL.operations[name].caller == "signed"
            answer = await (client.call(name, given, key=key) if signed else client.call(name, given, signed=False))
            answers[name] = answer.error

    assert {"SerializationException"} == set(answers.values())
    assert 0 == handler.count
