"""Whatever an operator chooses, what pages say can be read: WCAG 2.2, 4.5 to 1 for text and 3 to 1 for edges."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.server.pages.colours import DARK, EDGE, LIGHT, TEXT, Colour, colour, contrast, derived, sheet

SHEET = Path(__file__).parents[4] / "src" / "poolhouse" / "server" / "pages" / "static" / "style.css"
GROUNDS = {
    "ink": ("card", "well", "tint", "bad-bg", "good-bg", "warn-bg"),
    "muted": ("card", "well"),
    "on-page": ("page",),
    "link": ("card", "well", "tint"),
    "on-accent": ("accent", "hover"),
    "bad": ("card", "well", "bad-bg"),
    "good": ("card", "good-bg"),
    "warn": ("card", "warn-bg"),
    "card": ("bad",),
}
"""Each text, and the grounds that it can stand on."""
EDGES = {"edge": ("card",), "link": ("card",), "bad": ("card",), "on-page": ("page",)}
"""Of controls, and of what has the focus."""
BRANDS = {
    "neon yellow": ("#ffff00", None),
    "pure blue on black": ("#0000ff", "#000000"),
    "white": ("#ffffff", "#ffffff"),
    "black": ("#000000", "#000000"),
    "mid grey": ("#808080", "#808080"),
    "red on green": ("#ff0000", "#00ff00"),
    "pale pink": ("#ffe4ec", "#fff5f8"),
    "neon green": ("#39ff14", "#101010"),
    "mid blue": ("#3b82f6", "#777777"),
    "page alone": (None, "#7a2e2e"),
}
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def ours() -> list[dict[str, Colour]]:
    """The values of our own sheet, for light and for dark."""
    text = SHEET.read_text(encoding="utf-8")
    light, dark = re.findall(r":root\{(.*?)\n\}", text, re.DOTALL)[:2]
    first = {name: colour(value) for name, value in re.findall(r"--([\w-]+):(#[0-9a-f]{6})", _long(light))}
    return [first, first | {name: colour(v) for name, v in re.findall(r"--([\w-]+):(#[0-9a-f]{6})", _long(dark))}]


def _long(text: str) -> str:
    return re.sub(r"#([0-9a-f])([0-9a-f])([0-9a-f])(?=[;}])", r"#\1\1\2\2\3\3", text)


def branded(accent: str | None, page: str | None, dark: str | None = None) -> list[dict[str, Colour | None]]:
    return [{**own, **new} for own, new in zip(ours(), derived(accent, page, dark), strict=True)]


def unreadable(values: dict[str, Colour | None]) -> list[str]:
    def met(one: str, other: str) -> float:
        first, second = values[one], values[other]
        assert first is not None
        assert second is not None
        return contrast(first, second)

    texts = [
        f"{text} on {ground}" for text, grounds in GROUNDS.items() for ground in grounds if met(text, ground) < TEXT
    ]
    edges = [f"{edge} at {ground}" for edge, grounds in EDGES.items() for ground in grounds if met(edge, ground) < EDGE]
    if met("rim" if values.get("rim") else "accent", "card") < EDGE:
        edges.append("the main button at card")
    return texts + edges


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_every_pair_of_our_own_sheet_can_be_read(mode: int) -> None:
    values: dict[str, Colour | None] = {**ours()[mode]}

    assert [] == unreadable(values)


def test_a_brand_stands_on_the_values_of_our_sheet() -> None:
    light, dark = ours()

    for ground, values in ((LIGHT, light), (DARK, dark)):
        assert ground._asdict() == {name: values[name] for name in ground._fields}


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_an_ugly_brand_can_be_read(brand: str, mode: int) -> None:
    assert [] == unreadable(branded(*BRANDS[brand])[mode])


@given(accent=colours, page=st.none() | colours, dark=st.none() | colours)
def test_any_brand_can_be_read(accent: str, page: str | None, dark: str | None) -> None:
    light, night = branded(accent, page, dark)

    assert [] == unreadable(light)
    assert [] == unreadable(night)


def test_a_brand_that_can_be_read_is_kept() -> None:
    light, _ = derived("#1b4dd1", "#eef2f8")

    assert colour("#1b4dd1") == light["accent"]
    assert colour("#eef2f8") == light["page"]
    assert light["rim"] is None


def test_a_light_brand_keeps_its_colour_and_gets_a_rim() -> None:
    light, _ = derived("#f6c344", None)

    assert colour("#f6c344") == light["accent"]
    assert colour("#14171d") == light["on-accent"]
    assert light["rim"] is not None


@pytest.mark.parametrize("text", ["red", "#fff", "#12345g", "#1b4dd1;}", "url(x)", "", "#1b4dd1\n"])
def test_what_is_no_colour_is_never_written(text: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        sheet(text)


def test_without_a_brand_nothing_is_written() -> None:
    assert "" == sheet()


@given(accent=colours, page=st.none() | colours)
def test_the_sheet_holds_values_and_nothing_else(accent: str, page: str | None) -> None:
    value = r"--[a-z-]+:(#[0-9a-f]{6}|transparent)"

    written = sheet(accent, page)

    assert re.fullmatch(
        rf":root\{{{value}(;{value})*\}}\n@media \(prefers-color-scheme:dark\)\{{:root\{{{value}(;{value})*\}}\}}\n",
        written,
    )
