"""Inputs for every operation of a model: the smallest right one, and hostile ones made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poolhouse.server.cognito.engine.model import Operation, ServiceModel, Shape
from poolhouse.server.cognito.engine.scalars import scalar

POOL: Final = "eu-west-1_Example1"
ARN: Final = f"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/{POOL}"

_TEXTS: Final = (
    POOL,
    "a",
    "1",
    ARN,
    "{####}",
    "a@b",
    "aaa",
    "import-1",
    "eu-west-1_0123",
    "cognito:default",
    "terms-of-use",
    "Level1",
    "authenticated",
    "eu-west-1:00000000-0000-4000-8000-000000000000",
    "01234567-89ab-4cde-8f01-23456789abcd",
    "tkn" + "a" * 25,
    "{##a##}",
    "arn:aws:s3:::bucket",
)

HOSTILE: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    10**30,
    "",
    " ",
    "$ne",
    "\x00",
    "é\u0301\U0001f600",
    "\r\nSet-Cookie: a=b",
    "x" * 30_000,
    "{####}" * 4000 + "\x00",
    [],
    [None],
    ["$ne", {"$ne": 1}],
    [[[]]],
    {},
    {"$ne": None},
    {"$where": "sleep(1000)"},
    {"": ""},
    {"a": {"b": [{}]}},
)
"""What no member expects, or few do."""


def smallest(model: ServiceModel, operation: Operation) -> dict[str, Any]:
    """The required members alone, each as small as it may be."""
    return _structure(model, model.shapes[operation.input])


def hostile(model: ServiceModel, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """The smallest right input with one hostile value in one member, for all of both; the member is named with it."""
    right = smallest(model, operation)
    for name in model.shapes[operation.input].members:
        for value in HOSTILE:
            yield name, {**right, name: value}


def _structure(model: ServiceModel, shape: Shape) -> dict[str, Any]:
    return {name: _value(model, model.shapes[shape.members[name].shape]) for name in shape.required}


def _value(model: ServiceModel, shape: Shape) -> Any:
    if shape.document:
        return {}
    if shape.type == "structure":
        return _structure(model, shape)
    if shape.type == "list":
        assert shape.member is not None
        return [_value(model, model.shapes[shape.member.shape])] * int(shape.min or 0)
    if shape.type == "map":
        assert shape.key is not None
        assert shape.value is not None
        key = _value(model, model.shapes[shape.key.shape])
        return {key: _value(model, model.shapes[shape.value.shape])} if shape.min else {}
    if shape.type == "string":
        return _text(shape)
    if shape.type == "boolean":
        return True
    return int(shape.min or 0)


def _text(shape: Shape) -> str:
    holds = scalar(shape).holds
    least = int(shape.min or 1)
    for text in (*shape.enum[:1], *_TEXTS, "a" * least, "1" * least):
        if holds(text):
            return text
    raise LookupError(f"no text is known for {shape}")
