from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.model import Reference, ServiceModel, Shape, Source, load_model
from poolhouse.server.cognito.engine.validation import compile_input

POOL = "eu-west-1_Example1"
CLIENT = "0123456789abcdefghijklmnop"


def read(model: ServiceModel, name: str, given: Any) -> dict[str, Any]:
    return compile_input(model, model.operations[name].input)(given)


def fault(model: ServiceModel, name: str, given: Any) -> str:
    with pytest.raises(InvalidParameter) as raised:
        read(model, name, given)
    return str(raised.value)


def refusal(model: ServiceModel, name: str, given: Any) -> str:
    with pytest.raises(ProtocolError) as raised:
        read(model, name, given)
    assert "SerializationException" == raised.value.name
    return str(raised.value)


def made_of(**shapes: Shape) -> ServiceModel:
    return ServiceModel("made-up", {}, shapes)


def test_a_right_input_is_taken_over_as_it_is(model: ServiceModel) -> None:
    given = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": "hunter2"},
    }

    assert given == read(model, "InitiateAuth", given)


def test_unknown_members_are_dropped_at_every_depth(model: ServiceModel) -> None:
    given = {
        "UserPoolId": POOL,
        "Username": "alice",
        "Extra": 1,
        "UserAttributes": [{"Name": "email", "Value": "a@example.com", "Extra": {}}],
    }

    taken = read(model, "AdminUpdateUserAttributes", given)

    assert {"UserPoolId", "Username", "UserAttributes"} == taken.keys()
    assert [{"Name": "email", "Value": "a@example.com"}] == taken["UserAttributes"]


def test_null_means_absent_also_in_maps(model: ServiceModel) -> None:
    given = {
        "AuthFlow": "USER_AUTH",
        "ClientId": CLIENT,
        "Session": None,
        "AuthParameters": {"USERNAME": "alice", "SECRET_HASH": None},
    }

    taken = read(model, "InitiateAuth", given)

    assert "Session" not in taken
    assert {"USERNAME": "alice"} == taken["AuthParameters"]


def test_a_missing_member_must_not_be_null(model: ServiceModel) -> None:
    expected = (
        "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"
    )

    assert expected == fault(model, "DescribeUserPool", {})
    assert expected == fault(model, "DescribeUserPool", {"UserPoolId": None})


def test_a_broken_pattern_is_told_as_the_service_tells_it(model: ServiceModel) -> None:
    expected = (
        "1 validation error detected: Value 'YOUR_USER-POOL-ID' at 'userPoolId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
    )

    assert expected == fault(model, "DescribeUserPool", {"UserPoolId": "YOUR_USER-POOL-ID"})


def test_all_broken_constraints_are_told_in_one_sentence(model: ServiceModel) -> None:
    sentence = fault(model, "AdminListGroupsForUser", {"UserPoolId": "x" * 56, "Limit": 61})

    assert sentence.startswith("4 validation errors detected: Value null at 'username' failed")
    assert f"Value '{'x' * 56}' at 'userPoolId' failed to satisfy constraint: Member must have length less" in sentence
    assert r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+; Value '61' at 'limit'" in sentence
    assert sentence.endswith(
        "Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60"
    )


def test_each_broken_constraint_is_a_statement_with_its_facts(model: ServiceModel) -> None:
    with pytest.raises(InvalidParameter) as raised:
        read(model, "AdminGetUser", {"UserPoolId": "x"})

    assert raised.value.statement is not None
    assert Reason.INPUT_FAULTS is raised.value.statement.reason
    faults = raised.value.statement.facts["faults"]
    assert isinstance(faults, tuple)
    told = {(fault.reason, fault.facts["path"]) for fault in faults}
    assert {(Reason.VALUE_REFUSED, "userPoolId"), (Reason.NULL_REFUSED, "username")} == told


def test_an_enum_lists_its_values(model: ServiceModel) -> None:
    sentence = fault(model, "UpdateAuthEventFeedback", {
        "UserPoolId": POOL, "Username": "alice", "EventId": "e", "FeedbackToken": "t", "FeedbackValue": "Maybe",
    })  # fmt: skip

    assert (
        "Value 'Maybe' at 'feedbackValue' failed to satisfy constraint: Member must satisfy enum value set: "
        in sentence
    )
    assert "[Valid, Invalid]" in sentence


