"""Challenges and stages that a plugin registered fail as hooks do: in time, closed, and with no word of what they were
told in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from poolhouse.errors import PluginFailed
from poolhouse.hooks.answers.sign_in import Asked, Passed, SignInState, Stage
from poolhouse.hooks.dispatch import Implementation
from poolhouse.hooks.kinds import hookimpl
from poolhouse.hooks.registered import RegisteredChallenge, registered_stage
from poolhouse.hooks.views import App, Directory
from tests.support.house import opened_house

BY = Implementation("register_challenges", "odd", lambda _: None, limit=0.01)
STATE = SignInState(
    pool=Directory(id="p", name="pool"),
    client=App(id="c", pool_id="p", name="client"),
    user=None,
    submitted="jane",
    flow="USER_AUTH",
)
VERBS = ["ask", "check", "applies"]


class Hangs:
    name = "ODD"

    async def ask(self, state: SignInState) -> Asked:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def applies(self, state: SignInState) -> str | None:
        return await asyncio.Event().wait()  # type: ignore[return-value]


class Breaks:
    name = "ODD"

    async def ask(self, state: SignInState) -> Asked:
        raise KeyError(state.submitted)

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        raise asyncio.CancelledError(private["code"], answers["ANSWER"])

    async def applies(self, state: SignInState) -> str | None:
        raise KeyError(state.submitted)


async def call(plugin: Any, verb: str) -> object:
    challenge = RegisteredChallenge(plugin, BY)
    match verb:
        case "ask":
            return await challenge.ask(STATE)
        case "check":
            return await challenge.check(STATE, {"code": "123456"}, {"ANSWER": "654321"})
        case _:
            return await registered_stage(Stage("odd", plugin.applies), BY).applies(STATE)


@pytest.mark.parametrize("verb", VERBS)
async def test_what_does_not_come_back_fails_after_the_plugins_limit(verb: str) -> None:
    with pytest.raises(PluginFailed) as failed:
        await call(Hangs(), verb)

    assert "odd" == failed.value.plugin


@pytest.mark.parametrize("verb", VERBS)
async def test_what_breaks_is_the_plugins_failure_and_its_report_tells_nothing_of_the_user(
    verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(PluginFailed):
        await call(Breaks(), verb)

    assert "Plugin odd failed" in caplog.text
    assert [] == [text for text in ("jane", "123456", "654321") if text in caplog.text]


async def test_a_caller_who_goes_away_is_no_failure_of_the_plugin() -> None:
    waiting = asyncio.create_task(RegisteredChallenge(Hangs(), Implementation("h", "odd", lambda _: None)).ask(STATE))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


class Broken:
    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("broken", Breaks().applies)]


async def test_a_sign_in_fails_closed_where_a_stage_breaks() -> None:
    async with opened_house(plugins=[("broken", Broken())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        with pytest.raises(PluginFailed):
            await house.begin(client)
