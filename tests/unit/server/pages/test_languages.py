"""Which language a visitor gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.server.pages.languages import FOLDER, Languages

OTHER = """
msgid "signin.do"
msgstr "in TAG"

msgid "language.name"
msgstr "العربية"

msgid "language.direction"
msgstr "rtl"

msgid "time.date"
msgstr "{day}. {month} {year}, {clock}"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    """English, German, Arabic and the Portuguese of Brazil."""
    english = (FOLDER / "en" / "LC_MESSAGES" / "pages.po").read_text(encoding="utf-8")
    for tag in ("en", "de", "ar", "pt_BR"):
        folder = tmp_path / tag / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "pages.po").write_text(english if tag == "en" else OTHER.replace("TAG", tag), encoding="utf-8")
    return Languages(tmp_path)


def visit(query: str = "", accept: str | None = None, cookie: str | None = None) -> web.Request:
    headers = {} if accept is None else {"Accept-Language": accept}
    if cookie is not None:
        headers["Cookie"] = f"poolhouse-lang={cookie}"
    return make_mocked_request("GET", f"/login{query}", headers=headers)


def test_those_with_a_catalogue_are_there(languages: Languages) -> None:
    assert ("ar", "de", "en", "pt-BR") == languages.tags


@pytest.mark.parametrize(
    ("request_", "wanted", "tag"),
    [
        (visit(), (), "en"),
        (visit(accept="de"), (), "de"),
        (visit(accept="de-AT, en;q=0.9"), (), "de"),
        (visit(accept="fr, en;q=0.5, ar;q=0.8"), (), "ar"),
        (visit(accept="pt-br"), (), "pt-BR"),
        (visit(accept="pt"), (), "en"),
        (visit(accept="*"), (), "en"),
        (visit(accept="de;q=0, ar"), (), "ar"),
        (visit(accept="de"), ("ar", "en"), "ar"),
        (visit(accept="de"), ("xx", "pt-BR-x-a"), "pt-BR"),
        (visit(accept="de"), ("xx",), "de"),
        (visit("?lang=de"), ("ar",), "de"),
        (visit("?lang=de", cookie="ar"), (), "de"),
        (visit(cookie="ar", accept="de"), ("de",), "ar"),
        (visit("?lang=xx", accept="de"), (), "de"),
    ],
)
def test_the_visitor_comes_first_then_the_client_then_the_browser(
    languages: Languages, request_: web.Request, wanted: tuple[str, ...], tag: str
) -> None:
    assert tag == languages.choose(request_, wanted)


@given(accept=st.text(st.characters(blacklist_characters="\r\n\0", max_codepoint=255)), wanted=st.lists(st.text()))
def test_nothing_that_is_asked_for_breaks_the_choice(accept: str, wanted: list[str]) -> None:
    languages = Languages()

    assert languages.choose(visit(accept=accept), wanted) in languages.tags


def test_a_path_is_no_language() -> None:
    languages = Languages()

    assert "en" == languages.choose(visit("?lang=../../en"))
    assert "en" == languages.words("../en").tag


def test_what_is_not_translated_is_in_english(languages: Languages) -> None:
    words = languages.words("de")

    assert "in de" == words.text("signin.do")
    assert "Enter your password" == words.text("password.title")


@pytest.mark.parametrize(("tag", "direction", "name"), [("en", "ltr", "English"), ("ar", "rtl", "العربية")])
def test_a_language_says_its_name_and_its_direction(languages: Languages, tag: str, direction: str, name: str) -> None:
    words = languages.words(tag)

    assert (direction, name) == (words.direction, words.name)


def test_times_are_written_as_the_language_writes_them(languages: Languages) -> None:
    at = 1_795_511_640.0

    assert "24 November 2026, 09:14 UTC" == languages.words("en").date(at)
    assert "24. November 2026, 09:14 UTC" == languages.words("ar").date(at)
    assert "2026-11-24T09:14:00Z" == languages.words("en").stamp(at)
