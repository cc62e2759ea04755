"""What the server remembers of itself. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class ServerMemory(Protocol):
    async def recall(self, name: str) -> Mapping[str, Any] | None: ...

    async def remember(self, name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is remembered from now on: the value, or what somebody remembered before."""
