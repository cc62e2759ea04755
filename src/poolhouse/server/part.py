"""What a part adds to the server."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.flows.jobs import Kind
from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.routes import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``routes`` of its own, ``apis`` for the dispatch, and the kinds of ``jobs`` that it can do."""

    routes: tuple[Route, ...] = ()
    apis: tuple[Api, ...] = ()
    jobs: tuple[Kind, ...] = ()
