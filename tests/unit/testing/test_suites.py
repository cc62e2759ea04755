"""The suites find what is wrong: each fault here makes a test of its suite fail."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from _pytest.outcomes import Failed

from poolhouse import (
    Asked,
    CodeMismatch,
    DeliveryFailed,
    Enrolling,
    Fits,
    Holder,
    Message,
    Passed,
    Sent,
    SignInState,
)
from poolhouse.testing import ChallengeSuite, FactorSuite, PasswordFormatSuite, SenderSuite, factor_holder
from poolhouse.testing.challenge_suite import sign_in_state

FAULT = (AssertionError, Failed)


def named_tests(suite: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(suite, inspect.isfunction) if name.startswith("test_")]


# --- senders ---------------------------------------------------------------------------------------------------------


class Postman:
    """Does as it should, but for one fault."""

    name = "postman"
    channels = frozenset({"email"})

    def __init__(self, fault: str = "", *, closed: bool = False) -> None:
        self.fault = fault
        self.closed = closed
        self.letters: list[str] = []

    async def send(self, message: Message) -> Sent:
        if self.fault == "talks":
            logging.getLogger("poolhouse.plugins.postman").info("to %s", message.to)
        if self.closed:
            if self.fault == "never says no":
                return Sent(self.name)
            raise DeliveryFailed(message.body if self.fault == "quotes" else "closed")
        subject = message.subject if self.fault == "open head" else " ".join(message.subject.split())
        letter = f"Subject: {subject}\n\n{message.body}"
        if self.fault != "loses":
            self.letters.append("Hello" if self.fault == "empties" else letter)
        if self.fault == "repeats":
            self.letters.append(letter)
        return Sent("somebody" if self.fault == "lies" else self.name)


class Unnamed(Postman):
    name = ""


class Anything(Postman):
    channels = frozenset({"email", "pigeon"})


async def run_sender(test: str, make: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    sender, refused = make(), make(closed=True)
    given = {
        "sender": sender,
        "refused_sender": refused,
        "arrived": lambda: list(sender.letters),
        "caplog": caplog,
    }
    function = getattr(SenderSuite(), test)
    await function(**{name: given[name] for name in inspect.signature(function).parameters})


@pytest.mark.parametrize("test", named_tests(SenderSuite))
async def test_a_good_sender_passes(test: str, caplog: pytest.LogCaptureFixture) -> None:
    await run_sender(test, Postman, caplog)


@pytest.mark.parametrize(
    ("test", "make"),
    [
        ("test_it_says_who_it_is_and_what_it_carries", Unnamed),
        ("test_it_says_who_it_is_and_what_it_carries", Anything),
        ("test_a_message_arrives_once_with_its_code", lambda **more: Postman("loses", **more)),
        ("test_a_message_arrives_once_with_its_code", lambda **more: Postman("empties", **more)),
        ("test_a_message_arrives_once_with_its_code", lambda **more: Postman("repeats", **more)),
        ("test_a_message_arrives_once_with_its_code", lambda **more: Postman("lies", **more)),
        ("test_messages_sent_at_once_all_arrive", lambda **more: Postman("loses", **more)),
        ("test_no_text_of_a_message_becomes_another_header", lambda **more: Postman("open head", **more)),
        ("test_it_says_so_when_a_message_surely_did_not_go_out", lambda **more: Postman("never says no", **more)),
        ("test_neither_an_error_nor_the_log_tells_what_a_message_said", lambda **more: Postman("talks", **more)),
        ("test_neither_an_error_nor_the_log_tells_what_a_message_said", lambda **more: Postman("quotes", **more)),
    ],
)
async def test_a_fault_of_a_sender_is_found(
    test: str, make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(FAULT):
        await run_sender(test, make, caplog)


# --- challenges ------------------------------------------------------------------------------------------------------


class Number:
    """Asks for a number that it keeps to itself; but for one fault, as it should."""

    name = "number"
    public_name = "CUSTOM_CHALLENGE"

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.kept = "4711"
        self.asked = 0
        if fault == "unnamed":
            self.name = ""
        if fault == "foreign name":
            self.public_name = "number"

    async def ask(self, state: SignInState) -> Asked:
        self.asked += 1
        public: dict[str, Any] = {"question": "Which number?"}
        if self.fault == "shows":
            public["hint"] = f"It is {self.kept}."
        if self.fault == "asks by number":
            public["digits"] = 4
        if self.fault == "tells unknown users" and state.user is None:
            public["sorry"] = "no such user"
        number: Any = b"4711" if self.fault == "keeps bytes" else self.kept
        return Asked(public=public, private={"number": number})

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Any:
        given = answers.get("ANSWER", "")
        if self.fault == "forgets" and self.asked > 1:
            raise CodeMismatch
        if self.fault == "falls over":
            given = answers["ANSWER"]
        if self.fault == "asks again" and given == private["number"]:
            return await self.ask(state)
        right = hmac.compare_digest(given.encode("utf-8", "replace"), str(private["number"]).encode())
        if self.fault == "crashes on text":
            right = hmac.compare_digest(given, private["number"])
        if self.fault == "answers no":
            return False if not right else Passed("number")
        if self.fault == "lets empty in" and not given:
            return Passed("number")
        if not right or (state.user is None and self.fault != "lets nobody in"):
            raise CodeMismatch
        return Passed("number")


class NumberSuite(ChallengeSuite):
    """Given its challenge by hand."""

    def right_answers(self, asked: Asked) -> Mapping[str, str]:
        return {"ANSWER": "4711"}

    def wrong_answers(self, asked: Asked) -> Mapping[str, str]:
        return {"ANSWER": "4712"}


async def run_challenge(test: str, challenge: Any) -> None:
    given = {"challenge": challenge, "state": sign_in_state()}
    function = getattr(NumberSuite(), test)
    await function(**{name: given[name] for name in inspect.signature(function).parameters})


@pytest.mark.parametrize("test", named_tests(ChallengeSuite))
async def test_a_good_challenge_passes(test: str) -> None:
    await run_challenge(test, Number())


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("test_it_has_a_name", "unnamed"),
        ("test_clients_know_its_name", "foreign name"),
        ("test_what_is_asked_is_text", "asks by number"),
        ("test_what_stays_here_can_be_stored", "keeps bytes"),
        ("test_what_stays_here_does_not_go_to_the_client", "shows"),
        ("test_a_right_answer_passes", "asks again"),
        ("test_a_wrong_answer_raises", "answers no"),
        ("test_a_missing_or_empty_answer_raises", "lets empty in"),
        ("test_a_missing_or_empty_answer_raises", "falls over"),
        ("test_an_answer_of_any_text_raises", "crashes on text"),
        ("test_two_sign_ins_at_once_do_not_mix", "forgets"),
        ("test_an_unknown_user_is_asked_the_same_and_never_passes", "tells unknown users"),
        ("test_an_unknown_user_is_asked_the_same_and_never_passes", "lets nobody in"),
    ],
)
async def test_a_fault_of_a_challenge_is_found(test: str, fault: str) -> None:
    with pytest.raises((*FAULT, TypeError, KeyError, CodeMismatch)):
        await run_challenge(test, Number(fault))


# --- factors ---------------------------------------------------------------------------------------------------------


class Whisper:
    """Whispers a word with each question; but for one fault, as it should."""

    name = "WHISPER"

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.words: list[str] = []
        self.proof = "password" if fault == "stands for a password" else "whisper"

    def __repr__(self) -> str:
        return f"Whisper({self.words})" if self.fault == "shows itself" else "Whisper()"

    async def offer(self, holder: Holder) -> Any:
        if self.fault == "offers by a text":
            return holder.user.attributes.get("email")
        return self.fault == "offered to all" or holder.user.has_verified("email")

    async def enrol(self, holder: Holder) -> Enrolling:
        word: Any = self._next()
        shown: dict[str, Any] = {"hint": 5 if self.fault == "shows numbers" else "five letters"}
        return Enrolling(shown=shown, kept={"first": word.encode() if self.fault == "keeps bytes" else word})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        word = kept["first"] if self.fault == "asks for the same" else self._next()
        public: dict[str, Any] = {"question": f"Is it {word}?" if self.fault == "tells" else "Which word?"}
        if self.fault == "asks by number":
            public["letters"] = 5
        return Asked(public=public, private={"word": word})

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Any:
        given = answers["ANSWER"] if self.fault == "falls over" else answers.get("ANSWER", "")
        word = private.get("word", kept["first"])
        if self.fault == "forgets the others":
            word = self.words[-1]
        right = hmac.compare_digest(given.encode("utf-8", "replace"), word.encode())
        if self.fault == "logs":
            logging.getLogger("poolhouse.plugins.whisper").info("given %s", given)
        if self.fault == "lets all set it up" and not private:
            return Fits()
        if self.fault == "takes any of them":
            right = given in self.words
        if self.fault == "answers yes or no":
            return right
        if self.fault == "lets empty in" and not given:
            return Fits()
        if not right:
            if self.fault == "raises its own":
                raise ValueError
            raise CodeMismatch(f"It was {word}" if self.fault == "quotes" else "")
        return Fits()

    def _next(self) -> str:
        self.words.append(f"word{len(self.words)}")
        return self.words[-1]


class WhisperSuite(FactorSuite):
    """Given its factor by hand."""

    def __init__(self, whisper: Whisper) -> None:
        self.whisper = whisper

    def right_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        return {
            "ANSWER": self.whisper.words[0] if self.whisper.fault == "asks for the same" else self.whisper.words[-1]
        }

    def wrong_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        return {"ANSWER": "no word"}


async def run_factor(test: str, factor: Whisper, caplog: pytest.LogCaptureFixture) -> None:
    without: Sequence[Holder] = [factor_holder(email_verified="false")]
    given = {"factor": factor, "holder": factor_holder(), "without": without, "caplog": caplog}
    function = getattr(WhisperSuite(factor), test)
    await function(**{name: given[name] for name in inspect.signature(function).parameters})


@pytest.mark.parametrize("test", named_tests(FactorSuite))
async def test_a_good_factor_passes(test: str, caplog: pytest.LogCaptureFixture) -> None:
    await run_factor(test, Whisper(), caplog)


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("test_it_has_a_name_and_a_proof_of_its_own", "stands for a password"),
        ("test_it_is_offered_to_those_who_can_have_it", "offered to all"),
        ("test_it_is_offered_to_those_who_can_have_it", "offers by a text"),
        ("test_what_is_shown_is_text_and_what_is_kept_can_be_stored", "shows numbers"),
        ("test_what_is_shown_is_text_and_what_is_kept_can_be_stored", "keeps bytes"),
        ("test_a_first_right_answer_sets_it_up", "answers yes or no"),
        ("test_a_first_wrong_answer_does_not", "lets all set it up"),
        ("test_an_answer_to_one_set_up_is_none_to_another", "takes any of them"),
        ("test_what_is_asked_is_text_and_what_stays_here_can_be_stored", "asks by number"),
        ("test_nothing_that_stays_here_goes_to_the_client", "tells"),
        ("test_a_right_answer_fits", "answers yes or no"),
        ("test_a_wrong_answer_is_one_that_is_counted", "raises its own"),
        ("test_a_wrong_answer_is_one_that_is_counted", "answers yes or no"),
        ("test_a_missing_an_empty_and_an_odd_answer_are_wrong", "lets empty in"),
        ("test_a_missing_an_empty_and_an_odd_answer_are_wrong", "falls over"),
        ("test_an_answer_is_good_once", "asks for the same"),
        ("test_an_answer_is_good_once", "takes any of them"),
        ("test_two_sign_ins_at_once_do_not_mix", "forgets the others"),
        ("test_no_text_of_a_value_and_no_log_tells_a_secret", "shows itself"),
        ("test_no_text_of_a_value_and_no_log_tells_a_secret", "logs"),
        ("test_no_text_of_a_value_and_no_log_tells_a_secret", "quotes"),
    ],
)
async def test_a_fault_of_a_factor_is_found(test: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises((*FAULT, TypeError, KeyError, ValueError, CodeMismatch)):
        await run_factor(test, Whisper(fault), caplog)


# --- password formats ------------------------------------------------------------------------------------------------


class Plain:
    """``plain$`` and the digest; but for one fault, as it should."""

    name = "plain"

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def recognises(self, encoded: str) -> bool:
        if self.fault == "greedy":
            return True
        return encoded.startswith("plain$") and len(encoded) == 70 and not encoded.endswith("\n")

    def verify(self, encoded: str, password: str) -> bool:
        if self.fault == "blind":
            return True
        if self.fault == "strict" and len(password) > 72:
            raise ValueError("too long")
        if self.fault == "deaf":
            password = password.lower()
        digest = hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()
        return encoded == f"plain${digest}"


class PlainSuite(PasswordFormatSuite):
    known = {f"plain${hashlib.sha256(word.encode()).hexdigest()}": word for word in ("a horse", "pässwörd")}


def run_format(test: str, password_format: Any) -> None:
    getattr(PlainSuite(), test)(password_format)


@pytest.mark.parametrize("test", named_tests(PasswordFormatSuite))
def test_a_good_format_passes(test: str) -> None:
    run_format(test, Plain())


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("test_it_knows_no_others", "greedy"),
        ("test_another_password_does_not_fit", "blind"),
        ("test_another_password_does_not_fit", "deaf"),
        ("test_any_text_is_a_password_that_fits_or_not", "strict"),
        ("test_a_damaged_hash_fits_nothing", "blind"),
    ],
)
def test_a_fault_of_a_format_is_found(test: str, fault: str) -> None:
    with pytest.raises((*FAULT, ValueError)):
        run_format(test, Plain(fault))
