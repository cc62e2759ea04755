"""Factors that are a code in a message: SMS_MFA and EMAIL_OTP after a first proof, SMS_OTP and EMAIL_OTP as the first.

The codes are those of ``messages/codes.py``: counted, kept as digests, sent by the outbox. A code is used by one write
to the user's record, which also verifies the contact that it was read at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from poolhouse.errors import CodeExpired, CodeMismatch, ConcurrentModification, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory as Lookup
from poolhouse.flows.directory.naming import verified
from poolhouse.flows.factors.factor import Claimant, Posing
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages.codes import CodeProcess, Purpose
from poolhouse.flows.messages.words import AUTHENTICATION, delivery, likely_contact
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.hooks.views import Person
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.sign_in import Code
from poolhouse.records.users import User

SENDS = 15
"""Codes of one factor for one user, within an hour."""
TRIES = 5
"""For one code, over all sessions."""


class MessageCode(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        directory: Lookup,
        codes: CodeProcess,
        limits: Limits,
        *,
        name: str,
        proof: str,
        attribute: str,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._directory = directory
        self._codes = codes
        self._limits = limits
        self.name = name
        self.proof = proof
        self._attribute = attribute

    def is_held(self, person: Person) -> bool:
        """A contact need not be verified to be sent the code of a second factor; the code verifies it."""
        return bool(person.attributes.get(self._attribute))

    async def ask(self, claimant: Claimant) -> Posing:
        """A code is on its way, or seems to be. Raises ``LimitExceeded``; of codes that anybody can have sent, who has
        proven nothing, ``TooManyRequests``."""
        if not claimant.is_proven:
            await self._limits.admit(Asked.CODE, claimant.client)
        pool = claimant.pool
        user, target = await self._target(claimant)
        purpose, template = self._purpose(claimant), _words(pool)
        if claimant.reachable and user is not None and target:
            sent = await self._codes.send(
                pool,
                user,
                purpose,
                attribute=self._attribute,
                target=target,
                source="CustomMessage_Authentication",
                client_id=claimant.client.id,
                metadata=claimant.metadata,
                by=by_user(user.sub) if claimant.is_proven else None,
                template=template,
            )
            return Posing(delivery=sent)
        if not target:
            digest = self._directory.stand_in_bytes(pool, claimant.submitted)
            _, target = likely_contact(pool, claimant.submitted, digest, (self._attribute,))
        await self._codes.pretend(
            pool,
            claimant.subject,
            purpose,
            attribute=self._attribute,
            target=target,
            client_id=claimant.client.id,
            user=user,
            template=template,
        )
        return Posing(delivery=delivery(self._attribute, target))

    async def _target(self, claimant: Claimant) -> tuple[User | None, str | None]:
        """The user as they are now, and where the code goes. After a first proof that may be a contact which the user
        has just given, and which waits for this very code (``contacts.py``)."""
        user = claimant.user
        target = user.attributes.get(self._attribute) if user else None
        if target or user is None or not claimant.is_proven:
            return user, target
        user = await self._users.get(claimant.pool.id, user.sub) or user
        return user, user.attributes.get(self._attribute) or user.pending.get(self._attribute)

    async def check(self, claimant: Claimant, private: Mapping[str, Any], answers: Mapping[str, str]) -> None:
        """The code that was given is used. Raises ``CodeMismatch``, ``CodeExpired``, ``LimitExceeded``."""
        pool, user = claimant.pool, claimant.user
        try:
            code = await self._codes.check(
                pool,
                claimant.subject,
                self._purpose(claimant),
                answers.get("ANSWER", ""),
                user if claimant.reachable else None,
                client_id=claimant.client.id,
            )
        except CodeMismatch:
            raise CodeMismatch(Reason.MESSAGE_CODE_WRONG) from None
        if user is None or not claimant.reachable:
            raise CodeMismatch(Reason.MESSAGE_CODE_WRONG)
        if await self._use(pool, user.sub, code):
            await self.world.audit.note(
                "contact.verified",
                pool_id=pool.id,
                client_id=claimant.client.id,
                subject=user.sub,
                actor=by_user(user.sub),
                facts={"attribute": code.attribute},
            )
        await self._codes.finish(code)

    async def _use(self, pool: Pool, sub: str, code: Code) -> bool:
        """Whether that verified the contact. Of several requests with one code, one writes."""
        for _ in range(5):
            user = await self._users.get(pool.id, sub)
            if user is None or user.spent.get(code.purpose) == code.id:
                raise CodeExpired
            used = replace(user, spent={**user.spent, code.purpose: code.id})
            try:
                return await self._save(pool, used, code)
            except VersionConflict:
                continue
        raise ConcurrentModification

    async def _save(self, pool: Pool, used: User, code: Code) -> bool:
        added = self._with_added(used, code)
        proven = verified(added, code.attribute, code.target)
        try:
            await self._users.save(pool, proven)
        except NameTaken:
            # Somebody else signs in by this contact: here it stays unverified, and the code was right all the same.
            proven = await self._users.save(pool, added)
        return proven.has_verified(code.attribute) and not used.has_verified(code.attribute)

    def _with_added(self, user: User, code: Code) -> User:
        """The user with the contact that the code went to, where it was waiting to be the first of its kind. What was
        given to be a second factor is asked for from now on, as any that is set up in a sign-in."""
        if user.attributes.get(code.attribute) or user.pending.get(code.attribute) != code.target:
            return user
        return replace(
            user,
            attributes={**user.attributes, code.attribute: code.target, f"{code.attribute}_verified": "false"},
            pending={name: value for name, value in user.pending.items() if name != code.attribute},
            mfa=user.mfa if self.name in user.mfa else (*user.mfa, self.name),
        )

    def _purpose(self, claimant: Claimant) -> Purpose:
        """A code is good for as long as the session that it is asked for in. As a first proof and as a second factor it
        is two things: by a name alone nobody uses up what is there for who has proven something."""
        name = self.name.lower()
        name = name.replace("_otp", "_mfa") if claimant.is_proven else name
        return Purpose(name, claimant.client.session_validity, SENDS, TRIES)


def message_factors(
    world: World, users: Users, directory: Lookup, codes: CodeProcess, limits: Limits
) -> tuple[MessageCode, MessageCode, MessageCode]:
    """SMS as a second factor, e-mail as either, SMS as the first."""

    def made(name: str, proof: str, attribute: str) -> MessageCode:
        return MessageCode(world, users, directory, codes, limits, name=name, proof=proof, attribute=attribute)

    return (
        made("SMS_MFA", "sms", "phone_number"),
        made("EMAIL_OTP", "email", "email"),
        made("SMS_OTP", "sms", "phone_number"),
    )


def _words(pool: Pool) -> MessageTemplate:
    said = pool.authentication
    return MessageTemplate(
        sms=said.sms or AUTHENTICATION.sms,
        email=said.email or AUTHENTICATION.email,
        subject=said.subject or AUTHENTICATION.subject,
    )
