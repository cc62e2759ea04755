"""Keys of callers of signed operations, and the roles that others may take."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import StoredRecord


class AccessKey(StoredRecord, frozen=True, kw_only=True):
    """A caller's key for signed operations. ``statements`` is an IAM-style policy; empty means nothing is allowed.
    ``language`` is the policy's own ``Version``; None: from before variables and conditions were known. Without
    ``expires`` the key is good until it is deleted. ``used`` is when it was last used, to an hour."""

    id: str
    sealed_secret: str
    name: str
    created: float
    enabled: bool = True
    statements: tuple[dict[str, Any], ...] = ()
    language: str | None = None
    expires: float | None = None
    used: float | None = None


class Role(StoredRecord, frozen=True, kw_only=True):
    """What somebody may do for a while. ``trust`` says who may take it, ``policies`` (by their names) what it may do;
    ``attached`` names managed policies. ``longest`` is how many seconds credentials of it may last. ``backend`` says
    who makes them: ``local``, ``aws``, or ``s3:<name of the store in the settings>``."""

    name: str
    path: str = "/"
    created: float
    trust: dict[str, Any]
    policies: dict[str, dict[str, Any]] = {}
    attached: tuple[str, ...] = ()
    longest: int = 3600
    tags: dict[str, str] = {}
    backend: str = "local"
    revoked_before: float | None = None


class ManagedPolicy(StoredRecord, frozen=True, kw_only=True):
    """A policy that several roles share."""

    name: str
    created: float
    document: dict[str, Any]


class OidcProvider(StoredRecord, frozen=True, kw_only=True):
    """An OpenID provider whose tokens are taken. ``issuer`` is its address; its ARN has it without the scheme."""

    issuer: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    created: float


class SamlProvider(StoredRecord, frozen=True, kw_only=True):
    """A SAML provider whose responses are taken, by its metadata (XML)."""

    name: str
    metadata: str
    created: float
