"""Keys of callers of signed operations."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import StoredRecord


class AccessKey(StoredRecord, frozen=True, kw_only=True):
    """A caller's key for signed operations. ``statements`` is an IAM-style policy; empty means nothing is allowed.
    Without ``expires`` it is good until it is deleted. ``used`` is when it was last used, to an hour."""

    id: str
    sealed_secret: str
    name: str
    created: float
    enabled: bool = True
    statements: tuple[dict[str, Any], ...] = ()
    expires: float | None = None
    used: float | None = None
