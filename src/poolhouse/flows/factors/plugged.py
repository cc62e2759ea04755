"""A factor that a plugin registered (ours too), among those of the core: what it keeps is sealed here, and what is good
once is used up here. It sees views, never a seal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from poolhouse.errors import CodeExpired, CodeMismatch, PluginAnswerInvalid
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.factor import Claimant, Enrolled, Posing, Spend
from poolhouse.flows.flow import Flow, World
from poolhouse.hooks.answers import factors as offered
from poolhouse.hooks.answers.factors import Enrolling, Fits, Holder
from poolhouse.hooks.answers.sign_in import Asked
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.ports.protection import Counters
from poolhouse.records.users import Enrolment

PURPOSE: Final = "factor"


class PluggedFactor(Flow):
    def __init__(self, world: World, counters: Counters, factor: offered.Factor) -> None:
        super().__init__(world)
        self._counters = counters
        self._factor = factor
        self.name = factor.name
        self.proof = factor.proof

    def is_held(self, person: Person) -> bool:
        return self.name in person.enrolled

    async def can_enrol(self, claimant: Claimant) -> bool:
        return await self._factor.offer(_holder(claimant)) is True

    async def enrol(self, claimant: Claimant) -> Enrolled:
        """What is to be kept is not stored yet. Raises ``PluginAnswerInvalid``."""
        begun = await self._factor.enrol(_holder(claimant))
        if not isinstance(begun, Enrolling) or not _are_texts(begun.shown):
            raise PluginAnswerInvalid("Enrol", self.name)
        enrolment_id = self.world.chance.uuid()
        sealed = self.world.secrets.seal(
            PURPOSE, self._context(claimant, enrolment_id), msgspec.json.encode(dict(begun.kept))
        )
        return Enrolled(
            begun.shown,
            Enrolment(id=enrolment_id, factor=self.name, sealed=sealed, created=self.world.clock.now()),
        )

    async def check_enrolment(self, claimant: Claimant, enrolment: Enrolment, answers: Mapping[str, str]) -> None:
        spend = await self._check(claimant, enrolment, {}, answers)
        if spend is not None:
            await spend()

    async def ask(self, claimant: Claimant) -> Posing:
        enrolment = _enrolment(claimant, self.name)
        asked = await self._factor.ask(_holder(claimant), self._kept(claimant, enrolment))
        if not isinstance(asked, Asked) or not _are_texts(asked.public):
            raise PluginAnswerInvalid("CreateAuthChallenge", self.name)
        return Posing(None, enrolment.label, dict(asked.public), dict(asked.private))

    async def check(self, claimant: Claimant, private: Mapping[str, Any], answers: Mapping[str, str]) -> Spend | None:
        return await self._check(claimant, _enrolment(claimant, self.name), private, answers)

    async def _check(
        self, claimant: Claimant, enrolment: Enrolment, private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Spend | None:
        fits = await self._factor.check(_holder(claimant), self._kept(claimant, enrolment), private, answers)
        if not isinstance(fits, Fits):
            # Nothing but this is a proof, whatever a plugin returned (security row 29).
            raise PluginAnswerInvalid("VerifyAuthChallengeResponse", self.name)
        if fits.once is None:
            return None
        used = f"{enrolment.id}:{fits.once}"
        return partial(self._spend, claimant.pool.id, used, self.world.clock.now() + fits.once_for)

    async def _spend(self, pool_id: str, used: str, expires: float) -> None:
        if not await self._counters.raise_to(pool_id, f"once:{self.name}", used, at_most=1, expires=expires):
            raise CodeExpired(Reason.FACTOR_CODE_USED)

    def _kept(self, claimant: Claimant, enrolment: Enrolment) -> Mapping[str, Any]:
        opened = self.world.secrets.open(PURPOSE, self._context(claimant, enrolment.id), enrolment.sealed)
        kept: Mapping[str, Any] = msgspec.json.decode(opened)
        return kept

    def _context(self, claimant: Claimant, enrolment_id: str) -> str:
        return seal_context(claimant.pool.id, claimant.subject, self.name, enrolment_id)


def seal_context(pool_id: str, sub: str, factor: str, enrolment_id: str) -> str:
    """What the seal of an enrolment names."""
    return "/".join((pool_id, sub, factor, enrolment_id))


def _enrolment(claimant: Claimant, name: str) -> Enrolment:
    """Raises ``CodeMismatch`` where there is none any more: it was taken away between two steps."""
    enrolment = claimant.user.enrolment(name) if claimant.user else None
    if enrolment is None:
        raise CodeMismatch(Reason.FACTOR_CODE_WRONG)
    return enrolment


def _holder(claimant: Claimant) -> Holder:
    assert claimant.user is not None  # noqa: S101 - nobody holds a factor who is nobody
    return Holder(
        pool=Directory.of(claimant.pool),
        client=App.of(claimant.client),
        user=Person.of(claimant.user),
        metadata=claimant.metadata,
    )


def _are_texts(shown: Mapping[str, str]) -> bool:
    return all(isinstance(value, str) for value in shown.values())
