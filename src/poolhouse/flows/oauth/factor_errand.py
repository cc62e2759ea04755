"""The errand of setting up a second factor, or of getting new recovery codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import Conflicted, FactorNotOffered, Invalid
from poolhouse.flows.factors.contacts import CONTACTS, MessageFactors, can_add
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.factors.recovery_codes import RecoveryCodeSets
from poolhouse.flows.grants.sessions import Begun, SignedIn
from poolhouse.flows.messages.words import delivery
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.errands import Errand, Needs
from poolhouse.flows.oauth.interaction import Browser, Pending, Step
from poolhouse.hooks.views import Directory, Person
from poolhouse.ports.users import Users
from poolhouse.records.factors import RECOVERY_CODE
from poolhouse.records.messages import Delivery
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class FactorErrand(Errand):
    step = Step.ADD_FACTOR

    def __init__(
        self,
        needs: Needs,
        users: Users,
        enrolments: Enrolments,
        by_message: MessageFactors,
        recovery_codes: RecoveryCodeSets,
    ) -> None:
        super().__init__(needs)
        self._users = users
        self._enrolments = enrolments
        self._by_message = by_message
        self._recovery_codes = recovery_codes

    def wanted(self, pool: Pool, asked: Asked) -> dict[str, Any]:
        """Raises ``FactorNotOffered``."""
        factor = asked.parameters.get("factor", "")
        offered = [name for name in self._factors.names if pool.offers(name)]
        if not offered or (factor and factor != RECOVERY_CODE and factor not in offered):
            raise FactorNotOffered
        return {"adds_factor": factor}

    def is_of(self, request: AuthorizationRequest) -> bool:
        return request.adds_passkey and request.adds_factor is not None

    # --- what there is to choose -------------------------------------------------------------------------------------

    def choices(self, pending: Pending, user: User) -> tuple[str, ...]:
        """The second factors that the user can set up here, and recovery codes, where there is something that they
        would stand in for."""
        pool, client = pending.pool, pending.client
        factors = [
            name
            for name in self._factors.names
            if pool.offers(name)
            and (
                self._factors.enrolling(name) is not None
                or user.attributes.get(CONTACTS.get(name, ""))
                or can_add(pool, client, name)
            )
        ]
        if self._factors.standing(Directory.of(pool), Person.of(user)).active:
            factors.append(RECOVERY_CODE)
        return tuple(factors)

    def takes_contact(self, factor: str) -> str | None:
        """The attribute that the codes of this factor go to; None where it sends none."""
        return CONTACTS.get(factor)

    def destination(self, user: User, factor: str) -> str | None:
        """Where its codes go already, as the user is shown it; None where the user has no such contact."""
        attribute = CONTACTS.get(factor, "")
        target = user.attributes.get(attribute)
        return delivery(attribute, target).destination if target else None

    # --- what is done ------------------------------------------------------------------------------------------------

    async def start(self, pending: Pending, present: SignedIn, factor: str) -> Mapping[str, str]:
        """What the user needs to set the factor up. Raises as ``Enrolments.begin``."""
        return await self._enrolments.begin_for(pending.pool, pending.client, present.user, factor)

    async def send(self, pending: Pending, present: SignedIn, factor: str, contact: str | None) -> Delivery:
        """Raises as ``MessageFactors.send``."""
        return await self._by_message.send(pending.pool, pending.client, present.user, factor, contact)

    async def complete(
        self, pending: Pending, browser: Browser, sub: str, factor: str, code: str, label: str | None
    ) -> tuple[Begun, tuple[str, ...]]:
        """The factor is this user's, and is asked for from now on; it was proven in the session, which has a new
        handle. With it recovery codes, for who has none. Raises ``AccountChanged``, ``TransactionEnded``, and as
        ``Enrolments.confirm`` or ``MessageFactors.confirm``."""
        present = await self.present_as(pending, browser, sub)
        pool, client = pending.pool, pending.client
        if factor in CONTACTS:
            proof = await self._by_message.confirm(pool, client, present.user, factor, code)
        else:
            proof = await self._enrolments.confirm_for(pool, client, present.user, factor, code, label, enables=True)
        begun = await self._sessions.step_up(pool, present, browser.sessions, (proof,))
        user = await self._users.get(pool.id, sub)
        codes: tuple[str, ...] = ()
        if user is not None and not user.can_recover:
            try:
                codes = (await self._recovery_codes.make_for(pool, client, user)).codes
            except (Invalid, Conflicted):
                # Something changed meanwhile. They can be had later, too.
                codes = ()
        return begun, codes

    async def new_codes(self, pending: Pending, browser: Browser, sub: str) -> tuple[Begun, tuple[str, ...]]:
        """Ten new recovery codes of this user: those before are good no more. Raises ``AccountChanged``,
        ``TransactionEnded``, and as ``RecoveryCodeSets.make``."""
        present = await self.present_as(pending, browser, sub)
        codes = (await self._recovery_codes.make_for(pending.pool, pending.client, present.user)).codes
        return await self.renewed(pending, browser, present, present.user), codes
