"""A package that was announced is there; its own code runs when something on its front page is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poolhouse.cli.late import announce

NAME = "a_package_that_comes_late"


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with two modules. ``light`` needs its version, and ``heavy`` is what its front page imports."""
    folder = tmp_path / NAME
    folder.mkdir()
    front = "from . import light\nfrom .heavy import Heavy\nPAGE = light.VERSION\n"
    (folder / "__init__.py").write_text(f'"""Its front page."""\n\n__version__ = "1.5"\n{front}', encoding="utf-8")
    (folder / "light.py").write_text("from . import __version__\n\nVERSION = __version__\n", encoding="utf-8")
    (folder / "heavy.py").write_text("class Heavy: ...\n", encoding="utf-8")
    about = tmp_path / f"{NAME}-1.5.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.5\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def is_loaded(module: str) -> bool:
    return f"{NAME}.{module}" in sys.modules


def test_its_modules_are_imported_without_its_front_page() -> None:
    announce(NAME)

    light = importlib.import_module(f"{NAME}.light")

    assert "1.5" == light.VERSION
    assert not is_loaded("heavy")


def test_the_first_name_on_its_front_page_loads_it() -> None:
    announce(NAME)
    package = importlib.import_module(NAME)

    assert "Heavy" == package.Heavy.__name__
    assert "1.5" == package.PAGE
    assert "Its front page." == package.__doc__
    assert is_loaded("heavy")


def test_a_name_that_it_does_not_have_is_missing_as_ever() -> None:
    announce(NAME)
    package = importlib.import_module(NAME)

    with pytest.raises(AttributeError, match="nonsense"):
        _ = package.nonsense


def test_a_front_page_that_cannot_be_read_is_read_again(tmp_path: Path) -> None:
    announce(NAME)
    package = importlib.import_module(NAME)
    (tmp_path / NAME / "heavy.py").rename(tmp_path / NAME / "gone.py")

    with pytest.raises(ModuleNotFoundError, match="heavy"):
        _ = package.Heavy
    (tmp_path / NAME / "gone.py").rename(tmp_path / NAME / "heavy.py")
    importlib.invalidate_caches()

    assert "Heavy" == package.Heavy.__name__


def test_a_package_that_is_loaded_already_stays_as_it_is() -> None:
    before = importlib.import_module(NAME)

    announce(NAME)

    assert sys.modules[NAME] is before
    assert is_loaded("heavy")


def test_a_package_that_is_not_there_is_not_announced() -> None:
    announce("no_package_of_this_name")

    assert "no_package_of_this_name" not in sys.modules
