"""One call of a function, in its three ways: what it gets, and what its errors mean."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from poolhouse import HttpFailed, HttpNotSent, InvocationFailed, OutputUnusable, PreSignUp, Refused, SignUpDecision
from poolhouse.plugins.lambda_bridge.calling import NotReached, sign
from poolhouse.plugins.lambda_bridge.in_process import Threads
from poolhouse.testing import FakeHttp
from tests.unit.plugins.lambda_bridge.world import (
    ARN,
    INVOKE,
    KEY,
    NOON,
    POOL_ID,
    URL,
    answer,
    answering,
    bridge,
    directory,
    faults,
)

SIGN_UP = PreSignUp(
    source="PreSignUp_SignUp", pool_id=POOL_ID, client_id="app", username="jane", attributes={"email": "j@example.com"}
)
SAME = {"triggerSource": "PreSignUp_SignUp", "userPoolId": POOL_ID, "userName": "jane"}
SEEN: list[tuple[dict[str, Any], Any]] = []
THREADS: list[str] = []


def confirms(event: dict[str, Any], context: Any) -> dict[str, Any]:
    SEEN.append((event, context))
    event["response"]["autoConfirmUser"] = True
    return event


async def confirms_in_time(event: dict[str, Any], context: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return confirms(event, context)


def says_where(event: dict[str, Any], context: Any) -> dict[str, Any]:
    THREADS.append(threading.current_thread().name)
    return event


def raises(event: dict[str, Any], context: Any) -> dict[str, Any]:
    raise ValueError("denied")


def raises_without_a_word(event: dict[str, Any], context: Any) -> dict[str, Any]:
    raise KeyError


def stops(event: dict[str, Any], context: Any) -> dict[str, Any]:
    raise SystemExit(3)


def ends(event: dict[str, Any], context: Any) -> dict[str, Any]:
    raise StopIteration


def returns_nothing(event: dict[str, Any], context: Any) -> None:
    return None


def returns_a_set(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"response": {"autoConfirmUser": {True}}}


def python(name: str) -> str:
    return f"python:{__name__}.{name}"


async def test_a_pool_without_a_function_for_the_occasion_asks_none() -> None:
    http = FakeHttp()

    answered = await bridge(directory("PostConfirmation"), URL, http).pre_sign_up(SIGN_UP)

    assert (None, []) == (answered, http.requests)


# --- in this process -------------------------------------------------------------------------------------------------


async def test_a_function_for_which_there_is_no_thread_was_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    asking = bridge(directory(), python("confirms"))
    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", no_room)
        with pytest.raises(NotReached) as failed:
            await asking.pre_sign_up(SIGN_UP)

    assert "thread" not in str(failed.value)
    assert SignUpDecision(confirm=True) == await asking.pre_sign_up(SIGN_UP)


@pytest.mark.parametrize("name", ["confirms", "confirms_in_time"])
async def test_a_python_function_gets_event_and_context_and_answers(name: str) -> None:
    SEEN.clear()

    decision = await bridge(directory(), python(name)).pre_sign_up(SIGN_UP)

    assert SignUpDecision(confirm=True) == decision
    ((event, context),) = SEEN
    assert {"email": "j@example.com"} == event["request"]["userAttributes"]
    assert (ARN, "f", "$LATEST") == (
        context.invoked_function_arn,
        context.function_name,
        context.function_version,
    )
    assert context.aws_request_id
    assert context.get_remaining_time_in_millis() > 0


async def test_a_python_function_runs_beside_the_event_loop() -> None:
    THREADS.clear()

    await bridge(directory(), python("says_where")).pre_sign_up(SIGN_UP)

    assert ["poolhouse-function"] == THREADS


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("raises", "denied"),
        ("raises_without_a_word", "KeyError"),
        ("stops", "SystemExit(3)"),
        ("ends", "StopIteration()"),
    ],
)
async def test_what_a_python_function_raises_is_a_refusal(name: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        await bridge(directory(), python(name)).pre_sign_up(SIGN_UP)

    assert sentence == str(refused.value)


@pytest.mark.parametrize("name", ["returns_nothing", "returns_a_set"])
async def test_a_python_function_that_returns_no_event_is_unusable(name: str) -> None:
    with pytest.raises(OutputUnusable, match="Unrecognizable lambda output"):
        await bridge(directory(), python(name)).pre_sign_up(SIGN_UP)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Functions wait for it; it opens at the end, whatever happened."""
    opened = threading.Event()
    yield opened
    opened.set()


