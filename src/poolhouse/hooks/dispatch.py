"""Calling hooks: our own asynchronous loop over implementations that pluggy has put in order.

One verb per kind: ``notify`` (observe), ``first`` (answer), ``all`` (collect), ``amend`` (amend), ``around`` (around).
The spec function says which event goes in and what comes out, so a type checker sees both.

An implementation is a function or a coroutine function. A plain function runs on the event loop, where no limit can
stop it: work that takes long belongs into a coroutine or a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from types import CoroutineType
from typing import Any, NoReturn, TypeVar

from poolhouse.errors import DeliveryFailed, PluginAnswerInvalid, PluginFailed, Refused
from poolhouse.errors.plugins import InvocationFailed, OutputUnusable
from poolhouse.hooks import specs
from poolhouse.hooks.around import Around
from poolhouse.hooks.expected import Check, answer_check, described
from poolhouse.hooks.kinds import AMEND, ANSWER, AROUND, COLLECT, OBSERVE
from poolhouse.hooks.reported import report
from poolhouse.hooks.running import ANY_ERROR, OutOfTime, Steps, as_steps, go_on, is_cancelled
from poolhouse.hooks.spelling import field_name
from poolhouse.hooks.tally import Tally, Uncounted, outcome_of
from poolhouse.records.pools import Pool

E = TypeVar("E")
A = TypeVar("A")

KINDS = (OBSERVE, ANSWER, COLLECT, AMEND, AROUND)

_SAID = (Refused, InvocationFailed, OutputUnusable)
"""What a plugin says of itself: it reaches the caller in its own words."""


def every_hook() -> dict[str, Callable[..., Any]]:
    """All hooks by name, in the order in which they are declared."""
    return {name: value for name, value in vars(specs).items() if kind_of(value) in KINDS}


def kind_of(spec: Any) -> str | None:
    """The kind of a hook; None for what is no hook."""
    return getattr(spec, "poolhouse_kind", None)


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for a hook. ``call`` takes the event; ``limit`` is the seconds that it may wait; its calls
    are counted in ``tally``. ``of_triggers``: it answers only in pools that name a function for the occasion."""

    hook: str
    plugin: str
    call: Callable[[Any], Any]
    limit: float = 5.0
    tally: Tally = field(default_factory=Uncounted, compare=False, repr=False)
    of_triggers: bool = False


@dataclass(frozen=True, slots=True)
class _Hook:
    """A hook with all that a call needs. ``passing`` is what implementations may raise without being at fault.
    ``everywhere`` are those implementations that answer in every pool."""

    name: str
    field_name: str
    check: Check
    passing: tuple[type[Exception], ...]
    implementations: tuple[Implementation, ...]
    everywhere: tuple[Implementation, ...]

    def answering(self, pool: Pool | None) -> tuple[Implementation, ...]:
        """Those to ask: with ``pool``, without those that would have nothing to say there."""
        if pool is None or self.everywhere is self.implementations or _names(pool, self.field_name):
            return self.implementations
        return self.everywhere


