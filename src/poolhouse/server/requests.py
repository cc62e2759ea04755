"""What stands around every request: its id, its figures, and an answer for what nobody answered."""

from __future__ import annotations

import json
import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from poolhouse.flows.ports import Chance
from poolhouse.server.metrics import Metrics

_logger = logging.getLogger("poolhouse.requests")


class RequestIds:
    """Every request has an id of ours: what a client sends as one is not taken over, it could be anybody's."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def of(self, _: web.Request) -> str:
        return self._chance.uuid()


class Answering:
    """Sees to it that every request is counted, and that every answer is one of ours.

    Not a middleware: aiohttp puts two more layers around every handler as soon as there is one, and looks the route up
    again for its name; that took longer than answering a discovery document does.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def around(self, handler: Handler, label: str) -> Handler:
        """The handler of a route, counted under the label. What it did not foresee becomes a plain 500."""
        answered = self._metrics.answered

        async def answer(request: web.Request) -> web.StreamResponse:
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
                answered(label, status, time.perf_counter() - started)

        return answer

    async def unmatched(self, _: web.Request, response: web.StreamResponse) -> None:
        """A signal before every answer: what no route took gets the shape of our other errors. From the routes no
        ``HTTPException`` comes this far."""
        if isinstance(response, web.HTTPException):
            self._metrics.answered("none", response.status, 0.0)
            response.content_type = "application/json"
            response.text = json.dumps({"message": response.reason})


def _allowed(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
