"""What every factor must do, as tests. A factor's author subclasses ``FactorSuite``, and gives it the factor and
answers to it::

    class TestSheet(FactorSuite):
        @pytest.fixture
        def factor(self):
            return Sheet(plugin_context())

        def right_answers(self, begun, asked):
            return {"ANSWER": begun.shown["words"].split()[0]}

        def wrong_answers(self, begun, asked):
            return {"ANSWER": "no such word"}

``begun`` is what ``enrol`` answered, ``asked`` what ``ask`` did, or None for the first answer, by which the factor is
set up. Where the answer stands in a message, the fixture keeps the message, and ``right_answers`` reads it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from poolhouse.errors import CodeExpired, CodeMismatch
from poolhouse.hooks.answers.factors import Enrolling, Factor, Fits, Holder
from poolhouse.hooks.answers.sign_in import Asked
from poolhouse.testing.challenge_suite import sign_in_state

WRONG = (CodeMismatch, CodeExpired)
"""What the core counts as a wrong answer, and says to the user as one."""
TAKEN = frozenset({"password", "custom", "device", "sms", "email"})
"""Proofs of the core's own: a factor that names one of them would stand for a password, or for another factor."""
_TELLING = 4
"""Texts of at least this length are looked for: a shorter one may be anywhere by accident."""


def factor_holder(**attributes: str) -> Holder:
    """Jane, confirmed and reachable, at a client of her pool; with these ``attributes`` beside hers."""
    state = sign_in_state(**attributes)
    assert state.user is not None
    return Holder(pool=state.pool, client=state.client, user=state.user)


