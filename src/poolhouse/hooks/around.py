"""A block of ours with the generators of plugins around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol, TypeAlias

from poolhouse.hooks.running import ANY_ERROR, go_on, run
from poolhouse.hooks.tally import Tally, outcome_of


class Entered(Protocol):
    """One plugin's function for an around hook."""

    @property
    def call(self) -> Callable[[Any], Any]: ...

    @property
    def limit(self) -> float: ...

    @property
    def tally(self) -> Tally: ...


Meaning: TypeAlias = Callable[[Any, Any, BaseException], BaseException]
"""What the caller gets to see of an implementation's error in an event."""


class Around:
    """Entered from the first implementation to the last, left from the last to the first."""

    __slots__ = ("_entered", "_event", "_implementations", "_meaning")

    def __init__(self, implementations: Sequence[Entered], meaning: Meaning, event: Any) -> None:
        self._implementations = implementations
        self._meaning = meaning
        self._event = event
        self._entered: list[tuple[Entered, Any]] = []

    async def __aenter__(self) -> None:
        for implementation in self._implementations:
            began, outcome = perf_counter(), "passed"
            try:
                generator = implementation.call(self._event)
                steps = generator.__anext__()
                try:  # as in ``Hooks._ask``
                    waiting = steps.send(None)
                except StopIteration:
                    pass
                else:
                    await go_on(steps, waiting, implementation.limit)
            except ANY_ERROR as error:
                outcome = outcome_of(error)
                if isinstance(error, StopAsyncIteration):
                    error = RuntimeError("The generator ended without a yield.")
                failure = self._meaning(implementation, self._event, error)
                raise await self._leave(failure) or failure  # noqa: B904 - chained by meaning
            finally:
                implementation.tally.count(outcome, perf_counter() - began)
            self._entered.append((implementation, generator))

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        left_with = await self._leave(error)
        if left_with is not None and left_with is not error:
            raise left_with

    async def _leave(self, error: BaseException | None) -> BaseException | None:
        """Every implementation that was entered is left. The error with which to go on: ``error``, unless an
        implementation raised another one. A cancellation is never replaced."""
        while self._entered:
            implementation, generator = self._entered.pop()
            began, outcome = perf_counter(), "passed"
            try:
                steps = generator.__anext__() if error is None else generator.athrow(error)
                try:
                    waiting = steps.send(None)
                except StopIteration:
                    pass
                else:
                    await go_on(steps, waiting, implementation.limit)
                await run(generator.aclose(), implementation.limit)
                raise RuntimeError("The generator went on after its yield, to a second one.")
            except StopAsyncIteration:
                continue
            except ANY_ERROR as raised:
                if raised is error or _is_wrapped(raised, error):
                    continue
                outcome = outcome_of(raised)
                meaning = self._meaning(implementation, self._event, raised)
                if error is None or isinstance(error, Exception):
                    error = meaning
            finally:
                implementation.tally.count(outcome, perf_counter() - began)
        return error


def _is_wrapped(raised: BaseException, error: BaseException | None) -> bool:
    """Whether ``raised`` is ``error`` as it leaves a generator that it cannot leave as it is (PEP 479)."""
    return isinstance(error, StopIteration | StopAsyncIteration) and raised.__cause__ is error
