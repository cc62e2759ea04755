"""From a brand's colour to a set that can be read: what an operator chose is kept where it can be, and moved in
lightness where it cannot. Values of ours are written, never the operator's text (security row 42).

Lightness is that of OKLCH (CSS Color 4, section 9.2); contrast that of WCAG 2.2 (1.4.3, 1.4.11).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

TEXT: Final = 4.5
EDGE: Final = 3.0
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_STEP: Final = 0.005
_HOVER: Final = 0.06
_TINT: Final = 0.08


class Colour(NamedTuple):
    """Red, green and blue, each from 0 to 1."""

    red: float
    green: float
    blue: float

    @property
    def hex(self) -> str:
        return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in self)


Tokens: TypeAlias = dict[str, Colour | None]
"""By the names of the sheet; None is transparent."""


class Ground(NamedTuple):
    """The values of our sheet that a brand stands on, in one of the two modes."""

    page: Colour
    card: Colour
    well: Colour
    ink: Colour
    muted: Colour


def colour(text: str) -> Colour:
    """Raises ``ValueError`` for all but six digits after a ``#``."""
    if not _HEX.fullmatch(text):
        raise ValueError("a colour is written as #rrggbb")
    return Colour(*(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)))


LIGHT: Final = Ground(*map(colour, ("#f4f6f8", "#ffffff", "#f5f7f9", "#14171d", "#464e5c")))
DARK: Final = Ground(*map(colour, ("#0e1116", "#171b21", "#1e232b", "#f0f2f5", "#b7bec9")))
OURS: Final = colour("#0b566e")
OURS_DARK: Final = colour("#86d0e6")
"""The accents of our own sheet."""
_WHITE: Final = colour("#ffffff")
_INK: Final = LIGHT.ink


