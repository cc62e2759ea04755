"""The flows of roles and policies, wired to each other."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.flows.access.managed_policies import PolicyAdministration
from poolhouse.flows.access.role_administration import RoleAdministration
from poolhouse.flows.access.roles import RoleBook


class AccessServices(Struct, frozen=True, kw_only=True):
    roles: RoleAdministration
    policies: PolicyAdministration
    book: RoleBook
