"""What decision 0008 asks of every record, so that an older process loses nothing that a newer one wrote."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import msgspec
import pytest

from poolhouse import records
from poolhouse.records.base import Kept, Record, StoredRecord
from poolhouse.store.repositories import collections


def declared() -> Iterator[type[Record]]:
    for module in pkgutil.iter_modules(records.__path__, f"{records.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Record) and value.__module__ == module.name:
                yield value


KEPT = [kind for kind in declared() if issubclass(kind, Kept) and kind not in (Kept, StoredRecord)]
STORED = [kind for kind in KEPT if issubclass(kind, StoredRecord)]


def is_nested(annotation: Any) -> bool:
    """Whether values of this type are records, or would be written as records are."""
    return isinstance(annotation, type) and (issubclass(annotation, msgspec.Struct) or is_dataclass(annotation))


def nested_in(annotation: Any) -> Iterator[type]:
    if is_nested(annotation):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from nested_in(argument)


def can_be_kept(annotation: Any) -> bool:
    """Whether all records in a field of this type are such as the mapping looks into: one, perhaps none, or a row."""
    inside = list(nested_in(annotation))
    if not inside:
        return True
    (record, *others) = inside
    shapes = (record, record | None, tuple[record, ...], tuple[record, ...] | None)  # type: ignore[valid-type]
    return not others and issubclass(record, Kept) and annotation in shapes


class Plain(Record, frozen=True, kw_only=True):
    said: str = ""


class Grown(Kept, frozen=True, kw_only=True):
    said: str = ""


def test_there_is_a_record_for_what_the_store_keeps() -> None:
    assert len(STORED) >= 10
    assert len(STORED) <= len(collections.ALL)
    assert len(KEPT) > len(STORED)


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_every_record_inside_another_is_kept_whole(kind: type[Kept]) -> None:
    assert [] == [field.name for field in msgspec.structs.fields(kind) if not can_be_kept(field.type)]


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_no_record_takes_the_names_that_the_store_needs(kind: type[Kept]) -> None:
    assert set() == {"unknown", "version"} & inspect.get_annotations(kind).keys()


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_every_record_notices_what_it_does_not_know_and_is_written_under_its_own_names(kind: type[Kept]) -> None:
    assert kind.__struct_config__.forbid_unknown_fields
    assert kind.__struct_config__.omit_defaults
    assert [] == [field.name for field in msgspec.structs.fields(kind) if field.name != field.encode_name]


@pytest.mark.parametrize(
    "annotation", [Grown, Grown | None, tuple[Grown, ...], tuple[Grown, ...] | None, dict[str, str], tuple[str, ...]]
)
def test_a_record_may_stand_alone_or_in_a_row(annotation: Any) -> None:
    assert can_be_kept(annotation)


@pytest.mark.parametrize(
    "annotation",
    [Plain, Plain | None, tuple[Plain, ...], dict[str, Grown], tuple[tuple[Grown, ...], ...], tuple[str, Grown]],
)
def test_a_record_that_would_lose_something_is_found(annotation: Any) -> None:
    assert not can_be_kept(annotation)
