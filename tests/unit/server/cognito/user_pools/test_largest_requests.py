"""The largest request that makes sense for an operation is not too large for a server with its default settings."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from poolhouse.config.settings import Settings
from poolhouse.flows.directory.definitions import LONGEST_VALUE
from poolhouse.server.cognito.not_offered import reasons
from poolhouse.server.cognito.user_pools.model import user_pools_model

MODEL = user_pools_model()
OFFERED = sorted(MODEL.operations.keys() - reasons().keys())

UNLIMITED: Final = 131_072
"""What the model says of a text where it has no limit in mind. A value of ours ends long before."""
SEVERAL: Final = 25
"""How many there are of what has no limit at all."""


def largest(name: str, letter: str) -> Any:
    """Every member is there, each list is full, each text as long as it may be, and all of it of this letter."""
    shape = MODEL.shapes[name]
    if shape.type == "structure":
        return {member: largest(reference.shape, letter) for member, reference in shape.members.items()}
    if shape.type == "list":
        assert shape.member is not None
        return [largest(shape.member.shape, letter)] * int(SEVERAL if shape.max is None else shape.max)
    if shape.type == "map":
        assert shape.key is not None
        assert shape.value is not None
        key, value = largest(shape.key.shape, letter), largest(shape.value.shape, letter)
        return {f"{key}{number}": value for number in range(int(SEVERAL if shape.max is None else shape.max))}
    if shape.type == "string":
        if shape.enum:
            return max(shape.enum, key=len)
        limit = UNLIMITED if shape.max is None else int(shape.max)
        return letter * (LONGEST_VALUE if limit >= UNLIMITED else limit)
    return 2**31


@pytest.mark.parametrize("letter", ["x", "ü"])
@pytest.mark.parametrize("operation", OFFERED)
def test_the_largest_request_is_read_with_the_default_settings(operation: str, letter: str) -> None:
    body = json.dumps(largest(MODEL.operations[operation].input, letter))  # escapes, as clients do

    limits = Settings().limits
    assert len(body) <= (limits.body if MODEL.operations[operation].caller == "signed" else limits.open_body)
