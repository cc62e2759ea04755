"""Callers with temporary credentials: who they are, what they may do, and whether they still may."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from poolhouse.errors import AccessKeyUnknown, CredentialsExpired
from poolhouse.flows.access.callers import Caller, KnownKey, Permits
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.ports.access import Revocations, Session

FEDERATION = "cognito-identity.amazonaws.com"
"""What policies call us, whatever our own host is."""
Context = Mapping[str, str | tuple[str, ...]]


class RolesByArn(Protocol):
    async def find(self, arn: str, /) -> Any | None:
        """The role as it is; the same object for as long as it did not change."""


class TemporaryCallers:
    """``permits`` makes of a role (None: there is none any more), of the session and of its context what the caller may
    do. Callers are remembered with their role, for ``at_most`` credentials."""

    def __init__(
        self,
        credentials: TemporaryCredentials,
        roles: RolesByArn,
        revocations: Revocations,
        permits: Callable[[Any | None, Session, Context], Permits],
        now: Callable[[], float],
        *,
        at_most: int = 4096,
    ) -> None:
        self._credentials = credentials
        self._roles = roles
        self._revocations = revocations
        self._permits = permits
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
        caller = Caller(
            key_id, session.name, assumed_role_arn(session), self._permits(role, session, context_of(session)), session
        )
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


def user_id(session: Session) -> str:
    return f"{session.role_id}:{session.name}"


def context_of(session: Session) -> Context:
    """What policies may ask of the session: condition keys in lower case."""
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:userid": user_id(session),
        "aws:principalarn": session.role_arn,
        "aws:principalaccount": session.role_arn.split(":")[4],
        "aws:principaltype": "AssumedRole",
        "aws:tokenissuetime": datetime.fromtimestamp(int(session.issued), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{f"aws:principaltag/{name.lower()}": value for name, value in session.tags.items()},
    }
    if session.provider is not None:
        # By its own name, too, where another provider's token was taken.
        keys["aws:federatedprovider"] = session.provider
        if session.subject is not None:
            keys[f"{session.provider.lower()}:sub"] = session.subject
        if session.audience is not None:
            keys[f"{session.provider.lower()}:aud"] = session.audience
    if session.identity_id is not None and session.pool_id is not None:
        keys["aws:federatedprovider"] = FEDERATION
        keys |= {
            f"{FEDERATION}:aud": session.pool_id,
            f"{FEDERATION}:sub": session.identity_id,
            f"{FEDERATION}:amr": session.amr,
        }
    return keys
