"""Registered identity providers, as the commands treat them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from poolhouse.cli.failures import Failure
from poolhouse.ports.paging import Slice


async def every(page: Callable[[int, str | None], Awaitable[Slice]]) -> AsyncIterator[Any]:
    """All, one page after the other."""
    cursor: str | None = None
    while True:
        found = await page(200, cursor)
        for each in found.items:
            yield each
        if (cursor := found.cursor) is None:
            return


def read_metadata(path: Path) -> str:
    """Raises ``Failure``."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"The metadata {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Failure(f"The metadata {path} is not UTF-8.") from None
