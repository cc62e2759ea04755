"""What proxies ask of us: may this request pass? nginx by a subrequest without a body (``auth_request``), Envoy by the
request as it is, with or without its body (``ext_authz`` over HTTP)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from poolhouse.errors import NotAuthorized
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.gateway import Gateway, Passing, behind_stage
from poolhouse.server.answers import Answer
from poolhouse.server.gateway.answers import REFUSED, passed, refused

ENVOY: Final = "/authz/envoy"
_METHOD: Final = "X-Original-Method"
_ADDRESS: Final = "X-Original-URI"
_HOST: Final = "X-Original-Host"
_LENGTH: Final = "X-Original-Length"
_PARTIAL: Final = "x-envoy-auth-partial-body"


class Asked:
    """``source`` is the client's address, ``is_secure`` whether the client came by TLS."""

    def __init__(
        self, gateway: Gateway, *, source: Callable[[web.Request], str], is_secure: Callable[[web.Request], bool]
    ) -> None:
        self._gateway = gateway
        self._source = source
        self._is_secure = is_secure

    async def by_nginx(self, request: web.Request) -> Answer:
        """The request is described by fields that the proxy sets; all others are the client's own."""
        return await self._answer(request, self._described)

    async def by_envoy(self, request: web.Request) -> Answer:
        """The request is this one, with a prefix before its path."""
        return await self._answer(request, self._prefixed)

    async def _answer(self, request: web.Request, read: Callable[[web.Request, bytes], Passing]) -> Answer:
        try:
            return passed(await self._gateway.authorize(read(request, await request.read())))
        except REFUSED as error:
            return refused(error)

    def _described(self, request: web.Request, _: bytes) -> Passing:
        methods, targets = (request.headers.getall(name, []) for name in (_METHOD, _ADDRESS))
        if len(methods) != 1 or len(targets) != 1:
            raise NotAuthorized(Reason.GATEWAY_NOT_TOLD, fields=f"{_METHOD}, {_ADDRESS}")
        method, target = methods[0], targets[0]
        headers = CIMultiDict(request.headers)
        if hosts := headers.popall(_HOST, []):
            headers["Host"] = hosts[-1]
        lengths = headers.popall(_LENGTH, [])
        stage = request.match_info["stage"]
        return Passing(
            api=request.match_info["api"],
            stage=stage,
            method=method,
            target=target,
            path=behind_stage(target, stage),
            headers=headers,
            # A proxy that does not say is taken to have one, but for methods that have none.
            has_body=lengths[-1] not in {"none", "0"} if lengths else method not in {"GET", "HEAD", "OPTIONS"},
            source=self._source(request),
            is_secure=self._is_secure(request),
        )

    def _prefixed(self, request: web.Request, body: bytes) -> Passing:
        api, stage = request.match_info["api"], request.match_info["stage"]
        prefix = f"{ENVOY}/{api}/{stage}"
        if not request.raw_path.startswith(prefix):
            raise NotAuthorized(Reason.GATEWAY_ADDRESS)
        target = request.raw_path[len(prefix) :] or "/"
        is_part = request.headers.get(_PARTIAL, "false") == "true"
        length = request.headers.get("Content-Length", "0")
        return Passing(
            api=api,
            stage=stage,
            method=request.method,
            target=target,
            path=behind_stage(target, stage),
            headers=request.headers,
            body=None if is_part or (not body and length != "0") else body,
            has_body=True,
            source=self._source(request),
            is_secure=self._is_secure(request),
        )
