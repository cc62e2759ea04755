"""One file is a plugin."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from poolhouse.cli.plugin_files import plugins_in
from poolhouse.hooks.manager import PluginError

FUNCTIONS = "from poolhouse import hookimpl\n@hookimpl\ndef pre_sign_up(event): ...\n"
CLASS = "from poolhouse import hookimpl\nclass {}:\n    @hookimpl\n    def pre_sign_up(self, event): ...\n"


def test_a_file_is_a_plugin_of_its_name_by_its_functions_or_its_class(tmp_path: Path) -> None:
    (tmp_path / "by_functions.py").write_text(FUNCTIONS)
    (tmp_path / "by_class.py").write_text(CLASS.format("Plugin") + "class Beside: ...\n")
    (tmp_path / "_helper.py").write_text("raise SystemExit\n")
    (tmp_path / "test_it.py").write_text("raise SystemExit\n")

    found = dict(plugins_in(tmp_path))

    assert ["by-class", "by-functions"] == list(found)
    assert inspect.isclass(found["by-class"])
    assert inspect.ismodule(found["by-functions"])


def test_a_class_that_has_a_second_name_is_one_plugin(tmp_path: Path) -> None:
    (tmp_path / "named_twice.py").write_text(CLASS.format("Gate") + "plugin = Gate\n")

    ((_, plugin),) = plugins_in(tmp_path)

    assert inspect.isclass(plugin)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n", "has no function that is marked with @hookimpl"),
        (CLASS.format("A") + CLASS.format("B"), r"has several plugins \(A, B\)"),
        ("import nowhere_to_be_found\n", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_file_that_is_no_plugin_is_named_with_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "odd.py").write_text(text)

    with pytest.raises(PluginError, match=f"odd.py {sentence}"):
        plugins_in(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="There is no folder"):
        plugins_in(tmp_path / "gone")
