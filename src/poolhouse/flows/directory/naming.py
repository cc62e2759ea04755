"""Which names and contacts a user gets, and what is said where they are taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from poolhouse.errors import (
    AliasTaken,
    InvalidParameter,
    UsernameTaken,
)
from poolhouse.errors.reasons import Reason
from poolhouse.ports.users import NameTaken
from poolhouse.records import names
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

_CONTACTS = ("email", "phone_number")


def place_name(pool: Pool, submitted: str, attributes: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """The internal name (None: the id is to be it) and the attributes, with the submitted name where it belongs.

    Raises ``InvalidParameter`` where the name has not the form that the pool wants, and where the attribute that it
    belongs to is given with another value: nothing that a caller says is dropped.
    """
    placed = dict(attributes)
    if pool.username_attributes:
        email_allowed = "email" in pool.username_attributes
        phone_allowed = "phone_number" in pool.username_attributes
        if email_allowed and names.looks_like_email(submitted):
            _refuse_another(pool, "email", submitted, attributes)
            placed["email"] = submitted if pool.case_sensitive else names.lower_case(submitted)
        elif phone_allowed and names.looks_like_phone(submitted):
            _refuse_another(pool, "phone_number", submitted, attributes)
            placed["phone_number"] = submitted
        elif email_allowed and phone_allowed:
            raise InvalidParameter(Reason.USERNAME_NOT_EMAIL_OR_PHONE)
        else:
            raise InvalidParameter(Reason.USERNAME_NOT_EMAIL if email_allowed else Reason.USERNAME_NOT_PHONE)
        return None, placed
    if "email" in pool.alias_attributes and names.looks_like_email(submitted):
        raise InvalidParameter(Reason.USERNAME_LIKE_EMAIL)
    if "phone_number" in pool.alias_attributes and names.looks_like_phone(submitted):
        raise InvalidParameter(Reason.USERNAME_LIKE_PHONE)
    if not names.visible(submitted):
        # It would be one name with every other that cannot be seen.
        raise InvalidParameter(Reason.USERNAME_NOT_SEEN)
    return submitted, placed


def name_to_type(pool: Pool, user: User, submitted: str = "") -> str:
    """The name by which the user can sign in, as a letter tells it: where there are several, the submitted one."""
    if not pool.username_attributes:
        return user.username
    typed = {
        kind: user.attributes[kind]
        for kind in _CONTACTS
        if kind in pool.username_attributes and user.attributes.get(kind)
    }
    for kind, value in typed.items():
        if names.name(pool, kind, value) == names.name(pool, kind, submitted):
            return value
    return next(iter(typed.values()), user.username)


def name_error(pool: Pool, taken: NameTaken) -> UsernameTaken | AliasTaken:
    """The sentence for a name that is not free, when a user is made."""
    kind = taken.name.kind
    if kind == "username":
        return UsernameTaken()
    if kind in pool.username_attributes:
        return UsernameTaken(Reason.GIVEN_CONTACT_TAKEN, attribute=kind)
    return AliasTaken(kind)


def contact_to_verify(pool: Pool, user: User) -> str | None:
    """The attribute that a sign-up code goes to; None where nothing is to be verified."""
    return first_to_verify(pool, [attribute for attribute in _CONTACTS if user.attributes.get(attribute)])


def first_to_verify(pool: Pool, has: Collection[str]) -> str | None:
    """The same of somebody who has these contacts: the telephone before e-mail."""
    for attribute in ("phone_number", "email"):
        if attribute in pool.auto_verified and attribute in has:
            return attribute
    return None


def verified(user: User, attribute: str, target: str) -> User:
    """The user with this contact verified, if it is still the one that the code went to."""
    if user.attributes.get(attribute) != target:
        return user
    return replace(user, attributes={**user.attributes, f"{attribute}_verified": "true"})


def _refuse_another(pool: Pool, kind: str, submitted: str, attributes: Mapping[str, str]) -> None:
    value = attributes.get(kind)
    if value and names.name(pool, kind, value) != names.name(pool, kind, submitted):
        raise InvalidParameter(Reason.ANOTHER_CONTACT_THAN_USERNAME, attribute=kind)
