"""What the field has no operation for, and a user does with an access token: recovery codes, and a factor that a plugin
brings (docs/signing-in.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from poolhouse.errors import CodeMismatch, FactorNotOffered, Invalid, InvalidRequest, OAuthError, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.factors.preferences import Preferences, Wish
from poolhouse.flows.factors.recovery_codes import RecoveryCodeSets
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.server.answers import Answer, Fields, Head
from poolhouse.server.oidc.answered import given, note, readable_by, resource_refused
from poolhouse.server.oidc.requests import Reading, bearer_in_header

_REFUSED: Final = Head(
    400,
    {
        "Content-Type": "application/json;charset=UTF-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    },
)
_PREFLIGHT: Final = Head(
    200,
    {
        # As of the OAuth endpoints: that a page may ask says nothing of whether it may read.
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET,POST,DELETE,OPTIONS",
        "Access-Control-Allow-Headers": "authorization,content-type",
        "Access-Control-Max-Age": "600",
    },
)
_THEIRS: Final = (Invalid, OAuthError, CodeMismatch, FactorNotOffered)
"""What is wrong with what was asked, and not with who asked."""


async def preflight(_: web.Request) -> Answer:
    return Answer(_PREFLIGHT)


class AccountEndpoint:
    """Who presents the access token of the pool in the path, in the header and nowhere else, does something."""

    def __init__(self, bearers: Bearers, reading: Reading) -> None:
        self._bearers = bearers
        self.reading = reading

    async def answered(self, request: web.Request, done: Callable[[str], Awaitable[Mapping[str, Any]]]) -> Answer:
        request_id = self.reading.begin(request)
        more = readable_by(request, None)
        try:
            if "access_token" in request.query:
                raise InvalidRequest(Reason.OAUTH_PARAMETERS_IN_ADDRESS)
            token = bearer_in_header(request)
            if token is None:
                return resource_refused(None, more)
            bearer = await self._bearers.of(token, pool_id=request.match_info["pool_id"])
            more = readable_by(request, bearer.client)
            return given(await done(token), more)
        except _THEIRS as error:
            note(error, request_id)
            return _invalid(error, more)
        except PoolhouseError as error:
            note(error, request_id)
            return resource_refused(error, more)


class RecoveryCodesEndpoint:
    """``GET``: how many are left. ``POST``: ten new ones, shown this once."""

    def __init__(self, account: AccountEndpoint, sets: RecoveryCodeSets) -> None:
        self._account = account
        self._sets = sets

    async def show(self, request: web.Request) -> Answer:
        async def left(token: str) -> Mapping[str, Any]:
            found = await self._sets.show(token)
            return {"left": found.left, "created": _second(found.created)}

        return await self._account.answered(request, left)

    async def make(self, request: web.Request) -> Answer:
        async def made(token: str) -> Mapping[str, Any]:
            new = await self._sets.make(token)
            return {"codes": new.codes, "created": _second(new.created)}

        return await self._account.answered(request, made)


class FactorEndpoint:
    """``POST``: the factor of the path is begun, and ``shown`` is what the user needs for it. With ``answer``, its
    first one, it is set up, and asked for from now on. ``DELETE``: it is asked for no more."""

    def __init__(self, account: AccountEndpoint, enrolments: Enrolments, preferences: Preferences) -> None:
        self._account = account
        self._enrolments = enrolments
        self._preferences = preferences

    async def set_up(self, request: web.Request) -> Answer:
        factor = request.match_info["factor"]

        async def done(token: str) -> Mapping[str, Any]:
            form = await self._account.reading.form(request) if request.can_read_body else {}
            answer = form.get("answer")
            if answer is None:
                return {"factor": factor, "shown": dict(await self._enrolments.begin(token, factor))}
            await self._enrolments.confirm(token, factor, answer, form.get("name"), enables=True)
            return {"factor": factor, "enabled": True}

        return await self._account.answered(request, done)

    async def switch_off(self, request: web.Request) -> Answer:
        factor = request.match_info["factor"]

        async def done(token: str) -> Mapping[str, Any]:
            await self._preferences.set(token, [Wish(factor)])
            return {"factor": factor, "enabled": False}

        return await self._account.answered(request, done)


def _invalid(error: PoolhouseError, more: Fields) -> Answer:
    said = {"error": "invalid_request", "error_description": str(error)}
    return Answer(_REFUSED, msgspec.json.encode(said), more)


def _second(at: float | None) -> int | None:
    return None if at is None else int(at)
