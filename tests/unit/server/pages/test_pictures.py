"""QR codes are pictures in the page, and nothing else."""

from __future__ import annotations

import re

import pytest

from poolhouse.server.pages.pictures import qr


def test_a_picture_is_markup_with_its_description_as_text() -> None:
    drawn = qr("otpauth://totp/x?secret=AAAA", '"><script>&')

    assert drawn.startswith('<svg role="img" aria-label="&#34;&gt;&lt;script&gt;&amp;" ')
    assert {"svg", "path"} == set(re.findall(r"<(\w+)", drawn))
    assert "style" not in drawn


def test_what_it_holds_is_not_in_the_markup() -> None:
    assert "AAAA" not in qr("otpauth://totp/x?secret=AAAA", "a picture")


def test_other_texts_are_other_pictures() -> None:
    assert qr("otpauth://totp/x?secret=AAAA", "a") != qr("otpauth://totp/x?secret=AAAB", "a")


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        qr("x" * 5000, "a picture")
