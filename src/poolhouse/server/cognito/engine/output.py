"""Results of an operation on their way out: compiled once per operation, from the model.

What is None is left out, at every depth; times keep three decimals. Unknown members are left out too. With ``strict``
(tests, development) they, and every mistyped or missing member, raise ``OutputMismatch``: the handler has a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from poolhouse.server.cognito.engine.model import ServiceModel, Shape

Writer: TypeAlias = Callable[[Any], Any]

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "blob": (bytes,),
}
LATEST: Final = 253_402_214_400
"""The last day but one of the year 9999: the last time that every client can show, wherever it is."""


class OutputMismatch(Exception):  # noqa: N818 - read as a statement
    """A handler gave what the model does not know. The text holds names and types, never a value."""


def compile_output(model: ServiceModel, shape_name: str, *, strict: bool) -> Writer:
    """A function that gives what will be encoded, from what a handler returned."""
    return _Compiler(model, strict=strict).writer(shape_name, shape_name)


class _Compiler:
    def __init__(self, model: ServiceModel, *, strict: bool) -> None:
        self._shapes: Mapping[str, Shape] = model.shapes
        self._strict = strict

    def writer(self, name: str, path: str) -> Writer:
        shape = self._shapes[name]
        if shape.document:
            return _as_it_is
        if shape.type == "structure":
            return self._structure(shape, path)
        if shape.type == "list":
            return self._list(shape, path)
        if shape.type == "map":
            return self._map(shape, path)
        return self._scalar(shape, path)

    def _scalar(self, shape: Shape, path: str) -> Writer:
        write = _rounded if shape.type == "timestamp" else _as_it_is
        if not self._strict:
            return write
        accepted = _TYPES[shape.type]
        enum = frozenset(shape.enum)

        def check(value: Any) -> Any:
            if type(value) not in accepted:
                raise OutputMismatch(f"{path} is {type(value).__name__}, not {shape.type}")
            if enum and value not in enum:
                raise OutputMismatch(f"{path} is not a value of its enum")
            return write(value)

        return check

    def _structure(self, shape: Shape, path: str) -> Writer:
        writers = {name: self.writer(reference.shape, f"{path}.{name}") for name, reference in shape.members.items()}
        plain = frozenset(name for name, write in writers.items() if write is _as_it_is)

        def write(value: Any) -> Any:
            written = {}
            for name, item in value.items():
                if item is None:
                    continue
                if name in plain:
                    written[name] = item
                elif name in writers:
                    written[name] = writers[name](item)
            return written

        if not self._strict:
            return write
        required = frozenset(shape.required)

        def check(value: Any) -> Any:
            if not isinstance(value, Mapping):
                raise OutputMismatch(f"{path} is {type(value).__name__}, not a structure")
            unknown = value.keys() - writers.keys()
            if unknown:
                raise OutputMismatch(f"{path} has no {', '.join(sorted(unknown))}")
            written = write(value)
            missing = required - written.keys()
            if missing:
                raise OutputMismatch(f"{path} lacks {', '.join(sorted(missing))}")
            return written

        return check

    def _list(self, shape: Shape, path: str) -> Writer:
        assert shape.member is not None  # noqa: S101 - what "list" means in the model
        write_item = self.writer(shape.member.shape, f"{path}[]")

        def write(value: Any) -> Any:
            return [write_item(item) for item in value]

        def check(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                raise OutputMismatch(f"{path} is {type(value).__name__}, not a list")
            return write(value)

        return check if self._strict else (_as_it_is if write_item is _as_it_is else write)

    def _map(self, shape: Shape, path: str) -> Writer:
        assert shape.value is not None  # noqa: S101 - what "map" means in the model
        write_item = self.writer(shape.value.shape, f"{path}{{}}")

        def write(value: Any) -> Any:
            return {key: write_item(item) for key, item in value.items() if item is not None}

        def check(value: Any) -> Any:
            if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
                raise OutputMismatch(f"{path} is {type(value).__name__}, not a map with text keys")
            return write(value)

        return check if self._strict else write


def _as_it_is(value: Any) -> Any:
    return value


def _rounded(value: Any) -> Any:
    """A time that clients can show, whatever was stored: one that they cannot would cost them the whole answer."""
    return round(min(max(value, 0), LATEST), 3)
