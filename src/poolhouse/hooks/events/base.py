"""What events are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poolhouse.hooks.frozen import freeze
from poolhouse.ports.origin import Origin, current_origin

Strings = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a hook gets. It is frozen through and through: no plugin can change what the next one sees."""

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent(Event):
    """What a hook gets in the course of a request. ``origin`` says where that came from; it is empty in a job or a
    command."""

    origin: Origin = field(default_factory=current_origin, repr=False, compare=False)
