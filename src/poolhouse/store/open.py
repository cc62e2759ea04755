"""The store that an address names. A driver is imported only where its address is used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store.port import Clock, Collection, Store

CALLS: Final = 100
"""Commands that may be under way at once. It is what MongoDB's drivers have by default."""


def open_store(
    url: str, collections: Iterable[Collection], clock: Clock, *, driver: str = "motor", calls: int = CALLS
) -> Store:
    """A store that has still to be started. Raises ``InvalidParameter`` for an address of no known kind.

    ``memory:`` forgets everything at the end; ``sqlite:PATH`` is a file; ``mongodb://`` and ``mongodb+srv://`` are as
    MongoDB's drivers read them, with the database's name as the path (``poolhouse`` where there is none). For these,
    ``driver`` is ``motor`` or ``pymongo``, and ``calls`` says how many commands may be under way at once.
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
            if driver == "pymongo":
                from poolhouse.store.mongo_async import PyMongoStore

                return PyMongoStore(url, collections, clock, calls=calls)
            from poolhouse.store.motor import MotorStore

            return MotorStore(url, collections, clock, calls=calls)
    # The address may hold a password: it is not shown.
    raise InvalidParameter(Reason.STORE_ADDRESS_UNKNOWN)
