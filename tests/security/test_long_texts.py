"""The length of every text is known before anything walks over it: no member of any operation, and nothing within one,
makes the server work for longer than its bound allows. What that costs in time is measured by the benchmarks."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter
from poolhouse.records import names
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.model import Shape
from poolhouse.server.cognito.engine.patterns import predicate
from poolhouse.server.cognito.engine.scalars import FAR, LONGEST, scalar
from poolhouse.server.cognito.engine.validation import compile_input
from tests.security.served import served
from tests.support.devices import ALWAYS
from tests.support.json_api import user_pools
from tests.support.json_api_inputs import smallest
from tests.support.sign_in import Asking

MODEL = user_pools()
OPERATIONS = sorted(MODEL.operations)
BODY = 64 * 1024
TEXTS = ("a" * BODY, "\u0301\u0316" * (BODY // 4), "{####}" * (BODY // 6) + "\x00", "@" * BODY, " " * BODY)
"""As long as a body, of what patterns like and of what they do not."""


class Walked:
    """Makes predicates that note how long the texts were that they were asked about, by pattern."""

    def __init__(self) -> None:
        self.longest: dict[str, int] = {}

    def __call__(self, pattern: str) -> Callable[[str], bool]:
        fits = predicate(pattern)

        def noted(text: str) -> bool:
            self.longest[pattern] = max(self.longest.get(pattern, 0), len(text))
            return fits(text)

        return noted


def with_text(shape: Shape, text: str, seen: tuple[str, ...] = ()) -> Iterator[Any]:
    """Values of this shape with the text at one place each: as a member, in a list, as a key or a value of a map."""
    if shape.type == "string":
        yield text
    elif shape.type == "list":
        assert shape.member is not None
        yield from ([inner] for inner in _inner(shape.member.shape, text, seen))
    elif shape.type == "map":
        assert shape.key is not None
        assert shape.value is not None
        yield from ({inner: None} for inner in _inner(shape.key.shape, text, seen))
        yield from ({inner: "a"} for inner in _inner(shape.key.shape, text, seen))
        yield from ({"a": inner} for inner in _inner(shape.value.shape, text, seen))
    elif shape.type == "structure":
        for name, reference in shape.members.items():
            yield from ({name: inner} for inner in _inner(reference.shape, text, seen))


def _inner(name: str, text: str, seen: tuple[str, ...]) -> Iterator[Any]:
    if name not in seen:  # some shapes hold themselves
        yield from with_text(MODEL.shapes[name], text, (*seen, name))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_pattern_is_tried_on_a_text_far_beyond_its_bound(operation: str) -> None:
    walked = Walked()
    take = compile_input(MODEL, MODEL.operations[operation].input, walked)
    bounds: dict[str, int] = {}
    for shape in MODEL.shapes.values():
        if shape.type == "string" and shape.pattern is not None:
            bounds[shape.pattern] = max(bounds.get(shape.pattern, 0), int(shape.max or LONGEST))

    for text in TEXTS:
        for content in with_text(MODEL.shapes[MODEL.operations[operation].input], text):
            with suppress(InvalidParameter, ProtocolError):
                take({**smallest(MODEL, MODEL.operations[operation]), **content})

    assert {} == {pattern: length for pattern, length in walked.longest.items() if length > bounds[pattern] + FAR}


@pytest.mark.parametrize("name", sorted(name for name, shape in MODEL.shapes.items() if shape.type == "string"))
def test_every_text_has_a_bound_that_is_looked_at_first(name: str) -> None:
    """Or it is one of a few words."""
    shape = MODEL.shapes[name]
    rules = scalar(shape).rules
    bound = int(shape.max) if shape.max is not None else LONGEST

    if shape.max is None and shape.enum:
        return
    assert not rules[0][0]("a" * (bound + 1))
    assert rules[0][0]("a" * bound)


def test_a_text_that_is_a_little_too_long_is_told_all_that_is_wrong() -> None:
    broken = scalar(MODEL.shapes["UsernameType"]).broken(" " * 129)

    assert 2 == len(broken)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["RespondToAuthChallenge", "AdminRespondToAuthChallenge"])
@pytest.mark.parametrize("text", ["a" + "\u0301\u0316" * 4_500, "a" * 257])
async def test_a_long_name_in_an_answer_is_refused_before_anything_is_done(operation: str, text: str) -> None:
    """So the question can still be answered."""
    async with served() as (house, api):
        pool = await house.pool()
        client = await house.client(pool)
        await house.user(client)
        asking = await house.begin(client, flow="USER_SRP_AUTH", SRP_A="abc" * 200)
        assert isinstance(asking, Asking)
        answer: dict[str, Any] = {
            "ClientId": client.id,
            "ChallengeName": "PASSWORD_VERIFIER",
            "Session": asking.handle,
            "ChallengeResponses": {
                "USERNAME": text,
                "PASSWORD_CLAIM_SECRET_BLOCK": asking.public["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
            },
        }
        if operation.startswith("Admin"):
            answer["UserPoolId"] = pool.id
        refused = await api.call(operation, answer)
        answer["ChallengeResponses"]["USERNAME"] = "jane"
        looked_at = await api.call(operation, json.loads(json.dumps(answer)))

    assert "InvalidParameterException" == refused.error
    assert "USERNAME is too long." == refused.json["message"]
    assert "NotAuthorizedException" == looked_at.error
    assert "Incorrect username or password." == looked_at.json["message"]


async def test_a_long_key_of_a_device_is_refused_and_not_kept() -> None:
    """Whatever a client says of its device stays with the question until it is answered, and anybody can say it."""
    async with served() as (house, api):
        client = await house.client(await house.pool(devices=ALWAYS))
        await house.user(client)
        opening: dict[str, Any] = {
            "ClientId": client.id,
            "AuthFlow": "USER_SRP_AUTH",
            "AuthParameters": {"USERNAME": "jane", "SRP_A": "abc" * 200, "DEVICE_KEY": "a" * 56},
        }
        at_the_opening = await api.call("InitiateAuth", opening)
        opening["AuthParameters"]["DEVICE_KEY"] = "a" * 55
        asked = await api.call("InitiateAuth", opening)
        answer: dict[str, Any] = {
            "ClientId": client.id,
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeResponses": {
                "USERNAME": "jane",
                "PASSWORD_CLAIM_SECRET_BLOCK": asked.json["ChallengeParameters"]["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
                "DEVICE_KEY": "a" * 60_000,
            },
        }
        in_the_answer = await api.call("RespondToAuthChallenge", answer)
        answer["ChallengeResponses"]["DEVICE_KEY"] = "a" * 55
        looked_at = await api.call("RespondToAuthChallenge", answer)

    for refused in (at_the_opening, in_the_answer):
        assert ("InvalidParameterException", "DEVICE_KEY is too long.") == (refused.error, refused.json["message"])
    assert "Incorrect username or password." == looked_at.json["message"]


MARKS = "\u0301\u0316\u0323\u0300\u0345\u05ae\u0f71\u0f73\u0f81\u3099\uff9e\uff9f\u0344\u0334"
MARKED = st.text(st.sampled_from(MARKS + "a\u00e9\ufb01\ufdfa\u1100\u1161\u11a8\uff76 "), min_size=100, max_size=400)


@given(MARKED)
def test_long_texts_are_normalised_as_short_ones_are(text: str) -> None:
    assert unicodedata.normalize("NFKC", text) == names.normalised(text)


@given(MARKED)
def test_no_mark_is_left_to_be_moved_past_many(text: str) -> None:
    """That is what takes the square of the length: at most those that come out of the letter before are passed."""
    decomposed = unicodedata.normalize("NFKD", names.in_order(text))
    classes = [unicodedata.combining(one) for one in names.in_order(text)]

    assert decomposed == unicodedata.normalize("NFKD", text)
    assert all(later == 0 or earlier <= later for earlier, later in pairwise(classes))


def test_marks_without_end_take_a_fraction_of_what_they_take_the_library() -> None:
    """Of the work of this thread, so that a busy machine changes nothing: a twentieth, as was measured."""
    text = "a" + "\u0301\u0316" * 4_000
    started = time.thread_time()
    assert unicodedata.normalize("NFKC", text)
    by_library = time.thread_time() - started
    started = time.thread_time()
    assert names.normalised(text)

    assert time.thread_time() - started < by_library / 3


def test_all_that_is_made_of_marks_alone_is_known() -> None:
    hidden = {
        chr(code)
        for code in range(0x110000)
        if not 0xD800 <= code < 0xE000
        and not unicodedata.combining(chr(code))
        and unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0])
    }

    assert all(names.in_order(one) == unicodedata.normalize("NFKD", one) for one in hidden)
