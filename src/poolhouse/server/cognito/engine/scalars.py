"""Text, numbers, booleans, blobs and times of the model: how JSON gives them, and which constraints they meet."""

from __future__ import annotations

import binascii
import math
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.model import Shape
from poolhouse.server.cognito.engine.patterns import Predicate, predicate

Rule: TypeAlias = tuple[Callable[[Any], bool], Statement]

LONGEST: Final = 16 * 1024
"""Characters of a text for which the model names no bound: no text of a request is longer than what was looked at
before anything walked over it."""
FAR: Final = 1024
"""By how much a text may be too long for its pattern to be looked at as well, so that both faults are told."""


class Scalar(Struct, frozen=True):
    """``convert`` raises ``ProtocolError`` for a wrong JSON type; ``holds`` says whether every rule is met."""

    convert: Callable[[Any], Any]
    holds: Callable[[Any], bool]
    rules: Sequence[Rule]

    def broken(self, value: Any) -> list[Statement]:
        """What is said of the rules that the value breaks."""
        return [said for test, said in self.rules if not test(value)]


def scalar(shape: Shape, pattern: Callable[[str], Predicate] = predicate) -> Scalar:
    """``pattern`` makes a predicate of a pattern of the model."""
    convert = _CONVERT.get(shape.type)
    if convert is None:
        raise LookupError(f"no JSON form is known for the type {shape.type}")
    rules = _rules(shape, pattern)
    return Scalar(convert, _together([test for test, _ in rules]), rules)


def kind_of(value: Any) -> str:
    """What a JSON value is called in the sentence that refuses it."""
    if isinstance(value, dict):
        return "Start of structure or map"
    if isinstance(value, list):
        return "Start of list"
    return _VALUE_NAMES.get(type(value), "NULL_VALUE") if not isinstance(value, bool) else f"{value!s}_VALUE".upper()


_VALUE_NAMES: Final[Mapping[type, str]] = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}


def _cannot(value: Any, wanted: str) -> ProtocolError:
    kind = kind_of(value)
    if isinstance(value, dict | list):
        return ProtocolError("SerializationException", f"{kind} found where not expected.")
    return ProtocolError("SerializationException", f"{kind} cannot be converted to {wanted}")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _cannot(value, "String")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _cannot(value, "Boolean")
    return value


def _whole(name: str, bits: int) -> Callable[[Any], int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def convert(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise _cannot(value, name)
        return value

    return convert


def _fraction(value: Any) -> float:
    if type(value) is int and abs(value) < 2**63:
        return float(value)
    if type(value) is not float or not math.isfinite(value):
        raise _cannot(value, "Double")
    return value


def _instant(value: Any) -> float:
    try:
        return _fraction(value)
    except ProtocolError:
        raise _cannot(value, "Timestamp") from None


def _blob(value: Any) -> bytes:
    if type(value) is not str:
        raise _cannot(value, "Blob")
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("SerializationException", "STRING_VALUE is not base64 text") from None


_CONVERT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text,
    "boolean": _boolean,
    "integer": _whole("Integer", 32),
    "long": _whole("Long", 64),
    "float": _fraction,
    "double": _fraction,
    "timestamp": _instant,
    "blob": _blob,
}


def _rules(shape: Shape, pattern: Callable[[str], Predicate]) -> list[Rule]:
    """In the order in which they are told, the cheap ones first: a pattern is costly on long text."""
    if shape.type == "string" and shape.max is None and not shape.enum:
        shape = replace(shape, max=float(LONGEST))
    rules: list[Rule] = []
    sized = shape.type in {"string", "blob"}
    if shape.max is not None:
        most = int(shape.max)
        said = Statement(Reason.MEMBER_LENGTH_AT_MOST if sized else Reason.MEMBER_VALUE_AT_MOST, most=most)
        rules.append((_at_most(most, sized), said))
    if shape.min is not None and not (sized and shape.min <= 0):
        least = int(shape.min)
        said = Statement(Reason.MEMBER_LENGTH_AT_LEAST if sized else Reason.MEMBER_VALUE_AT_LEAST, least=least)
        rules.append((_at_least(least, sized), said))
    if shape.enum:
        values = frozenset(shape.enum)
        rules.append((values.__contains__, Statement(Reason.MEMBER_OF_ENUM, values=", ".join(shape.enum))))
    if shape.pattern is not None:
        rules.append((_near(shape, pattern(shape.pattern)), Statement(Reason.MEMBER_OF_PATTERN, pattern=shape.pattern)))
    return rules


def _near(shape: Shape, fits: Predicate) -> Predicate:
    """The predicate, for texts that are not much too long. The others are refused for their length alone."""
    if shape.max is None:
        return fits
    farthest = int(shape.max) + FAR
    return lambda text: len(text) > farthest or fits(text)


def _at_most(bound: int, sized: bool) -> Callable[[Any], bool]:
    return (lambda value: len(value) <= bound) if sized else (lambda value: bool(value <= bound))


def _at_least(bound: int, sized: bool) -> Callable[[Any], bool]:
    return (lambda value: len(value) >= bound) if sized else (lambda value: bool(value >= bound))


def _together(tests: Sequence[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    if not tests:
        return lambda _: True
    if len(tests) == 1:
        return tests[0]

    def holds(value: Any) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would double the cost of every member
            if not test(value):
                return False
        return True

    return holds
