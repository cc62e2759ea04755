"""A house that counts the slow arithmetic and the verbs of its store."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.services.user_pools import build_services
from poolhouse.ports.arithmetic import Passwords, Srp
from poolhouse.server.part import Built, Part
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house

WRITES = ("insert", "replace", "delete", "take", "increment")


class Counting:
    """Passes every call on, and counts it under its name."""

    def __init__(self, inner: Any, work: Counter[str], names: tuple[str, ...], prefix: str = "") -> None:
        self._inner = inner
        self._work = work
        self._names = names
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        if name in self._names:
            self._work[self._prefix + name] += 1
        return getattr(self._inner, name)


@asynccontextmanager
async def measured_house(**changes: Any) -> AsyncIterator[tuple[House, Counter[str]]]:
    """The counter has the store's verbs, ``hash``, ``verify``, ``open``, ``proof`` of the arithmetic (of passkeys
    ``passkey.made``, ``passkey.used``), and what the vault sealed and opened (``vault.seal``, ``vault.open``)."""
    work: Counter[str] = Counter()
    clock = FakeClock()
    store: Any = Counting(MemoryStore(collections.ALL, clock), work, ("get", "find", *WRITES))
    async with opened_house(store, clock, **changes) as house:
        ports = house.built.ports
        passwords: Passwords = Counting(ports.passwords, work, ("hash", "verify"))
        srp: Srp = Counting(ports.srp, work, ("open", "proof", "verifier"))
        passkeys: Any = Counting(ports.passkey_proofs, work, ("made", "used"), "passkey.")
        secrets: Any = Counting(house.built.world.secrets, work, ("seal", "open"), "vault.")
        world = dataclasses.replace(house.built.world, secrets=secrets)
        entries = OutboxRepository(store, Cursors(secrets, clock))
        outbox = OutboxService(entries, secrets, clock, world.hooks, recorders=[house.messages.append])
        ports = dataclasses.replace(ports, passwords=passwords, srp=srp, passkey_proofs=passkeys, outbox=outbox)
        # What is found first is taken.
        parts = Built()
        for part in (Part(gives=(build_services(world, ports),)), *house.built.built.parts):
            parts.add(part)
        house.built = dataclasses.replace(house.built, built=parts)
        yield house, work
