"""The settings file that docs/operating.md shows is one that the server takes. (The commands of the page have tests of
their own.)"""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import blocks
from tests.support.command import MASTER_KEY, run


def test_the_settings_that_the_page_shows_are_good(tmp_path: Path) -> None:
    shown = [block for block in blocks("docs/operating.md") if block.language == "toml"]
    assert shown
    (tmp_path / "store").write_text("memory:\n", encoding="utf-8")
    (tmp_path / "plugins").mkdir()
    for number, block in enumerate(shown):
        text = block.text.replace("/run/secrets/store", str(tmp_path / "store"))
        settings = tmp_path / f"shown-{number}.toml"
        settings.write_text(text, encoding="utf-8")

        ended = run(
            *("check", "--config", str(settings)),
            folder=tmp_path,
            env={"POOLHOUSE_MASTER_KEY": MASTER_KEY, "SMTP_PASSWORD": "secret"},
        )

        said = ended.stdout.splitlines()
        assert [line for line in said if "WRONG" in line and "[plugins." not in line] == []
