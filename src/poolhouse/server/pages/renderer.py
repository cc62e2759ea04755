"""Views become pages: HTML in the visitor's language, with the header fields that every page has.

What renders is imported with the first page, and each template is compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from poolhouse.ports.world import Clock
from poolhouse.server.pages import rules, wording
from poolhouse.server.pages.assets import Assets
from poolhouse.server.pages.forms import ANSWER
from poolhouse.server.pages.headers import headers, origin_of
from poolhouse.server.pages.languages import CHOSEN, COOKIE, Languages
from poolhouse.server.pages.made_once import PagesMadeOnce
from poolhouse.server.pages.views import Code, Custom, FormPost, Frame, SignedOut, SignUp, View
from poolhouse.server.routes import Audience, Route

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"
_MOST: Final = 8
_LONGEST: Final = 2048


class Renderer:
    """``base_url`` is the server's own: over https, cookies are for https."""

    def __init__(
        self, clock: Clock, base_url: str, *, languages: Languages | None = None, assets: Assets | None = None
    ) -> None:
        self.languages = languages or Languages()
        self._clock = clock
        self._assets = assets or Assets()
        self._secure = base_url.startswith("https:")
        self._made_once = PagesMadeOnce(self.html, _fields)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Of the files that pages load."""
        return (Route("GET", "/static/pages/{name}", self._assets.serve, Audience.ANYBODY, "pages-static"),)

    def render(self, request: web.Request, frame: Frame, view: View) -> web.Response:
        """The page. Its status is the view's; with problems and no other status it is 422."""
        # The form that chooses a language holds the whole address.
        if len(self.languages.tags) == 1 and CHOSEN not in request.query:
            page = self._made_once.answer(frame, view)
            if page is not None:
                return page
        response = web.Response(
            text=self.html(frame, view, _query(request)),
            content_type="text/html",
            status=422 if view.problems and view.status == 200 else view.status,
            headers=_fields(frame, view),
        )
        if CHOSEN in request.query and (chosen := self.languages.chosen(request)):
            response.set_cookie(COOKIE, chosen, path="/", secure=self._secure, httponly=True, samesite="Lax")
        return response

    def html(self, frame: Frame, view: View, query: Mapping[str, str] | None = None) -> str:
        """The text of the page. ``query`` is what stands in its address beside the language."""
        words = self.languages.words(frame.locale)
        template = self._environment.get_template(f"{view.template}.html")
        return template.render(
            view=view,
            frame=frame,
            links=frame.links,
            words=words,
            t=words.text,
            n=words.count,
            wrong=_wrong(words.text, view),
            labels=_labels(words.text, view),
            languages=[self.languages.words(tag) for tag in self.languages.tags],
            query=query or {},
            now=self._clock.now(),
            asset=lambda name: f"{frame.static}/{self._assets.name(name)}",
        )

    @cached_property
    def _environment(self) -> Environment:
        # Here and not above: see the docstring of the module.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup

        from poolhouse.server.pages.pictures import qr

        environment = Environment(
            autoescape=True,
            auto_reload=False,
            cache_size=-1,
            loader=FileSystemLoader(TEMPLATES),
            lstrip_blocks=True,
            trim_blocks=True,
            undefined=StrictUndefined,
        )
        environment.globals.update(
            Markup=Markup,
            frozen=frozenset,
            json=lambda value: msgspec.json.encode(value).decode(),
            password_rules=rules.password_rules,
            qr=qr,
            wording=wording,
        )
        environment.filters["grouped"] = lambda text: " ".join(text[i : i + 4] for i in range(0, len(text), 4))
        environment.filters["initials"] = _initials
        environment.filters["ending"] = lambda masked: masked.rpartition("*")[2]
        return environment


def _fields(frame: Frame, view: View) -> dict[str, str]:
    leads_to = [*frame.redirect_origins]
    if isinstance(view, FormPost) and (origin := origin_of(view.action)):
        leads_to.append(origin)
    return headers(leads_to=leads_to, frames=view.frames if isinstance(view, SignedOut) else ())


def _wrong(text: Any, view: View) -> dict[str, Any]:
    """The first problem of each field, as a sentence."""
    found: dict[str, Any] = {}
    for problem in view.problems:
        if problem.field is not None and problem.field not in found:
            found[problem.field] = text(problem.id, **problem.facts)
    return found


def _labels(text: Any, view: View) -> dict[str, Any]:
    """What the inputs of attributes and plugins are called, by their ids."""
    fields = (*getattr(view, "missing", ()), *(view.fields if isinstance(view, Code | Custom | SignUp) else ()))
    before = ANSWER if isinstance(view, Code | Custom) else ""
    return {before + field.name: field.label if field.is_text else text(field.label) for field in fields}


def _initials(name: str) -> str:
    """Two letters for a round picture."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()] or [name]
    return "".join(word[:1] for word in dict.fromkeys((words[0], words[-1]))).upper()


def _query(request: web.Request) -> dict[str, str]:
    """What the language form has to send along, so that it leads to the same page."""
    kept = [(name, value) for name, value in request.query.items() if name != CHOSEN]
    return dict(kept[:_MOST]) if sum(len(name) + len(value) for name, value in kept) <= _LONGEST else {}
