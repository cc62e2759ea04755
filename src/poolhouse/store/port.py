"""The store as the rest of the house sees it: documents under keys, and nothing that needs more than one of them.

A key is a tuple of text whose first part is the tenant. A value is what JSON can say; it is read as JSON, so that who
knows its shape decodes it into that and into nothing else. Conditions are a closed set.
The in-memory adapter is the plainest statement of what every word here means; ``poolhouse.testing.store_suite`` is the
same statement as tests, and runs over every adapter.

Text. All Unicode is data: nothing is normalised, folded or trimmed, and no character has a meaning. The only thing that
is not text is half a surrogate pair.

Versions. They are tags, not counts: two writes of a key never have the same one, not even in two lives of the key.

Time. The store is given a clock. An entry whose ``expires`` is not after now does not exist: no verb sees it, and its
key is free. Sweeping (by ``sweep``, or by the database itself) only frees space.

Errors. ``insert`` raises ``KeyTaken``, ``replace`` raises ``VersionConflict``; nothing else is raised for what the
data says. ``InvalidParameter`` is raised for what cannot be data: a key without parts, a value that JSON cannot say,
an index that was not declared. A database that does not answer raises the driver's own error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct

Key: TypeAlias = tuple[str, ...]
Document: TypeAlias = Mapping[str, Any]
"""What JSON can say: None, bool, int (64 bits), finite float, text, lists and text-keyed mappings of these."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Clock(Protocol):
    def now(self) -> float:
        """Epoch seconds."""


class Collection(Struct, frozen=True):
    """A kind of document, declared once. ``indexes`` names the index values that ``find`` may ask for, within a tenant.

    Names are lower-case words: ``[a-z][a-z0-9_]*``. An index that is declared later finds what is written from then on.

    ``lasting``: whether what is acknowledged has to survive the loss of power. What lives for minutes need not, and a
    database may save itself the wait for the disk; a killed process loses nothing either way. What was taken stays
    taken in any case.

    ``small``: whether a value has a hundred bytes at most, as a rule. A database may keep it in one place with its key,
    and look for what expired by reading all: it writes less then.
    """

    name: str
    indexes: tuple[str, ...] = ()
    lasting: bool = True
    small: bool = False


class Entry(Struct, frozen=True):
    """A document as it is written; ``value`` may be its JSON already.

    ``version`` is 0 before the first write and changes with every write. ``expires`` is in epoch seconds, None means
    never. ``index`` holds the values of the collection's declared indexes: text only, a missing one is not findable.
    """

    key: Key
    value: Document | bytes
    version: int = 0
    expires: float | None = None
    index: Mapping[str, str] = {}


class Stored(Struct, frozen=True):
    """A document as it is read: JSON, and what else an ``Entry`` says but for index values: they are for finding."""

    key: Key
    json: bytes
    version: int
    expires: float | None = None

    @property
    def value(self) -> dict[str, Any]:
        """The document, as a new dictionary each time."""
        return _decode(self.json)


class Equals(Struct, frozen=True):
    """The index value is exactly this."""

    index: str
    value: str


class StartsWith(Struct, frozen=True):
    """The index value begins with this."""

    index: str
    value: str


class Position(Struct, frozen=True):
    """Where a page ended: the index value (empty where the order is that of the keys) and the key."""

    value: str
    key: Key


class Query(Struct, frozen=True):
    """All entries whose key begins with the parts of ``prefix`` (at least the tenant, unless it is empty and means
    all), which meet ``where``, in the order of that condition's index value and then of the key (by code points); in
    key order where there is no condition. ``after`` is exclusive. ``limit`` is at least 1. A condition under an empty
    prefix reads the whole collection."""

    prefix: Key = ()
    where: Equals | StartsWith | None = None
    limit: int = 60
    after: Position | None = None


class Page(Struct, frozen=True):
    """``next`` is None on the last page."""

    entries: Sequence[Stored]
    next: Position | None = None


class Store(Protocol):
    """A database. All verbs are atomic for one document and see each other's effects at once."""

    async def start(self) -> None:
        """Ready: connected, with every collection and index there. Called once, before any other verb."""

    async def close(self) -> None:
        """Everything acknowledged is durable; nothing is held."""

    async def ping(self) -> None:
        """Raises when the database does not answer."""

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        """The entry is stored under a key that was free, and returned with its version. Raises ``KeyTaken``."""

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        """The entry, or None."""

    async def find(self, collection: Collection, query: Query) -> Page:
        """A page of entries."""

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        """The stored entry with the same key and ``entry.version`` is now this one, returned with its new version.
        Raises ``VersionConflict`` if there is none."""

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        """There is no such entry (with ``version``: not this version of it). True if this call removed it."""

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        """The entry is gone, and this caller alone got it; None for everybody else."""

    async def increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int = 1,
        *,
        at_most: int | None = None,
        put: Document | None = None,
        expires: float | None = None,
    ) -> int | None:
        """``value[field]`` (0 where missing) is larger by ``by``, and the new number is returned. The fields of ``put``
        and ``expires`` are written with it (None leaves the entry's own). An absent entry is made, without index
        values. Where the new number would be over ``at_most`` nothing is changed, and None is returned."""

    async def sweep(self) -> int:
        """Expired entries no longer take space. Returns how many were removed (0 where the database does it itself)."""
