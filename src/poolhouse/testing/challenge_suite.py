"""What every challenge must do, as tests. A challenge's author subclasses ``ChallengeSuite``, and gives it the
challenge and answers to it::

    class TestFavouriteColour(ChallengeSuite):
        @pytest.fixture
        def challenge(self):
            return FavouriteColour()

        def right_answers(self, asked):
            return {"ANSWER": "blue"}

        def wrong_answers(self, asked):
            return {"ANSWER": "yellow"}

Where the answer stands in a message, the fixture keeps the message, and ``right_answers`` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from poolhouse.errors import CodeMismatch, Invalid, WrongCredentials
from poolhouse.hooks.answers.sign_in import Asked, Challenge, Passed, SignInState
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, User
from poolhouse.server.cognito.user_pools.model import user_pools_model

_TELLING = 4
"""Texts of at least this length are looked for: a shorter one may be anywhere by accident."""


def sign_in_state(**attributes: str) -> SignInState:
    """A sign-in of Jane, confirmed and reachable, whose password was right; with these ``attributes`` beside hers."""
    pool = Pool(id="us-east-1_TestPool1", name="people", created=1.0, modified=1.0)
    user = User(
        pool_id=pool.id,
        sub="3b0c8f5e-9a4f-4d6e-8a43-0f6a1b2c3d4e",
        username="jane",
        created=1.0,
        modified=1.0,
        status=CONFIRMED,
        attributes={
            "email": "jane@example.com",
            "email_verified": "true",
            "phone_number": "+14155550100",
            "phone_number_verified": "true",
            **attributes,
        },
    )
    client = Client(id="1example23456789", pool_id=pool.id, name="app", created=1.0, modified=1.0)
    return SignInState(
        pool=Directory.of(pool),
        client=App.of(client),
        user=Person.of(user),
        submitted="jane",
        flow="USER_PASSWORD_AUTH",
        proofs=("password",),
    )


@pytest.mark.asyncio
class ChallengeSuite:
    """The contract of ``Challenge``."""

    # --- what an author gives ----------------------------------------------------------------------------------------

    @pytest.fixture
    def challenge(self) -> Challenge:
        """The challenge."""
        raise NotImplementedError("Override the fixture challenge.")

    @pytest.fixture
    def state(self) -> SignInState:
        """A sign-in that the challenge is asked in."""
        return sign_in_state()

    def right_answers(self, asked: Asked) -> Mapping[str, str]:
        """What a user who can answer sends back."""
        raise NotImplementedError("Override right_answers.")

    def wrong_answers(self, asked: Asked) -> Mapping[str, str]:
        """What somebody else sends back."""
        raise NotImplementedError("Override wrong_answers.")

    # --- the contract ------------------------------------------------------------------------------------------------

    async def test_it_has_a_name(self, challenge: Challenge) -> None:
        assert isinstance(challenge.name, str)
        assert challenge.name != ""

    async def test_clients_know_its_name(self, challenge: Challenge) -> None:
        """``public_name`` where there is one. SDKs know a fixed set, where ``CUSTOM_CHALLENGE`` is for all others."""
        known = user_pools_model().shapes["ChallengeNameType"].enum

        assert getattr(challenge, "public_name", challenge.name) in known

    async def test_what_is_asked_is_text(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        assert isinstance(asked, Asked)
        assert [name for name, value in asked.public.items() if not (type(name) is type(value) is str)] == []

    async def test_what_stays_here_can_be_stored(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        assert asked.private == stored(asked)

    async def test_what_stays_here_does_not_go_to_the_client(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        shown = [*asked.public.values(), asked.metadata or ""]
        assert [name for name, text in _texts(asked.private) if any(text in value for value in shown)] == []

    async def test_a_right_answer_passes(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        passed = await challenge.check(state, stored(asked), self.right_answers(asked))

        assert isinstance(passed, Passed)
        assert passed.proof != ""

    async def test_a_wrong_answer_raises(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        with pytest.raises((WrongCredentials, CodeMismatch)):
            await challenge.check(state, stored(asked), self.wrong_answers(asked))

    async def test_a_missing_or_empty_answer_raises(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)
        empty = dict.fromkeys(self.right_answers(asked), "")

        for answers in ({}, empty):
            with pytest.raises((WrongCredentials, CodeMismatch, Invalid)):
                await challenge.check(state, stored(asked), answers)

    async def test_an_answer_of_any_text_raises(self, challenge: Challenge, state: SignInState) -> None:
        asked = await challenge.ask(state)

        for text in ("\x00", "\ud800", "x" * 2048, "None", "0", "٣", '{"$ne": null}'):
            answers = dict.fromkeys(self.right_answers(asked), text)
            with pytest.raises((WrongCredentials, CodeMismatch, Invalid)):
                await challenge.check(state, stored(asked), answers)

    async def test_two_sign_ins_at_once_do_not_mix(self, challenge: Challenge, state: SignInState) -> None:
        """What a challenge remembers stands in ``private``: the answer may reach another process."""
        first = await challenge.ask(state)
        right = self.right_answers(first)
        await challenge.ask(state)

        passed = await challenge.check(state, stored(first), right)

        assert isinstance(passed, Passed)

    async def test_an_unknown_user_is_asked_the_same_and_never_passes(
        self, challenge: Challenge, state: SignInState
    ) -> None:
        nobody = replace(state, user=None, submitted="nobody")
        known = await challenge.ask(state)
        right = self.right_answers(known)

        # A challenge that is only asked after a proof may refuse instead: then there is always a user.
        try:
            asked = await challenge.ask(nobody)
        except WrongCredentials:
            return
        assert known.public.keys() == asked.public.keys()
        with pytest.raises((WrongCredentials, CodeMismatch)):
            await challenge.check(nobody, stored(asked), right)


def stored(asked: Asked) -> dict[str, Any]:
    """The private part, as it comes back from the store."""
    private: dict[str, Any] = json.loads(json.dumps(dict(asked.private)))
    return private


def _texts(value: Any, name: str = "private") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) >= _TELLING:
        yield name, str(value)
