"""Paths that begin with a pattern, found by how they end.

aiohttp compares a path with one pattern after the other, and all endpoints of pools stand behind the same few. What
they end in is no pattern: it is looked up, and then a path is compared with the beginnings alone that have this end.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any, Final, NoReturn

from aiohttp import web

_SHAPE: Final = re.compile(r"/\{([a-z_]+):([^/]+)\}(/[^{}]+)")
"""A first part that is told by a pattern, and the rest of the path as it is."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Endings(web.AbstractResource):
    """All paths of this shape. What matches a pattern here is taken as it is: no id has a character that is escaped."""

    def __init__(self) -> None:
        super().__init__()
        self._left: set[str] = set()
        # By what they end in: the patterns, each with the name of what it matches, and the routes by their methods.
        self._found: dict[str, dict[tuple[str, re.Pattern[str]], dict[str, web.ResourceRoute]]] = {}

    def add(self, method: str, path: str, handler: _Handler, expect_handler: Any) -> bool:
        """The route is among them. False: its path has another shape."""
        shape = _SHAPE.fullmatch(path)
        if shape is None:
            return False
        name, pattern, end = shape.groups()
        routes = self._found.setdefault(end, {}).setdefault((name, re.compile(pattern)), {})
        if method in routes:
            raise ValueError(f"{method} {path} is there twice")
        routes[method] = web.ResourceRoute(method, handler, self, expect_handler=expect_handler)
        return True

    @property
    def paths(self) -> tuple[str, ...]:
        """With names in place of the patterns."""
        return tuple(f"/{{{name}}}{end}" for end, beginnings in self._found.items() for name, _ in beginnings)

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        found, allowed = self._look(request)
        return found, set(allowed)

    def leave(self, path: str) -> None:
        """The path is none of these, and one that begins as it does may be none either: aiohttp takes what is told more
        exactly first."""
        self._left.add(path[1:].partition("/")[0])

    def found(self, request: web.Request) -> web.UrlMappingMatchInfo | None:
        """The route of the request, if it is surely among these. Whoever has asked here need not ask aiohttp."""
        if request.rel_url.path_safe[1:].partition("/")[0] in self._left:
            return None
        return self._look(request)[0]

    def _look(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, Collection[str]]:
        first, slash, end = request.rel_url.path_safe[1:].partition("/")
        allowed: tuple[str, ...] = ()
        for (name, pattern), routes in self._found.get(slash + end, _NOTHING).items():
            if pattern.fullmatch(first) is None:
                continue
            route = routes.get(request.method) or routes.get("*")
            if route is not None:
                return web.UrlMappingMatchInfo({name: first}, route), allowed
            allowed += (*routes,)
        return None, allowed

    # --- what aiohttp wants of every resource ------------------------------------------------------------------------

    @property
    def canonical(self) -> str:
        return "/{first}"

    def raw_match(self, path: str) -> bool:
        return False

    def get_info(self) -> Any:
        return {"formatter": self.canonical}

    def add_prefix(self, prefix: str) -> NoReturn:
        raise NotImplementedError

    def url_for(self, **parts: str) -> NoReturn:
        raise NotImplementedError

    def __iter__(self) -> Iterator[web.ResourceRoute]:
        return (route for ends in self._found.values() for routes in ends.values() for route in routes.values())

    def __len__(self) -> int:
        return sum(1 for _ in self)


_NOTHING: Final[dict[tuple[str, re.Pattern[str]], dict[str, web.ResourceRoute]]] = {}
