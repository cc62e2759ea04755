from __future__ import annotations

import sys
from pathlib import Path

import pytest

from poolhouse.server.cognito.engine.failures import not_offered
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import Result, check_known, load_operations, operation
from poolhouse.server.cognito.not_offered import SUBJECTS, reasons
from poolhouse.server.cognito.user_pools.call import OPERATIONS, Call
from tests.support.json_api import ManualClock, build


@operation("GetUser")
async def get_user(call: Call) -> Result:
    return {}


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> str:
    """A package of handlers under a name of its own."""
    name = f"handlers_{folder.name}"
    (folder / name).mkdir()
    (folder / name / "__init__.py").touch()
    head = "from poolhouse.server.cognito.engine.registry import operation\n"
    for module, text in modules.items():
        (folder / name / f"{module}.py").write_text(head + text)
    monkeypatch.syspath_prepend(str(folder))
    for module in ("", *(f".{module}" for module in modules)):
        monkeypatch.delitem(sys.modules, name + module, raising=False)
    return name


def handler(name: str) -> str:
    return f"@operation({name!r})\nasync def handle(call): return {{}}\n"


def test_marked_handlers_of_all_modules_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = package(tmp_path, monkeypatch, users=handler("GetUser"), pools=handler("ListUserPools") + "other = 1\n")

    assert {"GetUser", "ListUserPools"} == load_operations(name).keys()


def test_a_handler_that_another_module_imports_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = handler("GetUser")
    name = package(tmp_path, monkeypatch, users=users, zoo=f"from handlers_{tmp_path.name}.users import handle\n")

    assert {"GetUser"} == load_operations(name).keys()


def test_two_handlers_of_one_operation_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = package(tmp_path, monkeypatch, a=handler("GetUser"), b=handler("GetUser"))

    with pytest.raises(ValueError, match="two handlers answer GetUser"):
        load_operations(name)


def test_a_handler_of_no_operation_stops_the_start(model: ServiceModel, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="no operation GetUsers"):
        check_known(model, {"GetUsers": get_user})


def test_our_own_handlers_answer_operations_of_the_model(model: ServiceModel) -> None:
    check_known(model, load_operations(OPERATIONS))


def test_an_api_with_an_unknown_operation_is_not_built(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="no operation GetUsers"):
        build({"GetUsers": get_user}, clock=clock, keys=None)  # type: ignore[arg-type]


def test_reasons_are_for_operations_of_the_model_and_given_once(model: ServiceModel) -> None:
    listed = [name for names in SUBJECTS.values() for name in names]

    assert not set(listed) - model.operations.keys()
    assert len(set(listed)) == len(listed)


def test_an_operation_with_a_handler_has_no_reason_not_to_be_offered() -> None:
    assert not load_operations(OPERATIONS).keys() & reasons().keys()


def test_the_reason_is_told() -> None:
    assert "GetDevice is not offered by this server yet: no devices." == str(not_offered("GetDevice", "no devices"))
    assert str(not_offered("GetDevice", None)).endswith("it is not part of this version.")
