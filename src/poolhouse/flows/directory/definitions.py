"""Which attributes the users of a pool may have: the standard ones, and how a pool declares its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.records.pools import AttributeSchema

LONGEST_VALUE = 2048
MOST_CUSTOM = 50
TYPES = frozenset({"String", "Number", "DateTime", "Boolean"})

CUSTOM = "custom:"
DEVELOPER = "dev:"

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")


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


def _standard(declaration: Declaration) -> AttributeSchema:
    before = next(attribute for attribute in STANDARD if attribute.name == declaration.name)
    if declaration.developer_only or declaration.type not in (None, before.type):
        raise InvalidParameter(Reason.STANDARD_ATTRIBUTE_FIXED, attribute=declaration.name)
    minimum, maximum = _bounds(declaration, before.type)
    if before.name == "sub":
        if declaration.mutable:
            raise InvalidParameter(Reason.SUB_NOT_MUTABLE)
        return before
    return replace(
        before,
        mutable=declaration.mutable is not False,
        required=declaration.required,
        minimum=before.minimum if minimum is None else minimum,
        maximum=before.maximum if maximum is None else maximum,
    )


def _custom(declaration: Declaration) -> AttributeSchema:
    if declaration.required:
        raise InvalidParameter(Reason.CUSTOM_ATTRIBUTE_REQUIRED)
    kind = declaration.type or "String"
    if kind not in TYPES:
        raise InvalidParameter(Reason.ATTRIBUTE_TYPE_UNKNOWN)
    minimum, maximum = _bounds(declaration, kind)
    return AttributeSchema(
        name=f"{DEVELOPER if declaration.developer_only else ''}{CUSTOM}{declaration.name}",
        type=kind,
        mutable=declaration.mutable is not False,
        developer_only=declaration.developer_only,
        minimum=minimum,
        maximum=maximum,
    )


def _bounds(declaration: Declaration, kind: str) -> tuple[int | None, int | None]:
    if kind == "String" and declaration.length:
        minimum, maximum = _numbers(declaration, declaration.length, "StringAttributeConstraints")
        if (minimum or 0) < 0 or (maximum or 0) < 0:
            raise InvalidParameter(
                Reason.ATTRIBUTE_CONSTRAINTS_INVALID,
                constraints="StringAttributeConstraints",
                attribute=declaration.name,
            )
        if max(minimum or 0, maximum or 0) > LONGEST_VALUE:
            raise InvalidParameter(Reason.ATTRIBUTE_LENGTH_TOO_LARGE, attribute=declaration.name, most=LONGEST_VALUE)
        if minimum is not None and maximum is not None and maximum < minimum:
            raise InvalidParameter(Reason.ATTRIBUTE_LENGTHS_CROSSED, attribute=declaration.name)
        return minimum, maximum
    if kind == "Number" and declaration.value:
        minimum, maximum = _numbers(declaration, declaration.value, "NumberAttributeConstraints")
        if minimum is not None and maximum is not None and maximum < minimum:
            raise InvalidParameter(Reason.ATTRIBUTE_VALUES_CROSSED, attribute=declaration.name)
        return minimum, maximum
    return None, None


def _numbers(declaration: Declaration, bounds: Bounds, what: str) -> tuple[int | None, int | None]:
    for given in (bounds.minimum, bounds.maximum):
        if given is not None and not _WHOLE_NUMBER.fullmatch(given):
            raise InvalidParameter(Reason.ATTRIBUTE_CONSTRAINTS_INVALID, constraints=what, attribute=declaration.name)
    return (
        None if bounds.minimum is None else int(bounds.minimum),
        None if bounds.maximum is None else int(bounds.maximum),
    )


def _taken(name: str) -> InvalidParameter:
    return InvalidParameter(Reason.ATTRIBUTE_EXISTS, attribute=name)
