"""The JSON API of AWS over all services that the parts before it offer. Whatever nobody else has is its path."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web

from poolhouse.flows.access.callers import Callers
from poolhouse.flows.protection.limits import RequestClasses
from poolhouse.server.answers import Answer, told
from poolhouse.server.cognito.bindings.json import JsonApi
from poolhouse.server.cognito.dispatch import Dispatch
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, FormApi, Part
from poolhouse.server.proxies import source_address, told_hosts
from poolhouse.server.requests import RequestIds
from poolhouse.server.routes import Audience, Handler, Route

_FORM: Final = "application/x-www-form-urlencoded"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the callers, and the classes of requests."""
    classes = built.one(RequestClasses)
    server, strict = ground.settings.server, ground.settings.dev.enabled
    api = JsonApi(
        dispatch=Dispatch(built.apis, admit=classes.admit if classes.in_force else None, strict=strict),
        callers=built.one(Callers),
        region=server.region,
        now=ground.surroundings.signed_at,
        request_id=RequestIds(ground.surroundings.chance).of,
        logger=logging.getLogger("poolhouse"),
        source=lambda request: source_address(request.remote, request.headers, server.trusted_proxies),
        body_limit=ground.settings.limits.body,
        open_body_limit=min(ground.settings.limits.body, ground.settings.limits.open_body),
        strict=strict,
        secure=server.base_url.startswith("https://"),
        hosts=lambda request: told_hosts(request.remote, request.headers, server.trusted_proxies),
    )
    return Part(
        routes=(
            Route("POST", "/", _told_apart(api.handle, built), Audience.API, "api"),
            Route("OPTIONS", "/", api.handle, Audience.API, "api"),
            # Browser SDKs post to whatever path they were given.
            Route("GET", "/{path:.*}", _nowhere, Audience.ANYBODY, "none"),
            Route("POST", "/{path:.+}", api.handle, Audience.API, "api"),
            Route("OPTIONS", "/{path:.+}", api.handle, Audience.API, "api"),
        )
    )


def _told_apart(handle: Handler, built: Built) -> Handler:
    """JSON and forms are posted to one address: the content type says which a body is."""
    try:
        forms = built.one(FormApi).handle
    except LookupError:
        return handle

    async def either(request: web.Request) -> web.StreamResponse:
        is_form = request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == _FORM
        return await (forms if is_form else handle)(request)

    return either


async def _nowhere(_: web.Request) -> Answer:
    return told({"message": "Not Found"}, status=404)
