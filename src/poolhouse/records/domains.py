"""Domains: names under which a pool's pages and endpoints are reached."""

from __future__ import annotations

from poolhouse.records.base import StoredRecord

PREFIX = "prefix"
CUSTOM = "custom"


class Domain(StoredRecord, frozen=True, kw_only=True):
    """A prefix of the server's own domain, or a whole name of the pool's owner: that has a ``certificate``, by its ARN.
    A pool has one of each at most, and a name is that of one pool. ``pages`` is the generation of its hosted pages."""

    name: str
    pool_id: str
    created: float
    modified: float
    certificate: str | None = None
    security_policy: str | None = None
    """What the field would let clients speak at the domain. Here that is the proxy's to say."""
    pages: int = 1

    @property
    def kind(self) -> str:
        return PREFIX if self.certificate is None else CUSTOM
