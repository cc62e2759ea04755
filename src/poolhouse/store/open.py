"""The store that an address names. A driver is imported only where its address is used."""

from __future__ import annotations

from collections.abc import Iterable

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store.port import Clock, Collection, Store


def open_store(url: str, collections: Iterable[Collection], clock: Clock) -> Store:
    """A store that has still to be started. Raises ``InvalidParameter`` for an address of no known kind.

    ``memory:`` forgets everything at the end; ``sqlite:PATH`` is a file; ``mongodb://`` and ``mongodb+srv://`` are as
    MongoDB's drivers read them, with the database's name as the path (``poolhouse`` where there is none).
    """
    if url == "memory:":
        from poolhouse.store.memory import MemoryStore

        return MemoryStore(collections, clock)
    scheme, _, rest = url.partition(":")
    match scheme:
        case "sqlite" if rest and not rest.startswith(":"):
            from poolhouse.store.sqlite import SqliteStore

            return SqliteStore(rest, collections, clock)
        case "mongodb" | "mongodb+srv" if rest.startswith("//"):
            from poolhouse.store.motor import MotorStore

            return MotorStore(url, collections, clock)
    # The address may hold a password: it is not shown.
    raise InvalidParameter(Reason.STORE_ADDRESS_UNKNOWN)
