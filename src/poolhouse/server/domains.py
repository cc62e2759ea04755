"""The layer in front: at a domain of a pool its pages and endpoints begin at the root, and at the server's own name
under ``/<prefix>`` too.

A host, or the first part of a path, chooses the pool and nothing else: no link, issuer, message or cookie is made of it
(security rows 2 and 25). At the domain of one pool the paths of another are not there: pages of both would be of one
origin, which browsers take for one party.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse.server.paths import POOL, ROOT
from poolhouse.server.proxies import said_host
from poolhouse.server.routes import Handler, Route

PREFIXED: Final = r"/{prefix:[a-z0-9][a-z0-9-]{0,62}}"
"""The prefix of a domain as the first part of a path. No id of a pool is one: it has an underscore."""
_NAME: Final = re.compile(r"(?=.{4,63}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
"""What a custom domain can be. An address is none, and neither is the name of a machine next door: for those nobody is
asked."""

PoolOf = Callable[[str], Awaitable[str | None]]


class PoolDomains:
    """``pool_of`` tells the pool behind the name of a domain; ``hosts_of`` where a request may have been sent to, the
    likeliest first. ``own`` is the server's own name, ``suffix`` that under which prefixes are names of their own
    (None: they are not)."""

    def __init__(
        self,
        pool_of: PoolOf,
        hosts_of: Callable[[web.Request], Iterable[str]],
        *,
        own: str,
        suffix: str | None = None,
    ) -> None:
        self._pool_of = pool_of
        self._hosts_of = hosts_of
        self._own = own
        self._suffix = None if suffix is None else f".{suffix}"

    async def of_host(self, request: web.Request) -> str | None:
        """The pool at whose domain the request is. None: it is at no domain of a pool."""
        for host in self._hosts_of(request):
            if host == self._own:
                return None
            pool_id = await self._behind(host)
            if pool_id is not None:
                return pool_id
        return None

    def routes(self, routes: Iterable[Route]) -> tuple[Route, ...]:
        """The same, where those of pools are at the domains of pools, too. The first of two that fit is taken, so new
        ones stand behind all of pools, and before what is for everything. Where the server has the same path itself,
        that is what is there at no pool's domain."""
        routes = tuple(routes)
        servers = {(route.method, route.path): route.handler for route in routes if not _is_of_pool(route)}
        of_pools = tuple(route for route in routes if _is_of_pool(route))
        last = max((number for number, route in enumerate(routes) if _is_of_pool(route)), default=-1)
        own = tuple(
            replace(route, handler=self._at_its_own(route.handler)) if _is_of_pool(route) else route
            for route in routes[: last + 1]
        )
        return (
            *own,
            *(
                replace(route, path=path, handler=self._at_root(route.handler, servers.get((route.method, path))))
                for route in of_pools
                for path in (route.path.removeprefix(POOL),)
            ),
            *(
                replace(route, path=PREFIXED + route.path.removeprefix(POOL), handler=self._at_prefix(route.handler))
                for route in of_pools
            ),
            *routes[last + 1 :],
        )

    def _is_at_own_name(self, request: web.Request) -> bool:
        """What ``of_host`` would find first, without the way there: nearly all requests come to it."""
        return said_host(request.headers) == self._own

    async def _behind(self, host: str) -> str | None:
        if self._suffix is not None and host.endswith(self._suffix):
            prefix = host.removesuffix(self._suffix)
            return None if "." in prefix else await self._pool_of(prefix)
        return await self._pool_of(host) if _NAME.fullmatch(host) else None

    def _at_its_own(self, handler: Handler) -> Handler:
        """Under the pool's id, wherever that is no other pool's domain."""

        async def at_its_own(request: web.Request) -> web.StreamResponse:
            if not self._is_at_own_name(request):
                at = await self.of_host(request)
                if at is not None and at != request.match_info["pool_id"]:
                    raise web.HTTPNotFound
            return await handler(request)

        return at_its_own

    def _at_root(self, handler: Handler, servers: Handler | None) -> Handler:
        async def at_root(request: web.Request) -> web.StreamResponse:
            at = await self.of_host(request)
            if at is None and servers is not None:
                return await servers(request)
            return await self._chosen(request, at, "", handler)

        return at_root

    def _at_prefix(self, handler: Handler) -> Handler:
        async def at_prefix(request: web.Request) -> web.StreamResponse:
            prefix = request.match_info["prefix"]
            pool_id = await self._pool_of(prefix)
            at = await self.of_host(request)
            return await self._chosen(request, pool_id if at in (None, pool_id) else None, f"/{prefix}", handler)

        return at_prefix

    async def _chosen(
        self, request: web.Request, pool_id: str | None, root: str, handler: Handler
    ) -> web.StreamResponse:
        if pool_id is None:
            raise web.HTTPNotFound
        # Handlers find the pool where the path would have it.
        request.match_info["pool_id"] = pool_id
        request.match_info[ROOT] = root
        return await handler(request)


def _is_of_pool(route: Route) -> bool:
    return route.path.startswith(f"{POOL}/")
