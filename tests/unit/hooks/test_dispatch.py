"""The five verbs, and what becomes of a plugin that refuses, fails, hangs or answers nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed, PluginAnswerInvalid, PluginFailed, Refused
from poolhouse.hooks import specs
from poolhouse.hooks.answers.accounts import MigratedUser, SignUpDecision
from poolhouse.hooks.answers.messages import Sent
from poolhouse.hooks.answers.sign_in import Stage
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.accounts import MigrateUser, PreSignUp
from poolhouse.hooks.events.audit import Audit
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.events.server import FlowCall, Register
from poolhouse.hooks.spelling import field_name
from poolhouse.records.messages import Message
from poolhouse.records.pools import Pool, Trigger

AUDIT = Audit(action="sign_in.succeeded", at=1.0)
SIGN_UP = PreSignUp(source="PreSignUp_SignUp", pool_id="p", client_id="c", username="ada", attributes={})
MIGRATE = MigrateUser(
    source="UserMigration_Authentication", pool_id="p", client_id="c", username="ada", password="hunter2!"
)
TOKEN = PreToken(source="TokenGeneration_Authentication", pool_id="p", client_id="c", username="ada", attributes={})
CALL = FlowCall(name="sign_up.confirm")


def hooks(hook: str, *functions: Callable[..., Any], limit: float = 5.0) -> Hooks:
    """Hooks with these functions, of plugins named a, b, c ..."""
    return Hooks(
        Implementation(hook, name, function, limit) for name, function in zip("abcdef", functions, strict=False)
    )


def returns(answer: Any) -> Callable[[Any], Any]:
    async def implementation(event: Any) -> Any:
        return answer

    return implementation


def waits_and_returns(answer: Any) -> Callable[[Any], Any]:
    async def implementation(event: Any) -> Any:
        await asyncio.sleep(0)
        return answer

    return implementation


def fails(error: BaseException) -> Callable[[Any], Any]:
    async def implementation(event: Any) -> Any:
        raise error

    return implementation


async def hangs(event: Any) -> None:
    await asyncio.Event().wait()


# --- the kinds -------------------------------------------------------------------------------------------------------


async def test_the_first_answer_wins_and_nobody_is_asked_after_it() -> None:
    wrong = fails(AssertionError("asked after the answer"))

    answer = await hooks("migrate_user", returns(None), returns(MigratedUser({"a": "1"})), wrong).first(
        specs.migrate_user, MIGRATE
    )

    assert MigratedUser({"a": "1"}) == answer


async def test_no_answer_is_none() -> None:
    assert await hooks("migrate_user", returns(None)).first(specs.migrate_user, MIGRATE) is None
    assert await Hooks().first(specs.migrate_user, MIGRATE) is None


async def test_all_answers_come_in_order_without_the_nones() -> None:
    one, two = SignUpDecision(confirm=True), SignUpDecision(verify_email=True)

    answers = await hooks("pre_sign_up", waits_and_returns(one), returns(None), returns(two)).all(
        specs.pre_sign_up, SIGN_UP
    )

    assert [one, two] == answers


async def test_each_amends_what_the_one_before_it_returned() -> None:
    def adds(group: str) -> Callable[[PreToken], Any]:
        async def implementation(event: PreToken) -> PreToken:
            return dataclasses.replace(event, groups=(*event.groups, group))

        return implementation

    amended = await hooks("pre_token", adds("x"), returns(None), adds("y")).amend(specs.pre_token, TOKEN)

    assert ("x", "y") == amended.groups
    assert () == TOKEN.groups


async def test_a_plain_function_is_as_good_as_a_coroutine() -> None:
    def plain(event: PreSignUp) -> SignUpDecision:
        return SignUpDecision(confirm=event.username == "ada")

    assert [SignUpDecision(confirm=True)] == await hooks("pre_sign_up", plain).all(specs.pre_sign_up, SIGN_UP)


async def test_a_plain_function_may_return_a_future() -> None:
    def promises(event: Any) -> asyncio.Future[SignUpDecision]:
        future: asyncio.Future[SignUpDecision] = asyncio.get_running_loop().create_future()
        future.set_result(SignUpDecision(confirm=True))
        return future

    assert [SignUpDecision(confirm=True)] == await hooks("pre_sign_up", promises).all(specs.pre_sign_up, SIGN_UP)


async def test_observers_are_told_all_at_once() -> None:
    both_are_there = asyncio.Barrier(2)
    told: list[str] = []

    async def meets(event: Audit) -> None:
        await both_are_there.wait()
        told.append(event.action)

    await hooks("audit", meets, meets).notify(specs.audit, AUDIT)

    assert ["sign_in.succeeded"] * 2 == told


async def test_an_observer_that_fails_or_hangs_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    told = []

    async def listens(event: Audit) -> None:
        told.append(event)

    await hooks("audit", fails(OSError("x")), hangs, fails(Refused("no")), listens, limit=0.01).notify(
        specs.audit, AUDIT
    )

    assert [AUDIT] == told
    assert ["a", "b", "c"] == sorted(record.getMessage().split()[1] for record in caplog.records)


async def test_a_verb_of_another_kind_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="audit is of the kind observe, not answer"):
        await Hooks().first(specs.audit, AUDIT)
    with pytest.raises(TypeError, match="kind around"):
        await Hooks().all(specs.around_flow, CALL)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is not a hook"):
        await Hooks().notify(returns(None), AUDIT)


def test_a_hook_that_does_not_exist_cannot_be_implemented() -> None:
    with pytest.raises(TypeError, match="no hook pre_sing_up"):
        hooks("pre_sing_up", returns(None))


def test_it_is_known_which_hooks_have_an_implementation() -> None:
    some = hooks("audit", returns(None))

    assert some.implements(specs.audit)
    assert not some.implements(specs.pre_token)


# --- no, and failure -------------------------------------------------------------------------------------------------


async def test_a_refusal_reaches_the_caller_with_hook_and_plugin_named() -> None:
    with pytest.raises(Refused, match="not today") as refused:
        await hooks("pre_sign_up", returns(None), fails(Refused("not today"))).all(specs.pre_sign_up, SIGN_UP)

    assert ("PreSignUp", "b") == (refused.value.hook, refused.value.plugin)


async def test_any_other_error_fails_closed_and_is_chained_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    asked_later: list[Any] = []

    with pytest.raises(PluginFailed) as failed:
        await hooks("migrate_user", fails(ValueError("odd")), asked_later.append).first(specs.migrate_user, MIGRATE)

    assert ("UserMigration", "a") == (failed.value.hook, failed.value.plugin)
    assert isinstance(failed.value.__cause__, ValueError)
    assert "odd" not in str(failed.value)
    assert [] == asked_later
    (record,) = caplog.records
    assert "Plugin a failed in migrate_user: ValueError" in record.getMessage()


async def test_what_the_event_was_trusted_with_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def leaks(event: MigrateUser) -> None:
        raise ValueError(f"cannot bind as {event.username!r} with {event.password!r}")

    event = dataclasses.replace(MIGRATE, username="ada@example.com", password='it\'s a "secret"')
    with pytest.raises(PluginFailed):
        await hooks("migrate_user", leaks).first(specs.migrate_user, event)

    assert "cannot bind as '[hidden]'" in caplog.text
    assert "secret" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_message_is_not_in_the_log_either(caplog: pytest.LogCaptureFixture) -> None:
    message = Message(
        id="m", channel="email", to="ada@example.com", purpose="sign_up", body="It is 123456", code="123456"
    )

    async def leaks(event: Message) -> None:
        raise ValueError(f"{event.to}: {event.body} ({event.code})")

    with pytest.raises(PluginFailed):
        await hooks("send_message", leaks).first(specs.send_message, message)

    assert "123456" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_plugin_that_takes_too_long_is_stopped() -> None:
    ended = asyncio.Event()

    async def slow(event: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(PluginFailed) as failed:
        await hooks("pre_sign_up", slow, limit=0.01).all(specs.pre_sign_up, SIGN_UP)

    assert ended.is_set()
    assert "No answer within 0.01 s" in str(failed.value.__cause__)


@pytest.mark.parametrize("verb", ["all", "notify", "around"])
async def test_what_is_said_of_a_time_out_names_the_hook_the_plugin_and_the_limit(
    verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def never(event: Any) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    if verb == "all":
        hook = "pre_sign_up"
        with pytest.raises(PluginFailed) as failed:
            await hooks(hook, hangs, limit=0.01).all(specs.pre_sign_up, SIGN_UP)
        assert failed.value.detail == "no answer within 0.01 s in pre_sign_up"
    elif verb == "notify":
        hook = "audit"
        await hooks(hook, hangs, limit=0.01).notify(specs.audit, AUDIT)
    else:
        hook = "around_flow"
        with pytest.raises(PluginFailed):
            async with hooks(hook, never, limit=0.01).around(specs.around_flow, CALL):
                pass

    said = f"Plugin a failed in {hook}: no answer within its limit of 0.01 s (plugins.limits, or limits.plugin for all)"
    assert said in caplog.text


def test_what_acts_by_triggers_is_nobody_where_a_pool_names_no_function_for_the_hook() -> None:
    plain = Pool(id="eu-north-1_here", name="p", created=1.0, modified=1.0)
    named = replace(plain, triggers=(Trigger(name="PreTokenGeneration", function="arn:f"),))
    bridge = Implementation("pre_token", "bridge", returns(None), of_triggers=True)

    for_functions, for_all = Hooks([bridge]), Hooks([bridge, Implementation("pre_token", "other", returns(None))])

    assert for_functions.implements(specs.pre_token, named)
    assert for_functions.implements(specs.pre_token)
    assert not for_functions.implements(specs.pre_token, plain)
    assert not for_functions.implements(
        specs.pre_token, replace(plain, triggers=(Trigger(name="PreSignUp", function="arn:f"),))
    )
    assert for_all.implements(specs.pre_token, plain)


@pytest.mark.parametrize(("trigger", "asked"), [("PreTokenGeneration", ["bridge", "other"]), ("PreSignUp", ["other"])])
async def test_what_acts_by_triggers_is_not_asked_beside_others_where_a_pool_names_no_function(
    trigger: str, asked: list[str]
) -> None:
    called: list[str] = []
    pool = Pool(id="p", name="p", created=1.0, modified=1.0, triggers=(Trigger(name=trigger, function="arn:f"),))

    hooks = Hooks(
        [
            Implementation("pre_token", "bridge", lambda _: called.append("bridge"), of_triggers=True),
            Implementation("pre_token", "other", lambda _: called.append("other")),
        ]
    )

    await hooks.amend(specs.pre_token, TOKEN, pool)
    in_the_pool = called.copy()
    called.clear()
    await hooks.amend(specs.pre_token, TOKEN)

    assert asked == in_the_pool
    assert ["bridge", "other"] == called


async def test_every_call_of_a_plugin_is_measured_with_what_came_of_it() -> None:
    measured: list[tuple[str, str, str]] = []

    class Telling:
        def __init__(self, *whose: str) -> None:
            self.whose = whose

        def count(self, outcome: str, seconds: float) -> None:
            assert seconds >= 0
            measured.append((*self.whose, outcome))

    def measured_hooks(hook: str, *functions: Callable[..., Any]) -> Hooks:
        return Hooks(
            [
                Implementation(hook, name, function, 0.01, Telling(name, hook))
                for name, function in zip("abcdef", functions, strict=False)
            ]
        )

    answered = returns(SignUpDecision())
    await measured_hooks("pre_sign_up", answered, returns(None), waits_and_returns(None)).all(
        specs.pre_sign_up, SIGN_UP
    )
    for bad in (fails(Refused("no")), fails(KeyError("x")), hangs, returns("nonsense")):
        with pytest.raises((Refused, PluginFailed, PluginAnswerInvalid)):
            await measured_hooks("pre_sign_up", bad).all(specs.pre_sign_up, SIGN_UP)
    await measured_hooks("audit", returns(None), waits_and_returns(None), fails(KeyError("x"))).notify(
        specs.audit, AUDIT
    )

    assert [
        ("a", "pre_sign_up", "answered"),
        ("b", "pre_sign_up", "passed"),
        ("c", "pre_sign_up", "passed"),
        ("a", "pre_sign_up", "refused"),
        ("a", "pre_sign_up", "failed"),
        ("a", "pre_sign_up", "late"),
        ("a", "pre_sign_up", "invalid"),
    ] == measured[:7]
    assert {("a", "audit", "passed"), ("b", "audit", "passed"), ("c", "audit", "failed")} == set(measured[7:])


async def test_a_time_out_of_the_plugins_own_is_just_an_error_of_it() -> None:
    async def gives_up(event: Any) -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(PluginFailed) as failed:
        await hooks("pre_sign_up", gives_up).all(specs.pre_sign_up, SIGN_UP)

    assert "No answer within" not in str(failed.value.__cause__)


async def test_only_a_sender_may_say_that_a_message_did_not_go_out() -> None:
    message = Message(id="m", channel="sms", to="+15550001", purpose="sign_up", body="x")
    error = DeliveryFailed(final=True)

    with pytest.raises(DeliveryFailed):
        await hooks("send_message", fails(error)).first(specs.send_message, message)
    with pytest.raises(PluginFailed):
        await hooks("pre_sign_up", fails(error)).all(specs.pre_sign_up, SIGN_UP)


async def test_the_cancellation_of_a_request_is_not_swallowed() -> None:
    for hook, call in (
        ("pre_sign_up", lambda some: some.all(specs.pre_sign_up, SIGN_UP)),
        ("audit", lambda some: some.notify(specs.audit, AUDIT)),
    ):
        some = hooks(hook, hangs, hangs)
        task = asyncio.create_task(call(some))
        await asyncio.sleep(0)

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_a_cancellation_that_a_plugin_makes_up_is_its_fault() -> None:
    with pytest.raises(PluginFailed):
        await hooks("pre_sign_up", fails(asyncio.CancelledError())).all(specs.pre_sign_up, SIGN_UP)


@pytest.mark.parametrize(
    ("hook", "call", "answer"),
    [
        ("migrate_user", lambda some: some.first(specs.migrate_user, MIGRATE), {"email": "a@b"}),
        ("pre_sign_up", lambda some: some.all(specs.pre_sign_up, SIGN_UP), True),
        ("pre_token", lambda some: some.amend(specs.pre_token, TOKEN), SIGN_UP),
        ("post_confirmation", lambda some: some.all(specs.post_confirmation, SIGN_UP), "done"),
        ("verify_challenge", lambda some: some.first(specs.verify_challenge, SIGN_UP), 1),
        ("register_stages", lambda some: some.all(specs.register_stages, Register()), [SIGN_UP]),
        (
            "register_message_senders",
            lambda some: some.all(specs.register_message_senders, Register()),
            [object()],
        ),
    ],
)
async def test_an_answer_of_the_wrong_type_names_the_plugin(hook: str, call: Any, answer: Any) -> None:
    for implementation in (returns(answer), waits_and_returns(answer), lambda _: answer):
        with pytest.raises(PluginAnswerInvalid) as invalid:
            await call(hooks(hook, implementation))

        assert (field_name(hook), "a") == (invalid.value.hook, invalid.value.plugin)


async def test_what_registering_hooks_answer_is_looked_into() -> None:
    class Sender:
        name = "s"
        channels = frozenset({"sms"})

        async def send(self, message: Message) -> Sent:
            return Sent(self.name)

    sender, stage = Sender(), Stage("s", applies=returns(None))

    senders = await hooks("register_message_senders", returns([sender])).all(specs.register_message_senders, Register())
    stages = await hooks("register_stages", returns((stage,))).all(specs.register_stages, Register())

    assert [[sender]] == senders
    assert [(stage,)] == stages


async def test_an_implementation_runs_in_the_callers_task_and_context() -> None:
    request = contextvars.ContextVar("request", default="none")
    request.set("r-1")
    seen = []

    async def looks(event: Any) -> None:
        seen.append((asyncio.current_task(), request.get()))
        await asyncio.sleep(0)
        seen.append((asyncio.current_task(), request.get()))

    await hooks("pre_sign_up", looks).all(specs.pre_sign_up, SIGN_UP)

    assert [(asyncio.current_task(), "r-1")] * 2 == seen


# --- around ----------------------------------------------------------------------------------------------------------


def stands_around(name: str, trace: list[str]) -> Callable[[Any], AsyncIterator[None]]:
    async def implementation(event: Any) -> AsyncIterator[None]:
        trace.append(f"{name} in")
        await asyncio.sleep(0)
        try:
            yield
        except BaseException as error:
            trace.append(f"{name} saw {type(error).__name__}")
            raise
        trace.append(f"{name} out")

    return implementation


async def test_the_first_is_the_outermost() -> None:
    trace: list[str] = []

    async with hooks("around_flow", stands_around("a", trace), stands_around("b", trace)).around(
        specs.around_flow, CALL
    ):
        trace.append("body")

    assert ["a in", "b in", "body", "b out", "a out"] == trace


async def test_nobody_around_is_fine() -> None:
    async with Hooks().around(specs.around_flow, CALL):
        pass


async def test_all_see_the_error_of_the_body_and_it_goes_on_as_it_was() -> None:
    for error in (ValueError("body"), StopAsyncIteration(), asyncio.CancelledError(), Refused("no")):
        trace: list[str] = []
        some = hooks("around_flow", stands_around("a", trace), stands_around("b", trace))

        with pytest.raises(type(error)) as raised:
            async with some.around(specs.around_flow, CALL):
                raise error

        assert error is raised.value
        assert f"b saw {type(error).__name__}" in trace


async def test_no_plugin_can_hide_the_error_of_the_body() -> None:
    async def hides(event: Any) -> AsyncIterator[None]:
        with contextlib.suppress(ValueError):
            yield

    with pytest.raises(ValueError, match="body"):
        async with hooks("around_flow", hides).around(specs.around_flow, CALL):
            raise ValueError("body")


async def test_a_refusal_before_the_yield_stops_the_flow_and_those_inside_of_it() -> None:
    trace: list[str] = []

    async def refuses(event: Any) -> AsyncIterator[None]:
        raise Refused("closed")
        yield

    some = hooks("around_flow", stands_around("a", trace), refuses, stands_around("c", trace))
    with pytest.raises(Refused, match="closed") as refused:
        async with some.around(specs.around_flow, CALL):
            trace.append("body")

    assert "b" == refused.value.plugin
    assert ["a in", "a saw Refused"] == trace


async def test_an_error_of_a_plugin_after_the_yield_fails_the_flow() -> None:
    trace: list[str] = []

    async def breaks(event: Any) -> AsyncIterator[None]:
        yield
        raise OSError("x")

    with pytest.raises(PluginFailed) as failed:
        async with hooks("around_flow", stands_around("a", trace), breaks).around(specs.around_flow, CALL):
            pass

    assert "b" == failed.value.plugin
    assert ["a in", "a saw PluginFailed"] == trace


async def test_an_error_that_a_plugin_makes_of_the_bodys_is_its_own() -> None:
    async def turns(event: Any) -> AsyncIterator[None]:
        try:
            yield
        except ValueError as error:
            raise Refused("no") from error

    with pytest.raises(Refused) as refused:
        async with hooks("around_flow", turns).around(specs.around_flow, CALL):
            raise ValueError("body")

    assert "a" == refused.value.plugin


async def test_each_side_of_the_yield_has_the_limit() -> None:
    async def slow_in(event: Any) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    async def slow_out(event: Any) -> AsyncIterator[None]:
        yield
        await asyncio.Event().wait()

    for slow in (slow_in, slow_out):
        with pytest.raises(PluginFailed) as failed:
            async with hooks("around_flow", slow, limit=0.01).around(specs.around_flow, CALL):
                pass
        assert "No answer within" in str(failed.value.__cause__)


async def test_there_is_exactly_one_yield() -> None:
    async def never(event: Any) -> AsyncIterator[None]:
        return
        yield

    async def twice(event: Any) -> AsyncIterator[None]:
        yield
        yield

    for wrong in (never, twice):
        with pytest.raises(PluginFailed) as failed:
            async with hooks("around_flow", wrong).around(specs.around_flow, CALL):
                pass
        assert "yield" in str(failed.value.__cause__)


async def test_a_cancelled_request_stays_cancelled_when_a_plugin_fails_on_its_way_out() -> None:
    inside = asyncio.Event()

    async def breaks(event: Any) -> AsyncIterator[None]:
        try:
            yield
        finally:
            raise OSError("x")

    async def request() -> None:
        async with hooks("around_flow", breaks).around(specs.around_flow, CALL):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await inside.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


# --- cost ------------------------------------------------------------------------------------------------------------


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that runs without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited for something")


def test_hooks_with_nothing_to_wait_for_need_no_timer_and_no_task() -> None:
    """Neither could be made here: no event loop runs. That is why twenty empty plugins cost next to nothing."""

    async def stands(event: Any) -> AsyncIterator[None]:
        yield

    async def flow(some: Hooks) -> None:
        async with some.around(specs.around_flow, CALL):
            pass

    empty = [returns(None)] * 6

    assert [] == finished(hooks("pre_sign_up", *empty).all(specs.pre_sign_up, SIGN_UP))
    assert TOKEN == finished(hooks("pre_token", *empty).amend(specs.pre_token, TOKEN))
    assert finished(hooks("audit", *empty).notify(specs.audit, AUDIT)) is None
    assert finished(flow(hooks("around_flow", *[stands] * 6))) is None


def test_the_field_spelling_of_every_hook_that_the_field_has() -> None:
    assert "PreSignUp" == field_name("pre_sign_up")
    assert "PostAuthentication" == field_name("post_authentication")
    assert "PreTokenGeneration" == field_name("pre_token")
    assert "VerifyAuthChallengeResponse" == field_name("verify_challenge")
