"""Conditions of policies: an operator, a key of the request, and the values that it is compared with.

A value of the request that cannot be compared (no number, several values where one is asked for, a text that is too
long) leaves the answer open. Then an allowance is not given, and a denial is: ``unsure`` says which.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias

from msgspec import Struct

from poolhouse.flows.access.policy_globs import (
    Asking,
    Piece,
    Variable,
    Wild,
    arn_fields,
    arn_matcher,
    fields_of,
    filled,
    matcher,
    pieces,
    variables_of,
)

LONGEST: Final = 4096
"""Characters of a value, or of a resource. What is longer is not compared."""
_STEP: Final = 200

Test: TypeAlias = Callable[[str, Asking], bool | None]
"""Whether a value of the request is one of the policy's. None: that cannot be told."""


class WithKeys(Asking, Protocol):
    def keyed(self, name: str) -> str | tuple[str, ...] | None:
        """What the request has under a key; None: nothing."""


class WrongValue(ValueError):  # noqa: N818 - read as a statement
    """A value of a policy is not what its operator compares. ``kind`` says what that is."""

    def __init__(self, value: str, kind: str) -> None:
        super().__init__(kind)
        self.value = value
        self.kind = kind


class Operator(Struct, frozen=True):
    """The name of an operator in its parts. ``each`` is ``any``, ``all``, or None where one value is compared."""

    base: str
    negated: bool
    if_exists: bool = False
    each: str | None = None

    @property
    def is_sure(self) -> bool:
        """It does not hold where the key is absent, whatever the values are."""
        return not (self.negated or self.if_exists or self.each == "all")


class Condition(Struct, frozen=True):
    """``said`` is the operator as it was written, ``values`` are the policy's."""

    said: str
    operator: Operator
    key: str
    values: tuple[str, ...]
    variables: tuple[Variable, ...]
    test: Test
    unsure: bool

    def holds(self, asking: WithKeys) -> bool:
        given = asking.keyed(self.key)
        operator = self.operator
        if operator.base == "Null":
            return self._tested("true" if given in (None, ()) else "false", asking)
        if given is None or given == ():
            return operator.if_exists or operator.each == "all" or (operator.each is None and operator.negated)
        if isinstance(given, str):
            return self._tested(given, asking)
        if operator.each == "any":
            return any(self._tested(value, asking) for value in given)
        if operator.each == "all":
            return all(self._tested(value, asking) for value in given)
        return self._tested(given[0], asking) if len(given) == 1 else self.unsure

    def _tested(self, value: str, asking: Asking) -> bool:
        asking.spend(_STEP)
        found = self.test(value, asking) if len(value) <= LONGEST else None
        return self.unsure if found is None else found is not self.operator.negated


def operator_named(name: str) -> Operator | None:
    """The operator, or None where there is none of this name."""
    prefix, colon, rest = name.rpartition(":")
    each = {"": None, "ForAnyValue": "any", "ForAllValues": "all"}.get(prefix, "?")
    base = rest.removesuffix("IfExists")
    if each == "?" or (colon and not prefix):
        return None
    if base == "Null":
        return None if each or base != rest else Operator("Null", negated=False)
    positive = _NEGATED.get(base)
    if base not in _TESTS and positive is None:
        return None
    return Operator(positive or base, positive is not None, base != rest, each)


def condition(
    said: str, operator: Operator, key: str, values: Sequence[str], *, variables: bool, unsure: bool
) -> Condition:
    """The condition, ready to be asked. Raises ``WrongValue``, ``NotClosed``."""
    base = operator.base
    test, needed = _TESTS[base](values, variables)
    return Condition(said, operator, key.lower(), tuple(values), tuple(needed), test, unsure)


# --- what each operator compares --------------------------------------------------------------------------------------

_Made: TypeAlias = tuple[Test, list[Variable]]


def _read(values: Sequence[str], variables: bool) -> tuple[list[tuple[Piece, ...]], list[Variable]]:
    patterns = [pieces(value, variables=variables) for value in values]
    return patterns, [variable for pattern in patterns for variable in variables_of(pattern)]


def _plain(pattern: Sequence[Piece], asking: Asking) -> str | None:
    """The text that was written, with values in place of variables; stars are stars."""
    known = filled(pattern, asking)
    return None if known is None else "".join(_sign(piece) for piece in known)


def _sign(piece: str | Wild) -> str:
    return piece if isinstance(piece, str) else piece.value


