from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidParameter, NotAuthorized
from poolhouse.flows.directory.definitions import Bounds, Declaration, found
from poolhouse.flows.directory.values import check_values, listable, missing_required, readable, require_writable
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool

DECLARED = (
    Declaration(name="email", required=True),
    Declaration(name="shoe", type="String", length=Bounds("2", "4")),
    Declaration(name="score", type="Number", value=Bounds("0", "10")),
    Declaration(name="member", type="Boolean"),
    Declaration(name="since", type="DateTime"),
    Declaration(name="tenant", type="String", mutable=False),
    Declaration(name="note", type="String", developer_only=True),
)
CONFORM = "Attributes did not conform to the schema: "


@pytest.fixture
def pool() -> Pool:
    return Pool(id="eu-west-1_abcdefghi", name="people", created=1.0, modified=1.0, schema=found(DECLARED))


def client(**settings: Any) -> Client:
    return Client(id="c1", pool_id="eu-west-1_abcdefghi", name="app", created=1.0, modified=1.0, **settings)


# --- values ----------------------------------------------------------------------------------------------------------


def test_values_that_fit_are_kept_as_they_are(pool: Pool) -> None:
    given = {
        "email": "jane@example.com",
        "phone_number": "+15555550100",
        "birthdate": "1990-12-31",
        "updated_at": "1800000000",
        "custom:shoe": "42",
        "custom:score": "10",
        "custom:since": "2026-01-31T12:00:00Z",
        "custom:tenant": "acme",
    }

    assert given == check_values(pool, given, on="create")


def test_booleans_are_stored_in_lower_case(pool: Pool) -> None:
    checked = check_values(pool, {"email": "jane@example.com", "custom:member": "TRUE"}, on="create")

    assert "true" == checked["custom:member"]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("name", "x" * 2049, "String must be no longer than 2048 characters"),
        ("custom:shoe", "12345", "String must be no longer than 4 characters"),
        ("custom:shoe", "1", "String must be no shorter than 2 characters"),
        ("custom:score", "11", "Number must be no greater than 10"),
        ("custom:score", "-1", "Number must be no less than 0"),
        ("custom:score", "ten", "The value is not a number."),
        ("custom:score", "9" * 4000, "String must be no longer than 2048 characters"),
        ("custom:score", "9" * 19, "Number must be no greater than 10"),
        ("updated_at", "-1", "Number must be no less than 0"),
        ("custom:member", "yes", "The value is not a boolean."),
        ("custom:since", "soon", "The value is not a date and time."),
        ("birthdate", "1990-99-99", "Invalid birthdate format, please use YYYY-MM-DD."),
        ("birthdate", "1990", "String must be no shorter than 10 characters"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_problem(pool: Pool, name: str, value: str, problem: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_values(pool, {name: value}, on="update")

    assert f"{CONFORM}{name}: {problem}\n" == str(refused.value)


def test_all_problems_stand_in_one_sentence(pool: Pool) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_values(pool, {"custom:shoe": "1", "custom:score": "x"}, on="create")

    assert (
        f"{CONFORM}custom:shoe: String must be no shorter than 2 characters\n"
        "custom:score: The value is not a number.\n"
        "email: The attribute email is required\n"
    ) == str(refused.value)


def test_lengths_are_counted_in_characters_not_in_bytes(pool: Pool) -> None:
    assert {"custom:shoe": "𝔘𝔘𝔘𝔘"} == check_values(pool, {"custom:shoe": "𝔘𝔘𝔘𝔘"}, on="update")


def test_an_unknown_attribute_has_no_type(pool: Pool) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check_values(pool, {"custom:hat": "x"}, on="update", who="admin")

    assert f"{CONFORM}Type for attribute {{custom:hat}} could not be determined" == str(refused.value)


def test_contacts_must_be_well_formed(pool: Pool) -> None:
    with pytest.raises(InvalidParameter) as phone:
        check_values(pool, {"phone_number": "555-0100"}, on="update")
    with pytest.raises(InvalidParameter) as email:
        check_values(pool, {"email": "jane"}, on="update")

    assert "Invalid phone number format." == str(phone.value)
    assert "Invalid email address format." == str(email.value)


@pytest.mark.parametrize("who", ["user", "admin", "verified"])
@pytest.mark.parametrize("name", ["sub", "identities", "cognito:user_status", "cognito:anything"])
def test_what_we_alone_decide_is_written_by_nobody(pool: Pool, name: str, who: Any) -> None:
    for occasion in ("create", "invite", "update"):
        with pytest.raises(InvalidParameter) as refused:
            check_values(pool, {"email": "jane@example.com", name: "x"}, on=occasion, who=who)

        assert f"Cannot modify the non-mutable attribute {name}" == str(refused.value)


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "dev:custom:note"])
@pytest.mark.parametrize("occasion", ["create", "invite", "update"])
def test_users_write_neither_verified_flags_nor_what_is_for_developers(pool: Pool, name: str, occasion: Any) -> None:
    values = {"email": "jane@example.com", "phone_number": "+15555550100", name: "true"}

    with pytest.raises(NotAuthorized) as refused:
        check_values(pool, values, on=occasion)

    assert "A client attempted to write unauthorized attribute" == str(refused.value)
    assert values == check_values(pool, values, on=occasion, who="admin")
    assert values == check_values(pool, values, on=occasion, who="verified")


