"""Temporary credentials for tests: a vault, sessions, roles and revocations in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from poolhouse.crypto.vault import Vault
from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.policies import parse_policy
from poolhouse.flows.access.temporary import TemporaryCallers
from poolhouse.ports.access import Session
from poolhouse.server.world import SystemChance
from tests.support.json_api import ACCOUNT, NOON, ROOT, ManualClock

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/Guests"
POOL = "eu-west-1:11111111-2222-3333-4444-555555555555"
IDENTITY = "eu-west-1:aaaaaaaa-2222-3333-4444-555555555555"


def session(**change: Any) -> Session:
    given: dict[str, Any] = {
        "role_arn": ROLE,
        "role_id": "AROAEXAMPLEROLE00001",
        "name": "CognitoIdentityCredentials",
        "issued": NOON,
        "expires": NOON + 3600,
        "identity_id": IDENTITY,
        "pool_id": POOL,
        "amr": ("unauthenticated",),
        **change,
    }
    return Session(**given)


def vault(*keys: bytes) -> Vault:
    return Vault(keys or (bytes(range(32)),), SystemChance())


class SomeRole:
    def __init__(self, *policies: dict[str, Any]) -> None:
        self.documents = tuple(parse_policy(policy) for policy in policies)


@dataclass
class RolesInMemory:
    roles: dict[str, Any] = field(default_factory=lambda: {ROLE: SomeRole()})
    asked: int = 0

    async def find(self, arn: str, /) -> Any | None:
        self.asked += 1
        return self.roles.get(arn)


@dataclass
class RevokedInMemory:
    before: float | None = None
    asked: int = 0

    async def revoked_before(self, session: Session) -> float | None:
        self.asked += 1
        return self.before


@dataclass
class TemporaryWorld:
    clock: ManualClock = field(default_factory=ManualClock)
    secrets: Vault = field(default_factory=vault)
    roles: RolesInMemory = field(default_factory=RolesInMemory)
    revoked: RevokedInMemory = field(default_factory=RevokedInMemory)

    def __post_init__(self) -> None:
        self.credentials = TemporaryCredentials(self.secrets, SystemChance())
        self.temporary = TemporaryCallers(self.credentials, self.roles, self.revoked, self.clock.now)
        self.callers = Callers(now=self.clock.now, account=ACCOUNT, root=ROOT, temporary=self.temporary)
