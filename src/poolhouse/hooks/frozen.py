"""Mappings and lists that cannot be changed: what stands in an event is the same for every plugin.

They are dicts and lists still, so that whatever reads or encodes those takes them too. A copy of one can be changed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from poolhouse.ports.origin import Origin


def frozen(value: Any) -> Any:
    """The value, in which no mapping and no list can be changed, however deep it stands."""
    kind = type(value)
    # By type: nearly all are of these, and asking an abstract class takes longer than all the rest. For the same reason
    # what is inside is looked at one by one only where some of it can be changed.
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple:
        return value if _AS_THEY_ARE.issuperset(map(type, value)) else tuple(map(frozen, value))
    if kind is dict and not value:
        return _NOTHING
    if kind is dict and _AS_THEY_ARE.issuperset(map(type, value.values())):
        return _FrozenDict(value)
    if kind is Origin:
        return _frozen_origin(value)
    if isinstance(value, Mapping):
        return _FrozenDict({key: frozen(each) for key, each in value.items()})
    if isinstance(value, list):
        return _FrozenList(map(frozen, value))
    return value


def _frozen_origin(origin: Origin) -> Origin:
    # In place, as events are: all of a request have the same one, and it is looked at once.
    if type(origin.context_data) is not _FrozenDict:
        object.__setattr__(origin, "context_data", frozen(origin.context_data))
    return origin


def freeze(event: Any) -> None:
    """Every field of the frozen dataclass is ``frozen``."""
    for name in event.__dataclass_fields__:
        value = getattr(event, name)
        if type(value) in _AS_THEY_ARE:
            continue
        kept = frozen(value)
        if kept is not value:
            object.__setattr__(event, name, kept)


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("What stands in an event is frozen: answer with dataclasses.replace(event, ...) and a new value.")


class _FrozenDict(dict[Any, Any]):
    __slots__ = ()

    if not TYPE_CHECKING:
        __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refused

    def __copy__(self) -> dict[Any, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}


class _FrozenList(list[Any]):
    __slots__ = ()

    if not TYPE_CHECKING:
        __setitem__ = __delitem__ = __iadd__ = __imul__ = _refused
        append = clear = extend = insert = pop = remove = reverse = sort = _refused

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]


_AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None), _FrozenDict, _FrozenList})
_NOTHING: Final = _FrozenDict()
