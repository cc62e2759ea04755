"""The challenge of a factor, under the factor's name: SOFTWARE_TOKEN_MFA, SMS_MFA, and what plugins bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidSession, WrongCredentials
from poolhouse.flows.factors.factor import Claimant, Factor
from poolhouse.flows.sign_in.questions import CodeGiven, Fields, GiveCode, Given
from poolhouse.flows.sign_in.steps import Posed, Run
from poolhouse.hooks.answers.sign_in import Passed


class FactorChallenge:
    """Wrong answers are counted by the machine, for this factor of this user."""

    public_name: str | None = None
    answered_by: type[Given] = Given
    counts_itself = False

    def __init__(self, factor: Factor) -> None:
        self._factor = factor
        self.name = factor.name

    async def ask(self, run: Run) -> Posed:
        if run.user is None:
            raise WrongCredentials
        posing = await self._factor.ask(claimant(run))
        return Posed(
            GiveCode(run.user.username, posing.delivery, posing.label, posing.shown),
            posing.private,
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: Given) -> Passed:
        await self._factor.check(claimant(run), private, _answers(answer))
        return Passed(self._factor.proof)


def claimant(run: Run) -> Claimant:
    return Claimant(
        pool=run.pool,
        client=run.client,
        user=run.user,
        subject=run.subject,
        submitted=run.submitted,
        metadata=run.metadata,
    )


def _answers(answer: Given) -> Mapping[str, str]:
    """Codes come by themselves where clients know the factor, and among their fields where they do not."""
    if isinstance(answer, CodeGiven):
        return {"ANSWER": answer.code}
    if isinstance(answer, Fields):
        return answer.values
    raise InvalidSession
