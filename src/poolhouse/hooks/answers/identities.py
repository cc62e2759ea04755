"""What hooks answer about logins at identity pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poolhouse.hooks.frozen import freeze


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLogin:
    """Who somebody is at the provider: ``subject`` is the provider's own id of them, a text of 1 to 255 characters that
    never changes. It is kept as a digest only. ``claims`` can be asked for by rules for roles and by principal tags."""

    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        freeze(self)
