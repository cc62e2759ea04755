"""CUSTOM_AUTH: plugins say what is asked, round by round, and when it is enough."""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.errors import MissingParameter
from poolhouse.flows.clients.permitted import HOSTED_CUSTOM
from poolhouse.flows.sign_in.challenges import srp
from poolhouse.flows.sign_in.challenges.custom import CustomChallenge
from poolhouse.flows.sign_in.second_factor import SecondFactor
from poolhouse.flows.sign_in.steps import Opening, Outcome, Run
from poolhouse.hooks.answers.sign_in import ChallengeResult, Next, Passed

_FLOWS = frozenset({"CUSTOM_AUTH"})


class ByPlugins:
    public = _FLOWS
    by_admin = _FLOWS
    by_pages = frozenset({HOSTED_CUSTOM})
    migrates = False

    def __init__(self, custom: CustomChallenge, second: SecondFactor) -> None:
        self._custom = custom
        self._second = second

    def require(self, opening: Opening) -> None:
        if opening.begins_with_srp and not opening.srp_a:
            raise MissingParameter("SRP_A")

    def is_guess(self, opening: Opening) -> bool:
        return False

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        """Raises ``InvalidParameter`` where no plugin defines challenges for the pool."""
        self._custom.require_configured(run.pool)
        if opening.begins_with_srp:
            run = replace(run, history=(ChallengeResult("SRP_A", True),))
        return run, await self._custom.decide(run, begins=True)

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        """After the password comes the second factor, and then what plugins ask (contract: authentication, 7.3)."""
        is_of_ours = challenge == srp.NAME or self._second.is_passed_by(challenge)
        if not is_of_ours or not isinstance(outcome, Passed) or "custom" in run.proofs:
            return outcome
        due = await self._second.applies(run.proven(challenge, outcome).seen())
        if due is not None:
            return Next(due)
        return await self._custom.decide(replace(run, history=(*run.history, ChallengeResult(srp.NAME, True))))
