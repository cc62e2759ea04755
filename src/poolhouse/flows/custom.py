"""The custom sign-in: plugins define, create and verify challenges, round by round (contract: CUSTOM_AUTH)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidParameter, PluginAnswerInvalid, WrongCredentials
from poolhouse.flows.claims import attributes_for_hooks
from poolhouse.flows.flow import Flow, Kit
from poolhouse.flows.lockout import Lockout
from poolhouse.flows.machine import CUSTOM, Run, require_answer
from poolhouse.hooks import specs
from poolhouse.hooks.answers import Asked, ChallengeDecision, ChallengeResult, Passed, SignInState


class _WrongAnswer(Exception):
    """Counted by the lockout, and then no error: what it means is for the plugin to say."""


class CustomChallenge(Flow):
    """The challenge CUSTOM_CHALLENGE. ``check`` tells whether the answer was right; the next round is ``decide``."""

    name = CUSTOM
    counts_itself = True

    def __init__(self, kit: Kit, lockout: Lockout) -> None:
        super().__init__(kit)
        self._lockout = lockout

    def require_configured(self) -> None:
        """Raises ``InvalidParameter`` where no plugin defines challenges."""
        if not self.kit.hooks.implements(specs.define_challenge):
            raise InvalidParameter("Custom auth lambda trigger is not configured for the user pool.")

    async def decide(self, run: Run, metadata: Mapping[str, str]) -> ChallengeDecision:
        """What comes next. Raises ``WrongCredentials`` where that is the end, ``PluginAnswerInvalid`` where it is
        nothing or two things at once."""
        decision = await self.kit.hooks.first(
            specs.define_challenge,
            specs.DefineChallenge(session=_results(run), client_metadata=metadata, **_who(run.state)),
        )
        if decision is None or sum((bool(decision.challenge), decision.issue_tokens, decision.fail)) != 1:
            raise PluginAnswerInvalid("DefineAuthChallenge", "define_challenge")
        if decision.fail:
            raise WrongCredentials
        return decision

    async def create(self, run: Run, metadata: Mapping[str, str]) -> Asked:
        asked = await self.kit.hooks.first(
            specs.create_challenge,
            specs.CreateChallenge(challenge=CUSTOM, session=_results(run), client_metadata=metadata, **_who(run.state)),
        )
        if asked is None or not all(isinstance(v, str) for v in asked.public.values()):
            raise PluginAnswerInvalid("CreateAuthChallenge", "create_challenge")
        return Asked(
            public={"USERNAME": run.state.user.username if run.state.user else run.subject, **asked.public},
            private={"plugin": dict(asked.private), "metadata": asked.metadata},
            metadata=asked.metadata,
        )

    async def ask(self, state: SignInState) -> Asked:
        raise NotImplementedError("this challenge is asked by an opening, after the plugins decided")

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        """Raises ``WrongCredentials`` for a wrong answer, which the sign-in turns into a round."""
        given = require_answer(answers, "ANSWER")
        right = await self.kit.hooks.first(
            specs.verify_challenge,
            specs.VerifyChallenge(
                private=private.get("plugin", {}), answer=given, client_metadata=state.metadata, **_who(state)
            ),
        )
        if right is None:
            raise PluginAnswerInvalid("VerifyAuthChallengeResponse", "verify_challenge")
        if right is not True:
            raise WrongCredentials
        return Passed(CUSTOM)

    async def is_right(self, run: Run, private: Mapping[str, Any], answers: Mapping[str, str]) -> bool:
        """Whether the answer is right; a wrong one counts for the lockout. Raises ``AttemptsExceeded``."""
        require_answer(answers, "ANSWER")
        try:
            async with self._lockout.attempt(run.state.pool.id, run.subject, CUSTOM):
                try:
                    await self.check(run.state, private, answers)
                except WrongCredentials:
                    raise _WrongAnswer from None
        except _WrongAnswer:
            return False
        return True


def round_result(name: str, passed: bool, metadata: str | None = None) -> dict[str, object]:
    return {"name": name, "passed": passed, "metadata": metadata}


def _results(run: Run) -> tuple[ChallengeResult, ...]:
    return tuple(
        ChallengeResult(str(r["name"]), bool(r["passed"]), None if r.get("metadata") is None else str(r["metadata"]))
        for r in run.history
    )


def _who(state: SignInState) -> dict[str, Any]:
    return {
        "pool_id": state.pool.id,
        "client_id": state.client.id,
        "username": state.user.username if state.user else state.submitted,
        "attributes": attributes_for_hooks(state.user) if state.user else {},
        "user_not_found": state.user is None,
    }
