"""Pages: what each says, under which names and ids, and that nothing in it is taken for markup."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from poolhouse.server.pages import views
from poolhouse.server.pages.assets import Assets
from poolhouse.server.pages.headers import headers
from poolhouse.server.pages.languages import FOLDER, Languages
from poolhouse.server.pages.renderer import TEMPLATES, Renderer
from poolhouse.server.pages.views import FormPost, Problem, SignedOut, View
from tests.support.gallery import RTL, VIEWS, Clock, frame_of

RENDERER = Renderer(Clock(), "https://auth.example.org")
LARGEST = 10_000
EVIL = "\"'><script>alert(1)</script><b onload=x>&amp;{{ 7191 * 7 }}{% raw %}${7}"
VOID = frozenset({"input", "img", "meta", "link", "br", "hr", "path"})
FORMS: Mapping[str, str | None] = {
    "signin": "signin",
    "password": "answer",
    "code": "answer",
    "passkey": "answer",
    "choose": "answer",
    "new_password": "answer",
    "custom": "answer",
    "contact": "enrol",
    "stuck": "leave",
    "begin_factor": "enrol",
    "set_up_authenticator": "enrol",
    "set_up_passkey": "enrol",
    "recovery_codes": "saved",
    "signup": "signup",
    "confirm": "confirm",
    "confirm_link": "confirm",
    "forgot": "recover",
    "reset": "recover",
    "consent": "consent",
    "accounts": "choose",
    "sign_out": "signout",
    "signed_out": None,
    "wait": "retry",
    "error": None,
    "form_post": "send",
    "done": None,
}
"""The form of each view. The names are a contract: tests, password managers, brands and plugins rely on them."""
FIELDS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "signin": {
        "username": {
            "type": "text",
            "inputmode": "email",
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
            "dir": "auto",
        },
        "password": {"type": "password", "autocomplete": "current-password"},
        "remember": {"type": "checkbox"},
    },
    "signin-phone": {"username": {"type": "tel"}},
    "password": {"password": {"autocomplete": "current-password"}, "username": {"autocomplete": "username"}},
    "totp": {
        "code": {"type": "text", "inputmode": "numeric", "autocomplete": "one-time-code", "dir": "ltr"},
        "remember_device": {"type": "checkbox"},
    },
    "code-recovery": {"code": {"autocomplete": "off"}},
    "new-password": {
        "new_password": {
            "type": "password",
            "autocomplete": "new-password",
            "minlength": "12",
            "passwordrules": "minlength: 12;",
        },
        "username": {"autocomplete": "username"},
    },
    "signup": {
        "username": {"autocomplete": "username"},
        "name": {"autocomplete": "name"},
        "email": {"type": "email", "autocomplete": "email"},
        "phone_number": {"type": "tel", "autocomplete": "tel"},
        "password": {"autocomplete": "new-password", "minlength": "8"},
        "terms": {"type": "checkbox"},
    },
    "confirm": {"code": {"autocomplete": "one-time-code"}},
    "forgot": {"username": {"autocomplete": "username"}},
    "reset": {"code": {"autocomplete": "one-time-code"}, "new_password": {"autocomplete": "new-password"}},
    "custom-challenge": {"answer_badge": {"type": "text"}, "answer_same": {"type": "radio", "value": "yes"}},
    "enrol-authenticator": {"code": {"inputmode": "numeric"}, "device_name": {"type": "text"}},
    "recovery-codes": {"kept": {"type": "checkbox"}},
}


class Read(HTMLParser):
    """A page as a browser reads it: its elements, and whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> says something twice: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def read(name: str) -> Read:
    return Read(RENDERER.html(frame_of(VIEWS[name]), VIEWS[name]))


def visit(path: str = "/login?tx=abc", **headers_: str) -> web.Request:
    return make_mocked_request("GET", path, headers=headers_)


