"""What stands around every request: its id, its figures, and an answer for what nobody answered."""

from __future__ import annotations

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from poolhouse.flows.ports import Chance
from poolhouse.server.metrics import Metrics

_logger = logging.getLogger("poolhouse.requests")


class RequestIds:
    """Every request has an id of ours: what a client sends as one is not taken over, it could be anybody's."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def of(self, _: web.Request) -> str:
        return self._chance.uuid()


def answer_errors(metrics: Metrics) -> Middleware:
    """A middleware that counts what was answered, and turns what a handler did not foresee into a plain 500."""

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            return web.json_response({"message": error.reason}, status=status, headers=_allowed(error))
        except Exception as error:
            _logger.error("%s raised %s", request.method, type(error).__name__, exc_info=error)
            return web.json_response({"message": "Internal server error"}, status=500)
        finally:
            metrics.answered(_label(request), status, time.perf_counter() - started)

    return around


def _allowed(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}


def _label(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"
