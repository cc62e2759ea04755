"""The machine by itself, over a table of its own: what an attempt keeps, who gets it back, and what comes next."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.flow import World as FlowWorld
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.machine import (
    WRONG_ANSWERS,
    Asking,
    Finished,
    Machine,
    basis_of,
    decode_handle,
    encode_handle,
    resumed,
)
from poolhouse.flows.sign_in.questions import AnswerStranger, Fields, Given, PasswordGiven
from poolhouse.flows.sign_in.steps import Now, Posed, Run
from poolhouse.flows.sign_in.table import Table
from poolhouse.hooks.answers.sign_in import ChallengeResult, Next, Passed, SignInState, Stage
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.sign_in import PostAuthentication
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.sign_in import Attempt
from poolhouse.records.users import CONFIRMED, Credential, User
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.protection import CounterRepository
from poolhouse.testing.clock import FakeClock
from tests.unit.crypto.world import ForeseenChance, vault

NOW = 1_800_000_000.0
POOL = Pool(id="eu-north-1_here", name="p", created=1.0, modified=1.0)
CLIENT = Client(id="client-here", pool_id=POOL.id, name="c", created=1.0, modified=1.0, session_validity=180)
USER = User(
    pool_id=POOL.id,
    sub="the-sub",
    username="jane",
    created=1.0,
    modified=1.0,
    status=CONFIRMED,
    attributes={"email": "jane@example.com"},
)
HISTORY = (ChallengeResult("SRP_A", True, "m"), ChallengeResult("CUSTOM_CHALLENGE", False))
RUN = Run(
    pool=POOL,
    client=CLIENT,
    user=USER,
    submitted="Jane@example.com",
    flow="CUSTOM_AUTH",
    event_id="event",
    subject="the-sub",
    proofs=("knock",),
    passed=("KNOCK",),
    history=HISTORY,
    metadata={"a": "b"},
)
STRANGER = Run(
    pool=POOL, client=CLIENT, user=None, submitted="john", flow="CUSTOM_AUTH", event_id="event", subject="stand-in"
)
QUESTION = AnswerStranger(None, {"say": "who"})


class Riddle:
    """A challenge that answers what it was told to."""

    public_name: str | None = None
    answered_by: type[Any] = Fields

    def __init__(self, name: str = "RIDDLE", outcome: Any = None, *, counts_itself: bool = False) -> None:
        self.name = name
        self.outcome = outcome or Passed("riddle")
        self.counts_itself = counts_itself
        self.seen: list[tuple[Run, Mapping[str, Any], Any]] = []

    async def ask(self, run: Run) -> Posed:
        return Posed(QUESTION, {"expected": "me"})

    async def check(self, run: Run, private: Mapping[str, Any], answer: Any) -> Any:
        self.seen.append((run, private, answer))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class World:
    """What the machine is made with, and what it did with it."""

    def __init__(
        self,
        *challenges: Riddle,
        stages: tuple[Stage, ...] = (),
        implementations: tuple[Implementation, ...] = (),
    ) -> None:
        self.clock = FakeClock(NOW)
        self.riddle = challenges[0] if challenges else Riddle()
        self.kept: dict[tuple[str, str], Attempt] = {}
        self.users: dict[tuple[str, str], User] = {(POOL.id, USER.sub): USER}
        counters = CounterRepository(MemoryStore(collections.ALL, self.clock))
        self.lockout = Lockout(counters, self.clock)
        self.counters = counters
        chance: Any = ForeseenChance()
        audit: Any = None
        world = FlowWorld(self.clock, chance, vault(), Hooks(implementations), audit)
        users: Any = self
        nothing: Any = None
        asked: Any = tuple(challenges or (self.riddle,))
        table = Table(openings=(), challenges=asked, stages=stages, second=nothing, alone=nothing)
        self.machine = Machine(world, users, self, self.lockout, KnownDevices(world, users), table, users)

    async def get(self, pool_id: str, sub: str) -> User | None:
        return self.users.get((pool_id, sub))

    async def look(self, pool: Pool, user: User) -> Now:
        return Now(self.users.get((pool.id, user.sub)))

    async def put(self, attempt: Attempt) -> None:
        self.kept[attempt.pool_id, attempt.handle] = attempt

    async def take(self, pool_id: str, handle: str) -> Attempt | None:
        return self.kept.pop((pool_id, handle), None)

    @property
    def attempt(self) -> Attempt:
        (only,) = self.kept.values()
        return only

    async def asked(self, run: Run = RUN) -> Asking:
        reply = await self.machine.go_on(run, Next(self.riddle.name))
        assert isinstance(reply, Asking)
        return reply

    async def taken(
        self, asking: Asking, submitted: str = "jane", client: Client = CLIENT, meant: Any = None
    ) -> Attempt:
        return await self.machine.take(client, asking.handle, submitted, meant or (lambda name: name == "RIDDLE"))

    async def failures(self) -> int:
        return (await self.counters.read(POOL.id, "failures:RIDDLE", "the-sub")).count


def reason(error: errors.PoolhouseError) -> Reason | None:
    return error.statement.reason if error.statement else None


# --- handles ---------------------------------------------------------------------------------------------------------


def test_a_handle_is_32_bytes_in_either_alphabet_with_padding_or_without() -> None:
    for raw in (bytes(range(32)), b"\xff" * 32, b"\xfb" * 32):
        text = encode_handle(raw)
        assert base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
        for spelling in (text, text + "=", base64.b64encode(raw).decode(), base64.b64encode(raw).decode().rstrip("=")):
            assert raw == decode_handle(spelling)


@pytest.mark.parametrize(
    "text", ["", "A", "A" * 42, "A" * 44, "A" * 86, "é" * 43, "A" * 20 + "\n" + "A" * 22, "*" * 43]
)
def test_nothing_else_is_one(text: str) -> None:
    with pytest.raises(errors.InvalidSession):
        decode_handle(text)


def test_five_wrong_answers_are_looked_at() -> None:
    assert 5 == WRONG_ANSWERS


# --- what is asked ---------------------------------------------------------------------------------------------------


async def test_what_is_asked_waits_under_the_digest_of_a_handle_and_keeps_the_run() -> None:
    world = World()

    asking = await world.asked()

    assert ("RIDDLE", QUESTION) == (asking.challenge, asking.question)
    raw = decode_handle(asking.handle)
    assert (
        Attempt(
            handle=hashlib.sha256(raw).hexdigest(),
            pool_id=POOL.id,
            client_id=CLIENT.id,
            submitted="Jane@example.com",
            flow="CUSTOM_AUTH",
            challenge="RIDDLE",
            created=NOW,
            expires=NOW + 180,
            event_id="event",
            user_sub="the-sub",
            username="jane",
            private={"expected": "me"},
            proofs=("knock",),
            passed=("KNOCK",),
            history=(
                {"name": "SRP_A", "passed": True, "metadata": "m"},
                {"name": "CUSTOM_CHALLENGE", "passed": False, "metadata": None},
            ),
            basis=basis_of(USER),
        )
        == world.attempt
    )
    assert asking.handle not in repr(asking)


async def test_the_attempt_of_a_name_that_nobody_has_keeps_what_stands_for_it() -> None:
    world = World()

    await world.asked(STRANGER)

    kept = world.attempt
    assert (None, "stand-in", "john", "") == (kept.user_sub, kept.username, kept.submitted, kept.basis)


async def test_no_two_handles_are_alike() -> None:
    world = World()

    assert 20 == len({(await world.asked()).handle for _ in range(20)})
    assert 20 == len(world.kept)


async def test_rounds_that_come_with_a_question_replace_those_of_the_run() -> None:
    world = World()

    await world.machine.go_on(RUN, Next("RIDDLE", rounds=HISTORY[:1]))

    assert ["SRP_A"] == [one["name"] for one in world.attempt.history]


async def test_a_question_that_nobody_knows_is_the_plugins_fault() -> None:
    with pytest.raises(errors.PluginAnswerInvalid) as refused:
        await World().machine.go_on(RUN, Next("UNKNOWN"))

    assert ("CreateAuthChallenge", "UNKNOWN") == (refused.value.hook, refused.value.plugin)


def test_two_challenges_of_one_name_make_no_machine() -> None:
    with pytest.raises(ValueError, match="same name"):
        World(Riddle(), Riddle())


# --- what comes after a proof ----------------------------------------------------------------------------------------


async def test_where_nothing_is_due_the_sign_in_is_finished() -> None:
    world = World()

    finished = await world.machine.go_on(RUN, Passed("riddle"), "RIDDLE")

    assert (
        Finished(
            pool=POOL,
            client=CLIENT,
            user=USER,
            flow="CUSTOM_AUTH",
            event_id="event",
            proofs=("knock", "riddle"),
            passed=("KNOCK", "RIDDLE"),
            metadata={"a": "b"},
        )
        == finished
    )


async def test_the_proof_of_an_opening_is_no_challenge_that_was_passed() -> None:
    finished = await World().machine.go_on(RUN, Passed("password"))

    assert isinstance(finished, Finished)
    assert (("knock", "password"), ("KNOCK",)) == (finished.proofs, finished.passed)


async def test_the_user_is_read_again_and_looked_at_after_every_proof() -> None:
    world = World()
    world.users[POOL.id, USER.sub] = replace(USER, username="as it is now")
    finished = await world.machine.go_on(RUN, Passed("password"))
    assert isinstance(finished, Finished)
    assert "as it is now" == finished.user.username

    world.users[POOL.id, USER.sub] = replace(USER, enabled=False)
    with pytest.raises(errors.UserDisabled):
        await world.machine.go_on(RUN, Passed("password"))
    world.users[POOL.id, USER.sub] = replace(USER, status="FORCE_CHANGE_PASSWORD", temporary_until=NOW)
    with pytest.raises(errors.NotAuthorized):
        await world.machine.go_on(RUN, Passed("password"))
    world.users.clear()
    with pytest.raises(errors.WrongCredentials):
        await world.machine.go_on(RUN, Passed("password"))


async def test_whatever_was_proven_nobody_is_not_signed_in() -> None:
    world = World()
    world.users[POOL.id, STRANGER.subject] = USER

    with pytest.raises(errors.WrongCredentials):
        await world.machine.go_on(STRANGER, Passed("password"))


def stage(name: str, due: str | None, order: int, seen: list[Any]) -> Stage:
    async def applies(state: SignInState) -> str | None:
        seen.append((name, state.proofs, state.passed))
        assert state.user is not None
        assert "jane" == state.user.username
        return due

    return Stage(name, applies, order)


async def test_stages_are_asked_in_their_order_and_the_first_that_applies_asks() -> None:
    seen: list[Any] = []
    stages = (stage("c", "RIDDLE", 30, seen), stage("a", None, 10, seen), stage("b", "KNOCK", 20, seen))
    world = World(stages=stages)

    asking = await world.machine.go_on(RUN, Passed("password"))

    assert isinstance(asking, Asking)
    assert "RIDDLE" == asking.challenge
    # b wants a challenge that was passed on the way.
    assert [(name, ("knock", "password"), ("KNOCK",)) for name in "abc"] == seen
    assert (("knock", "password"), "the-sub") == (world.attempt.proofs, world.attempt.user_sub)

    finished = await world.machine.go_on(RUN, Passed("riddle"), "RIDDLE")
    assert isinstance(finished, Finished)


async def test_plugins_hear_of_the_end_before_there_are_tokens_and_can_refuse() -> None:
    seen: list[PostAuthentication] = []
    world = World(implementations=(Implementation("post_authentication", "odd", seen.append),))

    await world.machine.go_on(RUN, Passed("password"))

    (event,) = seen
    assert (POOL.id, CLIENT.id, "jane", {"a": "b"}) == (
        event.pool_id,
        event.client_id,
        event.username,
        event.client_metadata,
    )
    assert "jane@example.com" == event.attributes["email"]

    def refuses(event: PostAuthentication) -> None:
        raise errors.Refused("not today")

    world = World(implementations=(Implementation("post_authentication", "odd", refuses),))
    with pytest.raises(errors.Refused):
        await world.machine.go_on(RUN, Passed("password"))


# --- who gets an attempt back ----------------------------------------------------------------------------------------


async def test_an_attempt_is_taken_once_by_whoever_has_the_handle_and_the_name() -> None:
    world = World()
    asking = await world.asked()
    kept = world.attempt

    assert kept == await world.taken(asking)

    with pytest.raises(errors.InvalidSession):
        await world.taken(asking)


@pytest.mark.parametrize("submitted", ["jane", "JANE", "Jane@example.com", "jane@EXAMPLE.com"])
async def test_the_name_may_be_the_one_that_was_submitted_or_the_users_in_any_case(submitted: str) -> None:
    world = World()

    assert await world.taken(await world.asked(), submitted)


@pytest.mark.parametrize("submitted", ["john", "", "jane2", "the-sub"])
async def test_another_name_gets_nothing(submitted: str) -> None:
    world = World()

    with pytest.raises(errors.InvalidSession):
        await world.taken(await world.asked(), submitted)


@pytest.mark.parametrize(
    "change",
    [{"client_id": "client-there"}, {"pool_id": "eu-north-1_there"}, {"challenge": "UNKNOWN"}, {"challenge": "OTHER"}],
)
async def test_an_attempt_of_another_client_pool_or_challenge_is_nobodys(change: dict[str, str]) -> None:
    world = World(Riddle(), Riddle("OTHER"))
    asking = await world.asked()
    kept = world.attempt
    world.kept = {(POOL.id, kept.handle): replace(kept, **change)}

    with pytest.raises(errors.InvalidSession):
        await world.taken(asking)


async def test_the_answer_has_to_be_meant_for_the_challenge_by_the_name_that_clients_know() -> None:
    riddle = Riddle()
    riddle.public_name = "SHOWN"
    world = World(riddle)

    assert await world.taken(await world.asked(), meant=lambda name: name == "SHOWN")
    with pytest.raises(errors.InvalidSession):
        await world.taken(await world.asked(), meant=lambda name: name == "RIDDLE")


async def test_an_attempt_ends_when_the_client_says() -> None:
    world = World()
    early, late = await world.asked(), await world.asked()

    world.clock.advance(179.5)
    assert await world.taken(early)
    world.clock.advance(0.5)
    with pytest.raises(errors.InvalidSession) as refused:
        await world.taken(late)

    assert Reason.SESSION_EXPIRED == reason(refused.value)


# --- answers ---------------------------------------------------------------------------------------------------------

RIGHT = Fields({"ANSWER": "me"})


async def test_the_challenge_gets_its_own_half_and_the_answer() -> None:
    world = World()
    await world.asked()

    run, outcome = await world.machine.check(RUN, world.attempt, RIGHT)

    assert (replace(RUN, now=Now(USER)), Passed("riddle")) == (replace(run, clearing=None), outcome)
    assert [(RUN, {"expected": "me"}, RIGHT)] == world.riddle.seen
    assert run.clearing is not None
    await run.clearing
    assert 0 == await world.failures()


@pytest.mark.parametrize("answer", [PasswordGiven("me"), Given()])
async def test_an_answer_of_another_kind_reaches_no_challenge(answer: Given) -> None:
    world = World()
    await world.asked()

    with pytest.raises(errors.InvalidSession):
        await world.machine.check(RUN, world.attempt, answer)

    assert [] == world.riddle.seen
    assert 0 == await world.failures()


async def test_wrong_answers_are_counted_by_the_machine_and_the_attempt_is_over() -> None:
    world = World(Riddle(outcome=errors.WrongCredentials()))
    await world.asked()
    attempt = world.attempt
    world.kept.clear()

    with pytest.raises(errors.WrongCredentials):
        await world.machine.check(RUN, attempt, RIGHT)

    assert 1 == await world.failures()
    assert {} == world.kept


async def test_who_is_locked_out_is_not_looked_at() -> None:
    world = World(Riddle(outcome=errors.WrongCredentials()))
    await world.asked()
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await world.machine.check(RUN, world.attempt, RIGHT)

    with pytest.raises(errors.AttemptsExceeded):
        await world.machine.check(RUN, world.attempt, RIGHT)

    assert 5 == len(world.riddle.seen)


async def test_a_challenge_that_counts_itself_is_not_counted_by_the_machine() -> None:
    world = World(Riddle(outcome=errors.WrongCredentials(), counts_itself=True))
    await world.asked()

    for _ in range(9):
        with pytest.raises(errors.WrongCredentials):
            await world.machine.check(RUN, world.attempt, RIGHT)

    assert (RUN, {"expected": "me"}, RIGHT) == world.riddle.seen[-1]
    assert 0 == await world.failures()


@pytest.mark.parametrize("counts_itself", [True, False])
async def test_a_slip_leaves_the_handle_usable_four_times(counts_itself: bool) -> None:
    world = World(Riddle(outcome=errors.CodeMismatch(), counts_itself=counts_itself))
    asking = await world.asked()

    for wrong in range(1, WRONG_ANSWERS):
        attempt = await world.taken(asking)
        with pytest.raises(errors.CodeMismatch):
            await world.machine.check(RUN, attempt, RIGHT)
        assert replace(attempt, wrong=wrong) == world.attempt
    with pytest.raises(errors.CodeMismatch):
        await world.machine.check(RUN, await world.taken(asking), RIGHT)

    assert {} == world.kept


@pytest.mark.parametrize(
    "error", [errors.Invalid(), errors.TooManyRequests(), errors.StoreAway(why="it does not answer")]
)
async def test_what_was_not_looked_at_leaves_everything_as_it_was(error: Exception) -> None:
    world = World(Riddle(outcome=error))
    asking = await world.asked()
    before = world.attempt

    for _ in range(9):
        with pytest.raises(type(error)):
            await world.machine.check(RUN, await world.taken(asking), RIGHT)
        assert before == world.attempt

    assert 0 == await world.failures()


# --- going on --------------------------------------------------------------------------------------------------------


async def test_a_run_goes_on_as_it_was_put_away_with_what_came_now() -> None:
    world = World()
    await world.asked()

    run = resumed(world.attempt, POOL, CLIENT, USER, {"new": "x"}, "abc")

    assert "abc" == run.srp_a
    assert {"new": "x"} == run.metadata
    assert (RUN.submitted, RUN.flow, RUN.event_id, RUN.subject) == (run.submitted, run.flow, run.event_id, run.subject)
    assert (RUN.proofs, RUN.passed, RUN.history) == (run.proofs, run.passed, run.history)
    assert (POOL, CLIENT, USER) == (run.pool, run.client, run.user)


async def test_a_run_of_nobody_goes_on_with_what_stands_for_the_name() -> None:
    world = World()
    await world.asked(STRANGER)

    run = resumed(world.attempt, POOL, CLIENT, None, {})

    assert ("stand-in", None, None) == (run.subject, run.user, run.srp_a)


def test_what_was_proven_counts_until_password_or_sign_in_epoch_change() -> None:
    credential = Credential(hash="one", set_at=1.0)
    with_password = replace(USER, credential=credential)

    changes = [
        USER,
        with_password,
        replace(with_password, epoch=1),
        replace(USER, epoch=1),
        replace(with_password, credential=replace(credential, hash="other")),
    ]

    assert len(changes) == len({basis_of(user) for user in changes})
    assert basis_of(with_password) == basis_of(replace(with_password, modified=9.0, attributes={}))
    assert "one" not in basis_of(with_password)
    # It is kept in attempts that another version may go on with.
    assert "0/-" == basis_of(USER)
    assert f"0/{hashlib.sha256(b'one').hexdigest()}" == basis_of(with_password)
