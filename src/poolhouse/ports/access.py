"""Where callers' keys, roles and registered providers are kept, and who makes temporary credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from poolhouse.ports.paging import Slice
from poolhouse.records.access import AccessKey, ManagedPolicy, OidcProvider, Role, SamlProvider


class AccessKeys(Protocol):
    async def get(self, key_id: str) -> AccessKey | None: ...

    async def add(self, key: AccessKey) -> AccessKey: ...

    async def save(self, key: AccessKey) -> AccessKey:
        """Raises ``VersionConflict``."""

    async def page(self, limit: int, cursor: str | None) -> Slice: ...

    async def delete(self, key_id: str) -> bool: ...


class Roles(Protocol):
    """Roles by their names."""

    async def get(self, name: str) -> Role | None: ...

    async def add(self, role: Role) -> Role: ...

    async def save(self, role: Role) -> Role:
        """Raises ``ConcurrentModification``."""

    async def delete(self, name: str) -> bool: ...

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class ManagedPolicies(Protocol):
    async def get(self, name: str) -> ManagedPolicy | None: ...

    async def add(self, policy: ManagedPolicy) -> ManagedPolicy: ...

    async def save(self, policy: ManagedPolicy) -> ManagedPolicy:
        """Raises ``ConcurrentModification``."""

    async def delete(self, name: str) -> bool: ...

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class OidcProviders(Protocol):
    """By issuer without its scheme: the name that ARNs and logins have."""

    async def get(self, name: str) -> OidcProvider | None: ...

    async def add(self, provider: OidcProvider) -> OidcProvider: ...

    async def save(self, provider: OidcProvider) -> OidcProvider: ...

    async def delete(self, name: str) -> bool: ...

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class SamlProviders(Protocol):
    async def get(self, name: str) -> SamlProvider | None: ...

    async def add(self, provider: SamlProvider) -> SamlProvider: ...

    async def save(self, provider: SamlProvider) -> SamlProvider: ...

    async def delete(self, name: str) -> bool: ...

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class Credentials(Struct, frozen=True, kw_only=True):
    """Temporary credentials, as whoever made them gave them. ``expires`` is in epoch seconds."""

    access_key_id: str
    secret: str
    session_token: str
    expires: float

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r}, expires={self.expires!r})"


class Session(Struct, frozen=True, kw_only=True):
    """Who temporary credentials are for, and what limits them. Without ``identity_id`` they are of no identity of ours
    (a role taken by another provider's token, say). ``subject``, ``audience`` and ``provider`` are those of the token
    that the role was taken by. ``policies`` are session policies: each has to allow, too."""

    role_arn: str
    role_id: str
    name: str
    issued: float
    expires: float
    identity_id: str | None = None
    pool_id: str | None = None
    amr: tuple[str, ...] = ()
    provider: str | None = None
    subject: str | None = None
    audience: str | None = None
    tags: Mapping[str, str] = {}
    policies: tuple[Mapping[str, Any], ...] = ()


class Revocations(Protocol):
    """Before which instant credentials are over."""

    async def revoked_before(self, session: Session) -> float | None:
        """The latest of those of role, pool and identity; a pool or identity that is gone or disabled: infinity. None:
        nothing is. The answer may be some seconds old."""
