"""The flows of identity pools, wired to each other. The faces get this and nothing below it."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.flows.flow import World
from poolhouse.flows.identities.pools import IdentityPoolAdministration
from poolhouse.flows.identities.settings import IdentityLimits
from poolhouse.ports.identities import IdentityPorts


class IdentityServices(Struct, frozen=True, kw_only=True):
    pools: IdentityPoolAdministration


def build_identity_services(
    world: World, ports: IdentityPorts, *, limits: IdentityLimits | None = None
) -> IdentityServices:
    return IdentityServices(pools=IdentityPoolAdministration(world, ports.pools, ports.jobs, limits=limits))
