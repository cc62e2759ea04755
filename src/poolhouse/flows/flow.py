"""What every flow is made with, and what stands around each of its steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from poolhouse.flows import ports
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.records import Client, Pool

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Kit:
    """The ports, handed down from the one place that builds everything."""

    clock: ports.Clock
    chance: ports.Chance
    secrets: ports.Secrets
    passwords: ports.Passwords
    srp: ports.Srp
    tokens: ports.Tokens
    hooks: Hooks
    pools: ports.Pools
    clients: ports.Clients
    users: ports.Users
    groups: ports.Groups
    attempts: ports.Attempts
    codes: ports.Codes
    grants: ports.Grants
    counters: ports.Counters
    outbox: ports.Outbox
    audit: ports.AuditTrail


class Flow:
    """A flow holds its kit and nothing that changes."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit


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
            hooks = self.kit.hooks
            if not hooks.implements(specs.around_flow):
                return await method(self, *args, **kwargs)
            async with hooks.around(specs.around_flow, _call(name, args)):
                return await method(self, *args, **kwargs)

        return around

    return wrap


def _call(name: str, arguments: tuple[object, ...]) -> specs.FlowCall:
    """Steps begin with the client or the pool that they are for, if they know it."""
    first = arguments[0] if arguments else None
    if isinstance(first, Client):
        return specs.FlowCall(name=name, pool_id=first.pool_id, client_id=first.id)
    return specs.FlowCall(name=name, pool_id=first.id if isinstance(first, Pool) else None)