def _compared(
    kind: str, parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]
) -> Callable[[Sequence[str], bool], _Made]:
    """Values are parsed, and compared one by one. Those that stand in the policy as they are, when it is read."""

    def make(values: Sequence[str], variables: bool) -> _Made:
        patterns, needed = _read(values, variables)
        known, later = [], []
        for value, pattern in zip(values, patterns, strict=True):
            if variables_of(pattern):
                later.append(pattern)
                continue
            parsed = parse("".join(_sign(piece) for piece in pattern if not isinstance(piece, Variable)))
            if parsed is None:
                raise WrongValue(value, kind)
            known.append(parsed)

        def test(value: str, asking: Asking) -> bool | None:
            asking.spend(_STEP * (5 + len(known) + 5 * len(later)))
            given = parse(value)
            if given is None:
                return None
            if any(compare(given, each) for each in known):
                return True
            for pattern in later:
                text = _plain(pattern, asking)
                parsed = None if text is None else parse(text)
                if text is not None and parsed is None:
                    return None
                if parsed is not None and compare(given, parsed):
                    return True
            return False

        return test, needed

    return make


def _equal(alike: Callable[[str], str]) -> Callable[[Sequence[str], bool], _Made]:
    def make(values: Sequence[str], variables: bool) -> _Made:
        patterns, needed = _read(values, variables)
        later = [pattern for pattern in patterns if variables_of(pattern)]
        known = frozenset(
            alike("".join(_sign(piece) for piece in pattern if not isinstance(piece, Variable)))
            for pattern in patterns
            if not variables_of(pattern)
        )

        def test(value: str, asking: Asking) -> bool:
            like = alike(value)
            if like in known:
                return True
            for pattern in later:
                asking.spend(_STEP * (2 + len(pattern)))
                text = _plain(pattern, asking)
                if text is not None and alike(text) == like:
                    return True
            return False

        return test, needed

    return make


def _like(values: Sequence[str], variables: bool) -> _Made:
    patterns, needed = _read(values, variables)
    matchers = [matcher(pattern) for pattern in patterns]

    def test(value: str, asking: Asking) -> bool:
        asking.spend(_STEP * len(matchers))
        return any(matches(value, asking) for matches in matchers)

    return test, needed


def _arn(values: Sequence[str], variables: bool) -> _Made:
    patterns, needed = _read(values, variables)
    matchers = []
    for value, pattern in zip(values, patterns, strict=True):
        fields = arn_fields(pattern)
        if fields is None:
            raise WrongValue(value, "ARN")
        matchers.append(arn_matcher(fields))

    def test(value: str, asking: Asking) -> bool | None:
        given = fields_of(value)
        return None if given is None else any(matches(given, asking) for matches in matchers)

    return test, needed


_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _instant(text: str) -> Decimal | None:
    """Seconds since 1970, of a date of ISO 8601 (in UTC where it says no zone) or of such a number."""
    if _DATE.fullmatch(text) is None:
        return _number(text)
    try:
        found = datetime.fromisoformat(text)
        return Decimal(repr((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        return None


def _switch(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network | None:
    """An address is a network of one. One of IPv4 in the clothes of IPv6 is one of IPv4."""
    if len(text) > 50 or "%" in text:
        return None
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.ip_network((mapped, found.prefixlen - 96))
    return found


def _within(given: _Network, network: _Network) -> bool:
    return (
        given.version == network.version and given.prefixlen >= network.prefixlen and given.network_address in network
    )


_TESTS: Final[dict[str, Callable[[Sequence[str], bool], _Made]]] = {
    "StringEquals": _equal(lambda text: text),
    "StringEqualsIgnoreCase": _equal(str.lower),
    "StringLike": _like,
    "NumericEquals": _compared("number", _number, lambda value, said: bool(value == said)),
    "NumericLessThan": _compared("number", _number, lambda value, said: bool(value < said)),
    "NumericLessThanEquals": _compared("number", _number, lambda value, said: bool(value <= said)),
    "NumericGreaterThan": _compared("number", _number, lambda value, said: bool(value > said)),
    "NumericGreaterThanEquals": _compared("number", _number, lambda value, said: bool(value >= said)),
    "DateEquals": _compared("date", _instant, lambda value, said: bool(value == said)),
    "DateLessThan": _compared("date", _instant, lambda value, said: bool(value < said)),
    "DateLessThanEquals": _compared("date", _instant, lambda value, said: bool(value <= said)),
    "DateGreaterThan": _compared("date", _instant, lambda value, said: bool(value > said)),
    "DateGreaterThanEquals": _compared("date", _instant, lambda value, said: bool(value >= said)),
    "Bool": _compared("true or false", _switch, lambda value, said: value is said),
    "BinaryEquals": _compared("base64", _bytes, lambda value, said: bool(value == said)),
    "IpAddress": _compared("address or network", _network, _within),
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Null": _compared("true or false", _switch, lambda value, said: value is said),
}

_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
