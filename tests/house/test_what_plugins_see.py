"""What a plugin can get hold of: values made for it, and nothing that stands in the store, a hash or a seal with it."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

import poolhouse
from poolhouse.hooks.context import PluginContext
from poolhouse.hooks.dispatch import every_hook
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.records.base import Kept, Record
from poolhouse.records.messages import Message
from poolhouse.records.users import Credential, User

HOOKS = every_hook()
FACE = [getattr(poolhouse, name) for name in poolhouse.__all__]
GUARDED = {"credential", "hash", "history", "password_hash", "sealed", "secrets", "srp", "verifier"}
"""Fields that hold a hash or a sealed secret, in the records that have them."""
SUBMITTED = {"password_hash": poolhouse.MigratedUser}
"""A hash that a plugin brings, not one that it gets."""


def reached(*starts: Any) -> set[type]:
    """Every class of ours, or of a test, that one comes to from these: by fields, by what methods answer, and, where a
    plugin is the one who is called (a protocol, a function), by what it is given."""
    found: set[type] = set()
    waiting = list(starts)
    while waiting:
        kind = waiting.pop()
        if not isinstance(kind, type) or typing.get_origin(kind) is not None:
            waiting += parts(kind)
        elif kind not in found and kind.__module__.split(".")[0] in {"poolhouse", "tests"}:
            found.add(kind)
            waiting += members(kind)
    return found


def parts(annotation: Any) -> Iterator[Any]:
    """``Sequence[Sender] | None`` is made of four; a function in place of an annotation, of what it takes and gives."""
    if isinstance(annotation, types.FunctionType):
        yield from hints(annotation).values()
    for argument in typing.get_args(annotation):
        yield from argument if isinstance(argument, list) else (argument,)


def members(kind: type) -> Iterator[Any]:
    yield from hints(kind).values()
    for name, member in inspect.getmembers_static(kind):
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if isinstance(function, types.FunctionType) and not name.startswith("_"):
            given = hints(function)
            yield from given.values() if getattr(kind, "_is_protocol", False) else [given.get("return")]


def hints(thing: Any) -> dict[str, Any]:
    return typing.get_type_hints(thing)


def test_a_hook_is_given_nothing_that_stands_in_the_store() -> None:
    seen = reached(*HOOKS.values(), PluginContext)

    assert {Message} == {kind for kind in seen if issubclass(kind, Record)}
    assert not {kind for kind in seen if issubclass(kind, Kept)}


def test_the_face_for_plugin_authors_names_nothing_that_stands_in_the_store() -> None:
    seen = reached(*FACE)

    assert {Message} == {kind for kind in seen if issubclass(kind, Record)}


def test_no_field_that_a_plugin_sees_holds_a_hash_or_a_seal() -> None:
    seen = reached(*HOOKS.values(), PluginContext, *FACE)

    fields = {(name, kind) for kind in seen for name in hints(kind) if name in GUARDED}

    assert set(SUBMITTED.items()) == fields


@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_author_can_import_all_that_a_hook_is_given_and_answers(hook: str) -> None:
    assert reached(HOOKS[hook]) - set(FACE) == set()


# --- the walk itself -------------------------------------------------------------------------------------------------


@dataclass
class Careless:
    """What an event must never be."""

    people: Sequence[User] | None


class CarelessStage(Protocol):
    applies: Callable[[Careless], None]


class CarelessSender(Protocol):
    async def send(self, careless: Careless) -> None: ...


@pytest.mark.parametrize("careless", [Careless, CarelessStage, CarelessSender], ids=lambda kind: kind.__name__)
def test_the_walk_finds_a_record_by_a_field_a_function_and_a_method(careless: type) -> None:
    assert {User, Credential} <= reached(careless)


def test_the_walk_comes_to_what_challenges_and_stages_are_given() -> None:
    assert {App, Directory, Person} <= reached(*HOOKS.values())
