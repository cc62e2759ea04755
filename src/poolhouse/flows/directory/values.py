"""Values of user attributes: do they fit the pool's schema, and may this caller read and write them?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from poolhouse.errors import InvalidParameter, NotAuthorized
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.flows.directory import formats
from poolhouse.flows.directory.definitions import LONGEST_VALUE, STANDARD_NAMES, bounds
from poolhouse.records.clients import Client
from poolhouse.records.names import is_choosable, is_showable, looks_like_email, looks_like_phone
from poolhouse.records.pools import AttributeSchema, Pool

Occasion: TypeAlias = Literal["create", "invite", "update"]
"""A user who is made whole, one who will be asked for the rest later, one who is there already."""
Writer: TypeAlias = Literal["user", "admin", "verified"]
"""Who says it: the user through a client, an administrator, or a source that has proof (a provider's mapping, a plugin,
a code that was sent)."""

VERIFIED_FLAGS: Mapping[str, str] = {"email_verified": "email", "phone_number_verified": "phone_number"}
"""Outcomes of a verification, and what they speak of. No user writes them (security row 4)."""

_NEVER_WRITTEN = frozenset({"sub", "identities"})
_STANDARD_AND_IDENTITIES = STANDARD_NAMES | {"identities"}


def check_values(pool: Pool, values: Mapping[str, str], *, on: Occasion, who: Writer = "user") -> dict[str, str]:
    """The values as they are to be stored: they fit the schema, and this kind of writer may write them at all.

    On ``update`` an empty text stays in the answer and says that the attribute is to be removed; otherwise it is left
    out. On ``create`` every required attribute is there; after ``invite`` the missing ones are asked for
    (``missing_required``). Which attributes a client may write is another question (``require_writable``).

    Raises ``InvalidParameter``, with every misfit in one sentence; ``NotAuthorized`` for what only others may write.
    """
    _refuse_never_written(values)
    schema = {attribute.name: attribute for attribute in pool.schema}
    for name in values:
        if name not in schema:
            raise InvalidParameter(Reason.ATTRIBUTE_UNKNOWN, attribute=name)
        if who == "user" and _is_for_others(schema[name]):
            raise _unauthorized()
    result: dict[str, str] = {}
    problems: list[Statement] = []
    for name, value in values.items():
        attribute = schema[name]
        if on == "update" and not attribute.mutable:
            problems.append(Statement(Reason.ATTRIBUTE_NOT_UPDATED, attribute=name))
        elif value:
            stored, problem = _fit(attribute, value)
            if problem:
                problems.append(problem)
            else:
                result[name] = stored
        elif on == "update":
            if attribute.required:
                problems.append(_is_required(name))
            result[name] = ""
    if on == "create":
        problems.extend(_is_required(name) for name in missing_required(pool, result))
    if problems:
        raise InvalidParameter(Reason.ATTRIBUTES_DO_NOT_CONFORM, problems=tuple(problems))
    _check_contacts(result)
    _check_preferred(pool, result.get("preferred_username", ""))
    if on != "update":
        _check_flags(result)
    return result


def missing_required(pool: Pool, attributes: Mapping[str, str]) -> tuple[str, ...]:
    """The required attributes that have no value yet, in the schema's order. ``sub`` is given by us."""
    return tuple(
        attribute.name
        for attribute in pool.schema
        if attribute.required and attribute.name != "sub" and not attributes.get(attribute.name)
    )


def readable(pool: Pool, client: Client) -> frozenset[str]:
    """The attributes that users of this client may see, in ``GetUser``, ID tokens and ``userInfo``.

    With a list, what is listed (``sub`` always). Without one, the standard attributes; and the custom ones too, where
    the client has no list for writing either. Attributes for developers are never among them.
    """
    if client.read_attributes:
        return frozenset(client.read_attributes) | {"sub"}
    # Every schema begins with the standard attributes, and most of them end there.
    custom = pool.schema[len(STANDARD_NAMES) :]
    if not custom or client.write_attributes:
        return _STANDARD_AND_IDENTITIES
    return _STANDARD_AND_IDENTITIES.union(attribute.name for attribute in custom if not attribute.developer_only)


def require_writable(pool: Pool, client: Client, names: Iterable[str]) -> None:
    """Users of this client may write all of these attributes; what the schema says of them is another question.

    With a list, what is listed. Without one, the standard attributes; and the custom ones too, where the client has no
    list for reading either. Rights come from groups, never from attributes (security row 5).

    Raises ``NotAuthorized``, and ``InvalidParameter`` for what nobody may write.
    """
    names = frozenset(names)
    _refuse_never_written(names)
    if not names.isdisjoint(VERIFIED_FLAGS):
        raise _unauthorized()
    if client.write_attributes:
        if not names.issubset(client.write_attributes):
            raise _unauthorized()
        return
    custom_too = not client.read_attributes
    for attribute in pool.schema:
        if attribute.name in names and (
            attribute.developer_only or not (custom_too or attribute.name in STANDARD_NAMES)
        ):
            raise _unauthorized()


