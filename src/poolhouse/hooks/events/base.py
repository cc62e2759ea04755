"""What events are made of."""

from __future__ import annotations

from collections.abc import Mapping

Strings = Mapping[str, str]
