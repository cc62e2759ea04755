"""The settings of a server under test: the product's own, made fast, with what the test says over them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from poolhouse.config.loading import load_settings
from poolhouse.config.settings import SECTIONS, Plugins, Settings, Triggers

ACCESS_KEY_ID = "AKIDPOOLHOUSETESTING"
SECRET_ACCESS_KEY = "the-root-key-of-a-server-that-lives-for-one-test"  # noqa: S105 - of no use anywhere else
REGION = "us-east-1"

FAST: Mapping[str, Mapping[str, Any]] = {
    "store": {"url": "memory:"},
    "root": {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY},
    # The smallest cost that argon2 knows: a password hash takes no time here, and protects nothing.
    "passwords": {"memory_kib": 8, "passes": 1},
    "server": {"region": REGION, "threads": 2},
    "dev": {"demo": False, "outbox_page": False},
}


def settings_under_test(given: Mapping[str, Mapping[str, Any]], *, base_url: str, enabled: tuple[str, ...]) -> Settings:
    """The settings of a server at ``base_url``. ``given`` has the shape of the settings file. Of all plugins only those
    in ``enabled`` are used. No file and no variable of the machine is read.

    Raises ``ValueError`` for a section or setting that does not exist, ``SettingsError`` for a value that cannot be.
    """
    tables: dict[str, Mapping[str, Any]] = {}
    overrides: dict[str, Any] = {
        "server.base_url": base_url,
        "plugins.enabled": list(enabled),
        # It would print every message into the test's output.
        "plugins.blocked": ["console"],
    }
    for section, values in (*FAST.items(), *given.items()):
        _require_known(section, SECTIONS, "section")
        if SECTIONS[section] is Triggers:
            overrides["triggers.functions"] = values
            continue
        known = {item.name for item in fields(SECTIONS[section]) if "reader" in item.metadata}
        for name, value in values.items():
            if SECTIONS[section] is Plugins and name not in known:
                tables[name] = value
                continue
            _require_known(name, known, f"setting in [{section}]")
            overrides[f"{section}.{name}"] = value
    settings = load_settings({}, path=Path(os.devnull), dev=True, overrides=overrides)
    return replace(settings, plugins=replace(settings.plugins, tables=tables))


def _require_known(name: str, known: Any, what: str) -> None:
    if name not in known:
        close = difflib.get_close_matches(name, list(known), 1)
        raise ValueError(f"There is no {what} {name!r}{f', did you mean {close[0]!r}?' if close else '.'}")