async def test_functions_that_never_return_hold_so_many_threads_and_no_more(gate: threading.Event) -> None:
    threads = Threads(most=2)
    context: Any = None
    began = threading.Semaphore(0)

    def hangs(event: Any, _: Any) -> None:
        began.release()
        gate.wait()

    stuck = [asyncio.create_task(threads.call(hangs, {}, context)) for _ in range(2)]
    for _ in range(2):
        await asyncio.to_thread(began.acquire)
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)

    # Their callers have given up, and their threads are still held.
    third = asyncio.create_task(threads.call(lambda event, _: event, {}, context))
    await asyncio.sleep(0)
    assert not third.done()

    gate.set()
    assert {} == await third


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "by_invoke"), [(URL, False), (INVOKE, True)])
async def test_the_event_goes_out_once_signed_as_json(place: str, *, by_invoke: bool) -> None:
    http = answering({"autoConfirmUser": True}, **SAME)

    decision = await bridge(directory(), place, http).pre_sign_up(SIGN_UP)

    assert SignUpDecision(confirm=True) == decision
    (request,) = http.requests
    assert ("POST", place) == (request.method, request.url)
    assert request.body is not None
    timestamp = str(int(NOON))
    assert {
        "Content-Type": "application/json",
        "Poolhouse-Timestamp": timestamp,
        "Poolhouse-Signature": sign(KEY, timestamp, request.body),
        **({"X-Amz-Invocation-Type": "RequestResponse"} if by_invoke else {}),
    } == request.headers


@pytest.mark.parametrize(
    "said",
    [
        answer({"errorMessage": "denied", "errorType": "Error"}),
        answer({"errorMessage": "denied"}, headers={"x-amz-function-error": "Unhandled"}),
        answer({"errorMessage": "denied"}, status=500),
        answer({"errorMessage": "denied"}, status=400),
    ],
)
async def test_what_a_function_raises_over_http_is_a_refusal(said: Any) -> None:
    with pytest.raises(Refused) as refused:
        await bridge(directory(), URL, FakeHttp([said])).pre_sign_up(SIGN_UP)

    assert "denied" == str(refused.value)


async def test_an_answer_with_a_response_is_no_error_whatever_else_it_has() -> None:
    http = answering({"autoConfirmUser": True}, **SAME, errorMessage="of the function's own")

    assert SignUpDecision(confirm=True) == await bridge(directory(), URL, http).pre_sign_up(SIGN_UP)


async def test_an_error_without_a_message_is_one_all_the_same() -> None:
    said = answer(b"crash", headers={"x-amz-function-error": "Unhandled"})

    with pytest.raises(Refused, match=r"^Error$"):
        await bridge(directory(), URL, FakeHttp([said])).pre_sign_up(SIGN_UP)


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (HttpNotSent("No connection to 10.0.0.9"), NotReached, "not reached"),
        (HttpFailed("No answer from 10.0.0.9"), InvocationFailed, "no answer"),
        (answer(b"busy", status=503), InvocationFailed, "status 503"),
        (answer(b"", status=302), InvocationFailed, "status 302"),
        (answer(b"{}", status=404), InvocationFailed, "status 404"),
    ],
)
async def test_a_function_that_cannot_be_asked_fails_and_tells_no_host(said: Any, kind: type, sentence: str) -> None:
    http = FakeHttp([said])

    with pytest.raises(kind) as failed:
        await bridge(directory(), URL, http).pre_sign_up(SIGN_UP)

    assert f"PreSignUp invocation failed due to error {sentence}." == str(failed.value)
    assert 1 == len(http.requests)


async def test_a_function_without_a_place_fails() -> None:
    with pytest.raises(NotReached, match="due to error no target"):
        await bridge(directory(), None).pre_sign_up(SIGN_UP)


@pytest.mark.parametrize("body", faults(), ids=lambda body: repr(body[:20]))
async def test_rubbish_is_unusable(body: bytes) -> None:
    with pytest.raises(OutputUnusable, match=r"^Unrecognizable lambda output$"):
        await bridge(directory(), URL, FakeHttp([answer(body)])).pre_sign_up(SIGN_UP)


@pytest.mark.parametrize("name", ["triggerSource", "userPoolId", "userName"])
async def test_an_answer_about_somebody_else_is_unusable(name: str) -> None:
    http = answering({"autoConfirmUser": True}, **{**SAME, name: "another"})

    with pytest.raises(OutputUnusable):
        await bridge(directory(), URL, http).pre_sign_up(SIGN_UP)


async def test_what_a_function_changes_of_the_request_is_ignored() -> None:
    http = answering({}, **SAME, request={"userAttributes": {"email": "other@example.com"}})

    assert SignUpDecision() == await bridge(directory(), URL, http).pre_sign_up(SIGN_UP)


async def test_a_message_is_cut_where_it_is_no_sentence_any_more() -> None:
    http = FakeHttp([answer({"errorMessage": "x" * 5000})])

    with pytest.raises(Refused) as refused:
        await bridge(directory(), URL, http).pre_sign_up(SIGN_UP)

    assert 1000 == len(str(refused.value))
