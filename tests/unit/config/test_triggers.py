"""Where functions are: the section [triggers] and its variable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolhouse.config.loading import load_settings
from poolhouse.config.values import SettingsError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:pre-sign-up"


def written(folder: Path, toml: str) -> Path:
    path = folder / "poolhouse.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_the_section_is_a_table_from_arns_to_places(tmp_path: Path) -> None:
    path = written(tmp_path, f'[triggers]\n"{ARN}" = "python:shop.functions.pre_sign_up"\n')

    settings = load_settings({}, path=path)

    assert {ARN: "python:shop.functions.pre_sign_up"} == settings.triggers.functions


def test_the_variable_is_a_json_object_and_comes_before_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, f'[triggers]\n"{ARN}" = "python:a.b"\n')

    settings = load_settings({"POOLHOUSE_TRIGGERS": json.dumps({ARN: "http://127.0.0.1:9000/f"})}, path=path)

    assert {ARN: "http://127.0.0.1:9000/f"} == settings.triggers.functions


def test_without_a_word_there_are_no_functions(tmp_path: Path) -> None:
    assert {} == load_settings({}, path=written(tmp_path, "")).triggers.functions


@pytest.mark.parametrize("said", ["nonsense", "[]", '{"pre-sign-up": "http://h/"}', f'{{"{ARN}": 7}}', '"text"'])
def test_what_is_no_such_table_is_a_problem(tmp_path: Path, said: str) -> None:
    with pytest.raises(SettingsError, match=r"triggers\.functions.*a table from ARNs of functions"):
        load_settings({"POOLHOUSE_TRIGGERS": said}, path=written(tmp_path, ""))


def test_a_place_may_stand_in_a_variable_that_the_file_names(tmp_path: Path) -> None:
    path = written(tmp_path, f'[triggers]\n"{ARN}" = {{ env = "WHERE" }}\n')

    settings = load_settings({"WHERE": "https://functions.example.com/f"}, path=path)

    assert {ARN: "https://functions.example.com/f"} == settings.triggers.functions
