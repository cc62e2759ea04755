"""The UserInfo endpoint (OpenID Connect Core 1.0 section 5.3)."""

from __future__ import annotations

from aiohttp import web

from poolhouse.errors import InvalidRequest, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.oauth.userinfo import UserInfos
from poolhouse.server.answers import Answer
from poolhouse.server.oidc.answered import given, note, readable_by, resource_refused
from poolhouse.server.oidc.requests import FORM, Reading, bearer_in_header


class UserInfoEndpoint:
    def __init__(self, user_infos: UserInfos, reading: Reading) -> None:
        self._user_infos = user_infos
        self._reading = reading

    async def handle(self, request: web.Request) -> Answer:
        request_id = self._reading.begin(request)
        more = readable_by(request, None)
        try:
            token = await self._token(request)
            if token is None:
                return resource_refused(None, more)
            found = await self._user_infos.of(request.match_info["pool_id"], token)
            return given(found.claims, readable_by(request, found.client))
        except PoolhouseError as error:
            note(error, request_id)
            return resource_refused(error, more)

    @rule("U1", "E6")
    async def _token(self, request: web.Request) -> str | None:
        """The access token, by the one way in which it came: a header, or the form of a POST."""
        if request.rel_url.raw_query_string and "access_token" in request.query:
            raise InvalidRequest(Reason.OAUTH_PARAMETERS_IN_ADDRESS)
        in_header = bearer_in_header(request)
        in_form = None
        if request.method == "POST" and request.content_type == FORM:
            in_form = (await self._reading.form(request)).get("access_token")
        if in_header is not None and in_form is not None:
            raise InvalidRequest(Reason.OAUTH_TWO_TOKENS)
        return in_header or in_form
