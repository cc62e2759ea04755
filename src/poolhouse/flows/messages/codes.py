"""The one code process: length, life, quota, attempts counted before the check, the same for unknown users.

Sent and guessed codes count for the user and for the contact: whoever signs up forty times in the name of another's
address has no more guesses at it, and sends it no more letters, than one who does so once. Without a live code there is
nothing to guess, and nothing is counted: blind guesses cost the owner nothing, and a fresh code has tries of its own.

A code that fits is not spent here. The write that has its effect remembers its id in ``User.spent``, so that effect and
use are one write; a second request with the same code finds the id there. ``finish`` only tidies up.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping

from msgspec import Struct

from poolhouse.errors import CodeExpired, CodeMismatch, LimitExceeded
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages.words import VERIFICATION, Messenger, delivery
from poolhouse.hooks.events.messages import MessageSource
from poolhouse.ports.protection import Counters
from poolhouse.ports.sign_in import Codes
from poolhouse.records.messages import Delivery
from poolhouse.records.names import canonical
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.sign_in import Code
from poolhouse.records.users import User

HOUR = 3600

SENDS_TO_A_CONTACT = 20
TRIES_AT_A_CONTACT = 40
"""Within an hour and a pool, whoever asks and for whatever. More than what one purpose of one user may have, so that an
owner is not kept out by the first who guesses; few enough that guessing all of them takes years."""

UNLIMITED = 2**31


class Purpose(Struct, frozen=True):
    """What a code is for. ``life`` in seconds; ``sends`` are allowed within an hour, ``tries`` for one code."""

    name: str
    life: int
    sends: int
    tries: int


CONFIRM_SIGN_UP = Purpose("confirm_sign_up", 24 * HOUR, sends=5, tries=15)
FORGOT_PASSWORD = Purpose("forgot_password", HOUR, sends=10, tries=10)
VERIFY_EMAIL = Purpose("verify_email", 24 * HOUR, sends=5, tries=15)
VERIFY_PHONE = Purpose("verify_phone_number", 24 * HOUR, sends=5, tries=15)

VERIFY = {"email": VERIFY_EMAIL, "phone_number": VERIFY_PHONE}


class CodeProcess(Flow):
    def __init__(self, world: World, codes: Codes, counters: Counters, messenger: Messenger) -> None:
        super().__init__(world)
        self._codes = codes
        self._counters = counters
        self._messenger = messenger
        self._key = world.secrets.derive("code-digest")
        self._contact_key = world.secrets.derive("contact")

    async def send(
        self,
        pool: Pool,
        user: User,
        purpose: Purpose,
        *,
        attribute: str,
        target: str,
        source: MessageSource,
        client_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        counted: bool = True,
        by: str | None = None,
        template: MessageTemplate | None = None,
    ) -> Delivery:
        """A fresh code replaced the earlier one and is on its way. Raises ``LimitExceeded``; ``counted`` is false where
        the caller called ``count_send`` itself, before a write of its own. ``by`` is who asked, where it was proven.
        ``template`` None: the words are those of verifications."""
        if counted:
            await self.count_send(pool, user.sub, purpose, attribute=attribute, target=target)
        digits = self.world.chance.digits(6)
        code_id = await self._put(pool.id, user.sub, purpose, digits, attribute=attribute, target=target)
        # At once: two writes that wait for the disk together wait once.
        await asyncio.gather(
            self._messenger.send(
                pool,
                user,
                source=source,
                attribute=attribute,
                target=target,
                secret=digits,
                message_id=code_id,
                client_id=client_id,
                metadata=metadata or {},
                template=template or _or_default(pool.verification, by_link=purpose is CONFIRM_SIGN_UP),
                purpose=purpose.name,
                life=purpose.life,
            ),
            self.world.audit.note(
                "code.requested",
                pool_id=pool.id,
                client_id=client_id,
                subject=user.sub,
                actor=by,
                facts={"purpose": purpose.name, "attribute": attribute},
            ),
        )
        return delivery(attribute, target)

    async def was_sent(self, pool: Pool, user: User, purpose: Purpose) -> bool:
        """Whether a code of this purpose is alive, and its message was queued."""
        code = await self._codes.get(pool.id, user.sub, purpose.name)
        return code is not None and await self._messenger.knows(code.id)

    async def pretend(
        self,
        pool: Pool,
        subject: str,
        purpose: Purpose,
        *,
        attribute: str,
        target: str,
        client_id: str,
        user: User | None,
        template: MessageTemplate | None = None,
        counted: bool = True,
    ) -> None:
        """What ``send`` would have done, for somebody who gets nothing: the same quota, and the same writes, so that
        the time it takes tells nothing either (security row 48). No text fits the code. Raises ``LimitExceeded``.
        ``user`` is None for a name that nobody has."""
        if counted:
            await self.count_send(pool, subject, purpose, attribute=attribute, target=target)
        code_id = await self._put(
            pool.id, subject, purpose, self.world.chance.token(), attribute=attribute, target=target
        )
        await asyncio.gather(
            self._messenger.pretend(
                pool,
                attribute=attribute,
                target=target,
                message_id=code_id,
                template=template or _or_default(pool.verification),
                life=purpose.life,
            ),
            self.world.audit.note(
                "code.requested",
                pool_id=pool.id,
                client_id=client_id,
                subject=user.sub if user else None,
                facts={"purpose": purpose.name, "sent": "no"},
            ),
        )

    async def _put(
        self, pool_id: str, subject: str, purpose: Purpose, secret: str, *, attribute: str, target: str
    ) -> str:
        """The id of a new code."""
        now = self.world.clock.now()
        code_id = self.world.chance.uuid()
        await self._codes.put(
            Code(
                id=code_id,
                pool_id=pool_id,
                user_sub=subject,
                purpose=purpose.name,
                digest=self._digest(pool_id, subject, purpose, code_id, secret),
                created=now,
                expires=now + purpose.life,
                attribute=attribute,
                target=target,
            )
        )
        return code_id

    async def check(
        self,
        pool: Pool,
        subject: str,
        purpose: Purpose,
        given: str,
        user: User | None,
        *,
        client_id: str,
        by: str | None = None,
    ) -> Code:
        """The live code that was given. ``subject`` is the user's ``sub``, or stands for a name that nobody has; ``by``
        is who gave it, where that was proven.

        Raises ``LimitExceeded``, ``CodeMismatch``, ``CodeExpired`` (also where none was ever sent).
        """
        try:
            return await self._fitting(pool, subject, purpose, given, user)
        except (LimitExceeded, CodeMismatch, CodeExpired) as refused:
            await self.world.audit.note(
                "code.refused",
                pool_id=pool.id,
                client_id=client_id,
                subject=user.sub if user else None,
                actor=by,
                facts={"purpose": purpose.name, "error": type(refused).__name__},
            )
            raise

    async def _fitting(self, pool: Pool, subject: str, purpose: Purpose, given: str, user: User | None) -> Code:
        code = await self._codes.get(pool.id, subject, purpose.name)
        if code is None or (user is not None and user.spent.get(purpose.name) == code.id):
            # As much work as for a live one, and nothing that anybody looks at.
            await self._count(pool.id, "tries:nothing", subject, UNLIMITED)
            await self._count(pool.id, "tries:nothing", self._contact("email", subject), UNLIMITED)
            hmac.compare_digest(self._digest(pool.id, subject, purpose, "", given.strip()), "")
            raise CodeExpired
        await self._count(pool.id, f"tries:{purpose.name}", code.id, purpose.tries)
        await self._count(pool.id, "tries", self._contact(code.attribute, code.target), TRIES_AT_A_CONTACT)
        fits = hmac.compare_digest(code.digest, self._digest(pool.id, subject, purpose, code.id, given.strip()))
        if user is None:
            # A code was seemingly sent: as a real user's, it can only be missed.
            raise CodeMismatch
        if not fits:
            raise CodeMismatch
        if code.target not in (user.attributes.get(code.attribute), user.pending.get(code.attribute)):
            # It went to a contact that the user has no more: whoever reads it there is not the user.
            raise CodeExpired
        return code

    async def finish(self, code: Code) -> None:
        """Nothing of the code remains."""
        await self._codes.discard(code)

    async def count_send(self, pool: Pool, subject: str, purpose: Purpose, *, attribute: str, target: str) -> None:
        """A code for the contact counts, for the user and for the contact. Raises ``LimitExceeded``."""
        await self._count(pool.id, f"sends:{purpose.name}", subject, purpose.sends)
        await self.count_letter(pool, attribute=attribute, target=target)

    async def count_letter(self, pool: Pool, *, attribute: str, target: str) -> None:
        """A message that nobody asked for again counts for the contact alone. Raises ``LimitExceeded``."""
        await self._count(pool.id, "sends", self._contact(attribute, target), SENDS_TO_A_CONTACT)

    async def _count(self, pool_id: str, what: str, subject: str, at_most: int) -> None:
        now = self.world.clock.now()
        if not await self._counters.count_within(pool_id, what, subject, at_most=at_most, seconds=HOUR, now=now):
            raise LimitExceeded

    def _contact(self, attribute: str, target: str) -> str:
        """The contact as its counters know it, and no address that could be read there. Whatever the pool thinks of
        case, and whatever stands behind a plus sign: it is the letter box that counts."""
        value = canonical(attribute, target, case_sensitive=False)
        local, at, domain = value.rpartition("@")
        value = local.partition("+")[0] + at + domain if attribute == "email" else value
        return hmac.new(self._contact_key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def _digest(self, pool_id: str, subject: str, purpose: Purpose, code_id: str, digits: str) -> str:
        # Keyed: six digits alone could be tried out by anybody who reads the database.
        said = "\x1f".join((pool_id, subject, purpose.name, code_id, digits))
        return hmac.new(self._key, said.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _or_default(template: MessageTemplate, *, by_link: bool = False) -> MessageTemplate:
    """``by_link``: this may be a link, where the pool has it so."""
    return MessageTemplate(
        sms=template.sms or VERIFICATION.sms,
        email=template.email or VERIFICATION.email,
        subject=template.subject or VERIFICATION.subject,
        by_link=by_link and template.by_link,
        link_email=template.link_email,
        link_subject=template.link_subject,
    )
