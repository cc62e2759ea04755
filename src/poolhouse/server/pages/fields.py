"""Input fields: for the attributes of a pool's schema, and for what a plugin's challenge asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from poolhouse.errors import NotAuthorized
from poolhouse.flows.directory.definitions import CUSTOM
from poolhouse.flows.directory.values import require_writable
from poolhouse.records.clients import Client
from poolhouse.records.pools import AttributeSchema, Pool
from poolhouse.server.pages.views import Field
from poolhouse.server.pages.wording import LABELS

FORM: Final = "form"
"""What a plugin calls the description of its fields, among what it shows: JSON, a list of ``FieldSaid``."""
ANSWER: Final = Field(name="ANSWER", label="custom.answer")
"""Where a plugin describes none."""
_INPUT: Final = "custom_"
_KINDS: Final = {"birthdate": "date", "email": "email", "phone_number": "tel"}
_BY_TYPE: Final = {"Number": "number"}
_MOST: Final = 20
_KINDS_OF_PLUGINS: Final = frozenset({"text", "email", "tel", "date", "number", "password", "code"})


class FieldSaid(msgspec.Struct, frozen=True):
    """A field as a plugin describes it. ``options`` are values with what they are called: one is to be picked."""

    name: str
    label: str = ""
    kind: str = "text"
    hint: str | None = None
    required: bool = True
    options: tuple[tuple[str, str], ...] = ()


def input_name(attribute: str) -> str:
    """What the input of an attribute is called: ``custom:floor`` is ``custom_floor``."""
    return _INPUT + attribute.removeprefix(CUSTOM) if attribute.startswith(CUSTOM) else attribute


def attribute_name(field: str) -> str:
    """The attribute that an input is for."""
    return CUSTOM + field.removeprefix(_INPUT) if field.startswith(_INPUT) else field


def field_of(attribute: AttributeSchema, *, required: bool = True, value: str = "") -> Field:
    own = attribute.name in LABELS
    return Field(
        name=input_name(attribute.name),
        kind=_KINDS.get(attribute.name) or _BY_TYPE.get(attribute.type, "text"),
        label=LABELS[attribute.name] if own else attribute.name.removeprefix(CUSTOM),
        is_text=not own,
        required=required,
        value=value,
        longest=attribute.maximum if attribute.type == "String" else None,
    )


def missing_fields(pool: Pool, names: Iterable[str], values: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """Inputs for these attributes, in the schema's order. ``values`` were typed before, by the names of inputs."""
    wanted = frozenset(names)
    typed = values or {}
    return tuple(
        field_of(attribute, value=typed.get(input_name(attribute.name), ""))
        for attribute in pool.schema
        if attribute.name in wanted
    )


def names_of(pool: Pool) -> tuple[str, ...]:
    """What users of the pool can be called by (``SignIn.names``)."""
    if pool.username_attributes:
        return tuple(name for name in ("email", "phone_number") if name in pool.username_attributes)
    return ("username", *(name for name in ("email", "phone_number") if name in pool.alias_attributes))


def asks_username(pool: Pool) -> bool:
    """Whether a name is chosen at sign-up, beside the attributes. Where the one contact of the pool is the name, its
    input is that of the attribute."""
    return len(pool.username_attributes) != 1


def sign_up_fields(pool: Pool, client: Client, values: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """Inputs for what a sign-up has to say, what the user's name is, and what they can be called by and reached at; of
    these only what users of the client may write. ``values`` were typed before, by the names of inputs."""
    typed = values or {}
    both = len(pool.username_attributes) > 1
    naming = frozenset(pool.username_attributes) if not both else frozenset[str]()
    reached = frozenset(pool.auto_verified) - (frozenset(pool.username_attributes) if both else frozenset())
    offered = frozenset(pool.alias_attributes) - {"preferred_username"}
    needed = naming | (reached if len(reached) == 1 else frozenset())
    found = []
    for attribute in pool.schema:
        name = attribute.name
        if name == "sub" or not (attribute.required or name in naming | reached | offered):
            continue
        if not _may_write(pool, client, name):
            continue
        required = attribute.required or name in needed
        found.append(field_of(attribute, required=required, value=typed.get(input_name(name), "")))
    return tuple(found)


def plugin_fields(shown: Mapping[str, str], values: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """What a plugin asks for. One answer, where it does not describe its fields, or not so that they can be read."""
    typed = values or {}
    try:
        said = msgspec.json.decode(shown.get(FORM, ""), type=tuple[FieldSaid, ...])
    except (msgspec.DecodeError, UnicodeError):
        said = ()
    fields = tuple(
        Field(
            name=each.name,
            kind=each.kind if each.kind in _KINDS_OF_PLUGINS else "text",
            label=each.label,
            is_text=True,
            required=each.required,
            options=each.options,
            hint=each.hint,
        )
        for each in said[:_MOST]
    ) or (ANSWER,)
    return tuple(replace(field, value=typed.get(f"answer_{field.name}", "")) for field in fields)


def told_by_plugin(shown: Mapping[str, str]) -> dict[str, str]:
    """What of it is for the user's eyes: all but the description of the fields."""
    return {name: text for name, text in shown.items() if name != FORM and text}


def _may_write(pool: Pool, client: Client, name: str) -> bool:
    try:
        require_writable(pool, client, (name,))
    except NotAuthorized:
        return False
    return True
