"""CUSTOM_AUTH: plugins say what is asked, round by round, and when it is enough."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.errors import MissingParameter
from poolhouse.flows.sign_in.challenges import srp
from poolhouse.flows.sign_in.challenges.custom import CustomChallenge
from poolhouse.flows.sign_in.steps import Opening, Outcome, Run
from poolhouse.hooks.answers.sign_in import ChallengeResult, Passed

_FLOWS = frozenset({"CUSTOM_AUTH"})


class ByPlugins:
    public = _FLOWS
    by_admin = _FLOWS
    migrates = False

    def __init__(self, custom: CustomChallenge) -> None:
        self._custom = custom

    def require(self, opening: Opening) -> None:
        if opening.begins_with_srp and not opening.srp_a:
            raise MissingParameter("SRP_A")

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        """Raises ``InvalidParameter`` where no plugin defines challenges for the pool."""
        self._custom.require_configured()
        if opening.begins_with_srp:
            run = replace(run, history=(ChallengeResult("SRP_A", True),))
        return run, await self._custom.decide(run, begins=True)

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        if challenge != srp.NAME or not isinstance(outcome, Passed):
            return outcome
        return await self._custom.decide(replace(run, history=(*run.history, ChallengeResult(srp.NAME, True))))
