"""What policies mean, as plainly as it can be said: the tests compare the product with this.

It knows nothing of the product. It looks at the JSON each time, has one rule after the other, and matches patterns a
character at a time, by the set of all places where a match could be.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

Context = Mapping[str, str | tuple[str, ...]]


class Sign(NamedTuple):
    """A character of a pattern, and where it is from: ``policy``, ``wild``, or ``value`` of a key."""

    text: str
    origin: str


class WithoutValue(Exception):  # noqa: N818
    """A variable has none."""


class Open(Exception):  # noqa: N818
    """It cannot be told whether a condition holds."""


def is_allowed(
    role: Sequence[Any], sessions: Sequence[Sequence[Any]], action: str, resource: str, context: Context
) -> bool:
    request = (action, resource, context)
    every = [document for group in (role, *sessions) for document in group]
    if any(_says(document, "Deny", request) for document in every):
        return False
    return all(any(_says(document, "Allow", request) for document in group) for group in (role, *sessions))


def _says(document: Any, effect: str, request: tuple[str, str, Context]) -> bool:
    statements = document["Statement"]
    found = [statements] if isinstance(statements, dict) else statements
    return any(
        _fits(statement, request, knows_variables=document.get("Version") == "2012-10-17")
        for statement in found
        if statement["Effect"] == effect
    )


def _fits(statement: Any, request: tuple[str, str, Context], *, knows_variables: bool) -> bool:
    action, resource, context = request
    denies = statement["Effect"] == "Deny"

    def signs(text: str) -> list[Sign]:
        return _signs(text, context, knows_variables=knows_variables)

    if not denies:
        # An allowance that speaks of what has no value is none.
        resources = _several(statement.get("Resource", statement.get("NotResource")))
        values = [
            value
            for keys in statement.get("Condition", {}).values()
            for said in keys.values()
            for value in _several(said)
        ]
        try:
            for text in [*resources, *map(_text, values)]:
                signs(text)
        except WithoutValue:
            return False
    listed = any(
        _like(_signs(text.lower(), {}, knows_variables=False), action.lower())
        for text in _several(statement.get("Action", statement.get("NotAction")))
    )
    if listed == ("NotAction" in statement):
        return False
    listed = False
    for text in _several(statement.get("Resource", statement.get("NotResource"))):
        try:
            listed = listed or text == "*" or _like_arn(signs(text), resource)
        except WithoutValue:
            continue
    if listed == ("NotResource" in statement):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        for key, said in keys.items():
            try:
                holds = _holds(operator, key, list(map(_text, _several(said))), context, signs)
            except Open:
                holds = denies
            if not holds:
                return False
    return True


def _several(said: Any) -> list[Any]:
    return list(said) if isinstance(said, list) else [said]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _signs(text: str, context: Context, *, knows_variables: bool) -> list[Sign]:
    found: list[Sign] = []
    while text:
        if knows_variables and text[:2] == "${":
            inside, text = text[2:].split("}", 1)
            if inside in ("*", "?", "$"):
                found.append(Sign(inside, "policy"))
                continue
            key, *default = [part.strip() for part in inside.split(",")]
            value = context.get(key.lower())
            if value is None or value == "":
                if not default:
                    raise WithoutValue
                value = default[0][1:-1]
            if not isinstance(value, str):
                raise WithoutValue
            found += [Sign(each, "value") for each in value]
        else:
            found.append(Sign(text[0], "wild" if text[0] in "*?" else "policy"))
            text = text[1:]
    return found


def _like(pattern: Sequence[Sign], text: str) -> bool:
    """``places`` are how much of the pattern may be used up."""
    places = _passing_stars({0}, pattern)
    for letter in text:
        after = set()
        for place in places:
            if place == len(pattern):
                continue
            sign = pattern[place]
            if sign == Sign("*", "wild"):
                after.add(place)
            elif sign == Sign("?", "wild") or (sign.origin != "wild" and sign.text == letter):
                after.add(place + 1)
        places = _passing_stars(after, pattern)
    return len(pattern) in places


def _passing_stars(places: set[int], pattern: Sequence[Sign]) -> set[int]:
    found = set(places)
    for place in sorted(places):
        at = place
        while at < len(pattern) and pattern[at] == Sign("*", "wild"):
            at += 1
            found.add(at)
    return found


def _like_arn(pattern: Sequence[Sign], text: str) -> bool:
    fields: list[list[Sign]] = [[]]
    for sign in pattern:
        if sign == Sign(":", "policy") and len(fields) < 6:
            fields.append([])
        else:
            fields[-1].append(sign)
    given = text.split(":", 5)
    if len(given) < 6 or given[0] != "arn":
        return False
    return all(_like(field, part) for field, part in zip(fields, given, strict=True))


def _holds(operator: str, key: str, said: list[str], context: Context, signs: Any) -> bool:
    value = context.get(key.lower())
    given = [] if value is None else [value] if isinstance(value, str) else list(value)
    if operator == "Null":
        return any((text.lower() == "true") == (given == []) for text in said)
    each, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    name = name.replace("Not", "")
    if not given:
        return if_exists or each == "ForAllValues" or (each == "" and negated)

    def one(value: str) -> bool:
        matched = False
        for text in said:
            try:
                matched = matched or _compare(name, value, signs(text))
            except WithoutValue:
                # A value that cannot be read cannot be, whatever it would have been compared with.
                _read(name, value)
        return matched != negated

    def settled(value: str) -> bool | None:
        try:
            return one(value)
        except Open:
            return None

    answers = [settled(each_value) for each_value in given]
    if each == "" and len(given) > 1:
        raise Open
    if each == "ForAnyValue":
        if True in answers:
            return True
        if None in answers:
            raise Open
        return False
    if False in answers:
        return False
    if None in answers:
        raise Open
    return True


def _read(name: str, given: str) -> None:
    """Raises ``Open`` for what is no value of the operator's kind."""
    if name.startswith("Arn"):
        _compare(name, given, [])
    elif name == "Bool":
        _either(given)
    elif name == "BinaryEquals":
        _decoded(given)
    elif name == "IpAddress":
        _inside(given, "0.0.0.0/0")
    elif name.startswith("Numeric"):
        _numbers(given)
    elif name.startswith("Date"):
        _dates(given)


