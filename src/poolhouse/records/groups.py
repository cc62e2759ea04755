"""Groups of users."""

from __future__ import annotations

from poolhouse.records.base import StoredRecord


class Group(StoredRecord, frozen=True, kw_only=True):
    """``id`` tells a group from an earlier one of the same name: memberships are of the one, not of the name."""

    id: str = ""
    pool_id: str
    name: str
    created: float
    modified: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
