"""The token endpoint: a table of grant types (RFC 6749 section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from poolhouse.errors import UnsupportedGrantType
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.grants.issued import Issued
from poolhouse.flows.oauth.request import Known, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.protection.limits import Admit

_OF_MACHINES: Final = "ClientAuthentication"
_OF_USERS: Final = "UserToken"
"""The classes of requests that the field counts these in."""


class GrantType(Protocol):
    async def give(self, known: Known) -> Issued: ...


class TokenEndpoint(Flow):
    def __init__(
        self,
        world: World,
        clients: ClientAuthentication,
        admit: Admit,
        grant_types: Mapping[str, GrantType],
    ) -> None:
        super().__init__(world)
        self._admit = admit
        self._clients = clients
        self._grant_types = grant_types

    @property
    def grant_types(self) -> tuple[str, ...]:
        return tuple(self._grant_types)

    async def known(self, raw: Raw) -> Known:
        """Raises as ``ClientAuthentication.known``."""
        return await self._clients.known(raw)

    @rule("T3", "C6")
    async def issue(self, known: Known) -> Issued:
        """The tokens that the client asks for. Raises ``InvalidRequest``, ``UnsupportedGrantType``, ``TooManyRequests``
        and what the grant type raises."""
        name = known.need("grant_type")
        grant_type = self._grant_types.get(name)
        if grant_type is None:
            raise UnsupportedGrantType
        self._admit(_OF_MACHINES if name == "client_credentials" else _OF_USERS)
        return await grant_type.give(known)