def test_sensitive_values_are_left_out(model: ServiceModel) -> None:
    given = {"ClientId": CLIENT, "Username": "with space", "Password": "p" * 257}

    sentence = fault(model, "SignUp", given)

    assert "Value at 'username' failed" in sentence
    assert "Value at 'password' failed" in sentence
    assert "with space" not in sentence
    assert "ppp" not in sentence


def test_what_lies_in_a_sensitive_container_is_sensitive() -> None:
    model = made_of(
        In=Shape(type="structure", members={"Secrets": Reference("Secrets")}),
        Secrets=Shape(type="map", key=Reference("Word"), value=Reference("Word"), sensitive=True),
        Word=Shape(type="string", max=3),
    )

    with pytest.raises(InvalidParameter) as raised:
        compile_input(model, "In")({"Secrets": {"key": "hunter2", "hunter3": "a"}})

    assert "hunter" not in str(raised.value)


def test_the_path_counts_list_members_from_one(model: ServiceModel) -> None:
    given = {
        "UserPoolId": POOL,
        "Username": "alice",
        "UserAttributes": [{"Name": "email"}, {"Name": "x" * 33}, {"Value": "y"}],
    }

    sentence = fault(model, "AdminUpdateUserAttributes", given)

    assert sentence.startswith("2 validation errors detected: Value 'xxx")
    assert (
        "at 'userAttributes.2.member.name' failed to satisfy constraint: Member must have length less than" in sentence
    )
    assert (
        "Value null at 'userAttributes.3.member.name' failed to satisfy constraint: Member must not be null" in sentence
    )


def test_wrong_scalars_in_a_list_are_told_at_the_list(model: ServiceModel) -> None:
    sentence = fault(model, "CreateUserPool", {"PoolName": "p", "AutoVerifiedAttributes": ["email", "address"]})

    assert (
        "1 validation error detected: Value '[email, address]' at 'autoVerifiedAttributes' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [phone_number, email], "
        "Member must not be null]"
    ) == sentence


def test_a_null_in_a_list_is_a_fault(model: ServiceModel) -> None:
    scalars = fault(model, "CreateUserPool", {"PoolName": "p", "AutoVerifiedAttributes": [None]})
    structures = fault(model, "AdminUpdateUserAttributes", {
        "UserPoolId": POOL, "Username": "alice", "UserAttributes": [None],
    })  # fmt: skip

    assert "Member must not be null" in scalars
    assert "Value null at 'userAttributes.1.member' failed" in structures


def test_wrong_keys_and_values_in_a_map_are_told_at_the_map(model: ServiceModel) -> None:
    sentence = fault(model, "TagResource", {"ResourceArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/a_b",
                                            "Tags": {"": "x", "k": "v" * 257}})  # fmt: skip

    assert "at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [" in sentence
    assert "at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [" in sentence


def test_a_list_that_is_too_long_is_one_fault(model: ServiceModel) -> None:
    sentence = fault(model, "AddCustomAttributes", {"UserPoolId": POOL, "CustomAttributes": [{"Name": ""}] * 26})

    assert sentence.startswith("1 validation error detected: Value at 'customAttributes' failed")
    assert sentence.endswith("Member must have length less than or equal to 25")


def test_the_sentence_stays_small_however_much_is_wrong(model: ServiceModel) -> None:
    given = {"UserPoolId": POOL, "Username": "alice", "UserAttributes": [{"Name": ""}] * 5000}

    sentence = fault(model, "AdminUpdateUserAttributes", given)

    assert sentence.startswith("10000 validation errors detected: ")
    assert 50 == sentence.count("Value ")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "NUMBER_VALUE"),
        (1.5, "NUMBER_VALUE"),
        (True, "TRUE_VALUE"),
        (False, "FALSE_VALUE"),
    ],
)
def test_another_type_than_text_cannot_be_converted(model: ServiceModel, value: Any, kind: str) -> None:
    assert f"{kind} cannot be converted to String" == refusal(model, "DescribeUserPool", {"UserPoolId": value})


def test_a_structure_or_list_is_not_expected_where_text_is(model: ServiceModel) -> None:
    assert "Start of structure or map found where not expected." == refusal(
        model, "DescribeUserPool", {"UserPoolId": {"$ne": None}}
    )
    assert "Start of list found where not expected." == refusal(model, "DescribeUserPool", {"UserPoolId": ["$ne"]})


