"""What a person is told where there is no page to go on with: one table of errors, and a reference for support."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from poolhouse import errors
from poolhouse.flows.oauth.interaction import Show
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import Error, FormPost, Frame, View, Wait
from poolhouse.server.paths import root_of

_logger = logging.getLogger("poolhouse.pages")

TABLE: Final[Mapping[type[errors.PoolhouseError], tuple[int, str]]] = {
    errors.PoolhouseError: (500, "server"),
    errors.AuthorizationClientUnknown: (400, "client.unknown"),
    errors.ClientNotFound: (400, "client.unknown"),
    errors.PoolNotFound: (404, "not_found"),
    errors.RedirectMismatch: (400, "redirect_uri.wrong"),
    errors.TransactionEnded: (400, "attempt.ended"),
    errors.AccountChanged: (400, "attempt.ended"),
    errors.PasskeysNotEnabled: (400, "link.bad"),
    errors.PasskeysNotConfigured: (400, "link.bad"),
    errors.FormRefused: (403, "form"),
    errors.OAuthError: (400, "link.bad"),
    errors.Invalid: (400, "link.bad"),
    errors.NotFound: (400, "link.bad"),
    errors.Denied: (400, "attempt.ended"),
    errors.StoreAway: (503, "server"),
    errors.Conflicted: (503, "server"),
}
"""Status and kind of each error. A class that is not named here has those of its nearest parent."""
_WAIT: Final = 60.0
"""Seconds, where nobody says how long."""


class ErrorPages:
    """And the one page that nobody looks at for long: on the way to a client."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def of_request(self, request: web.Request, show: Show, status: int, request_id: str) -> web.Response:
        """For the authorization endpoint, where no client can be told. It notes the error itself."""
        root = root_of(request)
        return self._page(request, show.error, request_id, root=root, pool=show.pool, client=show.client)

    def form(self, request: web.Request, action: str, fields: Mapping[str, str]) -> web.Response:
        """A page whose form takes the fields to an address, by itself or by its button."""
        frame = Frame(root=root_of(request), product="Poolhouse", locale=self._renderer.languages.choose(request))
        return self._renderer.render(request, frame, FormPost(action=action, fields=fields))

    def show(
        self,
        request: web.Request,
        error: errors.PoolhouseError,
        request_id: str,
        *,
        root: str,
        pool: Pool | None = None,
        client: Client | None = None,
        restart: str | None = None,
    ) -> web.Response:
        """``restart`` is where the user can begin anew."""
        self._note(error, request_id)
        return self._page(request, error, request_id, root=root, pool=pool, client=client, restart=restart)

    def _page(
        self,
        request: web.Request,
        error: errors.PoolhouseError,
        request_id: str,
        *,
        root: str,
        pool: Pool | None,
        client: Client | None,
        restart: str | None = None,
    ) -> web.Response:
        view: View
        if isinstance(error, errors.Limited | errors.AttemptsExceeded):
            wait = getattr(error, "retry_after", None) or _WAIT
            view = Wait(seconds=max(1, math.ceil(wait)), reference=request_id)
        else:
            status, kind = next(TABLE[each] for each in type(error).__mro__ if each in TABLE)
            view = Error(kind=kind, reference=request_id, detail=_detail(error), status=status)
        frame = Frame(
            root=root,
            product=pool.name if pool else "Poolhouse",
            client=client.name if client else None,
            locale=self._renderer.languages.choose(request),
            links={"restart": restart} if restart else {},
        )
        response = self._renderer.render(request, frame, view)
        if response.status in (429, 503):
            response.headers["Retry-After"] = str(view.seconds if isinstance(view, Wait) else 1)
        return response

    def _note(self, error: errors.PoolhouseError, request_id: str) -> None:
        if isinstance(error, errors.Failed):
            _logger.error("failed: %s (%s)", error, error.detail or "no detail", extra={"request_id": request_id})
        elif error.detail:
            _logger.info("refused: %s", error.detail, extra={"request_id": request_id})


def _detail(error: errors.PoolhouseError) -> str | None:
    """For developers: the protocol's word, and what it says of it."""
    if not isinstance(error, errors.OAuthError):
        return None
    return f"{error.code}: {str(error).removeprefix(f'{error.code}: ')}"
