"""What stands around every request: its id, its figures, and an answer for what nobody answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from poolhouse.errors import StoreAway
from poolhouse.ports.world import Chance
from poolhouse.server.answers import Answer, told
from poolhouse.server.operation.metrics import Metrics
from poolhouse.store.steady import begin_request

_logger = logging.getLogger("poolhouse.requests")


class RequestIds:
    """Every request has an id of ours: what a client sends as one is not taken over, it could be anybody's."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def of(self, _: web.Request) -> str:
        return self._chance.uuid()


def answering(metrics: Metrics, patience: float) -> Callable[[Handler, str], Handler]:
    """What stands around the handler of every route: it counts what was answered, under the route's label, and turns
    what the handler did not foresee into a plain 500. All that the request asks of the store may take ``patience``
    seconds together.

    It is no middleware: aiohttp puts two more layers around every handler as soon as there is one, which takes longer
    than answering a discovery document.
    """
    answered, operated = metrics.answered, metrics.operated

    def around(handler: Handler, label: str) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            started = time.perf_counter()
            status = 500
            response: web.StreamResponse | None = None
            begin_request(patience)
            try:
                response = await handler(request)
                status = response.status
                return response
            except web.HTTPException as error:
                status = error.status
                return told({"message": error.reason}, status=status, more=_allowed(error))
            except StoreAway as error:
                status = 503
                return told({"message": str(error)}, status=503, more={"Retry-After": f"{error.retry_after:.0f}"})
            except Exception as error:
                _logger.error("%s raised %s", request.method, type(error).__name__, exc_info=error)
                return told({"message": "Internal server error"}, status=500)
            finally:
                seconds = time.perf_counter() - started
                answered(label, status, seconds)
                if isinstance(response, Answer) and response.operation:
                    operated(response.operation, response.outcome, seconds)

        return answer

    return around


def _allowed(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
