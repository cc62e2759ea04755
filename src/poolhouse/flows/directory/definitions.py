"""Which attributes the users of a pool may have: the standard ones, and how a pool declares its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory import formats
from poolhouse.records.pools import AttributeSchema

LONGEST_VALUE = 2048
MOST_CUSTOM = 50
TYPES = frozenset({"String", "Number", "DateTime", "Boolean"})

CUSTOM = "custom:"
DEVELOPER = "dev:"

LARGEST = 2**1023
"""Beyond this no bound of a Number is, on either side."""
_STORED = range(-(2**63), 2**63)
"""The whole numbers that a document can hold."""


def _text(name: str) -> AttributeSchema:
    return AttributeSchema(name=name, minimum=0, maximum=LONGEST_VALUE)


STANDARD: tuple[AttributeSchema, ...] = (
    AttributeSchema(name="sub", mutable=False, required=True, minimum=1, maximum=LONGEST_VALUE),
    _text("name"),
    _text("given_name"),
    _text("family_name"),
    _text("middle_name"),
    _text("nickname"),
    _text("preferred_username"),
    _text("profile"),
    _text("picture"),
    _text("website"),
    _text("email"),
    AttributeSchema(name="email_verified", type="Boolean"),
    _text("gender"),
    AttributeSchema(name="birthdate", minimum=10, maximum=10),
    _text("zoneinfo"),
    _text("locale"),
    _text("phone_number"),
    AttributeSchema(name="phone_number_verified", type="Boolean"),
    _text("address"),
    AttributeSchema(name="updated_at", type="Number", minimum=0),
)
"""What every pool has, in the order in which it is shown (OpenID Connect Core 5.1, without ``identities``)."""

STANDARD_NAMES = frozenset(attribute.name for attribute in STANDARD)


class Bounds(Struct, frozen=True):
    """As they are written by the caller: whole numbers in text."""

    minimum: str | None = None
    maximum: str | None = None


class Declaration(Struct, frozen=True, kw_only=True):
    """What a caller says of an attribute. None means "not said"."""

    name: str
    type: str | None = None
    mutable: bool | None = None
    required: bool = False
    developer_only: bool = False
    length: Bounds | None = None
    value: Bounds | None = None


def found(declarations: Sequence[Declaration]) -> tuple[AttributeSchema, ...]:
    """The schema of a new pool: the standard attributes as declared, then the custom ones.

    Raises ``InvalidParameter`` for the first declaration that cannot be.
    """
    changed: dict[str, AttributeSchema] = {}
    custom = []
    for declaration in declarations:
        if declaration.name not in STANDARD_NAMES:
            custom.append(declaration)
        elif declaration.name in changed:
            raise _taken(declaration.name)
        else:
            changed[declaration.name] = _standard(declaration)
    return extended(tuple(changed.get(attribute.name, attribute) for attribute in STANDARD), custom)


def extended(schema: Sequence[AttributeSchema], declarations: Sequence[Declaration]) -> tuple[AttributeSchema, ...]:
    """The schema with custom attributes added at its end. Nothing of it can be taken away or changed again.

    Raises ``InvalidParameter`` for the first declaration that cannot be.
    """
    result = list(schema)
    names = {attribute.name for attribute in schema}
    for declaration in declarations:
        attribute = _custom(declaration)
        if attribute.name in names:
            raise _taken(attribute.name)
        names.add(attribute.name)
        result.append(attribute)
    if len(names - STANDARD_NAMES) > MOST_CUSTOM:
        raise InvalidParameter(Reason.TOO_MANY_CUSTOM_ATTRIBUTES, most=MOST_CUSTOM)
    return tuple(result)


def bounds(attribute: AttributeSchema) -> tuple[int | None, int | None]:
    """Between which lengths or numbers a value is, None where there is no bound."""
    least = attribute.minimum if attribute.least is None else formats.whole(attribute.least)
    most = attribute.maximum if attribute.most is None else formats.whole(attribute.most)
    return least, most


def _standard(declaration: Declaration) -> AttributeSchema:
    before = next(attribute for attribute in STANDARD if attribute.name == declaration.name)
    if declaration.developer_only or declaration.type not in (None, before.type):
        raise InvalidParameter(Reason.STANDARD_ATTRIBUTE_FIXED, attribute=declaration.name)
    given = _bounds(declaration, before.type)
    if before.name == "sub":
        if declaration.mutable:
            raise InvalidParameter(Reason.SUB_NOT_MUTABLE)
        return before
    return replace(
        before,
        mutable=declaration.mutable is not False,
        required=declaration.required,
        **given,
    )


def _custom(declaration: Declaration) -> AttributeSchema:
    if declaration.required:
        raise InvalidParameter(Reason.CUSTOM_ATTRIBUTE_REQUIRED)
    if declaration.type not in TYPES:
        raise InvalidParameter(Reason.ATTRIBUTE_TYPE_UNKNOWN)
    return AttributeSchema(
        name=f"{DEVELOPER if declaration.developer_only else ''}{CUSTOM}{declaration.name}",
        type=declaration.type,
        mutable=declaration.mutable is not False,
        developer_only=declaration.developer_only,
        **_bounds(declaration, declaration.type),
    )


def _bounds(declaration: Declaration, kind: str) -> dict[str, Any]:
    """The bounds that are given, as fields of the attribute."""
    if kind == "String" and declaration.length:
        minimum, maximum = _numbers(declaration, declaration.length, "StringAttributeConstraints")
        if (minimum or 0) < 0 or (maximum or 0) < 0:
            raise _misfit(declaration, "StringAttributeConstraints")
        if max(minimum or 0, maximum or 0) > LONGEST_VALUE:
            raise InvalidParameter(Reason.ATTRIBUTE_LENGTH_TOO_LARGE, attribute=declaration.name, most=LONGEST_VALUE)
        if minimum is not None and maximum is not None and maximum < minimum:
            raise InvalidParameter(Reason.ATTRIBUTE_LENGTHS_CROSSED, attribute=declaration.name)
        return _fields(declaration.length, minimum, maximum)
    if kind == "Number" and declaration.value:
        minimum, maximum = _numbers(declaration, declaration.value, "NumberAttributeConstraints")
        if any(bound is not None and abs(bound) > LARGEST for bound in (minimum, maximum)):
            raise _misfit(declaration, "NumberAttributeConstraints")
        if minimum is not None and maximum is not None and maximum < minimum:
            raise InvalidParameter(Reason.ATTRIBUTE_VALUES_CROSSED, attribute=declaration.name)
        return _fields(declaration.value, minimum, maximum)
    return {}


def _numbers(declaration: Declaration, given: Bounds, what: str) -> tuple[int | None, int | None]:
    minimum, maximum = (None if text is None else formats.whole(text) for text in (given.minimum, given.maximum))
    if (given.minimum is not None and minimum is None) or (given.maximum is not None and maximum is None):
        raise _misfit(declaration, what)
    return minimum, maximum


def _fields(given: Bounds, minimum: int | None, maximum: int | None) -> dict[str, Any]:
    """Numbers where a document holds them; the text beside, where it says more than the number shows."""
    fields: dict[str, Any] = {}
    for number, text, named, written in (
        (minimum, given.minimum, "minimum", "least"),
        (maximum, given.maximum, "maximum", "most"),
    ):
        if number is not None:
            stored = number in _STORED
            fields[named] = number if stored else None
            fields[written] = None if stored and text == str(number) else text
    return fields


def _misfit(declaration: Declaration, constraints: str) -> InvalidParameter:
    return InvalidParameter(Reason.ATTRIBUTE_CONSTRAINTS_INVALID, constraints=constraints, attribute=declaration.name)


def _taken(name: str) -> InvalidParameter:
    # The vendor names what was declared, then what exists: they differ for developers' attributes.
    return InvalidParameter(Reason.ATTRIBUTE_EXISTS, declared=name.removeprefix(DEVELOPER), attribute=name)