def test_every_view_is_in_the_gallery_and_has_a_template() -> None:
    known = {kind.template for kind in vars(views).values() if isinstance(kind, type) and hasattr(kind, "template")}

    assert known == {view.template for view in VIEWS.values()}
    assert known == {path.stem for path in TEMPLATES.glob("[!_]*.html")}
    assert known == set(FORMS)


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_is_whole_and_small(name: str) -> None:
    text = RENDERER.html(frame_of(VIEWS[name]), VIEWS[name])
    page = Read(text)

    assert len(text.encode()) < LARGEST
    assert text.startswith("<!doctype html>\n")
    assert [{"lang": "en", "dir": "ltr"}] == page.all("html")
    assert 1 == len(page.all("h1"))
    assert len(page.ids) == len(set(page.ids))
    assert {"main", "live"} <= set(page.ids)
    assert not re.search(
        r"\bNone\b(?! of)|\bUndefined\b|\{\w*\}(?!\")", re.sub(r'data-[\w-]+="[^"]*"|pattern', "", text)
    )


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_has_its_form_and_its_main_button(name: str) -> None:
    view = VIEWS[name]
    page = read(name)
    form = FORMS[view.template]
    ids = {each.get("id") for each in page.all("form")}

    if form is not None and not (view.template == "confirm_link" and name != "confirm-link"):
        assert form in ids
        if view.template not in ("choose", "accounts"):
            assert "primary" in page.ids
    for each in page.all("form"):
        assert each["method"] in ("get", "post")


@pytest.mark.parametrize("name", VIEWS)
def test_every_form_that_posts_to_us_carries_its_token_and_nothing_asks_for_the_attempt(name: str) -> None:
    text = RENDERER.html(frame_of(VIEWS[name]), VIEWS[name])
    posts = re.findall(r'<form id="(?!send")[^>]*method="post"[^>]*>(.{0,60})', text)

    assert all(each.startswith('<input type="hidden" name="_csrf" value="0p3n">') for each in posts)
    assert 'name="tx"' not in text
    if VIEWS[name].template == "form_post":
        assert "_csrf" not in text


@pytest.mark.parametrize("name", FIELDS)
def test_fields_have_the_names_and_words_that_password_managers_know(name: str) -> None:
    inputs = {each.get("id") or each["name"]: each for each in read(name).all("input") if "name" in each}

    for field, attributes in FIELDS[name].items():
        found = inputs[field]
        assert field == found["name"]
        assert attributes == {key: found.get(key) for key in attributes}


@pytest.mark.parametrize("name", VIEWS)
def test_every_field_has_a_label_and_what_describes_it_is_there(name: str) -> None:
    page = read(name)
    labelled = {each["for"] for each in page.all("label")}

    for each in page.all("input"):
        hidden = each.get("type") == "hidden" or "aria-hidden" in each
        assert hidden or each["id"] in labelled
    for _, attributes in page.elements:
        for key in ("aria-describedby", "aria-labelledby"):
            assert set(attributes.get(key, "").split()) <= set(page.ids)


@pytest.mark.parametrize("name", [name for name, view in VIEWS.items() if view.problems])
def test_a_page_with_problems_says_so_in_its_title_its_summary_and_its_fields(name: str) -> None:
    view = VIEWS[name]
    page = read(name)
    fields = [problem.field for problem in view.problems if problem.field]
    links = [each["href"] for each in page.all("a") if each.get("href", "").startswith("#")]

    assert any(text.startswith("Error: ") for text in page.texts)
    assert "errors" in page.ids
    assert [f"#{field}" for field in fields] == links
    for field in fields:
        (wrong,) = [each for _, each in page.elements if each.get("id") == field]
        assert "true" == wrong["aria-invalid"]
        assert f"{field}-error" in wrong["aria-describedby"].split()


def test_a_problem_of_a_field_that_is_elsewhere_is_said_without_a_link() -> None:
    view = replace(VIEWS["password"], problems=(Problem("name.taken", "username-or-so"),))
    page = Read(RENDERER.html(frame_of(view), view))

    assert "This name is taken. Choose another one, or sign in." in page.texts
    assert not [each for each in page.all("a") if each["href"].startswith("#")]


@pytest.mark.parametrize("name", VIEWS)
def test_one_thing_has_the_focus_at_most_and_the_problems_come_first(name: str) -> None:
    focused = [each for _, each in read(name).elements if "autofocus" in each]

    assert len(focused) <= 1
    if VIEWS[name].problems:
        assert "errors" == focused[0]["id"]


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_loaded_from_elsewhere_and_nothing_runs_in_the_page(name: str) -> None:
    page = read(name)

    for tag, attributes in page.elements:
        assert tag not in ("style", "base", "object", "embed")
        assert not any(key.startswith("on") or key == "style" for key in attributes)
        for key in ("src", "href", "action"):
            assert attributes.get(key, "/").startswith(("/", "#", "data:text/plain")) or not attributes[key]
    assert 1 == len(page.all("script"))


def test_what_was_typed_is_kept_and_secrets_are_not_given_back() -> None:
    view = VIEWS["signup-errors"]
    inputs = {each.get("name"): each for each in read("signup-errors").all("input")}

    assert view.problems
    assert "Lena Okafor" == inputs["name"]["value"]
    assert "lena.okafor@example" == inputs["email"]["value"]
    assert "value" not in inputs["password"]


