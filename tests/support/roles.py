"""Roles and policies over a store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from poolhouse.crypto.vault import Vault
from poolhouse.flows.access.managed_policies import PolicyAdministration
from poolhouse.flows.access.role_administration import RoleAdministration
from poolhouse.flows.access.roles import RoleBook
from poolhouse.ports.access import Session
from poolhouse.records.access import Role
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.access import ManagedPolicyRepository, RoleRepository
from poolhouse.store.repositories.cursors import Cursors
from tests.support.small_world import KnownChance, StandingClock, Trail

ACCOUNT = "123456789012"
ISSUER = "auth.example.com/base"
US = "cognito-identity.amazonaws.com"
POOL = "eu-west-1:11111111-2222-3333-4444-555555555555"
ADA = "eu-west-1:aaaaaaaa-2222-3333-4444-555555555555"


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def trust(principal: Any = None, **condition: Any) -> dict[str, Any]:
    """A trust policy for us; without a condition for identities of one pool."""
    said = condition or {"StringEquals": {f"{US}:aud": POOL}}
    return document(
        {
            "Effect": "Allow",
            "Principal": principal or {"Federated": US},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {operator.replace("__", ":"): keys for operator, keys in said.items()},
        }
    )


class RoleWorld:
    def __init__(self, *filed: Role) -> None:
        self.clock, self.trail = StandingClock(), Trail()
        self.store = MemoryStore(collections.ALL, self.clock)
        cursors = Cursors(Vault([bytes(32)], KnownChance()), self.clock)
        self.role_records = RoleRepository(self.store, cursors)
        self.policy_records = ManagedPolicyRepository(self.store, cursors)
        self.roles = RoleAdministration(
            self.role_records, self.policy_records, self.clock, self.trail, account=ACCOUNT, filed=filed
        )
        self.policies = PolicyAdministration(self.policy_records, self.role_records, self.clock, self.trail)
        self.filed: Sequence[Role] = filed
        self.book = self.new_book()

    def new_book(self) -> RoleBook:
        """Another process."""
        return RoleBook(
            self.role_records, self.policy_records, self.clock.now, account=ACCOUNT, issuer=ISSUER, filed=self.filed
        )

    def session(self, role: str, **about: Any) -> Session:
        now = self.clock.now()
        said = {"role_id": "AROAX", "name": "s", "issued": now, "expires": now + 3600, **about}
        return Session(role_arn=arn(role), **said)
