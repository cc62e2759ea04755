"""Logins of a kind that a plugin knows."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import LoginRefused, PluginAnswerInvalid, PluginFailed, Refused
from poolhouse.flows.identities.proofs import openid
from poolhouse.hooks.answers.identities import ProvenLogin
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.identities import ValidateLogin
from tests.support.logins import POOL_ID, LoginWorld

KEY = "tickets.example.com"


def world_with(answer: Any) -> tuple[LoginWorld, list[ValidateLogin]]:
    """A plugin that answers so: a value, or an error that it raises."""
    asked: list[ValidateLogin] = []

    async def validate_login(event: ValidateLogin) -> Any:
        asked.append(event)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return LoginWorld(hooks=Hooks([Implementation("validate_login", "tickets", validate_login)])), asked


async def test_validate_login_says_whose_a_login_of_its_provider_is() -> None:
    world, asked = world_with(ProvenLogin(subject="jane", claims={"level": 7, "iss": "somebody", "sub": "root"}))

    proven = await world.prove(KEY, "ticket")

    assert (KEY, "jane", "app", "plugin") == (proven.provider, proven.subject, proven.app, proven.kind)
    assert {"level": 7, "iss": KEY, "aud": "app", "sub": "jane"} == proven.claims
    assert [(POOL_ID, KEY, "app", "ticket")] == [(e.pool_id, e.provider, e.app, e.value) for e in asked]
    assert "ticket" not in repr(asked[0]).replace(KEY, "")


async def test_validate_login_is_not_asked_about_providers_that_we_know() -> None:
    world, asked = world_with(ProvenLogin(subject="root"))

    with pytest.raises(LoginRefused):
        await world.prove(openid.GOOGLE, "ticket")
    with pytest.raises(LoginRefused):
        await world.prove("unknown.example.com", "ticket")
    assert [] == asked


async def test_validate_login_is_not_asked_where_the_pool_has_no_app_id() -> None:
    world, asked = world_with(ProvenLogin(subject="root"))

    with pytest.raises(LoginRefused):
        await world.prove(KEY, "ticket", world.with_pool(social={KEY: ""}))
    assert [] == asked


async def test_where_nobody_answers_the_provider_is_not_supported() -> None:
    world, _ = world_with(None)

    for each in (world, LoginWorld()):
        with pytest.raises(LoginRefused, match="not from a supported provider"):
            await each.prove(KEY, "ticket")


async def test_a_refusal_of_a_plugin_is_the_answer() -> None:
    world, _ = world_with(Refused("The ticket was torn"))

    with pytest.raises(Refused, match="The ticket was torn"):
        await world.prove(KEY, "ticket")


async def test_a_plugin_that_breaks_lets_nobody_in() -> None:
    world, _ = world_with(ValueError("ticket"))

    with pytest.raises(PluginFailed):
        await world.prove(KEY, "ticket")


@pytest.mark.parametrize("subject", ["", "\n", "a\0b", "x" * 256, None, 5])
async def test_a_plugin_that_names_nobody_lets_nobody_in(subject: Any) -> None:
    world, _ = world_with(ProvenLogin(subject=subject))

    with pytest.raises(PluginAnswerInvalid):
        await world.prove(KEY, "ticket")


@pytest.mark.parametrize("answer", [True, "jane", {"subject": "jane"}, 1])
async def test_an_answer_of_another_type_lets_nobody_in(answer: Any) -> None:
    world, _ = world_with(answer)

    with pytest.raises(PluginAnswerInvalid):
        await world.prove(KEY, "ticket")
