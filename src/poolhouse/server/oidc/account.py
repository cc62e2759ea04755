"""What the field has no operation for, and a user does with an access token: recovery codes (docs/signing-in.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from poolhouse.errors import Invalid, InvalidRequest, OAuthError, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.recovery_codes import RecoveryCodeSets
from poolhouse.records.clients import Client
from poolhouse.server.answers import Answer, Fields, Head
from poolhouse.server.oidc.answered import given, note, readable_by, resource_refused
from poolhouse.server.oidc.requests import Reading, bearer_in_header

Done = tuple[Client, Mapping[str, Any]]
"""The client whose token it was, and what is answered."""
_REFUSED: Final = Head(
    400,
    {
        "Content-Type": "application/json;charset=UTF-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    },
)


class RecoveryCodesEndpoint:
    """``GET``: how many are left. ``POST``: ten new ones, shown this once."""

    def __init__(self, sets: RecoveryCodeSets, reading: Reading) -> None:
        self._sets = sets
        self._reading = reading

    async def show(self, request: web.Request) -> Answer:
        async def left(token: str, pool_id: str) -> Done:
            found = await self._sets.show(token, pool_id)
            return found.client, {"left": found.left, "created": _second(found.created)}

        return await _answered(self._reading, request, left)

    async def make(self, request: web.Request) -> Answer:
        async def made(token: str, pool_id: str) -> Done:
            new = await self._sets.make(token, pool_id)
            return new.client, {"codes": new.codes, "created": _second(new.created)}

        return await _answered(self._reading, request, made)


async def _answered(reading: Reading, request: web.Request, done: Callable[[str, str], Awaitable[Done]]) -> Answer:
    request_id = reading.begin(request)
    more = readable_by(request, None)
    try:
        if "access_token" in request.query:
            raise InvalidRequest(Reason.OAUTH_PARAMETERS_IN_ADDRESS)
        token = bearer_in_header(request)
        if token is None:
            return resource_refused(None, more)
        client, said = await done(token, request.match_info["pool_id"])
        return given(said, readable_by(request, client))
    except (Invalid, OAuthError) as error:
        note(error, request_id)
        return _invalid(error, more)
    except PoolhouseError as error:
        note(error, request_id)
        return resource_refused(error, more)


def _invalid(error: PoolhouseError, more: Fields) -> Answer:
    said = {"error": "invalid_request", "error_description": str(error)}
    return Answer(_REFUSED, msgspec.json.encode(said), more)


def _second(at: float | None) -> int | None:
    return None if at is None else int(at)
