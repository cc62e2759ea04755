"""The table of settings in the documentation."""

from __future__ import annotations

from poolhouse.cli.reference import MEANINGS, PAGE, table, with_table
from poolhouse.config.loading import PREFIX


def test_the_documentation_has_the_settings_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == with_table(page)


def test_no_meaning_is_left_over_from_a_setting_that_is_gone() -> None:
    written = table()

    assert [name for name in MEANINGS if f"| `{name}` |" not in written] == []


def test_short_names_of_the_environment_are_shown() -> None:
    assert f"| `store.url` | `{PREFIX}STORE` |" in table()
