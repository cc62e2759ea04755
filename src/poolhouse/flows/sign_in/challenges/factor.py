"""The challenge of a factor, under the factor's name: SOFTWARE_TOKEN_MFA, SMS_MFA, and what plugins bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poolhouse.errors import InvalidSession
from poolhouse.flows.factors.factor import Claimant, Factor
from poolhouse.flows.factors.first import FirstFactors
from poolhouse.flows.sign_in.questions import CodeGiven, Fields, GiveCode, Given
from poolhouse.flows.sign_in.steps import Posed, Run, Unspent
from poolhouse.hooks.answers.sign_in import Passed


class FactorChallenge:
    """Wrong answers are counted by the machine, for this factor of this user."""

    public_name: str | None = None
    answered_by: type[Given] = Given
    counts_itself = False

    def __init__(self, factor: Factor, first: FirstFactors) -> None:
        self._factor = factor
        self._first = first
        self.name = factor.name

    async def ask(self, run: Run) -> Posed:
        posing = await self._factor.ask(self._claimant(run))
        username = run.user.username if run.user else run.subject
        recoverable = bool(run.proofs) and run.user is not None and run.user.can_recover
        return Posed(
            GiveCode(username, posing.delivery, posing.label, posing.shown, recoverable, self._others(run)),
            posing.private,
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: Given) -> Passed:
        spend = await self._factor.check(self._claimant(run), private, _answers(answer))
        proof = self._factor.proof
        return Passed(proof) if spend is None else Unspent(proof, spend)

    def _others(self, run: Run) -> tuple[str, ...]:
        if run.user is None or not run.proofs:
            return ()
        return tuple([name for name in self._first.seconds(run.pool, run.user) if name != self.name])

    def _claimant(self, run: Run) -> Claimant:
        """By a factor that comes first, only those are reached who may begin by it."""
        may = bool(run.proofs) or self._first.can_begin(run.pool, run.user, self.name)
        return replace(claimant(run), reachable=may and run.user is not None)


def claimant(run: Run) -> Claimant:
    return Claimant(
        pool=run.pool,
        client=run.client,
        user=run.user,
        subject=run.subject,
        submitted=run.submitted,
        metadata=run.metadata,
        is_proven=bool(run.proofs),
    )


def _answers(answer: Given) -> Mapping[str, str]:
    """Codes come by themselves where clients know the factor, and among their fields where they do not."""
    if isinstance(answer, CodeGiven):
        return {"ANSWER": answer.code}
    if isinstance(answer, Fields):
        return answer.values
    raise InvalidSession
