"""A request for a page, from its address to its answer: whose it is, what it may do, and what it is answered.

Pages belong to an authorization request (``tx``) and to the browser in which it began. What they are sent is a form of
ours, with a token of this very request (security rows 8, 22); what they answer to it is never a page that can be sent
once more, but a way to the next one (303), unless something has to be put right (422) or has to wait (429).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import Conflicted, Failed, PoolhouseError, TransactionEnded
from poolhouse.flows.factors import browsers
from poolhouse.flows.factors.browsers import RememberedBrowser
from poolhouse.flows.oauth.authorize import Authorization
from poolhouse.flows.oauth.interaction import Browser, Interact, Outcome, Pending, Send, Show, Step
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.cookies import BETWEEN, BROWSER, DEVICE, OFFERED, SESSIONS, Cookies
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.error import ErrorPages
from poolhouse.server.pages.forms import read_form
from poolhouse.server.pages.headers import origin_of
from poolhouse.server.pages.progress import Progress, read, written
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import Frame, View
from poolhouse.server.paths import PAGES, root_of

Form = Mapping[str, str]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Sends = Callable[[web.Request, Send], web.Response]

TX: Final = "tx"
_LONGEST: Final = 256

_logger = logging.getLogger("poolhouse.pages")


class Visit(Struct, frozen=True, kw_only=True):
    """``secret`` is what the browser's cookie holds, ``held`` the handles of the sessions in it,
    ``remembered`` what says that no second factor is asked for in it."""

    request: web.Request
    request_id: str
    root: str
    pending: Pending
    secret: str
    held: tuple[str, ...]
    remembered: RememberedBrowser | None = None

    @property
    def pool(self) -> Pool:
        return self.pending.pool

    @property
    def client(self) -> Client:
        return self.pending.client

    @property
    def progress(self) -> Progress:
        return read(self.pending.request.private)

    @property
    def browser(self) -> Browser:
        return Browser(self.secret, self.held)

    def address(self, page: str, **query: str) -> str:
        """Of a page of this request."""
        begins = f"{self.root}/{page}?{TX}={quote(self.pending.handle, safe='')}"
        return f"{begins}&{urlencode(query)}" if query else begins

    def __repr__(self) -> str:
        return f"Visit(request_id={self.request_id!r})"


class Visits:
    """``source`` is the address of a request's sender, ``to_client`` the answer that takes the browser there."""

    def __init__(
        self,
        authorization: Authorization,
        renderer: Renderer,
        errors: ErrorPages,
        csrf: Csrf,
        cookies: Cookies,
        *,
        source: Callable[[web.Request], str],
        request_id: Callable[[web.Request], str],
        to_client: Sends,
    ) -> None:
        self.authorization = authorization
        self._renderer = renderer
        self._errors = errors
        self._csrf = csrf
        self._cookies = cookies
        self._source = source
        self._request_id = request_id
        self._to_client = to_client

    # --- what comes in -----------------------------------------------------------------------------------------------

    def get(self, show: Callable[[Visit], Awaitable[web.Response]]) -> Handler:
        """A page that is looked at: nothing changes by it."""

        async def handle(request: web.Request) -> web.Response:
            if TX not in request.query and "client_id" in request.query:
                return _to_authorize(request)
            return await self._within(request, show)

        return handle

    def post(self, answer: Callable[[Visit, Form], Awaitable[web.Response]]) -> Handler:
        """A form that is sent."""

        async def handle(request: web.Request) -> web.Response:
            async def checked(visit: Visit) -> web.Response:
                form = await read_form(request)
                self._csrf.check(request, form, visit.secret, visit.pending.handle)
                return await answer(visit, form)

            return await self._within(request, checked)

        return handle

    async def _within(self, request: web.Request, handle: Callable[[Visit], Awaitable[web.Response]]) -> web.Response:
        request_id = self.begin(request)
        visit: Visit | None = None
        try:
            visit = await self._opened(request, request_id)
            return await handle(visit)
        except Conflicted:
            # Another tab was faster: this one shows where things stand now.
            if visit is None:
                raise
            return self.go(visit, PAGES[Step.SIGN_IN])
        except PoolhouseError as error:
            return self.failed(request, request_id, error, visit)
        except web.HTTPException:
            raise
        except Exception as error:
            # Whatever nobody foresaw: a person is told on a page, and the log has the rest.
            _logger.error("a page raised %s", type(error).__name__, exc_info=error, extra={"request_id": request_id})
            return self.failed(request, request_id, Failed(), visit)

    def begin(self, request: web.Request) -> str:
        """What follows is done for this request; its id."""
        request_id = self._request_id(request)
        agent = request.headers.get("User-Agent", "")[:_LONGEST]
        if not agent.isprintable():
            agent = "".join([character if character.isprintable() else "?" for character in agent])
        begin(Origin(self._source(request), request_id, None, agent, by_pages=True))
        return request_id

    async def _opened(self, request: web.Request, request_id: str) -> Visit:
        """Raises ``TransactionEnded``."""
        pool_id = request.match_info["pool_id"]
        secret = self._cookies.read(request, BROWSER, pool_id)
        pending = await self.authorization.pending(pool_id, request.query.get(TX, ""), secret)
        return Visit(
            request=request,
            request_id=request_id,
            root=root_of(request),
            pending=pending,
            secret=secret or "",
            held=tuple(filter(None, (self._cookies.read(request, SESSIONS, pool_id) or "").split(BETWEEN))),
            remembered=browsers.read(self._cookies.read(request, DEVICE, pool_id)),
        )

    # --- what is kept ------------------------------------------------------------------------------------------------

    async def keep(self, visit: Visit, progress: Progress) -> Visit:
        """Raises ``Conflicted`` where another tab was faster."""
        return replace(visit, pending=await self.authorization.keep(visit.pending, written(progress)))

    # --- what goes out -----------------------------------------------------------------------------------------------

    def page(self, visit: Visit, view: View, links: Mapping[str, str] | None = None) -> web.Response:
        origin = origin_of(visit.pending.request.redirect_uri)
        frame = Frame(
            root=visit.root,
            product=visit.pool.name,
            client=visit.client.name,
            csrf=self._csrf.token(visit.secret, visit.pending.handle),
            handle=visit.pending.handle,
            locale=self._renderer.languages.choose(visit.request, visit.pending.request.locales),
            links=links or {},
            redirect_origins=(origin,) if origin else (),
        )
        return self._renderer.render(visit.request, frame, view)

    def go(self, visit: Visit, page: str, **query: str) -> web.Response:
        """The browser goes to a page of this request."""
        return _see_other(visit.address(page, **query))

    async def go_on(self, visit: Visit, browser: Browser, *, seconds: int | None = None) -> web.Response:
        """The browser goes where the request stands now. ``seconds``: for how long it keeps its sessions, where they
        changed (None: until it is closed)."""
        outcome = await self.authorization.go_on(visit.pending, browser)
        return self._signed_in(self.outcome(visit, outcome), visit, browser, seconds)

    def leave(self, visit: Visit, outcome: Send, browser: Browser, seconds: int | None) -> web.Response:
        """The browser goes to the client, with the sessions that it has now."""
        return self._signed_in(self.outcome(visit, outcome), visit, browser, seconds)

    def go_signed_in(self, visit: Visit, page: str, browser: Browser, seconds: int | None) -> web.Response:
        """The browser goes to a page of this request, with the sessions that it has now."""
        return self._signed_in(self.go(visit, page), visit, browser, seconds)

    async def signed_in_beside(self, visit: Visit, page: str, browser: Browser, seconds: int | None) -> web.Response:
        """The browser goes on from a right answer that was sent twice at once, where the other one was faster: with the
        sessions that it has now to the page of this request, or, if that is over already, to the client."""
        authorization = self.authorization
        outcome: Outcome
        try:
            now = await authorization.pending(visit.pool.id, visit.pending.handle, visit.secret)
            if read(now.request.private).is_to_be_seen:
                return self.go_signed_in(visit, page, browser, seconds)
            outcome = await authorization.go_on(await authorization.done(now, Step.SIGN_IN), browser)
        except TransactionEnded as error:
            outcome = Show(error)
        if isinstance(outcome, Show) and isinstance(outcome.error, TransactionEnded):
            outcome = await authorization.answered_beside(visit.pending, browser)
        return self._signed_in(self.outcome(visit, outcome), visit, browser, seconds)

    def remember(self, response: web.Response, visit: Visit, browser: RememberedBrowser) -> None:
        """The browser keeps what says so."""
        self._cookies.write(response, DEVICE, visit.pool.id, browser.text, browsers.SECONDS)

    def note_offer(self, response: web.Response, visit: Visit, seconds: int) -> None:
        """For so long no passkey is offered in this browser."""
        self._cookies.write(response, OFFERED, visit.pool.id, "1", seconds)

    def was_offered(self, visit: Visit) -> bool:
        return self._cookies.read(visit.request, OFFERED, visit.pool.id) is not None

    def forget(self, response: web.Response, visit: Visit) -> None:
        self._cookies.drop(response, DEVICE, visit.pool.id)

    def _signed_in(self, response: web.Response, visit: Visit, browser: Browser, seconds: int | None) -> web.Response:
        if browser.sessions != visit.held:
            self._cookies.write(response, SESSIONS, visit.pool.id, BETWEEN.join(browser.sessions), seconds)
        return response

    def outcome(self, visit: Visit, outcome: Outcome) -> web.Response:
        match outcome:
            case Send():
                return self._to_client(visit.request, outcome)
            case Interact(step, pending):
                return self.go(replace(visit, pending=pending), PAGES[step])
            case Show(error):
                return self.failed(visit.request, visit.request_id, error, visit)

    def failed(
        self, request: web.Request, request_id: str, error: PoolhouseError, visit: Visit | None = None
    ) -> web.Response:
        """A page about what cannot be put right on this one."""
        restart = visit.address(PAGES[Step.SIGN_IN], at="name") if visit else None
        return self._errors.show(
            request,
            error,
            request_id,
            root=root_of(request),
            pool=visit.pool if visit else None,
            client=visit.client if visit else None,
            restart=restart,
        )


def _to_authorize(request: web.Request) -> web.Response:
    """Clients of the field lead their users straight to a page, with the parameters of an authorization request."""
    more = "&prompt=create" if request.path.endswith("/signup") and "prompt" not in request.query else ""
    address = f"{root_of(request)}/oauth2/authorize?{request.rel_url.raw_query_string}{more}"
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})


def _see_other(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
