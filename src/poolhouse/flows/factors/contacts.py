"""Second factors that are a code in a message, and where it goes: to a contact that the user has, or one that is new.

A new one is given in a sign-in by who has to have such a factor and has nowhere to send to, and by who is signed in. It
waits with the user until the code that went there comes back, and is the user's by the write that uses the code
(``message_code.py``): who mistypes a number is not locked out by it, and gives another one in the next sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import (
    CodeExpired,
    CodeMismatch,
    ConcurrentModification,
    InvalidParameter,
    NotAuthorized,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.values import check_values, require_writable
from poolhouse.flows.factors.factor import Claimant, Factor
from poolhouse.flows.factors.own import OwnFactors
from poolhouse.flows.flow import step
from poolhouse.flows.protection.limits import Asked
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

CONTACTS: Final[Mapping[str, str]] = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
"""These factors, and the attribute that the code goes to."""
_TURNS: Final = 5


def can_add(pool: Pool, client: Client, factor: str) -> bool:
    """Whether users of the client may give the contact of this factor themselves."""
    attribute = CONTACTS.get(factor)
    if attribute is None or not pool.offers(factor):
        return False
    if not any(entry.name == attribute and entry.mutable for entry in pool.schema):
        return False
    try:
        require_writable(pool, client, (attribute,))
    except NotAuthorized:
        return False
    return True


class MessageFactors(OwnFactors):
    @step("factors.add_contact")
    async def add(self, pool: Pool, client: Client, user: User, factor: str, value: str) -> None:
        """The contact waits for the code that goes to it. One that the user has already is not touched.

        Raises ``InvalidParameter`` where the user cannot give it here, and for what is no such contact;
        ``TooManyRequests``, ``ConcurrentModification``.
        """
        if not can_add(pool, client, factor) or user.attributes.get(CONTACTS[factor]):
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        attribute = CONTACTS[factor]
        checked = check_values(pool, {attribute: value}, on="update").get(attribute)
        if not checked:
            raise InvalidParameter(Reason.NO_CONTACT_TO_VERIFY, attribute=attribute)
        await self._limits.admit(Asked.CODE, client)
        await self._save(pool, replace(user, pending={**user.pending, attribute: checked}))
        await self.note("factor.requested", client, user, factor)

    async def send(self, pool: Pool, client: Client, user: User, factor: str, value: str | None = None) -> Delivery:
        """A code is on its way: to the new contact, or else to that which the user has, or has just given. For a user
        whom the caller knows to be signed in.

        Raises ``InvalidParameter`` where there is none, ``LimitExceeded``, and as ``add``.
        """
        if value is not None:
            await self.add(pool, client, user, factor, value)
        else:
            await self._limits.admit(Asked.CODE, client)
            attribute = CONTACTS.get(factor, "")
            if not pool.offers(factor) or not (user.attributes.get(attribute) or user.pending.get(attribute)):
                raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
            await self.note("factor.requested", client, user, factor)
        posing = await self._factor(factor).ask(_claimant(pool, client, user))
        if posing.delivery is None:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        return posing.delivery

    @step("factors.confirm_contact")
    async def confirm(self, pool: Pool, client: Client, user: User, factor: str, code: str) -> str:
        """The code came back, and the factor is asked for from now on. For a user whom the caller knows to be signed
        in. Answers what that proves.

        Raises ``CodeMismatch``, ``CodeExpired``, ``AttemptsExceeded``, ``LimitExceeded``, ``InvalidParameter``,
        ``TooManyRequests``, ``ConcurrentModification``.
        """
        await self._limits.admit(Asked.ANSWER, client)
        if not pool.offers(factor):
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        try:
            # A count of its own: whoever sits at somebody's browser must not lock them out of signing in.
            async with self._lockout.attempt(pool.id, user.sub, f"{factor}:enrolment"):
                await self._factor(factor).check(_claimant(pool, client, user), {}, {"ANSWER": code})
        except (CodeMismatch, CodeExpired):
            await self.note("factor.refused", client, user, factor)
            raise
        await self._enable(pool, user.sub, factor)
        await self.note("factor.enrolled", client, user, factor)
        return self._factor(factor).proof

    async def _enable(self, pool: Pool, sub: str, factor: str) -> None:
        for _ in range(_TURNS):
            user = await self._users.get(pool.id, sub)
            if user is None:
                raise ConcurrentModification
            if factor in user.mfa:
                return
            try:
                await self._save(pool, replace(user, mfa=(*user.mfa, factor)))
                return
            except ConcurrentModification:
                continue
        raise ConcurrentModification

    def _factor(self, name: str) -> Factor:
        factor = self._factors.second(name)
        if factor is None or name not in CONTACTS:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        return factor


def _claimant(pool: Pool, client: Client, user: User) -> Claimant:
    return Claimant(pool=pool, client=client, user=user, subject=user.sub, is_proven=True)