def _compare(name: str, given: str, pattern: list[Sign]) -> bool:
    said = "".join(sign.text for sign in pattern)
    if name == "StringEquals":
        return given == said
    if name == "StringEqualsIgnoreCase":
        return given.lower() == said.lower()
    if name == "StringLike":
        return _like(pattern, given)
    if name in ("ArnEquals", "ArnLike"):
        if given.count(":") < 5 or not given.startswith("arn:"):
            raise Open
        return _like_arn(pattern, given)
    if name == "Bool":
        return _either(given) == _either(said)
    if name == "BinaryEquals":
        return _decoded(given) == _decoded(said)
    if name == "IpAddress":
        return _inside(given, said)
    left, right = (_numbers(given), _numbers(said)) if name.startswith("Numeric") else (_dates(given), _dates(said))
    comparison = name.removeprefix("Numeric").removeprefix("Date")
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[comparison]


def _either(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Open
    return text.lower() == "true"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Open from None


def _inside(given: str, said: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(given, strict=False), ipaddress.ip_network(said, strict=False)
    except ValueError:
        raise Open from None
    return inner.version == outer.version and inner[0] in outer and inner[-1] in outer


def _numbers(text: str) -> Fraction:
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    whole, point, part = digits.partition(".")
    if not all(each.isascii() and each.isdecimal() for each in ([whole, part] if point else [whole])):
        raise Open
    number = Fraction(int(whole + part), 10 ** len(part))
    return -number if sign == "-" else number


def _dates(text: str) -> Fraction:
    if "-" not in text[1:]:
        return _numbers(text)
    try:
        whole = text if "T" in text else f"{text}T00:00:00Z"
        return Fraction(datetime.strptime(whole.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S%z").timestamp())
    except ValueError:
        raise Open from None
