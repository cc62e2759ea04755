"""Roles: made, changed and deleted by operators, as IAM would have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import KeyTaken, PolicyNotFound, RoleNotChangeable, RoleNotFound, RoleTaken
from poolhouse.flows.access.policy_documents import WITH_VARIABLES, parse_policy, parse_trust
from poolhouse.flows.access.policy_keys import IDENTITY_PROVIDER
from poolhouse.flows.access.role_settings import (
    require_backend,
    require_few,
    require_longest,
    require_name,
    require_path,
    require_policy_name,
)
from poolhouse.flows.access.roles import ASSUME, role_arn
from poolhouse.ports.access import ManagedPolicies, Roles
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.access import Role
from poolhouse.records.audit import Action

OWN_DATA: Final = "own-data"


class PoolRoles(Struct, frozen=True):
    """The ARNs of the two roles of an identity pool."""

    authenticated: str
    unauthenticated: str


class RoleAdministration:
    """``filed`` are the roles of the file of roles, which are shown here and changed there."""

    def __init__(
        self,
        roles: Roles,
        policies: ManagedPolicies,
        clock: Clock,
        audit: AuditTrail,
        *,
        account: str,
        filed: Sequence[Role] = (),
    ) -> None:
        self._roles = roles
        self._policies = policies
        self._clock = clock
        self._audit = audit
        self._account = account
        self.filed = {role.name: role for role in filed}

    def arn(self, role: Role) -> str:
        return role_arn(role, self._account)

    async def get(self, name: str) -> Role:
        """Raises ``RoleNotFound``."""
        role = self.filed.get(name) or await self._roles.get(name)
        if role is None:
            raise RoleNotFound
        return role

    async def page(self, limit: int, cursor: str | None) -> Slice:
        """Some roles of the store."""
        return await self._roles.page(limit, cursor)

    async def create(
        self,
        name: str,
        trust: Mapping[str, Any],
        *,
        path: str = "/",
        policies: Mapping[str, Mapping[str, Any]] | None = None,
        longest: int = 3600,
        backend: str = "local",
    ) -> Role:
        """There is a new role. Raises ``InvalidParameter``, ``PolicyMalformed``, ``RoleTaken``."""
        require_name(name)
        require_path(path)
        require_longest(longest)
        require_backend(backend)
        own = {each: dict(document) for each, document in (policies or {}).items()}
        require_few(len(own))
        parse_trust(trust)
        for each, document in own.items():
            require_policy_name(each)
            parse_policy(document)
        if name in self.filed:
            raise RoleTaken
        role = Role(
            name=name,
            path=path,
            created=self._clock.now(),
            trust=dict(trust),
            policies=own,
            longest=longest,
            backend=backend,
        )
        try:
            role = await self._roles.add(role)
        except KeyTaken:
            raise RoleTaken from None
        await self._note("role.created", name)
        return role

    async def trust(self, name: str, document: Mapping[str, Any]) -> Role:
        """Who may take the role is said by this policy now. Raises as the others here, and ``PolicyMalformed``."""
        parse_trust(document)
        return await self._changed(name, "role.trust_changed", trust=dict(document))

    async def put_policy(self, name: str, policy: str, document: Mapping[str, Any]) -> Role:
        """The role has this policy of its own, in place of one of this name. Raises ``RoleNotFound``,
        ``RoleNotChangeable``, ``InvalidParameter``, ``PolicyMalformed``, ``ConcurrentModification``."""
        require_policy_name(policy)
        parse_policy(document)
        role = await self._own(name)
        policies = {**role.policies, policy: dict(document)}
        require_few(len(policies))
        return await self._saved(replace(role, policies=policies), "role.policy_put", policy=policy)

    async def delete_policy(self, name: str, policy: str) -> Role:
        """Raises ``PolicyNotFound``, and as the others here."""
        role = await self._own(name)
        if policy not in role.policies:
            raise PolicyNotFound
        policies = {each: document for each, document in role.policies.items() if each != policy}
        return await self._saved(replace(role, policies=policies), "role.policy_deleted", policy=policy)

    async def attach(self, name: str, policy: str) -> Role:
        """The managed policy is one of the role's. Raises ``PolicyNotFound``, ``InvalidParameter``, and as the others
        here."""
        role = await self._own(name)
        if await self._policies.get(policy) is None:
            raise PolicyNotFound
        if policy in role.attached:
            return role
        require_few(len(role.attached) + 1)
        attached = (*role.attached, policy)
        return await self._saved(replace(role, attached=attached), "role.policy_attached", policy=policy)

    async def detach(self, name: str, policy: str) -> Role:
        """Raises ``PolicyNotFound``, and as the others here."""
        role = await self._own(name)
        if policy not in role.attached:
            raise PolicyNotFound
        attached = tuple(each for each in role.attached if each != policy)
        return await self._saved(replace(role, attached=attached), "role.policy_detached", policy=policy)

    async def update(self, name: str, *, longest: int | None = None, backend: str | None = None) -> Role:
        """How long credentials may last, and who makes them. None: as it is. Raises as the others here."""
        said: dict[str, Any] = {}
        if longest is not None:
            require_longest(longest)
            said["longest"] = longest
        if backend is not None:
            require_backend(backend)
            said["backend"] = backend
        return await self._changed(name, "role.updated", **said)

    async def revoke_sessions(self, name: str) -> Role:
        """Credentials of the role that were made until now are over, within seconds. Raises as the others here."""
        return await self._changed(name, "role.sessions_revoked", revoked_before=self._clock.now())

    async def delete(self, name: str) -> None:
        """There is no such role, and its credentials are over. Raises ``RoleNotFound``, ``RoleNotChangeable``."""
        if name in self.filed:
            raise RoleNotChangeable
        if not await self._roles.delete(name):
            raise RoleNotFound
        await self._note("role.deleted", name)

    async def create_pool_roles(self, pool_id: str) -> PoolRoles:
        """There are two roles for the identities of a pool: for users and for guests, each for its own data of the sync
        store alone. Those that are there already stay as they are. Raises ``InvalidParameter``."""
        begin = pool_id.replace(":", "_")
        arns = []
        for name, amr in ((f"{begin}-users", "authenticated"), (f"{begin}-guests", "unauthenticated")):
            try:
                role = await self.create(name, _trust_of(pool_id, amr), policies={OWN_DATA: own_data(self._account)})
            except RoleTaken:
                role = await self.get(name)
            arns.append(self.arn(role))
        return PoolRoles(*arns)

    async def _own(self, name: str) -> Role:
        if name in self.filed:
            raise RoleNotChangeable
        return await self.get(name)

    async def _changed(self, name: str, action: Action, **said: Any) -> Role:
        return await self._saved(replace(await self._own(name), **said), action)

    async def _saved(self, role: Role, action: Action, **facts: str) -> Role:
        saved = await self._roles.save(role)
        await self._note(action, role.name, **facts)
        return saved

    async def _note(self, action: Action, name: str, **facts: str) -> None:
        await self._audit.note(action, facts={"role": name, **facts})


def _trust_of(pool_id: str, amr: str) -> dict[str, Any]:
    return {
        "Version": WITH_VARIABLES,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": IDENTITY_PROVIDER},
                "Action": [ASSUME, "sts:TagSession"],
                "Condition": {
                    "StringEquals": {f"{IDENTITY_PROVIDER}:aud": pool_id},
                    "ForAnyValue:StringEquals": {f"{IDENTITY_PROVIDER}:amr": amr},
                },
            }
        ],
    }


def own_data(account: str) -> dict[str, Any]:
    """An identity's own data in the sync store, and nothing else."""
    identity = f"identitypool/${{{IDENTITY_PROVIDER}:aud}}/identity/${{{IDENTITY_PROVIDER}:sub}}"
    begin = f"arn:aws:cognito-sync:*:{account}:{identity}"
    return {
        "Version": WITH_VARIABLES,
        "Statement": [
            {"Sid": "OwnData", "Effect": "Allow", "Action": "cognito-sync:*", "Resource": [begin, f"{begin}/*"]}
        ],
    }
