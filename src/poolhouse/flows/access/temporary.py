"""Callers with temporary credentials: who they are, what they may do, and whether they still may."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from poolhouse.errors import AccessKeyUnknown, CredentialsExpired
from poolhouse.flows.access.callers import Caller, KnownKey
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.roles import KnownRole, permits_of
from poolhouse.ports.access import Revocations, Session


class RolesByArn(Protocol):
    async def find(self, arn: str, /) -> KnownRole | None:
        """The same object for as long as it did not change; None where there is none any more."""


class TemporaryCallers:
    """Callers are remembered with their role, for ``at_most`` credentials: what they may do is put together once."""

    def __init__(
        self,
        credentials: TemporaryCredentials,
        roles: RolesByArn,
        revocations: Revocations,
        now: Callable[[], float],
        *,
        at_most: int = 4096,
    ) -> None:
        self._credentials = credentials
        self._roles = roles
        self._revocations = revocations
        self._now = now
        self._at_most = at_most
        self._known: OrderedDict[tuple[str, bytes], tuple[Any, KnownKey]] = OrderedDict()

    async def find(self, key_id: str, token: str) -> KnownKey | None:
        """The key; None where we did not give out both together. It may be over: ``require_current``."""
        try:
            opened = self._credentials.open(key_id, token)
        except AccessKeyUnknown:
            return None
        session, slot = opened.session, (key_id, opened.secret)
        role = await self._roles.find(session.role_arn)
        kept = self._known.get(slot)
        if kept is not None and kept[0] is role:
            self._known.move_to_end(slot)
            return kept[1]
        account = session.role_arn.split(":")[4]
        permits = permits_of(role, session, account=account)
        caller = Caller(key_id, session.name, assumed_role_arn(session), permits, session)
        known = KnownKey(caller, opened.secret, session.expires)
        self._known[slot] = (role, known)
        if len(self._known) > self._at_most:
            self._known.popitem(last=False)
        return known

    async def require_current(self, session: Session) -> None:
        """The credentials have not expired, and nobody took them back. Raises ``CredentialsExpired``."""
        if not self._now() < session.expires:
            raise CredentialsExpired
        before = await self._revocations.revoked_before(session)
        # Those of the very instant are over, too: which of the two came first, nobody can tell.
        if before is not None and session.issued <= before:
            raise CredentialsExpired(detail="revoked")


def assumed_role_arn(session: Session) -> str:
    """``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``: the path of a role is no part of it."""
    account, role = session.role_arn.split(":")[4], session.role_arn.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{role}/{session.name}"
