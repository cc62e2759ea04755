"""What flows need from the world: the time, chance, arithmetic, secrets, and the records. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from poolhouse.records import (
    AccessKey,
    Attempt,
    Client,
    Code,
    Grant,
    Group,
    Message,
    OutboxEntry,
    Pool,
    User,
)

# --- the world -------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> float:
        """Epoch seconds."""


class Chance(Protocol):
    """Randomness that cannot be guessed, and identifiers made of it."""

    def token(self) -> str:
        """256 random bits, base64url without padding."""

    def raw(self, size: int) -> bytes: ...

    def digits(self, count: int) -> str: ...

    def letters(self, count: int, alphabet: str) -> str: ...

    def uuid(self) -> str: ...


class Secrets(Protocol):
    """The master key at work. A sealed text names the key version that sealed it; ``purpose`` and ``context`` are bound
    into it, so that it opens nowhere else."""

    def seal(self, purpose: str, context: str, plain: bytes) -> str: ...

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        """Raises ``ValueError`` when it was not sealed by us for this purpose and context."""

    def derive(self, purpose: str, *parts: str) -> bytes:
        """32 bytes that are always the same for the same words, and unknown to anyone without the master key."""


class Passwords(Protocol):
    """Password hashes: slow arithmetic in a bounded pool. Raises ``TooManyRequests`` when the pool's queue is full."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, encoded: str | None) -> bool:
        """Whether the password fits. With None the same work is done, and the answer is False."""

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash has other parameters, or another format, than ``hash`` would give it today."""


@dataclass(frozen=True, slots=True)
class SrpOpening:
    """``b`` is the server's secret, ``B`` its public value; both lower-case hex."""

    b: str
    B: str


class Srp(Protocol):
    """SRP-6a over the 3072-bit group, as the clients compute it. Arithmetic runs in the bounded pool."""

    async def verifier(self, pool_name: str, username: str, password: str, salt: bytes) -> str:
        """Lower-case hex of ``v``."""

    async def open(self, verifier: str, big_a: str) -> SrpOpening:
        """Raises ``InvalidParameter`` when A is not a usable public value."""

    async def proof(
        self,
        *,
        identity: str,
        verifier: str,
        big_a: str,
        opening: SrpOpening,
        secret_block: bytes,
        timestamp: str,
    ) -> bytes:
        """The signature that a client with the password would send. ``identity`` is pool name + user name."""