def test_a_link_that_leads_nowhere_is_not_shown() -> None:
    view = VIEWS["signin"]
    text = RENDERER.html(replace(frame_of(view), links={}), view)

    assert [] == Read(text).all("a")


# --- markup ----------------------------------------------------------------------------------------------------------


def evil(value: Any) -> Any:
    """The same with markup in every text."""
    match value:
        case str():
            return EVIL
        case msgspec.Struct():
            kept = {"kind", "id", "template", "state", "medium", "factor", "purpose", "field"}
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            return replace(
                value,
                **{
                    name: each if name in kept and not isinstance(value, Problem) else evil(each)
                    for name, each in fields.items()
                    if not (isinstance(value, Problem) and name == "id")
                },
            )
        case Mapping():
            return {EVIL if not isinstance(each, (int, bool)) else name: evil(each) for name, each in value.items()}
        case tuple() | list():
            return tuple(evil(each) for each in value)
        case _:
            return value


@pytest.mark.parametrize("name", VIEWS)
def test_markup_in_any_text_stays_text(name: str) -> None:
    view = VIEWS[name]
    frame = frame_of(view)
    honest = RENDERER.html(frame, view)
    twisted = RENDERER.html(
        replace(frame, product=EVIL, client=EVIL, csrf=EVIL, links=dict.fromkeys(frame.links, EVIL), logo=EVIL),
        evil(view),
        {EVIL: EVIL},
    )

    assert "<script>" not in twisted
    assert "<b onload" not in twisted
    assert "50337" not in twisted
    assert {tag for tag, _ in Read(honest).elements} >= {tag for tag, _ in Read(twisted).elements} - {
        "form",
        "bdi",
        "input",
    }


texts = st.text(st.sampled_from(list("<>&\"'`={}%#/ \n\0\u202eaé")) | st.characters(), max_size=40)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=texts, name=st.sampled_from(sorted(VIEWS)))
@example(text="", name="consent")
def test_any_text_is_read_back_as_it_was(text: str, name: str) -> None:
    view = VIEWS[name]
    frame = replace(frame_of(view), product=text, client=text, csrf=text, logo=None)

    page = Read(RENDERER.html(frame, view).replace("\0", "�"))

    names = [tag for tag, _ in page.elements]
    usual = [tag for tag, _ in Read(RENDERER.html(replace(frame, product="x", client="x"), view)).elements]
    assert len(usual) - 2 <= len(names) <= len(usual) + 2
    for each in page.all("input"):
        if each.get("name") == "_csrf":
            assert text.replace("\0", "�") == each["value"]


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.stem)
def test_no_template_turns_escaping_off(template: Any) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"\|\s*safe|autoescape|\bMarkup\((?!')", text)
    # An attribute without quotes ends at a space.
    assert not re.search(r"=\{\{(?![^}]*\}\}\")", re.sub(r'="[^"]*"', "", text))


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("signin", 200),
        ("signin-wrong", 422),
        ("wait", 429),
        ("error", 400),
        ("error-form", 403),
        ("error-server", 500),
    ],
)
def test_an_answer_has_the_status_of_its_view(name: str, status: int) -> None:
    view = VIEWS[name]

    response = RENDERER.render(visit(), frame_of(view), view)

    assert status == response.status
    assert "text/html; charset=utf-8" == response.headers["Content-Type"]
    for field, value in headers().items():
        assert value == response.headers[field]


def policy(view: View, **changes: Any) -> str:
    frame = replace(frame_of(view), **changes)
    return RENDERER.render(visit(), frame, view).headers["Content-Security-Policy"]


def test_the_policy_names_where_a_form_may_lead() -> None:
    assert "form-action 'self' https://app.example;" in policy(
        VIEWS["password"], redirect_origins=("https://app.example",)
    )


def test_the_policy_of_a_form_for_a_client_names_the_client() -> None:
    view = FormPost(action="https://app.example/back", fields={"code": "1"})

    assert "form-action 'self' https://app.example;" in policy(view)


def test_the_policy_of_the_way_out_names_its_frames() -> None:
    view = SignedOut(frames=("https://app.example/out?sid=1",))

    assert "frame-src https://app.example;" in policy(view)


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Any) -> Renderer:
    """English, and an Arabic that says no more than how it is written."""
    for tag in ("en", "ar"):
        folder = tmp_path / tag / "LC_MESSAGES"
        folder.mkdir(parents=True)
        text = (FOLDER / "en" / "LC_MESSAGES" / "pages.po").read_text(encoding="utf-8")
        (folder / "pages.po").write_text(text if tag == "en" else RTL, encoding="utf-8")
    return Renderer(Clock(), "https://auth.example.org", languages=Languages(tmp_path))


