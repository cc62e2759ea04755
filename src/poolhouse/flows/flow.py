"""What every flow is made with, and what stands around each of its steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import FlowCall
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.world import Chance, Clock, Secrets
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class World:
    """What every flow may need and none of them makes: five things, handed down from the one place that builds
    everything. What only some flows need (a port of the store, an arithmetic) they name in their constructor."""

    clock: Clock
    chance: Chance
    secrets: Secrets
    hooks: Hooks
    audit: AuditTrail


class Flow:
    """A flow holds the world, the ports that it names, and nothing that changes."""

    def __init__(self, world: World) -> None:
        self.world = world


F = TypeVar("F", bound=Flow)


def step(
    name: str,
) -> Callable[
    [Callable[Concatenate[F, P], Coroutine[Any, Any, R]]],
    Callable[Concatenate[F, P], Coroutine[Any, Any, R]],
]:
    """The method is a step that plugins may stand around (``around_flow``), under this name."""

    def wrap(
        method: Callable[Concatenate[F, P], Coroutine[Any, Any, R]],
    ) -> Callable[Concatenate[F, P], Coroutine[Any, Any, R]]:
        @functools.wraps(method)
        async def around(self: F, /, *args: P.args, **kwargs: P.kwargs) -> R:
            hooks = self.world.hooks
            if not hooks.implements(specs.around_flow):
                return await method(self, *args, **kwargs)
            async with hooks.around(specs.around_flow, _call(name, args)):
                return await method(self, *args, **kwargs)

        return around

    return wrap


def _call(name: str, arguments: tuple[object, ...]) -> FlowCall:
    """Steps begin with the client or the pool that they are for, if they know it."""
    first = arguments[0] if arguments else None
    if isinstance(first, Client):
        return FlowCall(name=name, pool_id=first.pool_id, client_id=first.id)
    return FlowCall(name=name, pool_id=first.id if isinstance(first, Pool) else None)
