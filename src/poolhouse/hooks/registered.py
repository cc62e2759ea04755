"""What plugins registered for sign-ins, challenges, stages and factors: each of their verbs has the plugin's time
limit, and an error in one means what it means in a hook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from poolhouse.errors import PluginFailed, PoolhouseError
from poolhouse.hooks.answers.factors import Factor, Holder
from poolhouse.hooks.answers.sign_in import Challenge, SignInState, Stage
from poolhouse.hooks.dispatch import Implementation
from poolhouse.hooks.reported import report
from poolhouse.hooks.running import ANY_ERROR, as_steps, is_cancelled, run

_logger = logging.getLogger("poolhouse.hooks")


@dataclass(frozen=True, slots=True)
class _Told:
    """All that a verb was told: no text of it is for the log."""

    submitted: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, str] = field(repr=False)
    private: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)


class RegisteredChallenge:
    """A plugin's challenge. ``by`` is how it was registered: who, and for how long it may make others wait."""

    def __init__(self, challenge: Challenge, by: Implementation) -> None:
        self._challenge = challenge
        self._by = by
        self.name = challenge.name
        self.public_name: str | None = getattr(challenge, "public_name", None)
        self.counts_itself = bool(getattr(challenge, "counts_itself", False))

    async def ask(self, state: SignInState) -> Any:
        """Raises ``PluginFailed``, and what the plugin means."""
        return await _held(self._by, "CreateAuthChallenge", _told(state), lambda: self._challenge.ask(state))

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Any:
        """Raises ``PluginFailed``, and what the plugin means."""
        told = replace(_told(state), private=private, answers=answers)
        return await _held(
            self._by, "VerifyAuthChallengeResponse", told, lambda: self._challenge.check(state, private, answers)
        )


class RegisteredFactor:
    """A plugin's factor."""

    def __init__(self, factor: Factor, by: Implementation) -> None:
        self._factor = factor
        self._by = by
        self.name = factor.name
        self.proof = factor.proof

    async def offer(self, holder: Holder) -> Any:
        """Raises ``PluginFailed``, and what the plugin means; so do the others."""
        return await _held(self._by, "Offer", _told_of(holder), lambda: self._factor.offer(holder))

    async def enrol(self, holder: Holder) -> Any:
        return await _held(self._by, "Enrol", _told_of(holder), lambda: self._factor.enrol(holder))

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Any:
        told = replace(_told_of(holder), private=kept)
        return await _held(self._by, "CreateAuthChallenge", told, lambda: self._factor.ask(holder, kept))

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Any:
        told = replace(_told_of(holder), private={"kept": kept, "private": private}, answers=answers)
        return await _held(
            self._by,
            "VerifyAuthChallengeResponse",
            told,
            lambda: self._factor.check(holder, kept, private, answers),
        )


def registered_stage(stage: Stage, by: Implementation) -> Stage:
    """A plugin's stage. Its ``applies`` raises ``PluginFailed``, and what the plugin means."""

    async def applies(state: SignInState) -> str | None:
        due: str | None = await _held(by, "DefineAuthChallenge", _told(state), lambda: stage.applies(state))
        return due

    return replace(stage, applies=applies)


def _told(state: SignInState) -> _Told:
    return _Told(state.submitted, {} if state.user is None else state.user.attributes, state.metadata)


def _told_of(holder: Holder) -> _Told:
    return _Told(holder.user.username, holder.user.attributes, holder.metadata)


async def _held(by: Implementation, verb: str, told: _Told, call: Callable[[], Any]) -> Any:
    try:
        answer = call()
        steps = as_steps(answer)
        return answer if steps is None else await run(steps, by.limit)
    except PoolhouseError:
        # A wrong answer, or a refusal: what the plugin has to say.
        raise
    except ANY_ERROR as error:
        if is_cancelled(error):
            raise
        _logger.error("%s", report(error, told, plugin=by.plugin, hook=by.hook))
        raise PluginFailed(verb, by.plugin, detail=f"{type(error).__name__} in {by.hook}") from error
