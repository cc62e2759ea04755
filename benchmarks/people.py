"""People at the endpoints of OAuth and on the hosted pages, each in a browser of their own."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import sha256
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.load import Connection, Prepared, drive, form, get, in_turn, succeeding
from benchmarks.pool import PASSWORD, BenchPool, administer

BROWSERS = 16
"""As many as there are connections: each has one."""
CALLBACK = "https://app.example.com/callback"
_VERIFIER = "benchmark-" * 5
_CHALLENGE = urlsafe_b64encode(sha256(_VERIFIER.encode()).digest()).decode().rstrip("=")
_FOUND, _SEE_OTHER = 302, 303
_FORM_TOKEN = re.compile(rb'name="_csrf" value="([^"]+)"')


class App:
    """A public client with the code flow, and what is asked in its name."""

    def __init__(self, pool: BenchPool, client_id: str) -> None:
        self._client_id = client_id
        self._root = f"/{pool.id}"
        asked = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "state-of-the-app",
            "nonce": "nonce-of-the-app",
            "code_challenge": _CHALLENGE,
            "code_challenge_method": "S256",
        }
        self._authorize = f"{self._root}/oauth2/authorize?{urlencode(asked)}"

    @classmethod
    async def made(cls, port: int, pool: BenchPool) -> App:
        made = await administer(
            port,
            "CreateUserPoolClient",
            UserPoolId=pool.id,
            ClientName="app",
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email", "profile"],
            CallbackURLs=[CALLBACK],
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        )
        return cls(pool, made["UserPoolClient"]["ClientId"])

    def authorize(self, cookies: Mapping[str, str]) -> bytes:
        return get(self._authorize, _sent(cookies))

    def exchange(self, code: str) -> bytes:
        return self._token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=_VERIFIER)

    def refresh(self, token: str) -> bytes:
        return self._token(grant_type="refresh_token", refresh_token=token)

    def user_info(self, access_token: str) -> bytes:
        return get(f"{self._root}/oauth2/userInfo", {"Authorization": f"Bearer {access_token}"})

    def _token(self, **fields: str) -> bytes:
        return form(f"{self._root}/oauth2/token", {"client_id": self._client_id, **fields})


class Browser:
    """Keeps cookies, and goes where it is sent as long as that is ours."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._cookies: dict[str, str] = {}

    @property
    def authorize(self) -> bytes:
        return self._app.authorize(self._cookies)

    async def to_sign_in(self, connection: Connection) -> str:
        """The address of the sign-in page, where the client's request waits."""
        answer = await connection.ask(self.authorize, _FOUND)
        self._keep(answer.fields("Set-Cookie"))
        return answer.fields("Location")[0]

    def page(self, address: str) -> bytes:
        return get(address, {"Accept": "text/html", **_sent(self._cookies)})

    async def sign_in(self, connection: Connection, user: str) -> None:
        """The user is signed in, in this browser."""
        address = await self.to_sign_in(connection)
        shown = (await connection.ask(self.page(address))).body
        found = _FORM_TOKEN.search(shown)
        assert found is not None, shown
        fields = {"_csrf": found[1].decode(), "username": user, "password": PASSWORD}
        answer = await connection.ask(form(address, fields, _sent(self._cookies)), _SEE_OTHER)
        self._keep(answer.fields("Set-Cookie"))
        code_in(answer.fields("Location")[0])

    def _keep(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})


async def authorize(port: int, pool: BenchPool) -> Prepared:
    """Answered at once: the user is signed in, and is asked nothing."""
    requests = [browser.authorize for browser in await _signed_in(port, pool, await App.made(port, pool))]
    connection = await Connection.open(port)
    answer = await connection.ask(requests[0], _FOUND)
    connection.close()

    async def journey(connection: Connection, number: int) -> None:
        await connection.ask(requests[number], _FOUND)

    # It has no body: where the browser is sent is what is said.
    return Prepared(journey, requests[0], answer.fields("Location")[0].encode())


async def code_exchange(port: int, pool: BenchPool) -> Prepared:
    """Codes live for minutes, so they are made ahead of each measurement, and not of all of them."""
    app = await App.made(port, pool)
    requests = [browser.authorize for browser in await _signed_in(port, pool, app)]
    codes: deque[str] = deque()

    async def give(connection: Connection, number: int) -> None:
        codes.append(code_in((await connection.ask(requests[number], _FOUND)).fields("Location")[0]))

    async def before(connections: Sequence[Connection], times: int) -> None:
        await drive(connections, give, times)

    async def journey(connection: Connection, _: int) -> None:
        await connection.ask(app.exchange(codes.popleft()))

    connection = await Connection.open(port)
    await give(connection, 0)
    request = app.exchange(codes.popleft())
    answer = await connection.ask(request)
    connection.close()
    return Prepared(journey, request, answer.body, before)


async def token_refresh(port: int, pool: BenchPool) -> Prepared:
    app = await App.made(port, pool)
    tokens = [given["refresh_token"] for given in await _given(port, pool, app)]
    return await succeeding(port, tokens, app.refresh, lambda said: said["refresh_token"])


async def user_info(port: int, pool: BenchPool) -> Prepared:
    app = await App.made(port, pool)
    return await in_turn(port, [app.user_info(given["access_token"]) for given in await _given(port, pool, app)])


async def sign_in_page(port: int, pool: BenchPool) -> Prepared:
    """The first page, of requests that wait in browsers where nobody is signed in."""
    app = await App.made(port, pool)
    connection = await Connection.open(port)
    browsers = [Browser(app) for _ in range(BROWSERS)]
    requests = [browser.page(await browser.to_sign_in(connection)) for browser in browsers]
    connection.close()
    return await in_turn(port, requests)


def code_in(address: str) -> str:
    """The code that the client is sent."""
    return parse_qs(urlsplit(address).query)["code"][0]


async def _signed_in(port: int, pool: BenchPool, app: App) -> list[Browser]:
    connection = await Connection.open(port)
    browsers = [Browser(app) for _ in range(BROWSERS)]
    for browser, user in zip(browsers, pool.users, strict=False):
        await browser.sign_in(connection, user)
    connection.close()
    return browsers


async def _given(port: int, pool: BenchPool, app: App) -> list[Mapping[str, Any]]:
    """What the client gets for a code, of each user."""
    connection = await Connection.open(port)
    given = []
    for browser in await _signed_in(port, pool, app):
        code = code_in((await connection.ask(browser.authorize, _FOUND)).fields("Location")[0])
        given.append((await connection.ask(app.exchange(code))).json())
    connection.close()
    return given


def _sent(cookies: Mapping[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
