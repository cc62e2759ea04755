"""Input fields come from the pool's schema, its ways to sign in, and what plugins say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from poolhouse.flows.directory.definitions import STANDARD, STANDARD_NAMES
from poolhouse.flows.directory.values import VERIFIED_FLAGS
from poolhouse.records.clients import Client
from poolhouse.records.pools import AttributeSchema, Pool
from poolhouse.server.pages.fields import (
    ANSWER,
    asks_username,
    attribute_name,
    input_name,
    missing_fields,
    names_of,
    plugin_fields,
    sign_up_fields,
    told_by_plugin,
)
from poolhouse.server.pages.views import Field
from poolhouse.server.pages.wording import LABELS

POOL = Pool(
    id="local_1",
    name="Tidewater",
    created=0,
    modified=0,
    schema=(
        *STANDARD,
        AttributeSchema(name="custom:floor", type="Number", required=False),
        AttributeSchema(name="dev:rank", developer_only=True),
    ),
)
CLIENT = Client(id="client", pool_id="local_1", name="app", created=0, modified=0)


def pool(*required: str, **settings: object) -> Pool:
    schema = tuple(replace(each, required=each.required or each.name in required) for each in POOL.schema)
    return replace(POOL, schema=schema, **settings)


def shown(fields: tuple[Field, ...]) -> list[str]:
    return [field.name + ("" if field.required else "?") for field in fields]


@pytest.mark.parametrize(
    ("settings", "names", "asks", "fields"),
    [
        ({}, ("username",), True, []),
        ({"auto_verified": ("email",)}, ("username",), True, ["email"]),
        ({"username_attributes": ("email",)}, ("email",), False, ["email"]),
        ({"username_attributes": ("phone_number",)}, ("phone_number",), False, ["phone_number"]),
        (
            {"username_attributes": ("email", "phone_number"), "auto_verified": ("email", "phone_number")},
            ("email", "phone_number"),
            True,
            [],
        ),
        (
            {"alias_attributes": ("email", "phone_number", "preferred_username")},
            ("username", "email", "phone_number"),
            True,
            ["email?", "phone_number?"],
        ),
        ({"auto_verified": ("email", "phone_number")}, ("username",), True, ["email?", "phone_number?"]),
    ],
)
def test_a_sign_up_asks_for_what_the_pool_is_built_on(
    settings: dict[str, object], names: tuple[str, ...], asks: bool, fields: list[str]
) -> None:
    built = pool(**settings)

    assert (names, asks, fields) == (names_of(built), asks_username(built), shown(sign_up_fields(built, CLIENT)))


def test_a_sign_up_asks_for_what_the_schema_requires() -> None:
    fields = sign_up_fields(pool("name", "birthdate", "custom:floor"), CLIENT, {"name": "Lena", "custom_floor": "3"})

    assert [("name", "text", "Lena"), ("birthdate", "date", ""), ("custom_floor", "number", "3")] == [
        (field.name, field.kind, field.value) for field in fields
    ]
    assert [("attribute.name", False), ("attribute.birthdate", False), ("floor", True)] == [
        (field.label, field.is_text) for field in fields
    ]


def test_what_users_of_the_client_may_not_write_is_not_asked_for() -> None:
    narrow = replace(CLIENT, write_attributes=("name",))

    fields = sign_up_fields(pool("name", "email", "dev:rank"), narrow)

    assert ["name"] == shown(fields)
    assert ["name", "email"] == shown(sign_up_fields(pool("name", "email", "dev:rank"), CLIENT))


def test_what_is_missing_is_asked_for_in_the_order_of_the_schema() -> None:
    fields = missing_fields(POOL, ("custom:floor", "name", "unknown"), {"name": "Lena"})

    assert [("name", "Lena"), ("custom_floor", "")] == [(field.name, field.value) for field in fields]


@pytest.mark.parametrize("name", ["name", "custom:floor", "custom:a_b", "custom:Ü"])
def test_the_name_of_an_input_leads_back_to_its_attribute(name: str) -> None:
    assert name == attribute_name(input_name(name))
    assert ":" not in input_name(name)


def test_every_standard_attribute_that_users_write_has_a_label() -> None:
    assert set(LABELS) == STANDARD_NAMES - {"sub", "updated_at"} - set(VERIFIED_FLAGS)


# --- plugins ---------------------------------------------------------------------------------------------------------


def test_a_plugin_that_says_nothing_gets_one_answer() -> None:
    assert (ANSWER,) == plugin_fields({"riddle": "What has keys?"})
    assert "x" == plugin_fields({}, {"answer_ANSWER": "x"})[0].value


def test_a_plugin_describes_its_fields() -> None:
    said = [
        {"name": "same", "label": "Is it?", "options": [["yes", "Yes"], ["no", "No"]]},
        {"name": "pin", "kind": "code", "hint": "On the card", "required": False},
        {"name": "odd", "kind": "file", "more": 1},
    ]

    same, pin, odd = plugin_fields({"form": json.dumps(said)})

    assert (("yes", "Yes"), ("no", "No")) == same.options
    assert ("code", "On the card", False, True) == (pin.kind, pin.hint, pin.required, pin.is_text)
    assert "text" == odd.kind


def test_the_description_is_not_shown() -> None:
    assert {"text": "Look."} == told_by_plugin({"form": "[]", "text": "Look.", "empty": ""})


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_description_makes_a_form(said: str) -> None:
    assert plugin_fields({"form": said})
