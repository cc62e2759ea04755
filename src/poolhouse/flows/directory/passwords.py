"""Passwords: the pool's policy, the history, and what is stored of them."""

from __future__ import annotations

import unicodedata

from msgspec.structs import replace

from poolhouse.errors import PasswordHistoryViolation, PasswordPolicyViolation
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.ports.arithmetic import Passwords, Srp
from poolhouse.records.pools import PasswordPolicy, Pool
from poolhouse.records.users import Credential, User

SYMBOLS = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
LONGEST = 256
_LOWER = "abcdefghijkmnopqrstuvwxyz"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "23456789"
_SIGNS = "!@#%*-_=+?"
_PURPOSE = "srp-salt-and-verifier"
_SALT = 16
_VERIFIER = 384
"""Bytes of a number below N, which has 3072 bits."""


def require_policy(policy: PasswordPolicy, password: str) -> None:
    """Raises ``PasswordPolicyViolation`` naming the first rule that is broken. Letters count if they are basic Latin;
    length counts code points (NIST SP 800-63B-4)."""
    reason = None
    if len(password) > LONGEST:
        # First: normalising takes the square of the length, in time.
        reason = Reason.PASSWORD_TOO_LONG
    elif len(unicodedata.normalize("NFC", password)) < policy.minimum_length:
        reason = Reason.PASSWORD_TOO_SHORT
    elif policy.require_uppercase and not any("A" <= c <= "Z" for c in password):
        reason = Reason.PASSWORD_WITHOUT_UPPERCASE
    elif policy.require_lowercase and not any("a" <= c <= "z" for c in password):
        reason = Reason.PASSWORD_WITHOUT_LOWERCASE
    elif policy.require_numbers and not any("0" <= c <= "9" for c in password):
        reason = Reason.PASSWORD_WITHOUT_NUMBERS
    elif policy.require_symbols and not any(c in SYMBOLS for c in password.strip(" ")):
        reason = Reason.PASSWORD_WITHOUT_SYMBOLS
    if reason:
        raise PasswordPolicyViolation(reason)


def plain_salt(raw: bytes) -> bytes:
    """The salt, beginning with no zero: some clients read it as a number and some as text, and only then it is the same
    to both."""
    return bytes((raw[0] or 1,)) + raw[1:]


class Credentials(Flow):
    def __init__(self, world: World, passwords: Passwords, srp: Srp) -> None:
        super().__init__(world)
        self._passwords = passwords
        self._srp = srp
        # As long as a real one.
        self._nothing = world.secrets.seal(_PURPOSE, "/", bytes(_SALT + _VERIFIER))

    def invent(self, policy: PasswordPolicy) -> str:
        """A temporary password that meets any policy of that length."""
        chance = self.world.chance
        must = [chance.letters(2, alphabet) for alphabet in (_LOWER, _UPPER, _DIGITS, _SIGNS)]
        rest = chance.letters(max(policy.minimum_length - 8, 2), _LOWER + _UPPER + _DIGITS)
        return "".join(must[i][0] for i in range(4)) + rest + "".join(must[i][1] for i in range(4))

    async def make(self, pool: Pool, username: str, password: str) -> Credential:
        """What is stored of a password. Raises ``TooManyRequests``."""
        return Credential(
            hash=await self._passwords.hash(password),
            set_at=self.world.clock.now(),
            verifier=await self._verifier(pool, username, password),
        )

    async def renewed(self, pool: Pool, user: User, password: str) -> Credential | None:
        """What is to be stored now that the whole password has been proven: a hash of today's parameters, and a
        verifier that every client can use. None where all is well, as nearly always."""
        credential = user.credential
        if credential is None:
            return None
        if self._passwords.is_outdated(credential.hash):
            return replace(await self.make(pool, user.username, password), set_at=credential.set_at)
        if pool.keeps_verifiers and not self._has_sound_verifier(user):
            return replace(credential, srp=None, verifier=await self._verifier(pool, user.username, password))
        return None

    async def _verifier(self, pool: Pool, username: str, password: str) -> str | None:
        """Salt and verifier, sealed (they are fast-hash material). Whatever clients there are: the password is to be
        good for those that come later, too. None where the pool says so."""
        if not pool.keeps_verifiers:
            return None
        salt = plain_salt(self.world.chance.raw(_SALT))
        verifier = await self._srp.verifier(pool.short_name, username, password, salt)
        plain = salt + int(verifier, 16).to_bytes(_VERIFIER, "big")
        return self.world.secrets.seal(_PURPOSE, f"{pool.id}/{username}", plain)

    def _has_sound_verifier(self, user: User) -> bool:
        if user.credential is not None and user.credential.verifier is not None:
            return True
        first = self.open_srp(user)
        # Salts of old could begin with a zero, which some clients leave out (`plain_salt`).
        return first is not None and not first[0].startswith("00")

    def open_srp(self, user: User) -> tuple[str, str] | None:
        """Salt and verifier, both hex; None where there is none."""
        credential = user.credential
        if credential is None:
            return None
        owner = f"{user.pool_id}/{user.username}"
        if credential.verifier is not None:
            plain = self.world.secrets.open(_PURPOSE, owner, credential.verifier)
            return plain[:_SALT].hex(), plain[_SALT:].hex()
        if credential.srp is None:
            return None
        salt, _, verifier = self.world.secrets.open("srp-verifier", owner, credential.srp).decode().partition(":")
        return salt, verifier

    def open_nothing(self) -> None:
        """As much work as ``open_srp`` of somebody."""
        self.world.secrets.open(_PURPOSE, "/", self._nothing).hex()

    async def change(self, pool: Pool, user: User, password: str) -> User:
        """The user with this password: policy and history were looked at, the old one is in the history. Not stored
        yet.

        Raises ``PasswordPolicyViolation``, ``PasswordHistoryViolation``, ``TooManyRequests``.
        """
        require_policy(pool.password_policy, password)
        size = pool.password_policy.history
        hashes = ((user.credential.hash, *user.history) if user.credential else user.history)[:size]
        for earlier in hashes:
            if await self._passwords.verify(password, earlier):
                raise PasswordHistoryViolation
        credential = await self.make(pool, user.username, password)
        return replace(user, credential=credential, history=hashes, temporary_until=None)
