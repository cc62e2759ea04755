"""Settings files of ``deploy/``, read as Poolhouse reads them; how long a stop may take; the image that they start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from poolhouse.config.loading import load_settings
from poolhouse.config.settings import Settings
from poolhouse.server.serving import AFTER_GRACE
from poolhouse.server.stopping import BODY_SECONDS
from tests.support.containerfile import stages
from tests.support.fronts import DEPLOY

IMAGE = stages((DEPLOY / "Containerfile").read_text(encoding="utf-8"))[-1]
"""The last stage: what runs."""


def settings(text: str, secrets: Mapping[str, Path], folder: Path) -> Settings:
    """What Poolhouse makes of a settings file whose secrets stand elsewhere."""
    for place, file in secrets.items():
        assert place in text, f"{place} is not used"
        text = text.replace(place, str(file))
    assert "/run/secrets" not in text
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings({}, path=path)


def stops_within(given: Settings) -> float:
    return given.server.drain + given.server.grace + BODY_SECONDS + AFTER_GRACE
