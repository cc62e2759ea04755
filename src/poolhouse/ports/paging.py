"""A page of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of records. ``cursor`` is opaque and authenticated; None on the last page."""

    items: Sequence[Any]
    cursor: str | None = None