def test_a_page_in_a_language_from_right_to_left_says_so(two: Renderer) -> None:
    view = VIEWS["choose-factor"]

    page = Read(two.html(frame_of(view, locale="ar"), view))

    assert [{"lang": "ar", "dir": "rtl"}] == page.all("html")


def test_the_choice_of_a_language_leads_to_the_same_page(two: Renderer) -> None:
    view = VIEWS["password"]

    response = two.render(visit("/login?tx=a%22b&lang=ar&x=1"), frame_of(view, locale="ar"), view)
    assert response.text is not None
    page = Read(response.text)

    sent = {each["name"]: each["value"] for each in page.all("input") if each["name"] in ("tx", "x")}
    assert {"tx": 'a"b', "x": "1"} == sent
    assert [("ar", True), ("en", False)] == [(each["value"], "selected" in each) for each in page.all("option")]


def test_a_language_that_was_chosen_is_remembered(two: Renderer) -> None:
    view = VIEWS["password"]

    chosen = two.render(visit("/login?lang=ar"), frame_of(view), view)
    unknown = two.render(visit("/login?lang=xx"), frame_of(view), view)

    cookie = chosen.cookies["poolhouse-lang"]
    assert ("ar", "/", True, True, "Lax") == (
        cookie.value,
        cookie["path"],
        cookie["secure"],
        cookie["httponly"],
        cookie["samesite"],
    )
    assert not unknown.cookies


def test_one_language_needs_no_choice(tmp_path: Any) -> None:
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "pages.po").write_bytes((FOLDER / "en" / "LC_MESSAGES" / "pages.po").read_bytes())
    renderer = Renderer(Clock(), "", languages=Languages(tmp_path))

    assert "<select" not in renderer.html(frame_of(VIEWS["password"]), VIEWS["password"])


# --- files -----------------------------------------------------------------------------------------------------------


def names() -> Iterator[str]:
    for view in VIEWS.values():
        text = RENDERER.html(frame_of(view), view)
        yield from re.findall(r'"/static/pages/([^"#]+)', text)


async def test_every_file_that_a_page_names_is_served_and_kept_for_good() -> None:
    assets = Assets()
    for name in set(names()):
        request = make_mocked_request("GET", f"/static/pages/{name}", match_info={"name": name})
        response = await assets.serve(request)

        assert 200 == response.status
        assert "public, max-age=31536000, immutable" == response.headers["Cache-Control"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        assert "Accept-Encoding" == response.headers["Vary"]


async def test_a_file_is_packed_for_whoever_can_unpack_it() -> None:
    assets = Assets(":root{--accent:#000000}")
    name = assets.name("brand.css")
    request = make_mocked_request(
        "GET", "/static/pages/x", headers={"Accept-Encoding": "gzip, br"}, match_info={"name": name}
    )

    response = await assets.serve(request)

    assert "gzip" == response.headers["Content-Encoding"]
    assert isinstance(response.body, bytes)
    assert b":root{--accent:#000000}" == gzip.decompress(response.body)


def test_the_name_of_a_file_says_what_is_in_it() -> None:
    assert Assets("a").name("brand.css") != Assets("b").name("brand.css")
    assert Assets("a").name("style.css") == Assets("b").name("style.css")


@pytest.mark.parametrize("name", ["style.css", "../renderer.py", "", "icon.svg"])
async def test_what_has_no_such_name_is_not_there(name: str) -> None:
    with pytest.raises(web.HTTPNotFound):
        await Assets().serve(make_mocked_request("GET", "/", match_info={"name": name}))


@pytest.mark.parametrize(("name", "most"), [("style.css", 20_000), ("enhance.js", 7_000), ("icons.svg", 4_000)])
def test_files_are_small(name: str, most: int) -> None:
    assert (TEMPLATES.parent / "static" / name).stat().st_size < most


def test_every_icon_that_a_page_shows_is_drawn_and_none_is_left_over() -> None:
    drawn = set(
        re.findall(r'<symbol id="(\w+)"', (TEMPLATES.parent / "static" / "icons.svg").read_text(encoding="utf-8"))
    )
    shown = set()
    for view in VIEWS.values():
        shown |= set(re.findall(r'icons\.\w+\.svg#(\w+)"', RENDERER.html(frame_of(view), view)))

    assert drawn == shown
