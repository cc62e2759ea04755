"""The second factor of a sign-in: the stage that says which challenge is due, and the challenge by which it is chosen.

What is due is ``factors/decision.py``'s to say, by what was proven: a choice proves nothing, leads to the factor's own
challenge, and is not asked again once that was passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidParameter, InvalidSession, WrongCredentials
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.contacts import CONTACTS
from poolhouse.flows.factors.decision import Ask, AskDevice, Choose, Due
from poolhouse.flows.factors.decision import SetUp as ToSetUp
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.sign_in.questions import ChooseFactor, Chosen, CodeGiven, Fields, Given, Otherwise, Recovering
from poolhouse.flows.sign_in.steps import DEVICE_SRP_AUTH, Outcome, Posed, Run
from poolhouse.hooks.answers.sign_in import Next, SignInState, Stage
from poolhouse.records.factors import RECOVERY_CODE

SELECT = "SELECT_MFA_TYPE"
SET_UP = "MFA_SETUP"


class SecondFactor:
    name = SELECT
    public_name: str | None = None
    answered_by = Chosen
    counts_itself = True
    """Nothing is guessed by a choice."""

    def __init__(self, factors: Factors) -> None:
        self._factors = factors

    def stage(self) -> Stage:
        return Stage("mfa", self.applies, order=200)

    async def applies(self, state: SignInState) -> str | None:
        """The challenge that is due; None where what was proven is enough."""
        match self._due(state):
            case None:
                return None
            case Ask(factor) if factor in state.passed:
                # It was the first proof, and may not be one any more.
                raise InvalidSession
            case Ask(factor):
                return factor
            case AskDevice():
                return DEVICE_SRP_AUTH
            case Choose():
                return SELECT
            case _:
                return SET_UP

    def is_passed_by(self, challenge: str) -> bool:
        """Whether the challenge is that of a second factor, or of setting one up."""
        backups = (factor.name for factor in self._factors.backups)
        return challenge == SET_UP or challenge in self._factors.names or challenge in backups

    async def ask(self, run: Run) -> Posed:
        due = self._due(run.seen())
        if run.user is None or not isinstance(due, Choose):
            raise WrongCredentials
        question = ChooseFactor(run.user.username, due.factors, run.user.can_recover)
        return Posed(question, {"factors": due.factors})

    async def check(self, run: Run, private: Mapping[str, Any], answer: Chosen) -> Outcome:
        """The challenge of the factor. Raises ``InvalidParameter`` for one that was not offered, or is not now."""
        due = self._due(run.seen())
        now = due.factors if isinstance(due, Choose) else (due.factor,) if isinstance(due, Ask) else ()
        if answer.challenge not in private["factors"] or answer.challenge not in now:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        return Next(answer.challenge)

    def instead(self, run: Run, challenge: str, given: Given) -> CodeGiven | Next | None:
        """What a recovery code in place of a second factor comes to: an answer to RECOVERY_CODE, or that it is asked
        for; and the wish for another factor, or a new code of this one: that it is asked for. None for an answer to the
        challenge itself. It is decided before anything is counted for the challenge: by
        turning away from a factor, wrong answers to it are not forgotten.

        Raises ``InvalidParameter`` where it is no second factor that is asked for, and nothing was proven before; and
        where a user without codes wants to be asked.
        """
        is_second = bool(run.proofs) and (challenge == SELECT or challenge in self._factors.names)
        if isinstance(given, Fields) and is_second and given.values.get(RECOVERY_CODE):
            # A plugin's factor: clients have no word for it, and send their fields as they are.
            return CodeGiven(given.values[RECOVERY_CODE])
        if isinstance(given, Otherwise):
            if not is_second or run.user is None or given.challenge not in self._instead_of(run, challenge):
                raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
            return Next(given.challenge)
        if not isinstance(given, Recovering):
            return None
        if not is_second or run.user is None:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        if given.code is not None:
            return CodeGiven(given.code)
        if not run.user.can_recover:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        return Next(RECOVERY_CODE)

    def _instead_of(self, run: Run, challenge: str) -> tuple[str, ...]:
        """Those of which one is due. Where one is being set up by a code: another code, or another way to set up."""
        state = run.seen()
        due = self._due(state)
        if isinstance(due, ToSetUp) and challenge in CONTACTS:
            return (challenge, SET_UP)
        if state.user is None or not isinstance(due, Ask | Choose):
            return ()
        return self._factors.standing(state.pool, state.user).active

    def _due(self, state: SignInState) -> Due:
        if state.user is None:
            return None
        on_device = state.remembered_device is not None
        return self._factors.due(state.pool, state.user, state.proofs, on_device=on_device)
