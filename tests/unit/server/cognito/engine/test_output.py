from __future__ import annotations

from typing import Any

import pytest

from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.output import OutputMismatch, Writer, compile_output


def writer(model: ServiceModel, name: str, *, strict: bool) -> Writer:
    output = model.operations[name].output
    assert output is not None
    return compile_output(model, output, strict=strict)


@pytest.mark.parametrize("strict", [True, False])
def test_what_is_none_is_left_out_at_every_depth(model: ServiceModel, strict: bool) -> None:
    given = {
        "Username": "alice",
        "PreferredMfaSetting": None,
        "UserAttributes": [{"Name": "email", "Value": None}],
    }

    assert {"Username": "alice", "UserAttributes": [{"Name": "email"}]} == writer(model, "GetUser", strict=strict)(
        given
    )


@pytest.mark.parametrize("strict", [True, False])
def test_times_keep_three_decimals(model: ServiceModel, strict: bool) -> None:
    given = {"Group": {"CreationDate": 1470957431.96549, "LastModifiedDate": 1470957431}}

    written = writer(model, "GetGroup", strict=strict)(given)

    assert {"Group": {"CreationDate": 1470957431.965, "LastModifiedDate": 1470957431}} == written


@pytest.mark.parametrize(
    ("stored", "shown"), [(1_700_000_000_000, 253_402_214_400), (1e300, 253_402_214_400), (-5.0, 0)]
)
def test_what_is_no_time_costs_nobody_the_answer(model: ServiceModel, stored: float, shown: float) -> None:
    given = {"Group": {"CreationDate": stored}}

    assert {"Group": {"CreationDate": shown}} == writer(model, "GetGroup", strict=True)(given)


@pytest.mark.parametrize("strict", [True, False])
def test_maps_and_lists_of_text_go_out_as_they_are(model: ServiceModel, strict: bool) -> None:
    assert {"Tags": {"a": "b"}} == writer(model, "ListTagsForResource", strict=strict)({"Tags": {"a": "b", "c": None}})
    assert {"CSVHeader": ["name"]} == writer(model, "GetCSVHeader", strict=strict)({"CSVHeader": ["name"]})


def test_unknown_members_do_not_go_out(model: ServiceModel) -> None:
    given = {"Username": "alice", "UserAttributes": [], "PasswordHash": "secret"}

    assert {"Username": "alice", "UserAttributes": []} == writer(model, "GetUser", strict=False)(given)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"Username": "alice", "UserAttributes": [], "Extra": "hunter2"}, "has no Extra"),
        ({"Username": "alice"}, "lacks UserAttributes"),
        ({"Username": "alice", "UserAttributes": None}, "lacks UserAttributes"),
        ({"Username": 1, "UserAttributes": []}, "Username is int, not string"),
        ({"Username": "alice", "UserAttributes": {}}, "UserAttributes is dict, not a list"),
        ({"Username": "alice", "UserAttributes": [{"Value": "hunter2"}]}, r"UserAttributes\[\] lacks Name"),
        ({"Username": "alice", "UserAttributes": ["hunter2"]}, r"UserAttributes\[\] is str, not a structure"),
        ({"Username": "alice", "UserAttributes": [], "UserMFASettingList": [1]}, r"List\[\] is int, not string"),
    ],
)
def test_a_strict_writer_refuses_what_the_model_does_not_know(model: ServiceModel, given: Any, complaint: str) -> None:
    with pytest.raises(OutputMismatch, match=complaint) as raised:
        writer(model, "GetUser", strict=True)(given)

    assert "hunter2" not in str(raised.value)


def test_a_strict_writer_knows_enums_maps_and_truth(model: ServiceModel) -> None:
    with pytest.raises(OutputMismatch, match="enum"):
        writer(model, "AdminGetUser", strict=True)({"Username": "a", "UserStatus": "SLEEPING"})
    with pytest.raises(OutputMismatch, match="Enabled is int, not boolean"):
        writer(model, "AdminGetUser", strict=True)({"Username": "a", "Enabled": 1})
    with pytest.raises(OutputMismatch, match="Tags is list, not a map"):
        writer(model, "ListTagsForResource", strict=True)({"Tags": []})
