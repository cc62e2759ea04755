"""Security row 50: a plugin cannot, by what our interface gives it, become more than it was made for.

Plugins have no routes yet: what comes in by HTTP never reaches one, and the last test says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.errors import PluginAnswerInvalid, PluginFailed
from poolhouse.hooks import specs
from poolhouse.hooks.answers.sign_in import Asked, ChallengeResult, Passed, SignInState, Stage
from poolhouse.hooks.context import PluginContext
from poolhouse.hooks.dispatch import Hooks, Implementation, every_hook
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.events.server import FlowCall
from poolhouse.hooks.events.sign_in import PreAuthentication, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.passwords import Fit
from poolhouse.store.memory import MemoryStore
from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS, StoredPluginDocuments
from tests.support.house import opened_house
from tests.support.sign_in import SignedIn

SIGN_IN = PreAuthentication(pool_id="p", client_id="c", username="ada", attributes={})
VERIFY = VerifyChallenge(pool_id="p", client_id="c", username="ada", attributes={}, private={}, answer="1")
CALL = FlowCall(name="sign_in.start")


class Clock:
    def now(self) -> float:
        return 1000.0


def hooks(hook: str, function: Callable[..., Any]) -> Hooks:
    return Hooks([Implementation(hook, "odd", function, limit=0.01)])


# --- a plugin that fails lets nobody in ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [Exception("x"), KeyError("user"), StopIteration(), StopAsyncIteration(), GeneratorExit()]
)
async def test_whatever_a_guard_raises_the_door_stays_shut(error: BaseException) -> None:
    def guard(event: Any) -> None:
        raise error

    with pytest.raises((PluginFailed, GeneratorExit)):
        await hooks("pre_authentication", guard).all(specs.pre_authentication, SIGN_IN)


async def test_a_guard_that_does_not_come_back_keeps_the_door_shut() -> None:
    async def guard(event: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(PluginFailed):
        await hooks("pre_authentication", guard).all(specs.pre_authentication, SIGN_IN)


@pytest.mark.parametrize("answer", [1, "true", {"answerCorrect": True}, [True], object()])
async def test_only_true_is_true(answer: Any) -> None:
    async def verify(event: Any) -> Any:
        return answer

    with pytest.raises(PluginAnswerInvalid):
        await hooks("verify_challenge", verify).first(specs.verify_challenge, VERIFY)


async def test_a_plugin_around_a_flow_cannot_turn_its_refusal_into_success() -> None:
    async def swallows(event: Any) -> AsyncIterator[None]:
        with contextlib.suppress(BaseException):
            yield

    with pytest.raises(PermissionError):
        async with hooks("around_flow", swallows).around(specs.around_flow, CALL):
            raise PermissionError


# --- a plugin cannot change who is meant -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, spec in every_hook().items() if name != "send_message"])
def test_no_event_can_be_changed(name: str) -> None:
    event = next(iter(every_hook()[name].__annotations__.values()))
    kind = getattr(specs, event)

    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen


async def test_an_amending_plugin_cannot_answer_with_another_kind_of_event() -> None:
    token = PreToken(source="s", pool_id="p", client_id="c", username="ada", attributes={})

    async def swaps(event: Any) -> Any:
        return SIGN_IN

    with pytest.raises(PluginAnswerInvalid):
        await hooks("pre_token", swaps).amend(specs.pre_token, token)


# --- a plugin's documents are its own --------------------------------------------------------------------------------


def context(name: str, documents: StoredPluginDocuments) -> PluginContext:
    nothing: Any = None
    return PluginContext.of(
        name, {}, clock=Clock(), chance=nothing, http=nothing, documents=documents, messages=nothing
    )


async def test_a_plugin_reaches_no_documents_but_its_own() -> None:
    documents = StoredPluginDocuments(MemoryStore([PLUGIN_DOCUMENTS], Clock()))
    theirs = context("crm", documents).collection("badges")
    await theirs.insert("ada", value={"secret": 1})

    for plugin, collection, key in (
        ("odd", "badges", ("ada",)),
        ("crm", "other", ("ada",)),
        ("odd", "x", ("crm", "badges", "ada")),
        ("", "crm", ("badges", "ada")),
        ("crm\x01badges", "ada", ("",)),
        ("cr", "m", ("badges", "ada")),
        ("odd", "..", ("..", "crm", "badges", "ada")),
    ):
        mine = context(plugin, documents).collection(collection)
        assert await mine.get(*key) is None
        assert await mine.take(*key) is None
        assert not await mine.delete(*key)
        assert [] == list(await mine.find())

    assert await theirs.get("ada") is not None


async def test_documents_found_are_a_plugins_own_wherever_the_search_begins() -> None:
    documents = StoredPluginDocuments(MemoryStore([PLUGIN_DOCUMENTS], Clock()))
    for plugin in ("a", "b", "c"):
        await context(plugin, documents).collection("x").insert("1", value={"of": plugin})

    found = await context("b", documents).collection("x").find(after=("",), limit=60)

    assert [{"of": "b"}] == [dict(document.value) for document in found]


def test_no_field_of_a_context_holds_the_documents_of_all() -> None:
    fields = {field.name for field in dataclasses.fields(PluginContext)}

    assert {"name", "settings", "clock", "chance", "http", "collection", "messages", "directory"} == fields


# --- nothing comes in by HTTP ----------------------------------------------------------------------------------------


def test_no_hook_hands_a_request_to_a_plugin() -> None:
    """When plugins get routes, this fails, and row 50 wants its test: an actor that the core has authenticated."""
    words = {"request", "route", "routes", "headers", "cookies", "body_bytes"}
    fields = {
        field.name
        for spec in every_hook().values()
        for annotation in [next(iter(spec.__annotations__.values()))]
        if dataclasses.is_dataclass(getattr(specs, annotation))
        for field in dataclasses.fields(getattr(specs, annotation))
    }

    assert not words & fields
    assert not [name for name in every_hook() if "route" in name or "request" in name]


class Knock:
    """A factor of a plugin whose check answers what it was made with."""

    name = "KNOCK"

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    @hookimpl
    def register_challenges(self) -> list[Any]:
        return [self]

    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("knock", self.applies)]

    async def applies(self, state: SignInState) -> str | None:
        return self.name

    async def ask(self, state: SignInState) -> Asked:
        return Asked()

    async def check(self, state: SignInState, private: Any, answers: Any) -> Any:
        return self._outcome


NO_PROOFS = [None, True, False, 1, "knock", {"proof": "knock"}, ["knock"], Passed, ChallengeResult("KNOCK", True)]


@pytest.mark.parametrize("outcome", NO_PROOFS)
async def test_nothing_but_a_proof_is_a_proof(outcome: Any) -> None:
    async with opened_house(plugins=[("knock", Knock(outcome))]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client)

        with pytest.raises(PluginAnswerInvalid):
            await house.answer(client, asking, ANSWER="x")


async def test_a_proof_is_a_proof() -> None:
    async with opened_house(plugins=[("knock", Knock(Passed("knock")))]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        assert isinstance(await house.answer(client, await house.begin(client), ANSWER="x"), SignedIn)


class OldHashes:
    """A format of passwords whose check answers what it was made with."""

    name = "old"

    def __init__(self, said: Any) -> None:
        self._said = said

    def recognises(self, encoded: str) -> bool:
        return encoded.startswith("$old$")

    def verify(self, encoded: str, password: str) -> Any:
        return self._said


class AtOnce:
    """Slow arithmetic is done at once."""

    pending, threads = 0, 1

    async def run(self, function: Callable[..., Any], /, *given: Any) -> Any:
        return function(*given)


@pytest.mark.parametrize("said", [None, False, 1, "True", "whole", object(), ["whole"], {"fits": True}, Fit])
async def test_a_password_fits_where_its_format_says_true_and_nowhere_else(said: Any) -> None:
    workers: Any = AtOnce()
    async with opened_house() as house:
        world = house.built.world
        costs = Argon2Costs(memory_kib=8, passes=1)
        wrong, right = (
            PasswordHashes(workers, world.secrets, world.chance, costs, [OldHashes(answer)]) for answer in (said, True)
        )

    assert Fit.NO is await wrong.verify("x", "$old$1")
    assert Fit.WHOLE is await right.verify("x", "$old$1")


class Curious:
    """Keeps all that a sign-in shows to a plugin."""

    def __init__(self) -> None:
        self.seen: list[SignInState] = []

    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("curious", self.applies)]

    async def applies(self, state: SignInState) -> str | None:
        self.seen.append(state)
        return None


async def test_a_plugin_sees_neither_hash_nor_sealed_secret_and_cannot_change_what_it_sees() -> None:
    curious = Curious()
    async with opened_house(plugins=[("curious", curious)]) as house:
        client = await house.client(await house.pool(), generates_secret=False)
        user = await house.user(client)
        await house.sign_in(client)

    state = curious.seen[-1]
    assert state.user is not None
    assert user.credential is not None
    shown = repr([getattr(view, name) for view in (state.user, state.client, state.pool) for name in view.__slots__])
    assert user.sub in shown
    assert user.credential.hash not in shown
    assert (user.credential.srp or "no verifier") not in shown
    with pytest.raises(TypeError):
        state.user.attributes["email"] = "mallory@example.com"  # type: ignore[index]
