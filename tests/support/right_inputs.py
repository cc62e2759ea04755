"""Inputs that the model allows and nobody expects: of the right shape, with odd values, about things that exist."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse.server.cognito.engine.model import Operation, ServiceModel, Shape
from poolhouse.server.cognito.engine.scalars import scalar

ODD: Final = (
    "a",
    "email",
    "sub",
    "email_verified",
    "phone_number",
    "custom:x",
    "cognito:username",
    "identities",
    "true",
    "0",
    "-1",
    "123456",
    "1e9999",
    "+4912345678901",
    "a@example.com",
    "A@EXAMPLE.COM",
    "Corr3ct-Horse!",
    "é",
    "e\u0301",
    "ß",
    "\u0130",
    "\ufdfa" * 40,
    "\U0001f600",
    "\u202egnp",
    "\u00a0",
    "\ufeff",
    "\x00",
    "a\x00b",
    "\x7f",
    "\r\nSet-Cookie: a=b",
    "$ne",
    "a.b.c",
    "../../etc/passwd",
    "/",
    "%00",
    "{####}",
    "{{7*7}}",
    "' OR 1=1 --",
    "\\",
    '"',
    "__proto__",
    "x" * 128,
    "x" * 2048,
    "x" * 20_000,
    "9" * 400,
    "1970-01-01",
    "https://example.com/callback",
    "http://127.0.0.1/",
    "javascript:alert(1)",
    "arn:aws:iam::123456789012:role/a",
    "arn:aws:lambda:eu-west-1:123456789012:function:a",
    "USER_PASSWORD_AUTH",
    "USERNAME",
    "PASSWORD",
    "SRP_A",
    "REFRESH_TOKEN",
    "NEW_PASSWORD",
    "SECRET_HASH",
    "0" * 768,
    "f" * 768,
    "-" + "f" * 768,
    'email = "a"',
    'username ^= ""',
    'sub = "\\"',
    # Without these, some shapes would have no text at all.
    "eu-west-1_Example1",
    "eu-west-1_0123",
    "cognito:default",
    "terms-of-use",
    "import-1",
    "Level1",
    "{##a##}",
    "01234567-89ab-4cde-8f01-23456789abcd",
    "tkn" + "a" * 25,
    "arn:aws:s3:::bucket",
    "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example1",
)
"""Each is given wherever the model allows it."""


class RightInputs:
    """Inputs for the operations of a model, drawn from ``chance``. ``known`` are values for members, by their name,
    that mean something to the server that is asked; of maps among them a value may be changed."""

    def __init__(self, model: ServiceModel, known: Mapping[str, Sequence[Any]], chance: random.Random) -> None:
        self._model = model
        self._known = known
        self._texts = [*ODD, *(value for values in known.values() for value in values if isinstance(value, str))]
        self._chance = chance
        self._fitting: dict[str, list[str]] = {}

    def draw(self, operation: Operation) -> dict[str, Any]:
        """The required members, and some of the others."""
        return self._structure(self._model.shapes[operation.input])

    def _structure(self, shape: Shape) -> dict[str, Any]:
        often = self._chance.choice((0.0, 0.1, 0.3))
        return {
            name: self._member(name, reference.shape)
            for name, reference in shape.members.items()
            if name in shape.required or self._chance.random() < (0.7 if name in self._known else often)
        }

    def _member(self, name: str, shape: str) -> Any:
        # Mostly what exists: an unknown pool is refused before anything interesting happens.
        if name in self._known and self._chance.random() < 0.9:
            return self._bent(self._chance.choice(self._known[name]))
        return self._value(shape)

    def _bent(self, known: Any) -> Any:
        if isinstance(known, dict) and self._chance.random() < 0.4:
            return {**known, self._chance.choice(sorted(known)): self._chance.choice(self._texts)}
        return known

    def _value(self, name: str) -> Any:
        shape = self._model.shapes[name]
        if shape.document:
            return self._chance.choice(({}, {"a": [1, {"b": None}]}, {"": ""}))
        if shape.type == "structure":
            return self._structure(shape)
        if shape.type == "list":
            assert shape.member is not None
            return [self._value(shape.member.shape) for _ in range(self._count(shape))]
        if shape.type == "map":
            assert shape.key is not None
            assert shape.value is not None
            keys = [self._value(shape.key.shape) for _ in range(self._count(shape))]
            return {key: self._member(key, shape.value.shape) for key in keys}
        if shape.type == "string":
            return self._chance.choice(self._allowed(name, shape))
        return self._plain(shape)

    def _count(self, shape: Shape) -> int:
        least = int(shape.min or 0)
        return self._chance.randint(least, least + 3)

    def _allowed(self, name: str, shape: Shape) -> Sequence[str]:
        """The texts above that fit the shape."""
        if shape.enum:
            return shape.enum
        if name not in self._fitting:
            holds = scalar(shape).holds
            least = int(shape.min or 1)
            self._fitting[name] = [text for text in (*self._texts, "a" * least, "1" * least) if holds(text)]
        if not self._fitting[name]:
            raise LookupError(f"no text is known for {name}")
        return self._fitting[name]

    def _plain(self, shape: Shape) -> Any:
        if shape.type == "boolean":
            return self._chance.random() < 0.5
        if shape.type == "timestamp":
            return self._chance.choice((0, -1, 1.5, 10**9, 10**12, -(10**12)))
        if shape.type == "blob":
            return self._chance.choice(("", "AAAA"))
        least = int(shape.min if shape.min is not None else -(2**31))
        most = int(shape.max if shape.max is not None else 2**31 - 1)
        return self._chance.choice([number for number in (least, most, 0, 1, 60, 3600) if least <= number <= most])
