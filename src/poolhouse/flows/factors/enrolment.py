"""A factor is set up: begun, checked by a first answer, and then the user's own. By an access token here; in a sign-in,
by the handle of the attempt (``flows/sign_in/set_up.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from poolhouse.errors import (
    CodeExpired,
    CodeMismatch,
    EnrolmentMismatch,
    FactorNotOffered,
    InvalidParameter,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.factor import Claimant, Enrolled, Enrols
from poolhouse.flows.factors.own import OwnFactors
from poolhouse.flows.flow import step
from poolhouse.flows.protection.limits import Asked
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import Enrolment, User

LONGEST_LABEL = 100


class Enrolments(OwnFactors):
    # --- by an access token ------------------------------------------------------------------------------------------

    @step("factors.begin")
    async def begin(self, access_token: str, factor: str) -> Mapping[str, str]:
        """What the user needs to set the factor up, shown this once. What was set up before stays good until the new
        one is confirmed.

        Raises ``FactorNotOffered``, ``TooManyRequests``, ``ConcurrentModification``, and as ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        return await self.begin_for(bearer.pool, bearer.client, bearer.user, factor)

    async def begin_for(self, pool: Pool, client: Client, user: User, factor: str) -> Mapping[str, str]:
        """As ``begin``, for a user whom the caller knows to be signed in."""
        await self._limits.admit(Asked.ANSWER, client)
        begun = await self.enrol(Claimant(pool=pool, client=client, user=user, subject=user.sub), factor)
        others = tuple(one for one in user.factors if one.confirmed or one.factor != factor)
        await self._save(pool, replace(user, factors=(*others, begun.enrolment)))
        await self.note("factor.requested", client, user, factor)
        return begun.shown

    @step("factors.confirm")
    async def confirm(
        self, access_token: str, factor: str, code: str, label: str | None, *, enables: bool = False
    ) -> None:
        """The factor is the user's. Whether it is asked for is for the user to say (``preferences.py``), or said here.

        Raises ``EnrolmentMismatch``, ``AttemptsExceeded``, ``InvalidParameter`` where nothing is being set up,
        ``FactorNotOffered``, ``TooManyRequests``, ``ConcurrentModification``, and as ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        await self.confirm_for(bearer.pool, bearer.client, bearer.user, factor, code, label, enables=enables)

    async def confirm_for(
        self, pool: Pool, client: Client, user: User, factor: str, code: str, label: str | None, *, enables: bool
    ) -> str:
        """As ``confirm``, for a user whom the caller knows to be signed in. Answers what that proves."""
        await self._limits.admit(Asked.ANSWER, client)
        enrolment = user.enrolment(factor, confirmed=False)
        if enrolment is None:
            raise InvalidParameter(Reason.FACTOR_NOT_BEGUN)
        claimant = Claimant(pool=pool, client=client, user=user, subject=user.sub)
        confirmed = await self.check(claimant, enrolment, code, label)
        return await self.complete(pool, client, user, confirmed, enables=enables)

    # --- the parts, for a sign-in too --------------------------------------------------------------------------------

    async def enrol(self, claimant: Claimant, factor: str) -> Enrolled:
        """Begun, and not kept yet. Raises ``FactorNotOffered``."""
        enrols = self._offered(claimant.pool, factor)
        if not await enrols.can_enrol(claimant):
            raise FactorNotOffered
        return await enrols.enrol(claimant)

    async def check(self, claimant: Claimant, enrolment: Enrolment, code: str, label: str | None) -> Enrolment:
        """The enrolment, confirmed, and not kept yet. Raises ``EnrolmentMismatch``, ``AttemptsExceeded``."""
        if label is not None and len(label) > LONGEST_LABEL:
            raise InvalidParameter(Reason.FACTOR_LABEL_TOO_LONG, most=LONGEST_LABEL)
        enrols = self._offered(claimant.pool, enrolment.factor)
        try:
            # A count of its own: whoever holds a token only must not lock the user out of signing in.
            async with self._lockout.attempt(claimant.pool.id, claimant.subject, f"{enrolment.factor}:enrolment"):
                await enrols.check_enrolment(claimant, enrolment, {"ANSWER": code})
        except (CodeMismatch, CodeExpired):
            if claimant.user is not None:
                await self.note("factor.refused", claimant.client, claimant.user, enrolment.factor)
            raise EnrolmentMismatch from None
        return replace(enrolment, confirmed=True, label=label)

    async def complete(self, pool: Pool, client: Client, user: User, enrolment: Enrolment, *, enables: bool) -> str:
        """The enrolment is the user's own, in place of an earlier one of its factor, in one write; with ``enables`` it
        is asked for from now on. Answers what it proves. Raises ``ConcurrentModification``."""
        enrols = self._offered(pool, enrolment.factor)
        others = tuple(one for one in user.factors if one.factor != enrolment.factor)
        asked_for = user.mfa if enrolment.factor in user.mfa or not enables else (*user.mfa, enrolment.factor)
        await self._save(pool, replace(user, factors=(*others, enrolment), mfa=asked_for))
        # Wrong answers to the one before were none to this one.
        await self._lockout.clear(pool.id, user.sub, enrolment.factor)
        await self.note("factor.enrolled", client, user, enrolment.factor)
        return enrols.proof

    def _offered(self, pool: Pool, factor: str) -> Enrols:
        enrols = self._factors.enrolling(factor)
        if enrols is None or not pool.offers(factor):
            raise FactorNotOffered
        return enrols
