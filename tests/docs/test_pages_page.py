"""docs/pages.md: what it prints is what is there."""

from __future__ import annotations

import io
import re

from babel.messages.pofile import read_po

from poolhouse.server.pages.fields import plugin_fields
from poolhouse.server.pages.languages import Languages
from poolhouse.server.pages.renderer import Renderer
from tests.docs.pages import ROOT, blocks
from tests.support.gallery import VIEWS, Clock, frame_of

PAGE = "docs/pages.md"


def block(language: str) -> str:
    (found,) = [each.text for each in blocks(PAGE) if each.language == language]
    return found


def test_every_block_is_read_below() -> None:
    assert {"json", "po"} == {each.language for each in blocks(PAGE)}


def test_the_fields_of_a_plugin_are_those_that_are_described() -> None:
    fields = plugin_fields({"form": block("json")})

    assert ["same", "badge", "pin"] == [field.name for field in fields]
    assert (2, True, "code", False) == (len(fields[0].options), fields[0].required, fields[2].kind, fields[2].required)


def test_the_sentence_is_one_of_the_catalogue() -> None:
    (message,) = [each for each in read_po(io.BytesIO(block("po").encode())) if each.id]
    words = Languages().words("en")

    assert isinstance(message.string, tuple | list)
    assert [str(words.count("code.works", n)) for n in (1, 5)] == [
        form.format(n=n) for form, n in zip(message.string, (1, 5), strict=True)
    ]


def test_every_form_and_field_of_the_table_is_on_a_page() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    table = text.partition("| Page |")[2].partition("\n\n")[0]
    renderer = Renderer(Clock(), "")
    pages = "".join(renderer.html(frame_of(view), view) for view in VIEWS.values())
    named = set(re.findall(r'(?:name|id)="([^"]+)"', pages))

    said = {name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.partition("|")[2])}
    assert said - {"answer_NAME", "custom:floor", "custom_floor"} <= named
    assert {"answer_same", "custom_floor"} <= named
    for link in re.findall(r"`#(\w+)`", text):
        assert link in named
