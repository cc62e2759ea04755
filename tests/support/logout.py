"""A browser that is signed in at a served pool, and the servers of clients that hear of its end."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from msgspec.structs import replace

from poolhouse.config.settings import Server
from poolhouse.flows.grants.sessions import Begun, SignedIn
from poolhouse.records.clients import Client
from poolhouse.records.users import User
from tests.support.oauth import OAuth, Told, oauth_served
from tests.support.sessions import begin, live

BASE_URL = "https://auth.example.com"
GOODBYE = "https://app.example.com/goodbye"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Hearing:
    """The server of a client. ``answers`` are the statuses that it gives, in order, then 200, and ``says`` is
    what it says to each."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    says: bytes = b""
    heard: list[tuple[Mapping[str, str], dict[str, str]]] = field(default_factory=list)
    """Header fields and form of each request."""
    _rings: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), dict(parse_qsl((await request.read()).decode()))))
        self._rings.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200, body=self.says)

    async def hears(self, number: int) -> None:
        """So many requests have come."""
        async with asyncio.timeout(20):
            while len(self.heard) < number:
                self._rings.clear()
                await self._rings.wait()

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/backchannel_logout")

    @property
    def tokens(self) -> list[str]:
        return [form["logout_token"] for _, form in self.heard]


@asynccontextmanager
async def hearing(*answers: int) -> AsyncIterator[Hearing]:
    found = Hearing(answers=list(answers))
    app = web.Application()
    app.router.add_post("/backchannel_logout", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/backchannel_logout"
        yield found
    finally:
        await runner.cleanup()


@dataclass
class Browsing:
    """``cookies`` are those that the browser holds."""

    oauth: OAuth
    cookies: dict[str, str] = field(default_factory=dict)

    def name(self, kind: str) -> str:
        return f"__Host-poolhouse-{kind}-{self.oauth.pool.id}"

    @property
    def handles(self) -> tuple[str, ...]:
        return tuple(filter(None, self.cookies.get(self.name("sessions"), "").split(".")))

    async def sign_in(self, user: User | None = None, *clients: Client) -> Begun:
        """The user, Jane if none is named, is signed in here, and these clients know of it."""
        oauth = self.oauth
        begun = await begin(oauth.house, oauth.pool, user or oauth.user, held=self.handles)
        for client in clients:
            joined = await oauth.house.services.sessions.joined(begun.signed_in, client.id)
            begun = Begun(begun.handles, joined, begun.seconds)
        self.cookies[self.name("sessions")] = ".".join(begun.handles)
        return begun

    async def signed_in(self) -> tuple[SignedIn, ...]:
        return await live(self.oauth.house, self.oauth.pool, self.handles)

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | str | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        with_cookies: bool = True,
    ) -> Told:
        """As the browser sends it. It does not go where it is sent on to."""
        url = f"{self.oauth.api.url}{self.oauth.pool.id}{path}"
        if query:
            url += f"?{query if isinstance(query, str) else urlencode(query)}"
        sent = dict(headers or {})
        if with_cookies and self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            sent["Content-Type"] = FORM
            body = urlencode(form).encode()
        async with self.oauth.api.session.request(
            method, url, data=body, headers=sent, allow_redirects=False
        ) as answer:
            for line in answer.headers.getall("Set-Cookie", ()):
                for name, morsel in SimpleCookie(line).items():
                    if morsel.value and morsel["max-age"] != "0":
                        self.cookies[name] = morsel.value
                    else:
                        self.cookies.pop(name, None)
            return Told(answer.status, answer.headers, await answer.read())

    async def end_session(self, **query: str) -> Told:
        return await self.request("GET", "/oauth2/end_session", query)

    async def logout(self, **query: str) -> Told:
        return await self.request("GET", "/logout", query)

    async def say(self, page: Told, choice: str = "signout", **changes: str) -> Told:
        """The user presses a button of the question."""
        action, token = question(page)
        path, _, query = action.partition("?")
        assert path == f"/{self.oauth.pool.id}/oauth2/end_session"
        return await self.request("POST", "/oauth2/end_session", query, {"_csrf": token, "do": choice, **changes})


def question(page: Told) -> tuple[str, str]:
    """Where the question's form goes, and its token."""
    text = page.body.decode()
    action = re.search(r'<form[^>]*\baction="([^"]*end_session[^"]*)"', text)
    token = re.search(r'name="_csrf" value="([^"]*)"', text)
    assert action is not None, text
    assert token is not None, text
    return html.unescape(action[1]), html.unescape(token[1])


def is_question(page: Told) -> bool:
    return 200 == page.status and b'id="stay"' in page.body


@asynccontextmanager
async def browsing(*allowed: str, **changes: Any) -> AsyncIterator[Browsing]:
    """``allowed`` are hosts that the server may reach though they are not public."""
    changes.setdefault("server", Server(base_url=BASE_URL, outbound_hosts=allowed))
    async with oauth_served(**changes) as oauth:
        for name in ("app", "web"):
            client = getattr(oauth, name)
            changed = replace(client, logout_urls=(GOODBYE, "https://app.example.com/bye?from=here"))
            setattr(oauth, name, await oauth.house.built.ports.clients.save(changed))
        yield Browsing(oauth)


async def changed(browsing: Browsing, client: Client, **fields: Any) -> Client:
    clients = browsing.oauth.house.built.ports.clients
    current = await clients.of_pool(client.pool_id, client.id)
    return await clients.save(replace(current, **fields))


async def id_token(browsing: Browsing, client: Client, begun: Begun | None = None, **claims: Any) -> str:
    """An ID token as it was given to the client: in the session, where there is one."""
    oauth = browsing.oauth
    tokens, now = oauth.house.built.ports.tokens, int(oauth.house.clock.now())
    said: dict[str, Any] = {
        "iss": tokens.issuer(oauth.pool.id),
        "aud": client.id,
        "sub": oauth.user.sub,
        "token_use": "id",
        "iat": now,
        "exp": now + 3600,
    }
    if begun is not None:
        said["sub"] = begun.signed_in.user.sub
        said["sid"] = oauth.house.services.sessions.sid(begun.signed_in.session, client.id)
    return await tokens.sign(oauth.pool.id, "id", {**said, **claims})
