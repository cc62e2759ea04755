"""The challenge MFA_SETUP: whoever needs a second factor and has none sets one up, by the handle of the attempt
(``flows/sign_in/set_up.py``), and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import convert, to_builtins

from poolhouse.errors import InvalidParameter, InvalidSession
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.contacts import MessageFactors
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.sign_in.questions import FactorSetUp, SetUpFactor
from poolhouse.flows.sign_in.steps import Outcome, Posed, Run
from poolhouse.hooks.answers.sign_in import Next, Passed
from poolhouse.hooks.views import Directory, Person
from poolhouse.records.users import Enrolment

NAME = "MFA_SETUP"
_ENROLMENT = "enrolment"


class SetUp:
    name = NAME
    public_name: str | None = None
    answered_by = FactorSetUp
    counts_itself = True
    """Nothing is guessed here: what is set up was checked before."""

    def __init__(self, factors: Factors, enrolments: Enrolments, contacts: MessageFactors) -> None:
        self._factors = factors
        self._enrolments = enrolments
        self._contacts = contacts

    async def ask(self, run: Run) -> Posed:
        if run.user is None:
            raise InvalidSession
        settable = self._factors.standing(Directory.of(run.pool), Person.of(run.user)).settable
        return Posed(SetUpFactor(run.user.username, tuple(settable), run.pool.id))

    async def check(self, run: Run, private: Mapping[str, Any], answer: FactorSetUp) -> Outcome:
        """The factor that was set up by the handle is the user's, and is asked for from now on. With a contact: a code
        is on its way there, and the factor is asked for now.

        Raises ``InvalidParameter`` where none was, and as ``MessageFactors.add``.
        """
        if run.user is not None and answer.factor is not None and answer.contact is not None:
            await self._contacts.add(run.pool, run.client, run.user, answer.factor, answer.contact)
            return Next(answer.factor)
        enrolment = kept(private)
        if run.user is None or enrolment is None or not enrolment.confirmed:
            raise InvalidParameter(Reason.FACTOR_NOT_SET_UP)
        proof = await self._enrolments.complete(run.pool, run.client, run.user, enrolment, enables=True)
        return Passed(proof)


def kept(private: Mapping[str, Any]) -> Enrolment | None:
    """What was set up by the handle so far."""
    held = private.get(_ENROLMENT)
    return None if held is None else convert(held, Enrolment)


def keep(enrolment: Enrolment) -> dict[str, Any]:
    return {_ENROLMENT: to_builtins(enrolment)}
