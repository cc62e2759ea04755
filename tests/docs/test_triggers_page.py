"""The settings that docs/triggers.md shows are ones that the server takes. (What serves and verifies is run by
tests/end_to_end/test_functions.py and tests/unit/plugins/test_signed_calls.py.)"""

from __future__ import annotations

from pathlib import Path

from poolhouse.config.loading import load_settings
from tests.docs.pages import blocks

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"


def test_the_places_that_the_page_shows_are_read(tmp_path: Path) -> None:
    (shown,) = [block for block in blocks("docs/triggers.md") if block.language == "toml"]
    (tmp_path / "shown.toml").write_text(shown.text, encoding="utf-8")

    settings = load_settings({"POOLHOUSE_MASTER_KEY": "ab" * 32}, path=tmp_path / "shown.toml")

    assert {f"{ARN}{name}" for name in ("pre-sign-up", "tokens", "old")} == set(settings.triggers.functions)