class Hooks:
    """Every hook with its implementations in calling order. Nothing changes once it is made."""

    def __init__(self, implementations: Iterable[Implementation] = (), *, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("poolhouse.hooks")
        given: dict[str, list[Implementation]] = {}
        for implementation in implementations:
            given.setdefault(implementation.hook, []).append(implementation)
        tables: dict[str, dict[Callable[..., Any], _Hook]] = {kind: {} for kind in KINDS}
        for name, spec in every_hook().items():
            all_of_it = tuple(given.pop(name, ()))
            everywhere = tuple(each for each in all_of_it if not each.of_triggers)
            tables[str(kind_of(spec))][spec] = _Hook(
                name=name,
                field_name=field_name(name),
                check=answer_check(spec),
                # Only a sender knows that a message did not go out; on its word the outbox tries again.
                passing=(*_SAID, DeliveryFailed) if spec is specs.send_message else _SAID,
                implementations=all_of_it,
                everywhere=all_of_it if len(everywhere) == len(all_of_it) else everywhere,
            )
        if given:
            raise TypeError(f"There is no hook {', '.join(sorted(given))}.")
        hooks = {spec: hook for table in tables.values() for spec, hook in table.items() if hook.implementations}
        self._implemented = frozenset(hooks)
        only = {spec for spec, hook in hooks.items() if not hook.everywhere}
        self._of_triggers = {spec: hooks[spec].field_name for spec in only}
        self._observe, self._answer, self._collect, self._amend, self._around = (tables[kind] for kind in KINDS)

    def implements(self, spec: Callable[..., Any], pool: Pool | None = None) -> bool:
        """Whether some plugin implements the hook: an event that nobody gets need not be made. With ``pool``, whether
        some would answer there: what acts by the pool's triggers alone does not where it names none for the hook."""
        if spec not in self._implemented:
            return False
        trigger = self._of_triggers.get(spec) if pool is not None else None
        return pool is None or trigger is None or _names(pool, trigger)

    async def notify(self, spec: Callable[[E], Coroutine[Any, Any, None]], event: E) -> None:
        """Everybody was told, all at once. Errors are logged, and do not reach the caller."""
        hook = self._observe.get(spec) or _wrong_kind(spec, OBSERVE)
        if hook.implementations:
            await self._tell(hook, hook.implementations, event)

    async def first(self, spec: Callable[[E], Coroutine[Any, Any, A | None]], event: E) -> A | None:
        """The first answer that is not None; None if nobody had one."""
        hook = self._answer.get(spec) or _wrong_kind(spec, ANSWER)
        for implementation in hook.implementations:
            answer: A | None = self._ask(hook, implementation, event)
            if type(answer) is CoroutineType:
                answer = await answer
            if answer is not None:
                return answer
        return None

    async def all(
        self, spec: Callable[[E], Coroutine[Any, Any, A | None]], event: E, pool: Pool | None = None
    ) -> list[A]:
        """All answers that are not None, in order. With ``pool``, which the event is of, whoever acts by the pool's
        triggers alone is not asked where it names none for the hook."""
        return [answer for _, answer in await self.each(spec, event, pool)]

    async def each(
        self, spec: Callable[[E], Coroutine[Any, Any, A | None]], event: E, pool: Pool | None = None
    ) -> list[tuple[Implementation, A]]:
        """The same, and whose they are."""
        hook = self._collect.get(spec) or _wrong_kind(spec, COLLECT)
        answers: list[tuple[Implementation, A]] = []
        for implementation in hook.answering(pool):
            answer: A | None = self._ask(hook, implementation, event)
            if type(answer) is CoroutineType:
                answer = await answer
            if answer is not None:
                answers.append((implementation, answer))
        return answers

    async def amend(self, spec: Callable[[E], Coroutine[Any, Any, E | None]], event: E, pool: Pool | None = None) -> E:
        """The event as the last implementation left it. ``pool`` as for ``all``."""
        hook = self._amend.get(spec) or _wrong_kind(spec, AMEND)
        for implementation in hook.answering(pool):
            amended: E | None = self._ask(hook, implementation, event)
            if type(amended) is CoroutineType:
                amended = await amended
            if amended is not None:
                event = amended
        return event

    def around(self, spec: Callable[[E], AsyncIterator[None]], event: E) -> AbstractAsyncContextManager[None]:
        """A context with all implementations around it. What its body raises goes on, even where one would hide it."""
        hook = self._around.get(spec) or _wrong_kind(spec, AROUND)
        return Around(hook.implementations, partial(self.meaning, hook), event) if hook.implementations else _NOTHING

    # --- one implementation ------------------------------------------------------------------------------------------

    def _ask(self, hook: _Hook, implementation: Implementation, event: Any) -> Any:
        """The answer, checked; a coroutine of it where it has to be waited for. Most have nothing to wait for, and need
        no coroutine around their own. Raises ``Refused``, ``PluginFailed``, ``PluginAnswerInvalid``."""
        began, outcome = perf_counter(), "passed"
        try:
            answer = implementation.call(event)
            if answer is not None:
                # Most are coroutines; asking the rest costs more than this comparison.
                steps = answer if type(answer) is CoroutineType else as_steps(answer)
                if steps is not None:
                    # The first step of ``run``, here: this line is on the path of every sign-in.
                    try:
                        waiting = steps.send(None)
                    except StopIteration as stop:
                        answer = stop.value
                    else:
                        return self._wait_for_answer(hook, implementation, event, (steps, waiting), began)
                if answer is not None:
                    outcome = "answered" if hook.check(answer) else "invalid"
        except ANY_ERROR as error:
            implementation.tally.count(outcome_of(error), perf_counter() - began)
            raise self.meaning(hook, implementation, event, error)  # noqa: B904 - chained there
        implementation.tally.count(outcome, perf_counter() - began)
        return answer if outcome != "invalid" else self._refuse(hook, implementation, answer)

    async def _wait_for_answer(
        self, hook: _Hook, implementation: Implementation, event: Any, begun: tuple[Steps, Any], began: float
    ) -> Any:
        outcome = "passed"
        try:
            answer = await go_on(*begun, implementation.limit)
            if answer is not None:
                outcome = "answered" if hook.check(answer) else "invalid"
        except ANY_ERROR as error:
            outcome = outcome_of(error)
            raise self.meaning(hook, implementation, event, error)  # noqa: B904 - chained there
        finally:
            implementation.tally.count(outcome, perf_counter() - began)
        return answer if outcome != "invalid" else self._refuse(hook, implementation, answer)

    def _refuse(self, hook: _Hook, implementation: Implementation, answer: Any) -> NoReturn:
        wrong = f"{described(answer)} is no answer to {hook.name}"
        self._logger.error("Plugin %s: %s.", implementation.plugin, wrong)
        raise PluginAnswerInvalid(hook.field_name, implementation.plugin, detail=wrong)

    async def _tell(self, hook: _Hook, implementations: tuple[Implementation, ...], event: Any) -> None:
        """All were told. Nobody waits for another: when one has to wait, those after it go on in a task of their own;
        those that have nothing to wait for need none."""
        began = perf_counter()
        for number, implementation in enumerate(implementations):
            outcome = "passed"
            waiting: Any = None
            try:
                told = implementation.call(event)
                steps = told if type(told) is CoroutineType else as_steps(told)
                waits = steps is not None
                if steps is not None:
                    waiting = steps.send(None)
            except StopIteration:
                waits = False
            except ANY_ERROR as error:
                waits, outcome = False, outcome_of(error)
                self._note(hook, implementation, event, error)
            if not waits or steps is None:
                # Where one ends the next begins: the clock is asked once.
                ended = perf_counter()
                implementation.tally.count(outcome, ended - began)
                began = ended
                continue
            others = asyncio.create_task(self._tell(hook, implementations[number + 1 :], event))
            try:
                await self._wait_for(hook, implementation, event, steps, waiting, began)
                await others
            except asyncio.CancelledError:
                others.cancel()
                raise
            return

    async def _wait_for(
        self, hook: _Hook, implementation: Implementation, event: Any, steps: Steps, waiting: Any, began: float
    ) -> None:
        outcome = "passed"
        try:
            await go_on(steps, waiting, implementation.limit)
        except ANY_ERROR as error:
            outcome = outcome_of(error)
            self._note(hook, implementation, event, error)
        finally:
            implementation.tally.count(outcome, perf_counter() - began)

    def _note(self, hook: _Hook, implementation: Implementation, event: Any, error: BaseException) -> None:
        """The error is in the log. A cancellation of the caller goes on."""
        if is_cancelled(error):
            raise error
        self._logger.error("%s", report(error, event, plugin=implementation.plugin, hook=hook.name))

    def meaning(self, hook: _Hook, implementation: Implementation, event: Any, error: BaseException) -> BaseException:
        """What the caller gets to see of an implementation's error; the rest is in the log."""
        if is_cancelled(error):
            return error
        if isinstance(error, hook.passing):
            if isinstance(error, _SAID):
                error.hook = error.hook or hook.field_name
                error.plugin = error.plugin or implementation.plugin
            if isinstance(error, InvocationFailed | OutputUnusable):
                self._logger.error(
                    "Plugin %s failed in %s: %s", implementation.plugin, hook.name, error.detail or error
                )
            return error
        self._logger.error("%s", report(error, event, plugin=implementation.plugin, hook=hook.name))
        kind = f"no answer within {error.limit:g} s" if isinstance(error, OutOfTime) else type(error).__name__
        failed = PluginFailed(hook.field_name, implementation.plugin, detail=f"{kind} in {hook.name}")
        failed.__cause__ = error
        return failed


_NOTHING: AbstractAsyncContextManager[None] = nullcontext()


def _names(pool: Pool, trigger: str) -> bool:
    """Whether the pool names a function for the occasion."""
    return any(each.name == trigger for each in pool.triggers)


def _wrong_kind(spec: Callable[..., Any], kind: str) -> NoReturn:
    name = getattr(spec, "__name__", repr(spec))
    if kind_of(spec) is None:
        raise TypeError(f"{name} is not a hook.")
    raise TypeError(f"The hook {name} is of the kind {kind_of(spec)}, not {kind}.")