def listable(pool: Pool) -> tuple[frozenset[str], frozenset[str]]:
    """The attribute names that a client's lists for reading and for writing may name."""
    names = frozenset(attribute.name for attribute in pool.schema if not attribute.developer_only)
    return names | {"identities"}, names - _NEVER_WRITTEN - VERIFIED_FLAGS.keys()


def _refuse_never_written(names: Iterable[str]) -> None:
    for name in names:
        if name in _NEVER_WRITTEN or name.startswith("cognito:"):
            raise InvalidParameter(Reason.ATTRIBUTE_NOT_MUTABLE, attribute=name)


def _is_for_others(attribute: AttributeSchema) -> bool:
    return attribute.developer_only or attribute.name in VERIFIED_FLAGS


def _fit(attribute: AttributeSchema, value: str) -> tuple[str, Statement | None]:
    """The value as it is stored, and what is wrong with it (None: nothing)."""
    name = attribute.name
    if len(value) > LONGEST_VALUE:
        return value, Statement(Reason.ATTRIBUTE_TOO_LONG, attribute=name, most=LONGEST_VALUE)
    problem = None
    if attribute.type == "String":
        least, most = attribute.minimum, attribute.maximum
        if most is not None and len(value) > most:
            problem = Statement(Reason.ATTRIBUTE_TOO_LONG, attribute=name, most=most)
        elif least is not None and len(value) < least:
            problem = Statement(Reason.ATTRIBUTE_TOO_SHORT, attribute=name, least=least)
        elif name == "birthdate" and not formats.is_date(value):
            problem = Statement(Reason.BIRTHDATE_INVALID, attribute=name)
    elif attribute.type == "Number":
        problem = _misfit_of_number(attribute, value)
    elif attribute.type == "DateTime":
        problem = None if formats.is_instant(value) else Statement(Reason.ATTRIBUTE_NOT_AN_INSTANT, attribute=name)
    else:
        folded = formats.boolean(value)
        problem = None if folded else Statement(Reason.ATTRIBUTE_NOT_A_BOOLEAN, attribute=name)
        value = folded or value
    return value, problem


def _misfit_of_number(attribute: AttributeSchema, value: str) -> Statement | None:
    number = formats.whole(value)
    if number is None:
        return Statement(Reason.ATTRIBUTE_NOT_A_NUMBER, attribute=attribute.name)
    least, most = bounds(attribute)
    if most is not None and number > most:
        return Statement(Reason.ATTRIBUTE_TOO_GREAT, attribute=attribute.name, most=most)
    if least is not None and number < least:
        return Statement(Reason.ATTRIBUTE_TOO_SMALL, attribute=attribute.name, least=least)
    return None


def _check_contacts(values: Mapping[str, str]) -> None:
    if (phone := values.get("phone_number")) and not formats.is_phone(phone):
        raise InvalidParameter(Reason.PHONE_NUMBER_INVALID)
    if (email := values.get("email")) and not formats.is_email(email):
        raise InvalidParameter(Reason.EMAIL_INVALID)


def _check_preferred(pool: Pool, value: str) -> None:
    """Others see it beside what the user does, so each character of it can be seen (security row 47). Where it is a
    name to sign in with, it has the form of user names, and must not read like another kind of name: that would be
    somebody else's."""
    if not value:
        return
    if "preferred_username" not in pool.alias_attributes:
        if not is_showable(value):
            problem = Statement(Reason.ATTRIBUTE_NOT_SHOWABLE, attribute="preferred_username")
            raise InvalidParameter(Reason.ATTRIBUTES_DO_NOT_CONFORM, problems=(problem,))
        return
    if not is_choosable(value):
        raise InvalidParameter(Reason.PREFERRED_USERNAME_NOT_CHOOSABLE)
    for kind, looks in (("email", looks_like_email), ("phone_number", looks_like_phone)):
        if kind in pool.alias_attributes and looks(value):
            raise InvalidParameter(Reason.PREFERRED_USERNAME_LIKE_ALIAS, alias=kind)


def _check_flags(values: Mapping[str, str]) -> None:
    for flag, contact in VERIFIED_FLAGS.items():
        if values.get(flag) == "true" and not values.get(contact):
            raise InvalidParameter(Reason.FLAG_WITHOUT_CONTACT, flag=flag, attribute=contact)


def _is_required(name: str) -> Statement:
    return Statement(Reason.ATTRIBUTE_REQUIRED, attribute=name)


def _unauthorized() -> NotAuthorized:
    return NotAuthorized(Reason.ATTRIBUTE_NOT_WRITABLE)
