"""The catalogue and the pages have the same ids: no sentence is missing, none is unused, and each is filled."""

from __future__ import annotations

import ast
import io
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

from poolhouse.server.pages import languages
from poolhouse.server.pages.languages import SOURCE, Languages
from poolhouse.server.pages.words import read_catalogue

PAGES = Path(languages.__file__).parent
OUTSIDE = PAGES.parent / "oidc"
TAGS = Languages().tags
ID = re.compile(r"[a-z]+\.[a-z_]+")
SAID_LATER = {
    # Of design and of flows that are built, on pages to come.
    "code.sent": "sign-up and recovery where existence is hidden",
    "password.leaked": "the check against stolen passwords",
    "terms.needed": "terms of use of a pool",
}


def catalogue(tag: str) -> Catalog:
    path = PAGES / "locale" / tag.replace("-", "_") / "LC_MESSAGES" / "pages.po"
    with path.open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"), abort_invalid=True)


def ids(tag: str) -> dict[str, tuple[str, ...]]:
    """Each id with its sentences: one, or one for each form."""
    found = {}
    for message in catalogue(tag):
        if message.id:
            many = isinstance(message.string, (tuple, list))
            name = message.id if isinstance(message.id, str) else message.id[0]
            found[name] = tuple(message.string) if many else (message.string,)
    return found


def written() -> Iterator[str]:
    """Every text in the templates and the modules of the pages that has the form of an id."""
    for path in PAGES.glob("templates/*.html"):
        yield from re.findall(r"[\"']([a-z]+\.[a-z_]+)[\"']", path.read_text(encoding="utf-8"))
    for folder in (PAGES, OUTSIDE):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and ID.fullmatch(node.value):
                    yield node.value


def called() -> Iterator[str]:
    """Those that are surely ids: arguments of what says a sentence."""
    for path in PAGES.glob("templates/*.html"):
        yield from re.findall(r"\b[tn]\([\"']([\w.]+)[\"']", path.read_text(encoding="utf-8"))
    for folder in (PAGES, OUTSIDE):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                    yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))


def tables() -> Iterator[str]:
    """The ids in the tables of wording."""
    for node in ast.walk(ast.parse((PAGES / "wording.py").read_text(encoding="utf-8"))):
        # Words of the protocol and of errors, which are keys there.
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            for value in node.values:
                for each in ast.walk(value):
                    text = each.value if isinstance(each, ast.Constant) else None
                    if isinstance(text, str) and ID.fullmatch(text) and (text not in keys or text in ids(SOURCE)):
                        yield text


def test_every_sentence_that_a_page_says_is_in_the_catalogue() -> None:
    known = ids(SOURCE)

    assert [] == sorted({each for each in (*called(), *tables()) if each not in known})


def test_every_sentence_of_the_catalogue_is_said() -> None:
    said = set(written())

    assert [] == sorted(set(ids(SOURCE)) - said - set(SAID_LATER))


def test_what_is_said_later_is_not_said_yet() -> None:
    assert set(SAID_LATER) <= set(ids(SOURCE))


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_is_whole_and_has_nothing_else(tag: str) -> None:
    sentences = ids(tag)

    assert set(ids(SOURCE)) == set(sentences)
    assert [] == [name for name, forms in sentences.items() if not all(forms)]
    assert [] == [message.id for message in catalogue(tag) if message.id and message.fuzzy]


@pytest.mark.parametrize("tag", TAGS)
def test_a_sentence_has_the_facts_of_the_english_one(tag: str) -> None:
    def facts(forms: tuple[str, ...]) -> set[str]:
        return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name is not None}

    english = {name: facts(forms) for name, forms in ids(SOURCE).items()}

    assert english == {name: facts(forms) for name, forms in ids(tag).items()}


@pytest.mark.parametrize("tag", TAGS)
def test_we_read_what_babel_reads(tag: str) -> None:
    path = PAGES / "locale" / tag.replace("-", "_") / "LC_MESSAGES" / "pages.po"
    read = read_catalogue(path.read_text(encoding="utf-8"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(tag))
    compiled.seek(0)
    theirs = GNUTranslations(compiled)

    assert ids(tag) == read.sentences
    for name, forms in read.sentences.items():
        if len(forms) > 1:
            assert [theirs.ngettext(name, name, n) for n in range(200)] == [forms[read.form(n)] for n in range(200)]


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_says_of_itself_what_babel_says(tag: str) -> None:
    locale, words = Locale.parse("en-GB" if tag == "en" else tag, sep="-"), Languages().words(tag)

    assert locale.text_direction == words.direction
    assert Locale.parse(tag, sep="-").get_display_name() == words.name
    for month in range(1, 13):
        moment = datetime(2026, month, 9, 8, 5, tzinfo=UTC)
        assert f"{format_date(moment, 'long', locale=locale)}, 08:05 UTC" == words.date(moment.timestamp())


def test_a_catalogue_in_any_shape_is_read() -> None:
    text = """
# A comment.
msgid ""
msgstr ""
"Language: x\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);\\n"

#. A hint.
#: a/file.py:3
msgid "a.b"
msgstr ""
"one "
"\\"two\\"\\n"

msgid "c.d"
msgid_plural "c.d"
msgstr[0] "{n} x"
msgstr[1] "{n} y"
msgstr[2] "{n} z"

#, fuzzy
msgid "e.f"
msgstr "not certain"

msgid "g.h"
msgstr ""

#~ msgid "i.j"
#~ msgstr "gone"
"""
    read = read_catalogue(text)

    assert {"a.b": ('one "two"\n',), "c.d": ("{n} x", "{n} y", "{n} z")} == read.sentences
    assert [1, 0, 1, 2] == [read.form(n) for n in (0, 1, 3, 7)]


@pytest.mark.parametrize("line", ['msgfoo "a"', "msgid a", 'msgid "a', "x"])
def test_what_is_no_catalogue_is_refused(line: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        read_catalogue(line)


def test_no_sentence_blames_or_shouts() -> None:
    # A new code makes the old one invalid: there it is no blame.
    wrong = re.compile(r"!|\bplease\b|\boops\b|\binvalid (?!one)", re.IGNORECASE)
    kept = {"password.symbols", "rule.symbols"}

    assert [] == [n for n, forms in ids(SOURCE).items() if n not in kept and any(map(wrong.search, forms))]


def test_facts_are_escaped_and_markup_is_kept() -> None:
    words = Languages().words("en")

    assert "Sign in to &lt;b&gt;&#34;" == words.text("signin.title", product='<b>"')
    assert "To <bdi>x</bdi>" == words.text("way.to", to=Markup("<bdi>x</bdi>"))


def test_a_number_takes_its_form() -> None:
    words = Languages().words("en")

    assert "It works for 1 minute." == words.count("code.works", 1)
    assert "It works for 15 minutes." == words.text("code.works", n=15)
    assert "Choose a password with at least 12 characters" == words.text("password.short", n=12)


def test_a_fact_that_is_missing_and_an_id_that_nobody_knows_break_no_page() -> None:
    words = Languages().words("en")

    assert "Sign in to " == words.text("signin.title")
    assert "no.such" == words.text("no.such", n=3)


def test_a_fact_is_not_read_as_a_sentence() -> None:
    assert "Sign in to {client}" == Languages().words("en").text("signin.title", product="{client}")
