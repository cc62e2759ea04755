"""A browser that knows HTML forms, cookies and redirects, and no script: what the pages have to be whole for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp
from multidict import CIMultiDictProxy

MOST_REDIRECTS = 10


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    """What is sent if nothing is typed."""
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every input, with its attributes."""
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Screen:
    """What the browser shows. ``left`` is where it was sent that is no page of ours."""

    status: int
    address: str
    headers: CIMultiDictProxy[str]
    text: str
    title: str = ""
    heading: str = ""
    problems: list[str] = field(default_factory=list)
    notice: str = ""
    forms: dict[str, Form] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    left: str | None = None

    @property
    def page(self) -> str:
        """The last part of the path: which page it is."""
        return urlsplit(self.address).path.rpartition("/")[2]

    @property
    def answer(self) -> dict[str, str]:
        """What the client was told in the address that the browser was sent to."""
        assert self.left is not None, (self.status, self.address, self.heading, self.problems)
        parts = urlsplit(self.left)
        return dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))

    @property
    def form(self) -> Form:
        """The one that the page is about."""
        return next(form for name, form in self.forms.items() if name not in ("language", "providers", "resend-form"))


class Robot:
    """``origin`` is where the server listens. Cookies are kept as a browser keeps them that was told to by https."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self.session = session
        self.origin = origin.rstrip("/")
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []
        """Every ``Set-Cookie`` line."""

    async def open(self, address: str) -> Screen:
        return await self._ask("GET", urljoin(f"{self.origin}/", address), None)

    async def follow(self, screen: Screen, link: str) -> Screen:
        """The link with this id."""
        return await self.open(urljoin(screen.address, screen.links[link]))

    async def again(self, screen: Screen) -> Screen:
        """The page is loaded anew."""
        return await self.open(screen.address)

    async def send(
        self,
        screen: Screen,
        form: str | None = None,
        *,
        press: str | None = None,
        without: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        **typed: str,
    ) -> Screen:
        """The form with this id is sent (None: the one of the page), by the button of this value (None: the first)."""
        found = screen.forms[form] if form else screen.form
        sent = {**found.fields, **typed}
        button = next((one for one in found.buttons if press in (None, one[1])), None)
        assert press is None or button is not None, (press, found.buttons)
        if button is not None and button[0]:
            sent[button[0]] = button[1]
        sent = {name: value for name, value in sent.items() if name not in without}
        target = urljoin(screen.address, found.action or screen.address)
        return await self._ask(found.method, target, urlencode(sent).encode(), headers)

    async def post(self, address: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Screen:
        return await self._ask("POST", urljoin(f"{self.origin}/", address), urlencode(fields).encode(), headers)

    async def _ask(
        self, method: str, address: str, body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> Screen:
        sent: dict[str, Any] = dict(headers or {})
        told: CIMultiDictProxy[str] | None = None
        for _ in range(MOST_REDIRECTS):
            if not address.startswith(f"{self.origin}/"):
                assert told is not None, "the first address is another site's"
                return Screen(0, address, told, "", left=address)
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            if body is not None:
                sent["Content-Type"] = "application/x-www-form-urlencoded"
            async with self.session.request(
                method, address, data=body, headers=sent, allow_redirects=False
            ) as response:
                self._keep(response.headers.getall("Set-Cookie", ()))
                text, told = await response.text(), response.headers
                if response.status not in (302, 303):
                    return _read(response.status, address, response.headers, text)
                # What was posted is not sent on.
                assert response.status == 303 or method == "GET", "a form was answered by a redirect that is no 303"
                address = urljoin(address, response.headers["Location"])
                method, body, sent = "GET", None, {}
        raise AssertionError("redirected for ever")

    def _keep(self, lines: list[str] | tuple[str, ...]) -> None:
        self.set.extend(lines)
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value


def _read(status: int, address: str, headers: CIMultiDictProxy[str], text: str) -> Screen:
    reader = _Reader()
    reader.feed(text)
    return Screen(
        status,
        address,
        headers,
        text,
        " ".join(reader.texts["title"].split()),
        " ".join(reader.texts["h1"].split()),
        [" ".join(problem.split()) for problem in reader.problems],
        " ".join(reader.texts["notice"].split()),
        reader.forms,
        reader.links,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.links: dict[str, str] = {}
        self.problems: list[str] = []
        self.texts = {"title": "", "h1": "", "notice": ""}
        self._form: Form | None = None
        self._in: list[str] = []
        self._errors = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(said.get("action", ""), said.get("method", "get").upper())
            self.forms[said.get("id", str(len(self.forms)))] = self._form
        elif tag == "input" and self._form is not None and "name" in said:
            self._form.inputs[said["name"]] = said
            if said.get("type") not in ("checkbox", "radio") or "checked" in said:
                self._form.fields[said["name"]] = said.get("value", "")
        elif tag == "button" and self._form is not None and said.get("type", "submit") == "submit":
            self._form.buttons.append((said.get("name", ""), said.get("value", "")))
        elif tag == "a" and "id" in said:
            self.links[said["id"]] = said.get("href", "")
        elif tag == "div" and said.get("id") == "errors":
            self._errors = True
        elif tag == "li" and self._errors:
            self.problems.append("")
        if tag in ("title", "h1", "li"):
            self._in.append(tag)
        elif said.get("id") == "notice":
            self._in.append("notice")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "ul":
            self._errors = False
        if self._in and (tag == self._in[-1] or (tag == "p" and self._in[-1] == "notice")):
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] in self.texts:
            self.texts[self._in[-1]] += data
        elif self._in and self._in[-1] == "li" and self._errors and self.problems:
            self.problems[-1] += data
