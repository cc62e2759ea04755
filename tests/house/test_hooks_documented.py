"""Every hook has a passage in the docs, a test that names it, and a plugin that really uses it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import poolhouse
from poolhouse.hooks.dispatch import every_hook, kind_of
from poolhouse.hooks.events.base import RequestEvent
from tests.support.hook_passages import passages

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "poolhouse"
HOOKS = every_hook()


def written_in(*folders: Path) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path.read_text(encoding="utf-8")


def implemented_in(source: str) -> Iterator[str]:
    """The functions marked with ``@hookimpl``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
            if any(isinstance(mark, ast.Name) and mark.id == "hookimpl" for mark in marks):
                yield node.name


def test_the_page_tells_of_every_hook_in_the_order_of_a_users_life() -> None:
    assert list(HOOKS) == list(passages())


@pytest.mark.parametrize("hook", HOOKS)
def test_a_passage_says_the_kind_and_the_event_of_its_hook(hook: str) -> None:
    passage = passages()[hook]

    event = inspect.get_annotations(HOOKS[hook])["event"]

    assert (kind_of(HOOKS[hook]), event) == (passage.kind, passage.event)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_passage_names_every_field_of_its_event(hook: str) -> None:
    kind = getattr(poolhouse, passages()[hook].event)
    fields = getattr(kind, "__struct_fields__", None) or tuple(kind.__dataclass_fields__)
    text = passages()[hook].text
    if "Fields: those of `DefineChallenge`" in text:
        text += passages()["define_challenge"].text

    # What every event of a request has stands at the head of the page.
    assert [name for name in fields if f"`{name}`" not in text and name not in RequestEvent.__dataclass_fields__] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_an_example_implements_its_hook(hook: str) -> None:
    assert hook in implemented_in(passages()[hook].example)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_test_names_the_hook_and_says_what_it_does(hook: str) -> None:
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]

    found = [path.name for path in tests if re.search(rf"def test_{hook}_\w+", path.read_text(encoding="utf-8"))]

    assert found


@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_really_uses_the_hook(hook: str) -> None:
    # An example of the page counts: it is run against a server, by tests/examples.
    sources = [*written_in(SOURCES / "plugins", ROOT / "examples"), *(each.example for each in passages().values())]

    assert any(hook in implemented_in(source) for source in sources)


BY_OCCASION = {
    "pre_sign_up": {"flows/accounts/administration.py", "flows/accounts/sign_up_plugins.py"},
    "post_confirmation": {"flows/accounts/recovery.py", "flows/accounts/sign_up_plugins.py"},
    "pre_token": {"flows/grants/issue.py", "flows/grants/machines.py"},
}
"""Hooks of several occasions, each of which has a ``source`` of its own and one place that asks."""
LOOKS = {"implements", "wants", "every"}
"""What only asks whether there is anybody to ask."""


def places_that_ask() -> Iterator[tuple[str, str]]:
    """The hook, and the module that calls it."""
    for folder in ("flows", "server"):
        for path in sorted((SOURCES / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                    continue
                first = ast.unparse(node.args[0])
                if first.startswith("specs.") and node.func.attr not in LOOKS:
                    yield first.removeprefix("specs."), path.relative_to(SOURCES).as_posix()


@pytest.mark.parametrize("hook", HOOKS)
def test_one_place_asks_a_hook(hook: str) -> None:
    places = [place for asked, place in places_that_ask() if asked == hook]

    assert len(places) == len(BY_OCCASION.get(hook, [hook])), places
    assert BY_OCCASION.get(hook, set(places)) == set(places)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_is_never_asked_says_so(hook: str) -> None:
    asked = any(f"specs.{hook}" in source for source in written_in(SOURCES / "flows", SOURCES / "server"))

    assert asked is ("Not asked by this version" not in passages()[hook].text)
