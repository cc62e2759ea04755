"""Domains of pools: made, described, changed and removed by administrators; and where a pool is reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, InvalidParameter, KeyTaken, NotInTier
from poolhouse.errors.reasons import Reason
from poolhouse.flows.pools.mfa import is_domain
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.domains import Domains
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Clock
from poolhouse.records.audit import Action
from poolhouse.records.base import Record
from poolhouse.records.domains import CUSTOM, Domain
from poolhouse.records.pools import Pool

MANAGED_LOGIN: Final = 2
_PAGES: Final = (1, MANAGED_LOGIN)
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PREFIX: Final = re.compile(_LABEL)
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_TURNS: Final = 5
_RESERVED: Final = ("amazon", "aws", "cognito")


class Surroundings(Record, frozen=True, kw_only=True):
    """What the operator has said of names: where the server itself is (``base_url``), and the ``suffix`` under which
    prefixes are names of their own. None: they are paths of the server alone."""

    base_url: str = "http://localhost"
    suffix: str | None = None

    @property
    def host(self) -> str:
        """The server's own name, which the names of custom domains have to lead to."""
        return urlsplit(self.base_url).hostname or ""

    def address_of(self, domain: Domain) -> str:
        """Where the pool's pages begin, under this domain: an origin, or a path of the server's own."""
        if domain.kind == CUSTOM:
            return self._origin(domain.name)
        return f"{self.base_url}/{domain.name}" if self.suffix is None else self._origin(f"{domain.name}.{self.suffix}")

    def is_ours(self, name: str) -> bool:
        """Whether the name leads to the server, or to a prefix, already."""
        return name in (self.host, self.suffix) or (self.suffix is not None and name.endswith(f".{self.suffix}"))

    def _origin(self, host: str) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{host}" if parts.port is None else f"{parts.scheme}://{host}:{parts.port}"


class DomainSettings(Record, frozen=True, kw_only=True):
    """What can be said of a domain. A ``certificate`` makes it a custom one; ``pages`` None leaves them as they are."""

    certificate: str | None = None
    security_policy: str | None = None
    pages: int | None = None


