"""A challenge that a plugin registered, among ours. It sees views of the sign-in, never a hash or a sealed secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import PluginAnswerInvalid
from poolhouse.flows.sign_in.questions import AnswerStranger, Fields
from poolhouse.flows.sign_in.steps import Outcome, Posed, Run
from poolhouse.hooks.answers import sign_in as offered
from poolhouse.hooks.answers.sign_in import Asked, Next, Passed


class StrangersChallenge:
    answered_by = Fields

    def __init__(self, challenge: offered.Challenge) -> None:
        self._challenge = challenge
        self.name = challenge.name
        self.counts_itself = bool(getattr(challenge, "counts_itself", False))
        self.public_name: str | None = getattr(challenge, "public_name", None)

    async def ask(self, run: Run) -> Posed:
        """Raises ``PluginAnswerInvalid`` where the plugin asks nothing."""
        asked = await self._challenge.ask(run.seen())
        if not isinstance(asked, Asked) or not all(isinstance(value, str) for value in asked.public.values()):
            raise PluginAnswerInvalid("CreateAuthChallenge", self.name)
        return Posed(AnswerStranger(self.public_name, dict(asked.public)), dict(asked.private))

    async def check(self, run: Run, private: Mapping[str, Any], answer: Fields) -> Outcome:
        outcome = await self._challenge.check(run.seen(), private, answer.values)
        if not isinstance(outcome, (Passed, Next)):
            # Nothing but a proof is a proof, whatever a plugin returned (security row 29).
            raise PluginAnswerInvalid("VerifyAuthChallengeResponse", self.name)
        return outcome