@pytest.mark.asyncio
class FactorSuite:
    """The contract of ``Factor``."""

    # --- what an author gives ----------------------------------------------------------------------------------------

    @pytest.fixture
    def factor(self) -> Factor:
        """The factor."""
        raise NotImplementedError("Override the fixture factor.")

    @pytest.fixture
    def holder(self) -> Holder:
        """Somebody who can have it."""
        return factor_holder()

    @pytest.fixture
    def without(self) -> Sequence[Holder]:
        """Those who cannot have it: without an address that it needs, say. None, where everybody can."""
        return ()

    def right_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        """What the holder of the factor sends back."""
        raise NotImplementedError("Override right_answers.")

    def wrong_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        """What somebody else sends back."""
        raise NotImplementedError("Override wrong_answers.")

    # --- who it is ---------------------------------------------------------------------------------------------------

    async def test_it_has_a_name_and_a_proof_of_its_own(self, factor: Factor) -> None:
        assert type(factor.name) is type(factor.proof) is str
        assert "" not in (factor.name, factor.proof)
        assert factor.proof not in TAKEN

    # --- setting it up -----------------------------------------------------------------------------------------------

    async def test_it_is_offered_to_those_who_can_have_it(
        self, factor: Factor, holder: Holder, without: Sequence[Holder]
    ) -> None:
        # Nothing but True is an offer.
        assert await factor.offer(holder) is True
        assert [each.user.attributes for each in without if await factor.offer(each) is not False] == []

    async def test_what_is_shown_is_text_and_what_is_kept_can_be_stored(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)

        assert isinstance(begun, Enrolling)
        assert [name for name, value in begun.shown.items() if not (type(name) is type(value) is str)] == []
        assert begun.kept == kept(begun)

    async def test_a_first_right_answer_sets_it_up(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)

        fits = await factor.check(holder, kept(begun), {}, self.right_answers(begun, None))

        assert isinstance(fits, Fits)

    async def test_a_first_wrong_answer_does_not(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)

        with pytest.raises(WRONG):
            await factor.check(holder, kept(begun), {}, self.wrong_answers(begun, None))

    async def test_an_answer_to_one_set_up_is_none_to_another(self, factor: Factor, holder: Holder) -> None:
        first = await factor.enrol(holder)
        right = self.right_answers(first, None)
        second = await factor.enrol(holder)

        with pytest.raises(WRONG):
            await factor.check(holder, kept(second), {}, right)

    # --- in a sign-in ------------------------------------------------------------------------------------------------

    async def test_what_is_asked_is_text_and_what_stays_here_can_be_stored(
        self, factor: Factor, holder: Holder
    ) -> None:
        asked = await factor.ask(holder, kept(await factor.enrol(holder)))

        assert isinstance(asked, Asked)
        assert [name for name, value in asked.public.items() if not (type(name) is type(value) is str)] == []
        assert asked.private == private(asked)

    async def test_nothing_that_stays_here_goes_to_the_client(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)
        asked = await factor.ask(holder, kept(begun))

        shown = [*asked.public.values(), asked.metadata or ""]
        hidden = [*_texts(begun.kept, "kept"), *_texts(asked.private, "private")]
        assert [name for name, text in hidden if any(text in value for value in shown)] == []

    async def test_a_right_answer_fits(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)
        asked = await factor.ask(holder, kept(begun))

        fits = await factor.check(holder, kept(begun), private(asked), self.right_answers(begun, asked))

        assert isinstance(fits, Fits)
        assert fits.once is None or fits.once_for > 0

    async def test_a_wrong_answer_is_one_that_is_counted(self, factor: Factor, holder: Holder) -> None:
        """Any other error is the plugin's fault, and no answer of the user."""
        begun = await factor.enrol(holder)
        asked = await factor.ask(holder, kept(begun))

        with pytest.raises(WRONG):
            await factor.check(holder, kept(begun), private(asked), self.wrong_answers(begun, asked))

    async def test_a_missing_an_empty_and_an_odd_answer_are_wrong(self, factor: Factor, holder: Holder) -> None:
        begun = await factor.enrol(holder)
        asked = await factor.ask(holder, kept(begun))
        named = self.right_answers(begun, asked)

        for answers in ({}, *(dict.fromkeys(named, text) for text in ODD)):
            for left in (private(asked), {}):
                with pytest.raises(WRONG):
                    await factor.check(holder, kept(begun), left, answers)

    async def test_an_answer_is_good_once(self, factor: Factor, holder: Holder) -> None:
        """An answer either belongs to one question, or ``once`` names it, and the core sees to it."""
        begun = await factor.enrol(holder)
        first = await factor.ask(holder, kept(begun))
        right = self.right_answers(begun, first)
        fits = await factor.check(holder, kept(begun), private(first), right)
        second = await factor.ask(holder, kept(begun))

        try:
            again = await factor.check(holder, kept(begun), private(second), right)
        except WRONG:
            return
        assert again.once is not None
        assert fits.once == again.once

    async def test_two_sign_ins_at_once_do_not_mix(self, factor: Factor, holder: Holder) -> None:
        """What a factor remembers stands in ``kept`` and ``private``: the answer may reach another process."""
        begun = await factor.enrol(holder)
        first = await factor.ask(holder, kept(begun))
        right = self.right_answers(begun, first)
        await factor.ask(holder, kept(begun))

        assert isinstance(await factor.check(holder, kept(begun), private(first), right), Fits)

    # --- what is told ------------------------------------------------------------------------------------------------

    async def test_no_text_of_a_value_and_no_log_tells_a_secret(
        self, factor: Factor, holder: Holder, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        # A server that was set up in this process before may have made ours say less.
        caplog.set_level(logging.DEBUG, logger="poolhouse")
        begun = await factor.enrol(holder)
        asked = await factor.ask(holder, kept(begun))
        right = self.right_answers(begun, asked)
        fits = await factor.check(holder, kept(begun), private(asked), right)
        with pytest.raises(WRONG) as refused:
            await factor.check(holder, kept(begun), private(asked), self.wrong_answers(begun, asked))

        told = "\n".join(
            [*map(repr, (factor, begun, asked, fits)), str(refused.value), repr(refused.value), caplog.text]
        )
        secrets = [*_texts(begun.kept, "kept"), *_texts(asked.private, "private"), *_texts(right, "answers")]
        assert [name for name, text in secrets if text in told] == []


ODD = ("", "\x00", "\ud800", "x" * 2048, "None", "0", "٣", '{"$ne": null}')


def kept(begun: Enrolling) -> dict[str, Any]:
    """What is kept of a set-up, as it comes back from the store."""
    return _stored(begun.kept)


def private(asked: Asked) -> dict[str, Any]:
    """The private part of a question, as it comes back from the store."""
    return _stored(asked.private)


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return stored


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str) and len(value) >= _TELLING:
        yield name, value
