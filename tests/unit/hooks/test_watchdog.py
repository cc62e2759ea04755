"""Who holds the event loop is named while it still holds it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from poolhouse import Asked, FlowCall, Passed, PreSignUp, SignInState, Stage, hookimpl
from poolhouse.hooks import specs
from poolhouse.hooks.manager import PluginManager
from poolhouse.hooks.watchdog import Watchdog
from poolhouse.testing import SignInUnfinished, running_house

SIGN_UP = PreSignUp(source="PreSignUp_SignUp", pool_id="p", client_id="c", username="ada", attributes={})
PATIENCE = 20.0


class Told(logging.Handler):
    """Sets ``named`` when the log names a plugin that holds the loop."""

    def __init__(self, of: str = "") -> None:
        super().__init__()
        self._of = of
        self.named = threading.Event()
        self.ended = threading.Event()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        if f"holds the event loop in {self._of}" in record.getMessage():
            self.named.set()
        elif "let the event loop go" in record.getMessage():
            self.ended.set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def logger(told: Told) -> logging.Logger:
    logger = logging.Logger("test")  # noqa: LOG001 - of this test alone
    logger.addHandler(told)
    return logger


def blocks(until: threading.Event) -> None:
    """Holds the thread, as time.sleep does, but for no longer than somebody needs to notice."""
    assert until.wait(PATIENCE)


class AtOnce:
    def __init__(self, told: Told) -> None:
        self._told = told

    @hookimpl
    def pre_sign_up(self, event: PreSignUp) -> None:
        blocks(self._told.named)


class AfterWaiting(AtOnce):
    @hookimpl
    async def pre_sign_up(self, event: PreSignUp) -> None:
        await asyncio.sleep(0)
        blocks(self._told.named)


class Around(AtOnce):
    @hookimpl
    async def around_flow(self, event: FlowCall) -> AsyncIterator[None]:
        yield
        blocks(self._told.named)

    pre_sign_up = None  # type: ignore[assignment]


async def sign_up(manager: PluginManager) -> None:
    await manager.freeze().all(specs.pre_sign_up, SIGN_UP)


async def a_flow(manager: PluginManager) -> None:
    async with manager.freeze().around(specs.around_flow, FlowCall(name="sign_up")):
        pass


@pytest.mark.parametrize(
    ("plugin", "call", "hook"),
    [(AtOnce, sign_up, "pre_sign_up"), (AfterWaiting, sign_up, "pre_sign_up"), (Around, a_flow, "around_flow")],
)
async def test_a_plugin_that_holds_the_event_loop_is_named_with_its_hook(
    plugin: Callable[[Told], object],
    call: Callable[[PluginManager], Any],
    hook: str,
    told: Told,
    logger: logging.Logger,
) -> None:
    manager, held = PluginManager(), list[str]()
    manager.register(plugin(told), "sleepy")
    manager.freeze()
    with Watchdog(manager.holder, patience=0.05, count=held.append, logger=logger).watching():
        await call(manager)
        await asyncio.to_thread(told.ended.wait, PATIENCE)

    assert f"Plugin sleepy holds the event loop in {hook}" in told.texts[0]
    assert "test_watchdog.py" in told.texts[0]
    assert "asyncio.to_thread" in told.texts[0]
    assert "Plugin sleepy let the event loop go after " in told.texts[1]
    assert ["sleepy"] == held


async def test_who_waits_without_holding_the_loop_is_not_named(told: Told, logger: logging.Logger) -> None:
    class Polite:
        @hookimpl
        async def pre_sign_up(self, event: PreSignUp) -> None:
            await asyncio.to_thread(threading.Event().wait, 0.3)

    manager = PluginManager()
    manager.register(Polite(), "polite")
    manager.freeze()
    with Watchdog(manager.holder, patience=0.05, logger=logger).watching():
        await sign_up(manager)

    assert not any("polite" in text for text in told.texts)


class SlowQuestion:
    """A challenge of a plugin is no hook, and is named all the same."""

    name = "slow"

    def __init__(self) -> None:
        self.named = Told("ask")

    @hookimpl
    def register_challenges(self) -> list[Any]:
        return [self]

    @hookimpl
    def register_stages(self) -> list[Stage]:
        async def applies(state: SignInState) -> str | None:
            return self.name

        return [Stage("slow", applies)]

    async def ask(self, state: SignInState) -> Asked:
        blocks(self.named.named)
        return Asked()

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        return Passed("slow")


async def test_a_running_server_names_a_challenge_that_holds_the_loop_and_counts_it() -> None:
    plugin = SlowQuestion()
    logging.getLogger("poolhouse.hooks").addHandler(plugin.named)
    try:
        async with running_house(plugins=[("slow", plugin)]) as house:
            pool = await house.make_pool()
            client, user = await house.make_client(pool), await house.make_user(pool)
            with pytest.raises(SignInUnfinished):
                await house.sign_in(client, user)
            held = house.server.metrics.counted()["plugin_holds"]
    finally:
        logging.getLogger("poolhouse.hooks").removeHandler(plugin.named)

    # On a busy machine the test itself may hold it, too, and stands in the module of its plugin.
    assert any("Plugin slow holds the event loop in ask" in text for text in plugin.named.texts)
    assert held["slow",][0] >= 1
