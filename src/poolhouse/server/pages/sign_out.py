"""The pages of the way out: the question whether to sign out, and that it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from poolhouse.errors import PoolhouseError
from poolhouse.flows.oauth.interaction import Show
from poolhouse.flows.oauth.logout import LoggedOut, Question
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.headers import origin_of
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import Done, Frame, SignedOut, SignOut
from poolhouse.server.paths import root_of

ShowError = Callable[[web.Request, Show, int, str], web.StreamResponse]


class SignOutViews:
    """``show_error`` makes the page of what cannot be done."""

    def __init__(self, renderer: Renderer, csrf: Csrf, show_error: ShowError) -> None:
        self._renderer = renderer
        self._csrf = csrf
        self._show_error = show_error

    def question(self, request: web.Request, question: Question, action: str) -> web.StreamResponse:
        # The answer to the form leads there, and a browser looks at its policy for that (oidc.md H6).
        origin = origin_of(question.leads_to) if question.leads_to else None
        frame = self._frame(
            request,
            question.pool,
            question.client,
            csrf=self._csrf.token(question.browser, question.handle),
            redirect_origins=(origin,) if origin else (),
        )
        return self._renderer.render(request, frame, SignOut(action=action, username=question.username))

    def signed_out(self, request: web.Request, out: LoggedOut) -> web.StreamResponse:
        view = SignedOut(frames=out.frames, go_on=out.go_on)
        return self._renderer.render(request, self._frame(request, out.pool, out.client), view)

    def stayed(self, request: web.Request) -> web.StreamResponse:
        return self._renderer.render(request, self._frame(request, None, None), Done(kind="signed_in"))

    def refused(self, request: web.Request, error: PoolhouseError, request_id: str) -> web.StreamResponse:
        return self._show_error(request, Show(error), 400, request_id)

    def check(self, request: web.Request, form: Mapping[str, Any], secret: str | None, handle: str) -> None:
        """Raises ``FormRefused``."""
        self._csrf.check(request, form, secret, handle)

    def _frame(self, request: web.Request, pool: Pool | None, client: Client | None, **more: Any) -> Frame:
        return Frame(
            root=root_of(request),
            product=pool.name if pool else "Poolhouse",
            client=client.name if client else None,
            locale=self._renderer.languages.choose(request, request.query.get("ui_locales", "").split()),
            **more,
        )
