"""Messages, as the commands treat them. What a message says, and to whom, is not shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from poolhouse.cli.failures import Failure
from poolhouse.records.messages import FAILED, SENDING, UNCLEAR, WAITING, OutboxEntry
from poolhouse.server.app import Server


async def listed(server: Server) -> AsyncIterator[OutboxEntry]:
    """Those that wait, are under way, failed, or are unclear."""
    cursor: str | None = None
    while True:
        page = await server.outbox.kept.page(200, cursor)
        for entry in page.items:
            yield entry
        if (cursor := page.cursor) is None:
            return


async def retry(server: Server, ids: Sequence[str], *, failed: bool) -> str:
    """They are due now; a sentence that says how many. Raises ``Failure`` where one that was named cannot be."""
    done = await _each(server, ids, server.outbox.kept.retry, (FAILED,) if failed else (), "cannot be sent again")
    return f"To be sent as soon as a server takes them up: {done}."


async def drop(server: Server, ids: Sequence[str], *, failed: bool) -> str:
    """They are gone; a sentence that says how many. Raises ``Failure`` where one that was named cannot be."""
    states = (FAILED, UNCLEAR) if failed else ()
    done = await _each(server, ids, server.outbox.kept.drop, states, "is not there, or under way")
    return f"Dropped: {done}."


async def _each(
    server: Server, ids: Sequence[str], do: Callable[[str], Awaitable[bool]], states: Sequence[str], cannot: str
) -> int:
    """How many it was done with: those that were named, and all in one of the states."""
    if bool(ids) == bool(states):
        raise Failure("Name messages by their ids, or say --failed.")
    if states:
        found = [entry.id async for entry in listed(server) if entry.state in states]
        return sum([await do(message_id) for message_id in found])
    not_done = [message_id for message_id in ids if not await do(message_id)]
    if not_done:
        raise Failure(f"{not_done[0]} {cannot}.")
    return len(ids)


def summary(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "state": entry.state,
        "channel": entry.channel,
        "purpose": entry.purpose,
        "pool_id": entry.pool_id or None,
        "tries": entry.tries,
        "last_error": entry.last_error,
        "created": _instant(entry.created),
        "due": _instant(entry.due) if entry.state == WAITING else None,
        "held_until": _instant(entry.until) if entry.state == SENDING else None,
        "of_use_until": _instant(entry.useless_from),
    }


def told(entry: OutboxEntry) -> str:
    """What of, since when or until when, and what failed."""
    when = {WAITING: f"due {_instant(entry.due)}", SENDING: f"held until {_instant(entry.until)}"}
    words = [
        f"{entry.channel} {entry.purpose}",
        entry.pool_id,
        when.get(entry.state, f"at {_instant(entry.due)}"),
        f"tried {entry.tries} times" if entry.tries else "",
        entry.last_error or "",
    ]
    return "  ".join(filter(None, words))


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
