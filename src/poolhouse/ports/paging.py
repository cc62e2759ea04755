"""A page of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class Slice(Struct, frozen=True):
    """A page of records. ``cursor`` is opaque and authenticated; None on the last page."""

    items: Sequence[Any]
    cursor: str | None = None
