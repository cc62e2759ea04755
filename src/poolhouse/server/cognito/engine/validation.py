"""Input of an operation, checked and taken over: compiled once per operation, from the model, into closures.

A reader takes what the JSON said and gives what the handler gets: known members only, timestamps as float, blobs as
bytes, null members left out. A value of the wrong JSON type raises ``ProtocolError`` at once. Broken constraints are
all gathered first, and raised as one ``InvalidParameter`` in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.model import ServiceModel, Shape
from poolhouse.server.cognito.engine.patterns import Predicate, predicate
from poolhouse.server.cognito.engine.scalars import Scalar, kind_of, scalar

Path: TypeAlias = tuple[Any, str] | None
"""The path of the container (None at the top), and the last segment: put together only when something is wrong."""

Reader: TypeAlias = Callable[[Any, Path, "Faults"], Any]
NOT_NULL: Final = Statement(Reason.MEMBER_NOT_NULL)
_SHOWN_FAULTS: Final = 50
_SHOWN_LENGTH: Final = 1024


class Faults:
    """What is wrong with an input. All of it is counted; so much is kept that the answer stays small."""

    __slots__ = ("count", "items")

    def __init__(self) -> None:
        self.count = 0
        self.items: list[Statement] = []

    def add(self, value: Any, path: Path, constraint: Statement, *, sensitive: bool) -> None:
        self.count += 1
        if len(self.items) < _SHOWN_FAULTS:
            self.items.append(_fault(value, _dotted(path), constraint, sensitive=sensitive))

    @property
    def statement(self) -> Statement:
        if self.count == 1:
            return Statement(Reason.INPUT_FAULT, fault=self.items[0])
        return Statement(Reason.INPUT_FAULTS, count=self.count, faults=tuple(self.items))


def compile_input(
    model: ServiceModel, shape_name: str, pattern: Callable[[str], Predicate] = predicate
) -> Callable[[Any], dict[str, Any]]:
    """A function that gives the input of an operation, from what its JSON body said. ``pattern`` makes a predicate of a
    pattern of the model.

    It raises ``ProtocolError`` for wrong JSON types, and ``InvalidParameter`` with every broken constraint.
    """
    read = _Compiler(model, pattern).structure(model.shapes[shape_name], sensitive=False)

    def take(value: Any) -> dict[str, Any]:
        faults = Faults()
        taken: dict[str, Any] = read(value, None, faults)
        if faults.count:
            raise InvalidParameter(faults.statement)
        return taken

    return take


class _Compiler:
    """Shapes into readers. What lies in a sensitive container is sensitive."""

    def __init__(self, model: ServiceModel, pattern: Callable[[str], Predicate]) -> None:
        self._shapes: Mapping[str, Shape] = model.shapes
        self._pattern = pattern

    def reader(self, name: str, *, sensitive: bool) -> Reader:
        shape = self._shapes[name]
        sensitive = sensitive or shape.sensitive
        if shape.document:
            return _document
        if shape.type == "structure":
            return self.structure(shape, sensitive=sensitive)
        if shape.type == "list":
            return self._list(shape, sensitive=sensitive)
        if shape.type == "map":
            return self._map(shape, sensitive=sensitive)
        return _single(scalar(shape, self._pattern), sensitive=sensitive)

    def structure(self, shape: Shape, *, sensitive: bool) -> Reader:
        required = frozenset(shape.required)
        members = [
            (name, name[0].lower() + name[1:], self.reader(reference.shape, sensitive=sensitive), name in required)
            for name, reference in shape.members.items()
        ]
        union = shape.union

        def read(value: Any, path: Path, faults: Faults) -> Any:
            if type(value) is not dict:
                raise misplaced(value)
            taken = {}
            for name, segment, take, needed in members:
                given = value.get(name)
                if given is not None:
                    taken[name] = take(given, (path, segment), faults)
                elif needed:
                    # "Value null" tells nothing, so it is said of sensitive members too.
                    faults.add(None, (path, segment), NOT_NULL, sensitive=False)
            if union and len(taken) != 1:
                raise ProtocolError("SerializationException", "Exactly one member of a union must be set.")
            return taken

        return read

    def _list(self, shape: Shape, *, sensitive: bool) -> Reader:
        assert shape.member is not None  # noqa: S101 - what "list" means in the model
        inner = self._shapes[shape.member.shape]
        hidden = sensitive or inner.sensitive
        bounds = _Bounds(shape, hidden=hidden)
        if inner.type in {"structure", "list", "map"}:
            read_item = self.reader(shape.member.shape, sensitive=sensitive)

            def read(value: Any, path: Path, faults: Faults) -> Any:
                if type(value) is not list:
                    raise misplaced(value)
                if not bounds.hold(value, path, faults):
                    return value
                taken = []
                for number, item in enumerate(value, start=1):
                    if item is None:
                        faults.add(None, (path, f"{number}.member"), NOT_NULL, sensitive=False)
                    else:
                        taken.append(read_item(item, (path, f"{number}.member"), faults))
                return taken

            return read

        item_rules = scalar(inner, self._pattern)
        convert, holds = item_rules.convert, item_rules.holds
        constraint = Statement(Reason.MEMBERS_SATISFY, constraints=_all_rules(item_rules))

        def read_scalars(value: Any, path: Path, faults: Faults) -> Any:
            if type(value) is not list:
                raise misplaced(value)
            if not bounds.hold(value, path, faults):
                return value
            taken = [None if item is None else convert(item) for item in value]
            if not all(item is not None and holds(item) for item in taken):
                faults.add(taken, path, constraint, sensitive=hidden)
            return taken

        return read_scalars

    def _map(self, shape: Shape, *, sensitive: bool) -> Reader:
        assert shape.key is not None  # noqa: S101 - what "map" means in the model
        assert shape.value is not None  # noqa: S101
        keys = scalar(self._shapes[shape.key.shape], self._pattern)
        inner = self._shapes[shape.value.shape]
        hidden = sensitive or inner.sensitive
        bounds = _Bounds(shape, hidden=hidden)
        key_holds = keys.holds
        key_constraint = Statement(Reason.MAP_KEYS_SATISFY, constraints=_all_rules(keys))

        def entries(value: Any, path: Path, faults: Faults) -> dict[str, Any] | None:
            """The entries that are not null; None when they are not worth a further look."""
            if type(value) is not dict:
                raise misplaced(value)
            given = {key: item for key, item in value.items() if item is not None} if None in value.values() else value
            if not bounds.hold(given, path, faults):
                return None
            if not all(map(key_holds, given)):
                faults.add(given, path, key_constraint, sensitive=hidden)
            return given

        if inner.type in {"structure", "list", "map"}:
            read_item = self.reader(shape.value.shape, sensitive=sensitive)

            def read(value: Any, path: Path, faults: Faults) -> Any:
                given = entries(value, path, faults)
                if given is None:
                    return value
                return {key: read_item(item, (path, f"{key}.member"), faults) for key, item in given.items()}

            return read

        value_rules = scalar(inner, self._pattern)
        convert, holds = value_rules.convert, value_rules.holds
        value_constraint = Statement(Reason.MAP_VALUES_SATISFY, constraints=_all_rules(value_rules))

        def read_scalars(value: Any, path: Path, faults: Faults) -> Any:
            given = entries(value, path, faults)
            if given is None:
                return value
            taken = {key: convert(item) for key, item in given.items()}
            if not all(map(holds, taken.values())):
                faults.add(given, path, value_constraint, sensitive=hidden)
            return taken

        return read_scalars


class _Bounds:
    """How many entries a list or map may have."""

    __slots__ = ("_hidden", "_high", "_low")

    def __init__(self, shape: Shape, *, hidden: bool) -> None:
        self._low = int(shape.min) if shape.min is not None else 0
        self._high = int(shape.max) if shape.max is not None else None
        self._hidden = hidden

    def hold(self, value: Any, path: Path, faults: Faults) -> bool:
        """False, with a fault, for a wrong number. The entries are then not looked at."""
        count = len(value)
        if count < self._low:
            constraint = Statement(Reason.MEMBER_LENGTH_AT_LEAST, least=self._low)
        elif self._high is not None and count > self._high:
            constraint = Statement(Reason.MEMBER_LENGTH_AT_MOST, most=self._high)
        else:
            return True
        faults.add(value, path, constraint, sensitive=self._hidden)
        return False


def misplaced(value: Any) -> ProtocolError:
    """The error for a value that stands where a structure, map or list was expected, or the other way round."""
    return ProtocolError("SerializationException", f"{kind_of(value)} found where not expected.")


def _single(rules: Scalar, *, sensitive: bool) -> Reader:
    convert, holds = rules.convert, rules.holds

    def read(value: Any, path: Path, faults: Faults) -> Any:
        taken = convert(value)
        if not holds(taken):
            for constraint in rules.broken(taken):
                faults.add(value, path, constraint, sensitive=sensitive)
        return taken

    return read


def _document(value: Any, path: Path, faults: Faults) -> Any:  # noqa: ARG001 - any JSON is right
    return value


def _all_rules(rules: Scalar) -> tuple[Statement, ...]:
    return (*(said for _, said in rules.rules), NOT_NULL)


def _dotted(path: Path) -> str:
    parts: list[str] = []
    at = path
    while at is not None:
        at, segment = at[0], at[1]
        parts.append(segment)
    return ".".join(reversed(parts))


def _fault(value: Any, path: str, constraint: Statement, *, sensitive: bool) -> Statement:
    if value is None and not sensitive:
        return Statement(Reason.NULL_REFUSED, path=path, constraint=constraint)
    shown = None if sensitive else _shown(value)
    if shown is None:
        return Statement(Reason.VALUE_NOT_SHOWN_REFUSED, path=path, constraint=constraint)
    return Statement(Reason.VALUE_REFUSED, value=shown, path=path, constraint=constraint)


def _shown(value: Any) -> str | None:
    """The value as the sentence shows it; None for what has structures in it."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, list):
        if any(isinstance(item, list | dict) for item in value):
            return None
        text = "[" + ", ".join(str(item) for item in value) + "]"
    elif isinstance(value, dict):
        if any(isinstance(item, list | dict) for item in value.values()):
            return None
        text = "{" + ", ".join(f"{key}={item}" for key, item in value.items()) + "}"
    else:
        text = str(value)
    return text[:_SHOWN_LENGTH]
