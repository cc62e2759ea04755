"""A contact is added in a sign-in, by who has to have a second factor that sends codes, and nowhere to send them to.

It waits with the user until the code that went there comes back, and is the user's by the write that uses the code
(``message_code.py``): who mistypes a number is not locked out by it, and gives another one in the next sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, FactorNotOffered, InvalidParameter, NotAuthorized, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.values import check_values, require_writable
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

CONTACTS: Final[Mapping[str, str]] = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
"""Second factors that are a code in a message, and the attribute that it goes to."""


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


class NewContacts(Flow):
    def __init__(self, world: World, users: Users, limits: Limits) -> None:
        super().__init__(world)
        self._users = users
        self._limits = limits

    @step("factors.add_contact")
    async def add(self, pool: Pool, client: Client, user: User, factor: str, value: str) -> None:
        """The contact waits for the code that goes to it. One that the user has already is not touched.

        Raises ``FactorNotOffered`` where the user cannot give it here, ``InvalidParameter`` for what is no such
        contact, ``TooManyRequests``, ``ConcurrentModification``.
        """
        if not can_add(pool, client, factor):
            raise FactorNotOffered
        attribute = CONTACTS[factor]
        if user.attributes.get(attribute):
            raise FactorNotOffered
        checked = check_values(pool, {attribute: value}, on="update").get(attribute)
        if not checked:
            raise InvalidParameter(Reason.NO_CONTACT_TO_VERIFY, attribute=attribute)
        await self._limits.admit(Asked.CODE, client)
        waiting = replace(user, pending={**user.pending, attribute: checked}, modified=self.world.clock.now())
        try:
            await self._users.save(pool, waiting)
        except VersionConflict:
            raise ConcurrentModification from None
        await self.world.audit.note(
            "factor.requested",
            pool_id=pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"factor": factor},
        )
