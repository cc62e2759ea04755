"""Resource servers in both spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.records.oauth import ResourceScope, ResourceServer


def resource_scopes(given: Mapping[str, Any]) -> tuple[ResourceScope, ...]:
    return tuple(
        [
            ResourceScope(name=scope["ScopeName"], description=scope["ScopeDescription"])
            for scope in given.get("Scopes", ())
        ]
    )


def resource_server_structure(server: ResourceServer) -> dict[str, Any]:
    """ResourceServerType."""
    return {
        "UserPoolId": server.pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": [{"ScopeName": scope.name, "ScopeDescription": scope.description} for scope in server.scopes],
    }