class Tokens(Protocol):
    """Signatures. Claims are given and taken; no rule about them lives behind this port."""

    async def sign(self, pool_id: str, use: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS; ``use`` is ``id`` or ``access``."""

    async def sign_both(
        self, pool_id: str, id_claims: Mapping[str, Any], access_claims: Mapping[str, Any]
    ) -> tuple[str, str]: ...

    async def verify(self, token: str, use: str) -> Mapping[str, Any]:
        """The claims of a token that we signed for ``use`` with a published key of the pool that it names as issuer.
        Expiry is not looked at. Raises ``InvalidAccessToken`` for anything else."""

    async def make_keys(self, pool_id: str) -> None:
        """The pool has a key pair for each use. Doing it twice changes nothing."""

    def issuer(self, pool_id: str) -> str: ...


# --- records ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of records. ``cursor`` is opaque and authenticated; None on the last page."""

    items: Sequence[Any]
    cursor: str | None = None


class Pools(Protocol):
    async def get(self, pool_id: str) -> Pool:
        """Raises ``PoolNotFound``. The answer may be some seconds old (a bounded cache)."""

    async def add(self, pool: Pool) -> Pool: ...

    async def save(self, pool: Pool) -> Pool:
        """Raises ``ConcurrentModification``."""

    async def delete(self, pool: Pool) -> None: ...

    async def page(self, region: str, limit: int, cursor: str | None) -> Slice: ...


class Clients(Protocol):
    async def get(self, client_id: str) -> Client:
        """Raises ``ClientNotFound``. The answer may be some seconds old (a bounded cache)."""

    async def add(self, client: Client) -> Client: ...

    async def save(self, client: Client) -> Client: ...

    async def delete(self, client: Client) -> None: ...

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice: ...

    async def uses_srp(self, pool_id: str) -> bool:
        """Whether SRP verifiers are worth keeping: some client of the pool allows SRP, or there is no client yet."""


@dataclass(frozen=True, slots=True)
class Name:
    """A sign-in name that only one user of a pool can hold: ``kind`` is ``username``, ``email``, ``phone_number`` or
    ``preferred_username``; ``value`` is canonical."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class UserFilter:
    """``attribute`` is one of the searchable names; ``prefix`` says "begins with" instead of "is"."""

    attribute: str
    value: str
    prefix: bool = False


class Users(Protocol):
    """Users and the names they hold. Which names a user holds is computed by ``flows.names.held`` from the record."""

    async def get(self, pool_id: str, sub: str) -> User | None: ...

    async def by_name(self, pool: Pool, name: Name) -> User | None:
        """The user who holds the name now."""

    async def add(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        """The user exists, with all names that the record holds. Raises ``NameTaken`` with the first that is not free.
        ``seize`` as in ``save``."""

    async def save(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        """The record is stored with exactly the names it now holds. Raises ``VersionConflict``, and ``NameTaken`` for a
        name that somebody else holds. With ``seize`` an e-mail or phone alias is taken from its holder, whose attribute
        becomes unverified."""

    async def delete(self, pool: Pool, user: User) -> None:
        """The record is gone first, then its names and memberships."""

    async def page(self, pool_id: str, wanted: UserFilter | None, limit: int, cursor: str | None) -> Slice: ...


class NameTaken(Exception):  # noqa: N818 - read as a statement
    """Raised by ``Users``: somebody else holds this name."""

    def __init__(self, name: Name) -> None:
        super().__init__(name.kind)
        self.name = name


class Groups(Protocol):
    async def get(self, pool_id: str, name: str) -> Group:
        """Raises ``GroupNotFound``."""

    async def add(self, group: Group) -> Group:
        """Raises ``GroupTaken``."""

    async def save(self, group: Group) -> Group: ...

    async def delete(self, group: Group) -> None: ...

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice: ...

    async def join(self, group: Group, user: User, at: float) -> None: ...

    async def leave(self, group: Group, user: User) -> None: ...

    async def of_user(self, user: User) -> Sequence[Group]:
        """All groups of a user (at most 100), by precedence, then age."""

    async def page_of_user(self, user: User, limit: int, cursor: str | None) -> Slice: ...

    async def members(self, group: Group, limit: int, cursor: str | None) -> Slice: ...


class Attempts(Protocol):
    async def put(self, attempt: Attempt) -> None: ...

    async def take(self, pool_id: str, handle: str) -> Attempt | None: ...


class Codes(Protocol):
    """One live code per user and purpose."""

    async def put(self, code: Code) -> None:
        """Replaces the one before."""

    async def get(self, pool_id: str, user_sub: str, purpose: str) -> Code | None: ...

    async def discard(self, code: Code) -> None: ...


class Grants(Protocol):
    async def get(self, pool_id: str, grant_id: str) -> Grant | None: ...

    async def add(self, grant: Grant) -> Grant: ...

    async def save(self, grant: Grant) -> Grant:
        """Raises ``VersionConflict``."""


@dataclass(frozen=True, slots=True)
class Tally:
    """``count`` is what was counted; ``until`` the instant that was noted with the last count (0: none)."""

    count: int = 0
    until: float = 0.0


class Counters(Protocol):
    """Counts that are raised before the check they guard."""

    async def read(self, pool_id: str, what: str, subject: str) -> Tally: ...

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, until: float, expires: float
    ) -> bool:
        """One more was counted, and ``until`` noted with it; False (and nothing counted) if that were over
        ``at_most``."""

    async def lower(self, pool_id: str, what: str, subject: str) -> None:
        """One less was counted, and nothing is noted: what was counted did not happen."""

    async def clear(self, pool_id: str, what: str, subject: str) -> None: ...


class Outbox(Protocol):
    async def put(self, message: Message) -> None:
        """The message will be sent once, soon, by somebody. Putting the same id twice changes nothing."""

    async def pretend(self, message_id: str) -> None:
        """The store did the work of ``put``, and nothing will be sent."""


class AccessKeys(Protocol):
    async def get(self, key_id: str) -> AccessKey | None: ...

    async def add(self, key: AccessKey) -> AccessKey: ...

    async def page(self, limit: int, cursor: str | None) -> Slice: ...

    async def delete(self, key_id: str) -> bool: ...


class AuditTrail(Protocol):
    async def note(
        self,
        action: str,
        *,
        pool_id: str | None = None,
        client_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None: ...


class OutboxEntries(Protocol):
    """The outbox in the store. Its entries go by when they are due."""

    async def insert(self, entry: OutboxEntry) -> bool:
        """The entry is there. False if one with this id was there before: then nothing changed."""

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        """Entries in the state ``waiting`` whose ``due`` is not after ``now``, those due first at the front."""

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        """The entry is stored under its next version. Raises ``VersionConflict`` when somebody else was faster."""