class DomainAdministration:
    def __init__(
        self, pools: Pools, domains: Domains, clock: Clock, audit: AuditTrail, surroundings: Surroundings | None = None
    ) -> None:
        self._pools = pools
        self._domains = domains
        self._clock = clock
        self._audit = audit
        self.surroundings = surroundings or Surroundings()

    async def create(self, pool_id: str, name: str, settings: DomainSettings) -> Domain:
        """The pool has this domain.

        Raises ``PoolNotFound``, ``NotInTier``; ``InvalidParameter`` for a name that cannot be one or is that of another
        pool, and where the pool has a domain of this kind already.
        """
        # Where the pool is going, nothing is written into it any more.
        await self._pools.require(pool_id)
        pages = settings.pages if settings.pages is not None else 1
        self._check_name(name, is_custom=settings.certificate is not None)
        _check_pages(await self._pools.get(pool_id), pages)
        now = self._clock.now()
        domain = Domain(
            name=name,
            pool_id=pool_id,
            created=now,
            modified=now,
            certificate=settings.certificate,
            security_policy=settings.security_policy,
            pages=pages,
        )
        await self._require_room(domain)
        try:
            added = await self._domains.add(domain)
        except KeyTaken:
            await self._require_room(domain)
            raise InvalidParameter(Reason.DOMAIN_TAKEN) from None
        await self._write_host(pool_id)
        await self._note("domain.created", added)
        return added

    async def find(self, name: str) -> Domain | None:
        """The domain of this name, of whichever pool; None where there is none."""
        return await self._domains.named(name)

    async def of_pool(self, pool_id: str) -> dict[str, Domain]:
        """The domains of the pool, by their kinds."""
        return {domain.kind: domain for domain in await self._domains.of_pool(pool_id)}

    async def pool_of(self, name: str) -> str | None:
        """The id of the pool that the name leads to, as it was some seconds ago at most."""
        return await self._domains.pool_of(name)

    async def update(self, pool_id: str, name: str, settings: DomainSettings) -> Domain:
        """What is said of the domain is so, and all else is as it was.

        Raises ``PoolNotFound``, ``InvalidParameter``, ``NotInTier``, ``ConcurrentModification``.
        """
        pool = await self._pools.get(pool_id)
        domain = await self._own(pool_id, name)
        pages = domain.pages if settings.pages is None else settings.pages
        _check_pages(pool, pages)
        changed = replace(domain, pages=pages, modified=self._clock.now())
        if settings.certificate is not None:
            if domain.kind != CUSTOM:
                raise InvalidParameter(Reason.DOMAIN_NOT_CUSTOM)
            changed = replace(changed, certificate=settings.certificate, security_policy=settings.security_policy)
        saved = await self._domains.save(changed)
        await self._write_host(pool_id)
        await self._note("domain.updated", saved)
        return saved

    async def delete(self, pool_id: str, name: str) -> None:
        """The pool has no such domain, and its name is free. Raises ``PoolNotFound``, ``InvalidParameter``."""
        await self._pools.get(pool_id)
        domain = await self._own(pool_id, name)
        # Before the name is free, and somebody else's.
        await self._write_host(pool_id, without=domain)
        await self._domains.delete(domain)
        await self._note("domain.deleted", domain)

    async def address_of(self, pool_id: str) -> str:
        """Where the pages of the pool begin, for links in messages and for clients: its custom domain, or else that of
        its prefix, or else a path of the server's own. It is made from settings and records alone, and never from a
        request (security row 2)."""
        first = _first(await self.of_pool(pool_id))
        return f"{self.surroundings.base_url}/{pool_id}" if first is None else self.surroundings.address_of(first)

    async def _write_host(self, pool_id: str, *, without: Domain | None = None) -> None:
        """The pool's record says at which host its domain is: passkeys are good for that where nothing else was said.
        Whoever dies before leaves a pool without; whatever is said of its domains next writes it down. Raises
        ``ConcurrentModification``."""
        domains = {
            kind: one
            for kind, one in (await self.of_pool(pool_id)).items()
            if without is None or one.name != without.name
        }
        first = _first(domains)
        host = None if first is None else urlsplit(self.surroundings.address_of(first)).hostname
        if host is not None and not is_domain(host):
            # An address by number, of a server in development: browsers take none.
            host = None
        for _ in range(_TURNS):
            pool = await self._pools.get(pool_id)
            if pool.host == host:
                return
            with suppress(ConcurrentModification):
                await self._pools.save(replace(pool, host=host))
                return
        raise ConcurrentModification

    async def _own(self, pool_id: str, name: str) -> Domain:
        for domain in await self._domains.of_pool(pool_id):
            if domain.name == name:
                return domain
        raise InvalidParameter(Reason.DOMAIN_NOT_FOUND)

    async def _require_room(self, domain: Domain) -> None:
        if domain.kind in await self.of_pool(domain.pool_id):
            raise InvalidParameter(Reason.DOMAIN_CONFIGURED_ALREADY)

    def _check_name(self, name: str, *, is_custom: bool) -> None:
        if is_custom:
            if not _HOST.fullmatch(name) or self.surroundings.is_ours(name):
                raise InvalidParameter(Reason.DOMAIN_NOT_A_HOST)
            return
        if not _PREFIX.fullmatch(name):
            raise InvalidParameter(Reason.DOMAIN_NOT_A_PREFIX)
        for word in _RESERVED:
            if word in name:
                raise InvalidParameter(Reason.DOMAIN_RESERVED, word=word)

    async def _note(self, action: Action, domain: Domain) -> None:
        await self._audit.note(action, pool_id=domain.pool_id, facts={"domain": domain.name})


def _first(domains: Mapping[str, Domain]) -> Domain | None:
    return domains.get(CUSTOM) or next(iter(domains.values()), None)


def _check_pages(pool: Pool, pages: int) -> None:
    if pages not in _PAGES:
        raise InvalidParameter(Reason.DOMAIN_PAGES_UNKNOWN)
    if pages == MANAGED_LOGIN and pool.tier == "LITE":
        raise NotInTier
