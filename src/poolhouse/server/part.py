"""What a part adds to the server, and what is there of the parts before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from poolhouse.flows.jobs.worker import Kind
from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.routes import Handler, Route

T = TypeVar("T")


class FormApi(Struct, frozen=True):
    """Answers the forms that are posted to the address of the JSON API."""

    handle: Handler


class Part(Struct, frozen=True, kw_only=True):
    """``routes`` of its own, ``apis`` for the dispatch, the kinds of ``jobs`` that it can do, what it ``gives`` to
    the parts after it and to the command line (each is found by its type), and how it ``closes`` what it opened."""

    routes: tuple[Route, ...] = ()
    apis: tuple[Api, ...] = ()
    jobs: tuple[Kind, ...] = ()
    gives: tuple[object, ...] = ()
    closes: tuple[Callable[[], Awaitable[None]], ...] = ()


class Built:
    """The parts that stand already, in their order. Parts do not know each other, only what they give."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        self._parts.append(part)

    def one(self, kind: type[T]) -> T:
        """What a part gives of this type. Raises ``LookupError`` where none does: it is off, or it comes later."""
        for part in self._parts:
            for given in part.gives:
                if isinstance(given, kind):
                    return given
        raise LookupError(f"No part that stands already gives {kind.__name__}.")

    @property
    def parts(self) -> Sequence[Part]:
        return tuple(self._parts)

    @property
    def routes(self) -> tuple[Route, ...]:
        return tuple(route for part in self._parts for route in part.routes)

    @property
    def apis(self) -> tuple[Api, ...]:
        return tuple(api for part in self._parts for api in part.apis)

    @property
    def closes(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return tuple(close for part in self._parts for close in part.closes)

    @property
    def jobs(self) -> tuple[Kind, ...]:
        return tuple(kind for part in self._parts for kind in part.jobs)
