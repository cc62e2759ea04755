"""Passing on by ourselves: a request to ``/gateway/<api>/<stage>/...`` is verified whole, body and all, and goes to the
API's own address with our fields in place of any of the client's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict, MultiMapping
from yarl import URL

from poolhouse.errors import NotAuthorized
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.gateway import Gateway, GuardedApi, Passing
from poolhouse.flows.access.signatures_claims import PRESIGNED, is_presigned
from poolhouse.flows.access.upstream import FIELDS, fields
from poolhouse.server.answers import told
from poolhouse.server.cookies import COOKIES
from poolhouse.server.gateway.answers import REFUSED, refused
from poolhouse.server.proxies import FORWARDED_FOR, PROXIES_SAY

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

PREFIX: Final = "/gateway"
_OF_ONE_HOP: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 section 7.6.1, and what is made anew for the next hop."""
_OF_THE_PROOF: Final = frozenset({"authorization", "x-amz-security-token", "cookie2"})
"""The API gets no credentials to use elsewhere: it is told who passes."""
_OURS: Final = frozenset((*(name.lower() for name in FIELDS), *PROXIES_SAY))
"""What only we say of a client: who it is, and where it is."""
_NOT_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What our client would say in a client's place, where that said nothing."""


class Forward:
    """``limit`` is how many bytes of a body are taken, ``seconds`` how long the API may take. Nothing is opened before
    the first request."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        source: Callable[[web.Request], str],
        is_secure: Callable[[web.Request], bool],
        limit: int,
        seconds: float = 30.0,
    ) -> None:
        self._gateway = gateway
        self._source = source
        self._is_secure = is_secure
        self._limit = limit
        self._seconds = seconds
        self._session: ClientSession | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        api = self._gateway.api(request.match_info["api"])
        if api is None or api.upstream is None:
            raise web.HTTPNotFound
        if (request.content_length or 0) > self._limit:
            raise web.HTTPRequestEntityTooLarge(self._limit, request.content_length or 0)
        body = await request.read()
        try:
            passing = self._passing(request, api, body)
            holder = await self._gateway.authorize(passing)
        except REFUSED as error:
            return refused(error)
        return await self._passed_on(request, api, passing, body, fields(holder))

    def _passing(self, request: web.Request, api: GuardedApi, body: bytes) -> Passing:
        stage = request.match_info["stage"]
        prefix = f"{PREFIX}/{api.id}/{stage}"
        if not request.raw_path.startswith(prefix):
            raise NotAuthorized(Reason.GATEWAY_ADDRESS)
        return Passing(
            api=api.id,
            stage=stage,
            method=request.method,
            target=request.raw_path,
            path=request.raw_path[len(prefix) :].partition("?")[0] or "/",
            headers=request.headers,
            body=body,
            source=self._source(request),
            is_secure=self._is_secure(request),
        )

    async def _passed_on(
        self, request: web.Request, api: GuardedApi, passing: Passing, body: bytes, ours: dict[str, str]
    ) -> web.StreamResponse:
        query = _without_proof(passing.target.partition("?")[2])
        # As it came: the API reads the same path that the policy was asked about.
        address = URL(f"{api.upstream}{passing.path}{f'?{query}' if query else ''}", encoded=True)
        sent = sent_on(request.headers)
        sent.update({name: value for name, value in ours.items() if value})
        sent[FORWARDED_FOR] = passing.source
        import aiohttp

        session = self._opened()
        try:
            async with session.request(
                request.method,
                address,
                headers=sent,
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=_NOT_ADDED,
            ) as answer:
                response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers))
                if "Content-Length" in answer.headers:
                    response.content_length = int(answer.headers["Content-Length"])
                await response.prepare(request)
                async for part in _parts(answer):
                    await response.write(part)
                await response.write_eof()
                return response
        except (aiohttp.ClientError, TimeoutError):
            if request.writer.output_size:
                raise
            return told({"message": "The API did not answer."}, status=502)

    def _opened(self) -> ClientSession:
        # Loaded with the first request that goes on, not at the start.
        import aiohttp

        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._seconds)
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False, timeout=timeout
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def sent_on(headers: MultiMapping[str]) -> CIMultiDict[str]:
    """What of a client's header the API gets."""
    sent: CIMultiDict[str] = CIMultiDict()
    named = {name.strip().lower() for value in headers.getall("Connection", ()) for name in value.split(",")}
    for name, value in headers.items():
        low = name.lower()
        # Some servers read an underscore as a hyphen.
        if low in _OF_ONE_HOP or low in _OF_THE_PROOF or low in named or low.replace("_", "-") in _OURS:
            continue
        if low == "cookie":
            value = "; ".join(pair.strip() for pair in value.split(";") if not _is_of_the_pages(pair))
            if not value:
                continue
        sent.add(name, value)
    return sent


def _is_of_the_pages(cookie: str) -> bool:
    """The hosted pages have the same address as what is passed on, and who is signed in there is not the API's."""
    return cookie.strip().startswith(COOKIES)


def _without_proof(query: str) -> str:
    """What is left of a presigned query; any other stays as it is."""
    if not is_presigned(query):
        return query
    pairs = [pair for pair in query.split("&") if unquote(pair.partition("=")[0]) not in PRESIGNED]
    return "&".join(pairs)


def _kept(headers: MultiMapping[str]) -> CIMultiDict[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        low = name.lower()
        if low not in _OF_ONE_HOP and not (low == "set-cookie" and _is_of_the_pages(value)):
            kept.add(name, value)
    return kept


async def _parts(answer: ClientResponse) -> AsyncIterator[bytes]:
    async for part in answer.content.iter_chunked(64 * 1024):
        yield part
