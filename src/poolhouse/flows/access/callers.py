"""Who signs: access keys, and what they may do."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from poolhouse.errors import AccessKeyExpired
from poolhouse.flows.access.credentials import PREFIX
from poolhouse.flows.access.policies import EVERYTHING, Permissions
from poolhouse.flows.access.policy_documents import stored_statements
from poolhouse.flows.access.policy_keys import of_user
from poolhouse.flows.access.refusals import Refusals
from poolhouse.flows.access.uses import KeyUses
from poolhouse.ports.access import AccessKeys, Session
from poolhouse.ports.world import Secrets
from poolhouse.records.access import AccessKey

PURPOSE: Final = "access-key"
"""What the secret of a key is sealed for; the context is the key's id."""

_KEY_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class Permits(Protocol):
    """What a caller may do."""

    def allows(self, action: str, resource: str, context: Mapping[str, str | tuple[str, ...]] = ..., /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of an access key, proven by a signature. ``arn`` is what refusals call them. With temporary
    credentials ``session`` says whose they are."""

    key_id: str
    name: str
    arn: str
    policy: Permits = field(repr=False)
    session: Session | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str:
        """As policies know it (``aws:userid``); the root key has the number of the account."""
        if self.session is not None:
            return user_id(self.session)
        return self.arn.split(":")[4] if self.arn.endswith(":root") else self.key_id


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that may sign now; with ``expires``, until then."""

    caller: Caller
    secret: bytes = field(repr=False)
    expires: float | None = None


def user_id(session: Session) -> str:
    return f"{session.role_id}:{session.name}"


class Temporary(Protocol):
    """Callers with temporary credentials."""

    async def find(self, key_id: str, token: str) -> KnownKey | None:
        """The key; None where it and the token do not belong together."""

    async def require_current(self, session: Session) -> None:
        """Raises ``CredentialsExpired``."""


class Callers:
    """Keys by their id: the root key, which may do everything, those in the store, and temporary ones.

    A key that was changed or deleted may still sign for ``keep`` seconds: that long an answer of the store is believed.
    Unknown ids are asked for each time, so that a new key works at once.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        account: str,
        root: tuple[str, str] | None = None,
        keys: AccessKeys | None = None,
        secrets: Secrets | None = None,
        uses: KeyUses | None = None,
        refusals: Refusals | None = None,
        temporary: Temporary | None = None,
        keep: float = 5.0,
        at_most: int = 1024,
    ) -> None:
        if root is not None and not (root[0] and root[1]):
            raise ValueError("the root access key needs an id and a secret")
        self.refusals = refusals
        """Who is told of wrong signatures."""
        self._now = now
        self._account = account
        self._keys = keys
        self._secrets = secrets
        self._uses = uses
        self._temporary = temporary
        self._keep = keep
        self._at_most = at_most
        self._kept: OrderedDict[str, tuple[float, KnownKey]] = OrderedDict()
        self._root = self._root_key(*root) if root is not None else None

    async def find(self, key_id: str, token: str | None = None) -> KnownKey | None:
        """The key, if there is such a one and it may sign. ``token`` is the security token that came with it: a
        temporary key has one, and no other key has."""
        if token is not None:
            return await self._temporary.find(key_id, token) if self._temporary is not None else None
        root = self._root
        if root is not None and key_id == root.caller.key_id:
            return root
        kept = self._kept.get(key_id)
        now = self._now()
        if kept is not None and kept[0] <= now < kept[0] + self._keep:
            return kept[1]
        self._kept.pop(key_id, None)
        if key_id.startswith(PREFIX) or _KEY_ID.fullmatch(key_id) is None:
            return None
        if self._keys is None or self._secrets is None:
            return None
        record = await self._keys.get(key_id)
        if record is None or not record.enabled:
            return None
        secret = self._secrets.open(PURPOSE, record.id, record.sealed_secret)
        known = KnownKey(self._caller(record), secret, record.expires)
        self._kept[key_id] = (now, known)
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return known

    async def admit(self, key: KnownKey) -> Caller:
        """Who signed with the key, as a signature has proven; that the key was used is remembered. Raises
        ``AccessKeyExpired``, ``CredentialsExpired``."""
        if key.caller.session is not None and self._temporary is not None:
            await self._temporary.require_current(key.caller.session)
            return key.caller
        if key.expires is not None and not self._now() < key.expires:
            raise AccessKeyExpired
        if self._uses is not None and key is not self._root:
            self._uses.note(key.caller.key_id)
        return key.caller

    def _caller(self, record: AccessKey) -> Caller:
        arn = self._arn(f"user/{record.name}")
        document = stored_statements(record.statements, version=record.language)
        known = of_user(record.name, arn=arn, key_id=record.id, account=self._account)
        return Caller(record.id, record.name, arn, Permissions([document], context=known))

    def _root_key(self, key_id: str, secret: str) -> KnownKey:
        return KnownKey(Caller(key_id, "root", self._arn("root"), EVERYTHING), secret.encode())

    def _arn(self, who: str) -> str:
        return f"arn:aws:iam::{self._account}:{who}"
