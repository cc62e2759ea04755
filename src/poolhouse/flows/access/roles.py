"""Roles as they stand: found by their ARNs, with what they may do and who may take them."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from poolhouse.flows.access.policies import Context, Document, Permissions, grants, lets_in_without
from poolhouse.flows.access.policy_documents import WITH_VARIABLES, named, stored_policy, stored_trust
from poolhouse.flows.access.policy_keys import IDENTITY_PROVIDER, of_session
from poolhouse.ports.access import ManagedPolicies, Roles, Session
from poolhouse.records.access import Role

ASSUME: Final = "sts:AssumeRoleWithWebIdentity"


class KnownRole(Struct, frozen=True, kw_only=True):
    """``id`` is another for a role that was deleted and made again. ``documents`` are its policies, its own and those
    that are attached."""

    record: Role
    arn: str
    id: str
    trust: Document
    documents: tuple[Document, ...]


def role_arn(role: Role, account: str) -> str:
    return f"arn:aws:iam::{account}:role{role.path}{role.name}"


class RoleBook:
    """Roles by their ARNs: those of the file of roles (``filed``) first, then those in the store.

    What was read is believed for ``keep`` seconds; ``find`` gives the same object for as long as the role and what is
    attached to it did not change. ``issuer`` is our own address without its scheme, by which trust policies may call
    us, too.
    """

    def __init__(
        self,
        roles: Roles,
        policies: ManagedPolicies,
        now: Callable[[], float],
        *,
        account: str,
        issuer: str,
        filed: Sequence[Role] = (),
        keep: float = 5.0,
        at_most: int = 1024,
    ) -> None:
        self._roles = roles
        self._policies = policies
        self._now = now
        self._account = account
        self._keep = keep
        self._at_most = at_most
        self._kept: OrderedDict[str, tuple[float, tuple[int, ...], KnownRole]] = OrderedDict()
        self._filed = {role_arn(role, account): self._known(role, {}) for role in filed}
        self.federated = (IDENTITY_PROVIDER, f"arn:aws:iam::{account}:oidc-provider/{issuer}")
        """The principals that trust policies know us by."""
        self._audiences = frozenset({f"{IDENTITY_PROVIDER}:aud", f"{issuer.lower()}:aud"})

    async def find(self, arn: str) -> KnownRole | None:
        """The role, if there is one of this ARN, path included."""
        if (filed := self._filed.get(arn)) is not None:
            return filed
        begin, name = f"arn:aws:iam::{self._account}:role/", arn.rpartition("/")[2]
        if not arn.startswith(begin) or not name:
            return None
        kept, now = self._kept.get(arn), self._now()
        if kept is not None and kept[0] <= now < kept[0] + self._keep:
            return kept[2]
        record = await self._roles.get(name)
        if record is None or role_arn(record, self._account) != arn:
            self._kept.pop(arn, None)
            return None
        attached = {each: await self._policies.get(each) for each in record.attached}
        versions = (record.version, *(policy.version if policy else -1 for policy in attached.values()))
        if kept is not None and kept[1] == versions and kept[2].record == record:
            known = kept[2]
        else:
            known = self._known(
                record, {each: policy.document if policy else None for each, policy in attached.items()}
            )
        self._kept[arn] = (now, versions, known)
        self._kept.move_to_end(arn)
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return known

    def may_be_taken(
        self, role: KnownRole, *, principal: Mapping[str, Sequence[str]], action: str, context: Context
    ) -> bool:
        """Whether the role's trust policy lets this principal do it. ``principal`` holds names by kind
        (``{"Federated": ["cognito-identity.amazonaws.com"]}``)."""
        return grants(role.trust, action, principal, context)

    def names_no_audience(self, role: KnownRole) -> bool:
        """Whether the role would let in identities of any pool of ours: it trusts us, and does not say which pools it
        is for (security row 51)."""
        return lets_in_without(self._audiences, role.trust, ASSUME, {"Federated": self.federated})

    def _known(self, record: Role, attached: Mapping[str, Mapping[str, object] | None]) -> KnownRole:
        arn = role_arn(record, self._account)
        own = [stored_policy(document, name) for name, document in record.policies.items()]
        shared = [
            _NOTHING_AT_ALL if document is None else stored_policy(document, name)
            for name, document in attached.items()
        ]
        digest = hashlib.sha256(f"{arn}|{record.created!r}".encode()).digest()
        return KnownRole(
            record=record,
            arn=arn,
            id=f"AROA{b32encode(digest).decode()[:17]}",
            trust=stored_trust(record.trust),
            documents=(*own, *shared),
        )


_NOTHING_AT_ALL: Final = named(
    stored_policy({"Version": WITH_VARIABLES, "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}),
    "an attached policy that is gone",
)
"""What it denied, nobody knows any more."""


def permits_of(role: KnownRole | None, session: Session, *, account: str) -> Permissions:
    """What temporary credentials may do: what their role may (None: there is none any more), as far as each of their
    session policies does, too."""
    sessions = [[stored_policy(policy, "session policy")] for policy in session.policies]
    return Permissions(role.documents if role is not None else (), sessions, of_session(session, account=account))
