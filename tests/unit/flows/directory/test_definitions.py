from __future__ import annotations

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.flows.directory.definitions import STANDARD, Bounds, Declaration, extended, found
from poolhouse.records.pools import AttributeSchema


def named(schema: tuple[AttributeSchema, ...], name: str) -> AttributeSchema:
    return next(attribute for attribute in schema if attribute.name == name)


def test_a_pool_has_twenty_standard_attributes() -> None:
    schema = found(())

    assert len(schema) == 20
    assert schema == STANDARD


def test_a_standard_attribute_can_be_required_immutable_and_bounded_when_the_pool_is_made() -> None:
    schema = found((Declaration(name="email", required=True, mutable=False, length=Bounds("5", "100")),))

    email = named(schema, "email")
    assert (True, False, 5, 100) == (email.required, email.mutable, email.minimum, email.maximum)
    assert [attribute.name for attribute in STANDARD] == [attribute.name for attribute in schema]


def test_a_bound_that_is_not_given_stays_the_standard_one() -> None:
    email = named(found((Declaration(name="email", length=Bounds(maximum="100")),)), "email")

    assert (0, 100) == (email.minimum, email.maximum)


def test_custom_attributes_carry_their_prefix_and_follow_the_standard_ones() -> None:
    schema = found(
        (Declaration(name="shoe", type="String"), Declaration(name="score", type="Number", developer_only=True))
    )

    assert ["custom:shoe", "dev:custom:score"] == [attribute.name for attribute in schema[20:]]
    assert ["String", "Number"] == [attribute.type for attribute in schema[20:]]
    assert [False, True] == [attribute.developer_only for attribute in schema[20:]]


def test_the_names_of_standard_attributes_are_free_for_custom_ones_later() -> None:
    schema = extended(STANDARD, (Declaration(name="email", type="String"),))

    assert "custom:email" == schema[-1].name


def test_sub_stays_as_it_is() -> None:
    schema = found((Declaration(name="sub", mutable=False, required=True),))

    assert STANDARD == schema
    with pytest.raises(InvalidParameter):
        found((Declaration(name="sub", mutable=True),))


@pytest.mark.parametrize(
    ("declaration", "sentence"),
    [
        (
            Declaration(name="x", type="String", required=True),
            "Required custom attributes are not supported currently.",
        ),
        (
            Declaration(name="x", type="String", length=Bounds(maximum="2049")),
            "user.x: String attributes cannot have a length of more than 2048",
        ),
        (
            Declaration(name="x", type="String", length=Bounds("9", "8")),
            "user.x: Max length cannot be less than min length.",
        ),
        (
            Declaration(name="x", type="Number", value=Bounds("9", "8")),
            "user.x: Max value cannot be less than min value.",
        ),
        (
            Declaration(name="x", type="String", length=Bounds("one")),
            "Invalid StringAttributeConstraints for schema attribute x",
        ),
        (
            Declaration(name="x", type="String", length=Bounds("-1")),
            "Invalid StringAttributeConstraints for schema attribute x",
        ),
        (
            Declaration(name="x", type="String", length=Bounds("٣")),
            "Invalid StringAttributeConstraints for schema attribute x",
        ),
        (
            Declaration(name="x", type="Number", value=Bounds(maximum="1e3")),
            "Invalid NumberAttributeConstraints for schema attribute x",
        ),
        (
            Declaration(name="email", type="Number"),
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            Declaration(name="email", developer_only=True),
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            Declaration(name="x"),
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
        ),
        (
            Declaration(name="x", type="Number", value=Bounds(maximum=str(2**1023 + 1))),
            "Invalid NumberAttributeConstraints for schema attribute x",
        ),
        (
            Declaration(name="x", type="Blob"),
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
        ),
    ],
)
def test_a_declaration_that_cannot_be_is_refused_with_its_reason(declaration: Declaration, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        found((declaration,))

    assert sentence == str(refused.value)


def test_a_name_is_given_once() -> None:
    before = found((Declaration(name="shoe", type="String"),))

    with pytest.raises(InvalidParameter) as later:
        extended(before, (Declaration(name="shoe", type="Number"),))
    with pytest.raises(InvalidParameter):
        extended(before, (Declaration(name="hat", type="String"), Declaration(name="hat", type="String")))
    with pytest.raises(InvalidParameter):
        found((Declaration(name="email"), Declaration(name="email")))

    assert "custom:shoe: Existing attribute already has name custom:shoe." == str(later.value)


def test_an_attribute_for_developers_is_named_as_it_is_where_it_exists_already() -> None:
    before = found((Declaration(name="note", type="String", developer_only=True),))

    with pytest.raises(InvalidParameter) as later:
        extended(before, (Declaration(name="note", type="String", developer_only=True),))

    assert "custom:note: Existing attribute already has name dev:custom:note." == str(later.value)


def test_a_pool_has_at_most_fifty_custom_attributes() -> None:
    fifty = found(tuple(Declaration(name=f"a{number}", type="String") for number in range(50)))

    with pytest.raises(InvalidParameter):
        extended(fifty, (Declaration(name="more"),))

    assert 70 == len(fifty)
