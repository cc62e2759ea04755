"""What events are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolhouse.hooks.frozen import freeze

Strings = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a hook gets. It is frozen through and through: no plugin can change what the next one sees."""

    def __post_init__(self) -> None:
        freeze(self)
