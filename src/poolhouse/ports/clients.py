"""Where app clients are kept."""

from __future__ import annotations

from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.clients import Client


class Clients(Protocol):
    async def get(self, client_id: str) -> Client:
        """Raises ``ClientNotFound``. The answer may be some seconds old (a bounded cache)."""

    async def of_pool(self, pool_id: str, client_id: str) -> Client:
        """The client as it is now; also one whose removal was cut short, which ``get`` does not find any more. Raises
        ``ClientNotFound``."""

    async def add(self, client: Client) -> Client: ...

    async def save(self, client: Client) -> Client: ...

    async def delete(self, client: Client) -> None: ...

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice: ...
