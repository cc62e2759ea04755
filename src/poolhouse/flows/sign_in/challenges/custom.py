"""The custom sign-in: plugins define, create and verify challenges, round by round (contract: CUSTOM_AUTH)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, MissingParameter, PluginAnswerInvalid, WrongCredentials
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.questions import AnswerPlugin, Fields
from poolhouse.flows.sign_in.steps import PASSWORD_VERIFIER, Outcome, Posed, Run
from poolhouse.flows.sign_in.trail import note_failure
from poolhouse.hooks import specs
from poolhouse.hooks.answers.sign_in import ChallengeResult, Next, Passed
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.records.pools import Pool

NAME = "CUSTOM_CHALLENGE"


class _WrongAnswer(Exception):
    """Counted by the lockout, and then no error: what it means is for the plugin to say."""


class CustomChallenge(Flow):
    name = NAME
    public_name: str | None = None
    answered_by = Fields
    counts_itself = True

    def __init__(self, world: World, lockout: Lockout) -> None:
        super().__init__(world)
        self._lockout = lockout

    def require_configured(self, pool: Pool) -> None:
        """Raises ``InvalidParameter`` where no plugin defines challenges for the pool."""
        if not self.world.hooks.implements(specs.define_challenge, pool):
            raise InvalidParameter(Reason.CUSTOM_AUTH_NOT_CONFIGURED)

    async def decide(self, run: Run, *, begins: bool = False) -> Outcome:
        """What comes after the rounds so far. Raises ``WrongCredentials`` where that is the end,
        ``PluginAnswerInvalid`` where it is nothing, two things at once, or what cannot be asked; ``InvalidParameter``
        where a sign-in ``begins`` and no plugin has anything to say of this pool."""
        decision = await self.world.hooks.first(
            specs.define_challenge,
            DefineChallenge(session=run.history, client_metadata=run.metadata, **_who(run)),
        )
        if decision is None and begins:
            raise InvalidParameter(Reason.CUSTOM_AUTH_NOT_CONFIGURED)
        if decision is None or sum((bool(decision.challenge), decision.issue_tokens, decision.fail)) != 1:
            raise PluginAnswerInvalid("DefineAuthChallenge", "define_challenge")
        if decision.fail:
            raise WrongCredentials
        if decision.issue_tokens:
            return Passed("custom")
        if decision.challenge == NAME or (decision.challenge == PASSWORD_VERIFIER and run.srp_a is not None):
            return Next(decision.challenge, rounds=run.history)
        raise PluginAnswerInvalid("DefineAuthChallenge", "define_challenge")

    async def ask(self, run: Run) -> Posed:
        asked = await self.world.hooks.first(
            specs.create_challenge,
            CreateChallenge(challenge=NAME, session=run.history, client_metadata=run.metadata, **_who(run)),
        )
        if asked is None or not all(isinstance(v, str) for v in asked.public.values()):
            raise PluginAnswerInvalid("CreateAuthChallenge", "create_challenge")
        return Posed(
            AnswerPlugin(run.user.username if run.user else run.subject, dict(asked.public)),
            {"plugin": dict(asked.private), "metadata": asked.metadata},
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: Fields) -> Outcome:
        """Another round, or the end of them: a wrong answer is no error, what it means is for the plugin to say.

        Raises ``MissingParameter``, ``AttemptsExceeded``, and as ``decide``.
        """
        given = answer.values.get("ANSWER")
        if not given:
            raise MissingParameter("ANSWER")
        right = await self._is_right(run, private, given)
        done = ChallengeResult(NAME, right, private.get("metadata"))
        outcome = await self.decide(replace(run, history=(*run.history, done)))
        if not right:
            # Where it ends the sign-in, that is noted; here another question follows.
            sub = run.user.sub if run.user else None
            await note_failure(self.world.audit, run.client, None, sub=sub, flow=run.flow, event_id=run.event_id)
        return outcome

    async def _is_right(self, run: Run, private: Mapping[str, Any], given: str) -> bool:
        try:
            async with self._lockout.attempt(run.pool.id, run.subject, NAME):
                right = await self.world.hooks.first(
                    specs.verify_challenge,
                    VerifyChallenge(
                        private=private.get("plugin", {}), answer=given, client_metadata=run.metadata, **_who(run)
                    ),
                )
                if right is None:
                    raise PluginAnswerInvalid("VerifyAuthChallengeResponse", "verify_challenge")
                if right is not True:
                    raise _WrongAnswer
        except _WrongAnswer:
            return False
        return True


def _who(run: Run) -> dict[str, Any]:
    return {
        "pool_id": run.pool.id,
        "client_id": run.client.id,
        "username": run.user.username if run.user else run.submitted,
        "attributes": attributes_for_hooks(run.user) if run.user else {},
        "user_not_found": run.user is None,
    }
