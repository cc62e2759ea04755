"""Password hashes: argon2id with a pepper for what is set here, and whatever a format can read for what comes from
elsewhere.

Ours are written ``$ph$v=1$argon2id$v=19$m=..,t=..,p=..$salt$hash``: PHC text after a mark that says the password went
through the pepper. The pepper is derived from the master key, so a stolen database alone gives nothing to guess
against.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import argon2.low_level as argon2
from argon2.exceptions import HashingError
from msgspec import Struct

from poolhouse.crypto.bcrypt_format import is_bcrypt, sees_all
from poolhouse.crypto.formats import Argon2, argon2_fits, as_typed, built_in, is_shortage, read_argon2, why_unreadable
from poolhouse.crypto.memory import MemoryRoom
from poolhouse.crypto.workers import Workers
from poolhouse.errors import TooManyRequests
from poolhouse.ports.passwords import Fit, PasswordFormat
from poolhouse.ports.world import Chance, Secrets

MARK = "$ph$v=1"
SALT_SIZE = 16
DIGEST_SIZE = 32
LONGEST_NORMALISED = 1024
_COSTS = re.compile(r"\$ph\$v=1\$argon2id\$v=19\$m=(?P<memory>[0-9]{1,9}),t=(?P<passes>[0-9]{1,9}),")

log = logging.getLogger(__name__)


@contextmanager
def _memory_is_room() -> Iterator[None]:
    """Too little memory is answered as a queue without room."""
    try:
        yield
    except MemoryError as error:
        log.error("there is no memory for a password hash: a process needs passwords.memory_kib for each thread")
        raise TooManyRequests from error


class Argon2Costs(Struct, frozen=True):
    """What a hash costs. The defaults are OWASP's first choice for argon2id."""

    memory_kib: int = 19456
    passes: int = 2
    lanes: int = 1


class PasswordHashes:
    """Implements the passwords port. ``formats`` are tried in order, before the built-in ones. ``room`` lets in what
    finds its memory (None: as the bounds of this process say)."""

    def __init__(
        self,
        workers: Workers,
        secrets: Secrets,
        chance: Chance,
        costs: Argon2Costs = Argon2Costs(),
        formats: Iterable[PasswordFormat] = (),
        room: MemoryRoom | None = None,
    ) -> None:
        self._room = room or MemoryRoom(costs.memory_kib * 1024)
        self._workers = workers
        self._chance = chance
        self._costs = costs
        self._formats = (*formats, *built_in())
        self._pepper = secrets.derive("password-pepper")
        self._current = f"{MARK}$argon2id$v=19$m={costs.memory_kib},t={costs.passes},p={costs.lanes}$"
        # Nobody's hash, with today's parameters: what is computed when there is no user. Argon2's time depends on its
        # parameters only, so no password has to be hashed to make it.
        self._nobody = f"{self._current}{'A' * 22}${'A' * 43}"

    async def hash(self, password: str) -> str:
        """As the port says. Raises ``TooManyRequests`` where there is no memory for it, as where the queue is full."""
        self._room.admit(self._workers.pending, self._workers.threads)
        with _memory_is_room():
            return await self._workers.run(self._hash, password, self._chance.raw(SALT_SIZE))

    async def verify(self, password: str, encoded: str | None) -> Fit:
        """As the port says. A hash that nobody here can read is logged (without it), costs the same work, and fits no
        password. A foreign hash takes as long as its own parameters say, until the sign-in that replaces it. Raises
        ``TooManyRequests`` where there is no memory to look at it: that says nothing about the password."""
        self._room.admit(self._workers.pending, self._workers.threads)
        with _memory_is_room():
            return await self._workers.run(self._verify, password, encoded)

    def is_outdated(self, encoded: str) -> bool:
        """Whether another hash is to be stored at the next sign-in: never one that is cheaper to guess, so that a
        process that still runs with lower costs takes nothing back."""
        if encoded.startswith(self._current):
            return False
        known = _COSTS.match(encoded)
        return (
            known is None or int(known["memory"]) * int(known["passes"]) <= self._costs.memory_kib * self._costs.passes
        )

    def can_read(self, encoded: str) -> bool:
        """Whether ``verify`` can ever say yes to this hash: for imports, which refuse what nobody can check."""
        if self.is_peppered(encoded):
            return Argon2().recognises(encoded[len(MARK) :])
        return self._format_of(encoded) is not None

    def is_peppered(self, encoded: str) -> bool:
        return encoded.startswith(f"{MARK}$")

    def why_unreadable(self, encoded: str) -> str | None:
        """What is not understood of a hash that ``can_read`` says no to; None for others."""
        return None if self.can_read(encoded) else why_unreadable(encoded)

    def _hash(self, password: str, salt: bytes) -> str:
        costs = self._costs
        try:
            phc = argon2.hash_secret(
                self._peppered(password), salt, costs.passes, costs.memory_kib, costs.lanes, DIGEST_SIZE, argon2.Type.ID
            )
        except HashingError as error:
            if is_shortage(error):
                raise MemoryError("argon2 gets no memory") from error
            raise
        return MARK + phc.decode()

    def _verify(self, password: str, encoded: str | None) -> Fit:
        if encoded is not None:
            try:
                return self._fits(password, encoded)
            except ValueError:
                log.warning("a stored password hash cannot be read by any known format")
        self._fits(password, self._nobody)
        return Fit.NO

    def _fits(self, password: str, encoded: str) -> Fit:
        if self.is_peppered(encoded):
            phc = encoded[len(MARK) :]
            if not encoded.startswith(self._current):
                read_argon2(phc)
            return Fit.WHOLE if argon2_fits(phc, self._peppered(password), argon2.Type.ID) else Fit.NO
        known = self._format_of(encoded)
        if known is None:
            raise ValueError("no format knows this hash")
        said = known.verify(encoded, password)
        # Nothing but these says yes, whatever a plugin answers (security row 29).
        fit = said if isinstance(said, Fit) else Fit.WHOLE if said is True else Fit.NO
        if fit is Fit.WHOLE and is_bcrypt(encoded):
            # Whoever checked it: no implementation can have looked further.
            return Fit.WHOLE if sees_all(as_typed(password)) else Fit.IN_PART
        return fit

    def _format_of(self, encoded: str) -> PasswordFormat | None:
        return next((known for known in self._formats if known.recognises(encoded)), None)

    def _peppered(self, password: str) -> bytes:
        """The keyed digest of the whole password, however long it is.

        Normalised by NFC, as RFC 8265 section 4.2 does for passwords: the same text typed on two keyboards is the same
        password. NFKC would go further and make different characters equal, which throws away what the user chose.
        """
        # Normalising takes the square of the length, in time, and holds up the event loop. No real password is longer.
        normal = unicodedata.normalize("NFC", password) if len(password) <= LONGEST_NORMALISED else password
        return hmac.digest(self._pepper, as_typed(normal), hashlib.sha256)
