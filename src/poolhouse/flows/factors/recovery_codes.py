"""Recovery codes: a way back for who has lost a second factor (decision 0024).

A user who has a second factor asks for ten of them, sees them once, and writes them down. In a sign-in, where a second
factor is asked for, one of them is good in its place, once. What is kept are keyed digests, in the user's record: a
code is used by the write that takes its digest out, so that of many requests with one code one has it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import CodeMismatch, ConcurrentModification, InvalidParameter, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.factor import Claimant, Posing
from poolhouse.flows.factors.own import OwnFactors
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.messages.words import Messenger
from poolhouse.flows.protection.limits import Asked
from poolhouse.hooks.views import Directory, Person
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import Users
from poolhouse.ports.world import Secrets
from poolhouse.records.clients import Client
from poolhouse.records.factors import RECOVERY_CODE, RecoveryCodes
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.users import User

COUNT: Final = 10
LENGTH: Final = 8
ALPHABET: Final = "23456789ABCDFGHJKMNPQRTVWXY"
"""None that looks like another: no 0 and O, no 1, I and L, no 5 and S, and not the vowels that make words. Eight of
them have 38 bits: enough where each guess is counted, and the digests have a key."""
PURPOSE: Final = "recovery-code"
_HALF: Final = LENGTH // 2
_LONGEST: Final = 64
"""Letters of what may be meant for a code, with whatever stands between them."""
_TURNS: Final = 5
_USED: Final = MessageTemplate(
    sms="A recovery code was used to sign in to your account. If that was not you, change your password.",
    email="A recovery code was used to sign in to your account, in place of your second factor. If that was not you, "
    "change your password, and ask for new recovery codes.",
    subject="A recovery code was used",
)


class NewCodes(Struct, frozen=True):
    """Shown once, and nowhere kept."""

    codes: tuple[str, ...]
    created: float

    def __repr__(self) -> str:
        return f"NewCodes({len(self.codes)})"


class CodesLeft(Struct, frozen=True):
    """How many of the user's codes are good. ``created`` is None where there are none."""

    left: int = 0
    created: float | None = None


def digest_of(secrets: Secrets, sub: str, set_id: str, code: str) -> str:
    """Names owner and set: moved to another user by whoever can write to the database, it fits nothing."""
    return secrets.derive(PURPOSE, sub, set_id, code).hex()


def plain(text: str) -> str:
    """The letters of a code as a user typed it: in either case, with or without what stands between."""
    return "".join(letter for letter in text[:_LONGEST].upper() if letter.isalnum())


class RecoveryCode(Flow):
    """The factor. It is never asked for by itself: who can show something else chooses it, and nobody else."""

    name = RECOVERY_CODE
    proof = "recovery_code"

    def __init__(self, world: World, users: Users, messenger: Messenger) -> None:
        super().__init__(world)
        self._users = users
        self._messenger = messenger

    def is_held(self, person: Person) -> bool:
        return False

    async def ask(self, claimant: Claimant) -> Posing:
        # The field has no word for it: this is how a client tells it from what plugins ask.
        return Posing(shown={"FACTOR": RECOVERY_CODE})

    async def check(self, claimant: Claimant, private: Mapping[str, Any], answers: Mapping[str, str]) -> None:
        """The code is used, and its owner is told. Raises ``CodeMismatch``, for one that was used before too."""
        given = plain(answers.get("ANSWER", ""))
        if not claimant.is_proven or claimant.user is None:
            raise CodeMismatch(Reason.RECOVERY_CODE_WRONG)
        for _ in range(_TURNS):
            user = await self._users.get(claimant.pool.id, claimant.user.sub)
            if user is None or user.recovery is None:
                raise CodeMismatch(Reason.RECOVERY_CODE_WRONG)
            digest, left = self._without(user, user.recovery, given)
            try:
                used = await self._users.save(claimant.pool, replace(user, recovery=left))
            except VersionConflict:
                continue
            await self._told(claimant, used, digest)
            return
        raise ConcurrentModification

    def _without(self, user: User, codes: RecoveryCodes, given: str) -> tuple[str, RecoveryCodes]:
        """The digest of the code, and the set without it. All of them are looked at, whichever fits. Raises
        ``CodeMismatch``."""
        digest = digest_of(self.world.secrets, user.sub, codes.id, given)
        left = tuple([each for each in codes.digests if not hmac.compare_digest(each, digest)])
        if len(left) == len(codes.digests):
            raise CodeMismatch(Reason.RECOVERY_CODE_WRONG)
        return digest, replace(codes, digests=left)

    async def _told(self, claimant: Claimant, user: User, digest: str) -> None:
        await self.world.audit.note(
            "recovery_code.used",
            pool_id=claimant.pool.id,
            client_id=claimant.client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"left": str(len(user.recovery.digests)) if user.recovery else "0"},
        )
        # Of the digest, a part that nobody finds the code by: one use is one message.
        message_id = f"recovery-{user.recovery.id if user.recovery else user.sub}-{digest[:8]}"
        await self._messenger.notify(claimant.pool, user, _USED, message_id=message_id, purpose="recovery_code_used")


class RecoveryCodeSets(OwnFactors):
    @step("recovery_codes.make")
    async def make(self, access_token: str) -> NewCodes:
        """Ten new codes, shown this once. Those before are good no more.

        Raises ``InvalidParameter`` where the user has no second factor, ``TooManyRequests``,
        ``ConcurrentModification``, and as ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        await self._limits.admit(Asked.ANSWER, bearer.client)
        return await self.make_for(bearer.pool, bearer.client, bearer.user)

    async def make_for(self, pool: Pool, client: Client, user: User) -> NewCodes:
        """As ``make``, for a user who has just been seen to be who they are (hosted pages, at the end of a sign-in)."""
        chance = self.world.chance
        if not self._factors.standing(Directory.of(pool), Person.of(user)).active:
            raise InvalidParameter(Reason.RECOVERY_CODES_NEED_FACTOR)
        codes = tuple(chance.letters(LENGTH, ALPHABET) for _ in range(COUNT))
        set_id, now = chance.uuid(), self.world.clock.now()
        digests = tuple(digest_of(self.world.secrets, user.sub, set_id, code) for code in codes)
        await self._save(pool, replace(user, recovery=RecoveryCodes(id=set_id, digests=digests, created=now)))
        # Wrong answers to those before were none to these.
        await self._lockout.clear(pool.id, user.sub, RECOVERY_CODE)
        await self.world.audit.note(
            "recovery_codes.made",
            pool_id=pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
        )
        return NewCodes(tuple(f"{code[:_HALF]}-{code[_HALF:]}" for code in codes), now)

    @step("recovery_codes.show")
    async def show(self, access_token: str) -> CodesLeft:
        """Raises as ``Bearers.of``."""
        codes = (await self._bearers.of(access_token)).user.recovery
        return CodesLeft(len(codes.digests), codes.created) if codes else CodesLeft()