def contrast(one: Colour, other: Colour) -> float:
    """Of what is shown: colours are told apart as they are written."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def sheet(accent: str | None = None, page: str | None = None, dark_accent: str | None = None) -> str:
    """``brand.css`` for a brand: values for light and dark. What is None is that of our own sheet; without any the text
    is empty. Raises ``ValueError`` for what is no colour."""
    if accent is None and page is None and dark_accent is None:
        return ""
    first, second = derived(accent, page, dark_accent)
    return f":root{_rule(first)}\n@media (prefers-color-scheme:dark){{:root{_rule(second)}}}\n"


def derived(accent: str | None, page: str | None, dark_accent: str | None = None) -> tuple[Tokens, Tokens]:
    """The values for light and for dark. Raises ``ValueError``."""
    own, behind = _read(accent), _read(page)
    at_night = _read(dark_accent) or (OURS_DARK if own is None else _lighter(own))
    return tokens(LIGHT, own or OURS, behind), tokens(DARK, at_night, None if behind is None else _darker(behind))


def tokens(ground: Ground, accent: Colour, page: Colour | None) -> Tokens:
    """The values that a brand changes."""
    on, accent = _with_text(accent)
    tint = _mixed(accent, ground.card, _TINT if ground is LIGHT else 2 * _TINT)
    behind = page or ground.page
    has_edge = contrast(accent, ground.card) >= EDGE
    link_on = [(each, TEXT) for each in (ground.card, ground.well, tint)]
    found: Tokens = {
        "accent": accent,
        "on-accent": on,
        "hover": _hover(accent, on),
        "rim": None if has_edge else _until(accent, [(ground.card, EDGE)], away_from=ground.card),
        "tint": tint,
        # No link stands on the page itself: there it is left out where no colour can be read on all.
        "link": _moved(accent, [*link_on, (behind, TEXT)], ground.card)
        or _until(accent, link_on, away_from=ground.card),
    }
    if page is not None:
        found |= {"page": page, "on-page": _until(ground.muted, [(page, TEXT)], away_from=page)}
    return found


def _with_text(accent: Colour) -> tuple[Colour, Colour]:
    """What stands on the accent, and the accent moved by the least step with which it can be read."""
    on = max((_WHITE, _INK), key=lambda text: contrast(text, accent))
    return on, _until(accent, [(on, TEXT)], away_from=on)


def _hover(accent: Colour, on: Colour) -> Colour:
    """Lightness goes away from the text; where there is no more of it, the accent stays."""
    light, chroma, hue = _to_oklch(accent)
    moved = _from_oklch(light + (_HOVER if _luminance(on) < _luminance(accent) else -_HOVER), chroma, hue)
    return moved if contrast(moved, on) >= TEXT else accent


def _until(start: Colour, grounds: Sequence[tuple[Colour, float]], *, away_from: Colour) -> Colour:
    """The colour, moved until it stands out from all of them; white or our ink, whichever does better, where no
    lightness does."""
    return _moved(start, grounds, away_from) or max(
        (_WHITE, _INK), key=lambda text: min(contrast(text, ground) for ground, _ in grounds)
    )


def _moved(start: Colour, grounds: Sequence[tuple[Colour, float]], away_from: Colour) -> Colour | None:
    """In lightness: away from the ground first, and the other way where that does not do. None where nothing does."""
    light, chroma, hue = _to_oklch(start)
    for direction in (1, -1) if _luminance(away_from) < 0.18 else (-1, 1):
        for step in range(math.ceil(1 / _STEP) + 1):
            moved = start if step == 0 else _from_oklch(light + direction * step * _STEP, chroma, hue)
            if all(contrast(moved, ground) >= ratio for ground, ratio in grounds):
                return moved
    return None


def _lighter(accent: Colour) -> Colour:
    """A light accent is as good in the dark; one that is not is brought to a middling lightness."""
    light, chroma, hue = _to_oklch(accent)
    return accent if light >= 0.7 else _from_oklch(0.72, min(chroma, 0.12), hue)


def _darker(page: Colour) -> Colour:
    """The page in the dark, in its own hue."""
    light, chroma, hue = _to_oklch(page)
    return page if light <= 0.25 else _from_oklch(0.18, min(chroma, 0.02), hue)


def _mixed(over: Colour, under: Colour, part: float) -> Colour:
    return _seen(Colour(*(a * part + b * (1 - part) for a, b in zip(over, under, strict=True))))


def _rule(values: Tokens) -> str:
    written = (f"--{name}:{'transparent' if value is None else value.hex}" for name, value in values.items())
    return f"{{{';'.join(written)}}}"


def _read(text: str | None) -> Colour | None:
    return None if text is None else colour(text)


def _seen(given: Colour) -> Colour:
    """As it is written: in 256 steps."""
    return colour(given.hex)


def _luminance(given: Colour) -> float:
    red, green, blue = map(_linear, given)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _curved(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _to_oklch(given: Colour) -> tuple[float, float, float]:
    red, green, blue = map(_linear, given)
    l, m, s = (  # noqa: E741 - the names of the cones
        math.cbrt(x * red + y * green + z * blue)
        for x, y, z in (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        )
    )
    light = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s
    a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s
    b = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
    return light, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(light: float, chroma: float, hue: float) -> Colour:
    """In 256 steps, with less chroma where a screen has not so much of it."""
    light = min(max(light, 0.0), 1.0)
    low, high = 0.0, 1.0
    if _fits(_unmapped(light, chroma, hue)):
        low = 1.0
    else:
        for _ in range(16):
            middle = (low + high) / 2
            low, high = (middle, high) if _fits(_unmapped(light, chroma * middle, hue)) else (low, middle)
    return _seen(_unmapped(light, chroma * low, hue))


def _unmapped(light: float, chroma: float, hue: float) -> Colour:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return Colour(
        *(
            _curved(x * l + y * m + z * s)
            for x, y, z in (
                (4.0767416621, -3.3077115913, 0.2309699292),
                (-1.2684380046, 2.6097574011, -0.3413193965),
                (-0.0041960863, -0.7034186147, 1.7076147010),
            )
        )
    )


def _fits(given: Colour) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in given)