def test_text_is_not_expected_where_a_container_is(model: ServiceModel) -> None:
    pool = {"UserPoolId": POOL, "Username": "alice"}

    refusal(model, "AdminUpdateUserAttributes", {**pool, "UserAttributes": "email"})
    refusal(model, "AdminUpdateUserAttributes", {**pool, "UserAttributes": {"Name": "email"}})
    refusal(model, "AdminUpdateUserAttributes", {**pool, "UserAttributes": [["email"]]})
    refusal(model, "AdminUpdateUserAttributes", {**pool, "UserAttributes": ["email"]})
    refusal(model, "AdminUpdateUserAttributes", {**pool, "ClientMetadata": ["a"]})


def test_a_wrong_type_weighs_more_than_a_broken_constraint(model: ServiceModel) -> None:
    refusal(model, "AdminListGroupsForUser", {"UserPoolId": "!", "Username": "", "Limit": "ten"})


@pytest.mark.parametrize(("value", "expected"), [(10, 10), (10.0, 10)])
def test_whole_numbers_are_taken_however_they_are_written(model: ServiceModel, value: Any, expected: int) -> None:
    taken = read(model, "ListUserPools", {"MaxResults": value})

    assert expected == taken["MaxResults"]
    assert int is type(taken["MaxResults"])


@pytest.mark.parametrize("value", [10.5, "10", True, 2**31, -(2**31) - 1, 1e300])
def test_what_is_no_32_bit_number_is_not_converted(model: ServiceModel, value: Any) -> None:
    assert "cannot be converted to Integer" in refusal(model, "ListUserPools", {"MaxResults": value})


def test_a_blob_is_base64_text() -> None:
    model = made_of(In=Shape(type="structure", members={"B": Reference("B")}), B=Shape(type="blob", max=3))
    take = compile_input(model, "In")

    assert {"B": b"abc"} == take({"B": "YWJj"})
    with pytest.raises(ProtocolError):
        take({"B": "not base64!"})
    with pytest.raises(InvalidParameter):
        take({"B": "YWJjZA=="})


def test_a_time_is_a_number_of_seconds() -> None:
    model = made_of(In=Shape(type="structure", members={"T": Reference("T")}), T=Shape(type="timestamp"))
    take = compile_input(model, "In")

    assert {"T": 1470957431.965} == take({"T": 1470957431.965})
    assert float is type(take({"T": 1470957431})["T"])
    with pytest.raises(ProtocolError, match="STRING_VALUE cannot be converted to Timestamp"):
        take({"T": "2016-08-11"})


def test_a_union_has_exactly_one_member() -> None:
    word = Shape(type="string")
    union = Shape(type="structure", union=True, members={"A": Reference("Word"), "B": Reference("Word")})
    take = compile_input(made_of(In=union, Word=word), "In")

    assert {"A": "x"} == take({"A": "x", "B": None})
    for wrong in ({}, {"A": "x", "B": "y"}):
        with pytest.raises(ProtocolError):
            take(wrong)


def test_a_document_is_any_json(model: ServiceModel) -> None:
    document = {"id": "x", "response": {"transports": ["usb", None, 1]}}

    taken = read(model, "CompleteWebAuthnRegistration", {"AccessToken": "t", "Credential": document})

    assert document == taken["Credential"]


def test_maps_of_structures_are_read_to_their_depth() -> None:
    model = made_of(
        In=Shape(type="structure", members={"M": Reference("M")}),
        M=Shape(type="map", key=Reference("Word"), value=Reference("Inner"), max=2),
        Inner=Shape(type="structure", members={"W": Reference("Word")}, required=("W",)),
        Word=Shape(type="string", max=3),
    )
    take = compile_input(model, "In")

    assert {"M": {"a": {"W": "x"}}} == take({"M": {"a": {"W": "x", "other": 1}}})
    with pytest.raises(InvalidParameter, match=r"at 'm\.a\.member\.w' failed"):
        take({"M": {"a": {}}})


@pytest.mark.parametrize("source", ["user pools", "identity pools"])
def test_every_operation_of_every_model_compiles(model: ServiceModel, source: str) -> None:
    chosen = model if source == "user pools" else load_model(Source("cognito-identity", "2014-06-30"))

    for operation in chosen.operations.values():
        assert compile_input(chosen, operation.input) is not None
