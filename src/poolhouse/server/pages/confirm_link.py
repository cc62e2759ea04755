"""A mailed link confirms a sign-up: looking at its page does nothing, since programs look at links too, and its button
does (user-pools-endpoints, section 8). It works in any browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from poolhouse import errors
from poolhouse.errors import ClientNotFound, CodeExpired, PoolhouseError
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.world import Chance
from poolhouse.records.clients import Client
from poolhouse.server.cookies import BROWSER, Cookies
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.error import ErrorPages
from poolhouse.server.pages.forms import read_form
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import ConfirmLink, Frame
from poolhouse.server.paths import root_of

PAGE: Final = "confirmUser"
_NAMES: Final = ("client_id", "user_name", "confirmation_code")
_LONGEST: Final = 2048


class ConfirmLinkPages:
    """``begin`` says on whose behalf a request is, and tells its id."""

    def __init__(
        self,
        services: Services,
        renderer: Renderer,
        error_pages: ErrorPages,
        csrf: Csrf,
        cookies: Cookies,
        chance: Chance,
        begin: Callable[[web.Request], str],
    ) -> None:
        self._services = services
        self._renderer = renderer
        self._error_pages = error_pages
        self._csrf = csrf
        self._cookies = cookies
        self._chance = chance
        self._begin = begin

    async def show(self, request: web.Request) -> web.Response:
        request_id = self._begin(request)
        try:
            said = {name: request.query.get(name, "")[:_LONGEST] for name in _NAMES}
            client = await self._client(request, said)
            return await self._page(request, client, "ready" if all(said.values()) else "wrong", said)
        except PoolhouseError as error:
            return self._error_pages.show(request, error, request_id, root=root_of(request))

    async def answer(self, request: web.Request) -> web.Response:
        request_id = self._begin(request)
        try:
            form = await read_form(request)
            secret = self._cookies.read(request, BROWSER, request.match_info["pool_id"])
            self._csrf.check(request, form, secret, PAGE)
            said = {name: form.get(name, "")[:_LONGEST] for name in _NAMES}
            client = await self._client(request, said)
            return await self._page(request, client, await self._confirmed(client, said))
        except PoolhouseError as error:
            return self._error_pages.show(request, error, request_id, root=root_of(request))

    async def _confirmed(self, client: Client, said: Mapping[str, str]) -> str:
        """How it stands now."""
        username = said["user_name"]
        try:
            await self._services.sign_up.confirm(
                self._services.on_pages.client(client),
                username,
                said["confirmation_code"],
                metadata={},
                secret_hash=self._services.on_pages.secret_hash(client, username),
            )
        except (errors.Limited, errors.Failed, errors.Conflicted):
            raise
        except CodeExpired:
            return "ended"
        except PoolhouseError:
            return "wrong"
        return "done"

    async def _client(self, request: web.Request, said: Mapping[str, str]) -> Client:
        """Raises ``ClientNotFound``, also for one of another pool."""
        client = await self._services.clients.get(said["client_id"])
        if client.pool_id != request.match_info["pool_id"]:
            raise ClientNotFound(client.id)
        return client

    async def _page(
        self, request: web.Request, client: Client, state: str, private: Mapping[str, str] | None = None
    ) -> web.Response:
        pool = await self._services.pools.get(client.pool_id)
        held = self._cookies.read(request, BROWSER, pool.id)
        secret = held or self._chance.token()
        frame = Frame(
            root=root_of(request),
            product=pool.name,
            client=client.name,
            csrf=self._csrf.token(secret, PAGE),
            locale=self._renderer.languages.choose(request),
        )
        status = 200 if state in ("ready", "done") else 422
        shown = private if state == "ready" else None
        view = ConfirmLink(state=state, private=shown or {}, action=f"{root_of(request)}/{PAGE}", status=status)
        response = self._renderer.render(request, frame, view)
        if held is None:
            self._cookies.write(response, BROWSER, pool.id, secret)
        return response