def test_a_contact_that_is_not_there_cannot_begin_as_verified(pool: Pool) -> None:
    with pytest.raises(InvalidParameter):
        check_values(pool, {"email_verified": "true"}, on="invite", who="admin")

    assert {"email_verified": "false"} == check_values(pool, {"email_verified": "False"}, on="invite", who="admin")


def test_an_immutable_attribute_is_written_once(pool: Pool) -> None:
    assert check_values(pool, {"email": "jane@example.com", "custom:tenant": "acme"}, on="create")
    for who in ("user", "admin", "verified"):
        for value in ("evil", ""):
            with pytest.raises(InvalidParameter) as refused:
                check_values(pool, {"custom:tenant": value}, on="update", who=who)

            assert f"{CONFORM}custom:tenant: Attribute cannot be updated.\n" == str(refused.value)


def test_an_empty_text_removes_on_update_and_is_nothing_before(pool: Pool) -> None:
    assert {"nickname": ""} == check_values(pool, {"nickname": ""}, on="update")
    assert {} == check_values(pool, {"nickname": ""}, on="invite", who="admin")


def test_a_required_attribute_is_neither_left_out_nor_removed(pool: Pool) -> None:
    with pytest.raises(InvalidParameter) as absent:
        check_values(pool, {"name": "Jane"}, on="create")
    with pytest.raises(InvalidParameter) as empty:
        check_values(pool, {"email": ""}, on="create")
    with pytest.raises(InvalidParameter) as removed:
        check_values(pool, {"email": ""}, on="update", who="admin")

    assert {f"{CONFORM}email: The attribute email is required\n"} == {
        str(error.value) for error in (absent, empty, removed)
    }


def test_who_is_invited_may_be_asked_for_required_attributes_later(pool: Pool) -> None:
    checked = check_values(pool, {"name": "Jane"}, on="invite", who="admin")

    assert ("email",) == missing_required(pool, checked)
    assert () == missing_required(pool, {"email": "jane@example.com"})
    assert ("email",) == missing_required(pool, {"email": ""})


def test_no_error_repeats_a_value(pool: Pool) -> None:
    for name in ("email", "phone_number", "custom:score", "custom:member", "custom:since", "birthdate"):
        with pytest.raises(InvalidParameter) as refused:
            check_values(pool, {name: "secret-1234"}, on="update")

        assert "secret-1234" not in str(refused.value)


# --- permissions -----------------------------------------------------------------------------------------------------


def test_a_client_without_lists_reads_all_but_what_is_for_developers(pool: Pool) -> None:
    allowed = readable(pool, client())

    assert {"sub", "email", "email_verified", "custom:shoe", "identities"} <= allowed
    assert "dev:custom:note" not in allowed


def test_a_client_with_a_list_reads_what_is_listed_and_sub(pool: Pool) -> None:
    assert {"sub", "email"} == readable(pool, client(read_attributes=("email",)))


def test_an_empty_list_of_a_client_permits_what_no_list_does(pool: Pool) -> None:
    empty, unsaid = client(read_attributes=(), write_attributes=()), client()

    assert readable(pool, unsaid) == readable(pool, empty)
    require_writable(pool, empty, {"email", "name", "custom:shoe"})


def test_custom_attributes_must_be_listed_where_there_is_any_list(pool: Pool) -> None:
    reads = readable(pool, client(write_attributes=("email",)))

    assert "custom:shoe" not in reads
    assert "name" in reads
    with pytest.raises(NotAuthorized):
        require_writable(pool, client(read_attributes=("email",)), {"custom:shoe"})


@pytest.mark.parametrize("lists", [{}, {"write_attributes": ("email", "email_verified", "dev:custom:note")}])
@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified"])
def test_no_list_makes_a_verified_flag_writable(pool: Pool, lists: dict[str, Any], name: str) -> None:
    with pytest.raises(NotAuthorized):
        require_writable(pool, client(**lists), {"email", name})


def test_a_client_writes_what_is_listed_and_nothing_else(pool: Pool) -> None:
    app = client(write_attributes=("email", "custom:shoe"))

    require_writable(pool, app, {"email", "custom:shoe"})
    with pytest.raises(NotAuthorized) as refused:
        require_writable(pool, app, {"email", "name"})

    assert "A client attempted to write unauthorized attribute" == str(refused.value)


def test_a_client_without_lists_writes_all_but_what_is_for_developers(pool: Pool) -> None:
    require_writable(pool, client(), {"email", "custom:shoe", "name"})

    with pytest.raises(NotAuthorized):
        require_writable(pool, client(), {"dev:custom:note"})
    with pytest.raises(InvalidParameter):
        require_writable(pool, client(), {"sub"})


def test_lists_of_clients_name_no_more_than_users_may_have(pool: Pool) -> None:
    reads, writes = listable(pool)

    assert {"sub", "identities", "email_verified", "custom:shoe"} <= reads
    assert {"email", "custom:shoe", "custom:tenant"} <= writes
    assert writes.isdisjoint({"sub", "identities", "email_verified", "phone_number_verified", "dev:custom:note"})
