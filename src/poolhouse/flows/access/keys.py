"""Access keys: made, shown and deleted by operators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from poolhouse.errors import InvalidParameter, KeyNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import PURPOSE
from poolhouse.flows.access.policy_documents import VERSIONS, parse_policy
from poolhouse.ports.access import AccessKeys
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Chance, Clock, Secrets
from poolhouse.records.access import AccessKey

_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
"""It becomes a part of the caller's ARN."""
DAY: Final = 86400
_ID_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    id: str
    secret: str = field(repr=False)


class AccessKeyAdministration:
    def __init__(self, keys: AccessKeys, secrets: Secrets, chance: Chance, clock: Clock, audit: AuditTrail) -> None:
        self._keys = keys
        self._secrets = secrets
        self._chance = chance
        self._clock = clock
        self._audit = audit

    async def create(
        self,
        name: str,
        statements: Sequence[Mapping[str, Any]],
        *,
        version: str = VERSIONS[1],
        days: int | None = None,
    ) -> NewAccessKey:
        """There is a new access key, good for so many days (None: until it is deleted); its secret can be read here and
        never again. Without a statement it may do nothing. Raises ``InvalidParameter``, ``PolicyMalformed``."""
        if not _NAME.fullmatch(name):
            raise InvalidParameter(Reason.ACCESS_KEY_NAME_FORM)
        if statements:
            parse_policy({"Version": version, "Statement": list(statements)})
        made = invented(self._chance)
        now = self._clock.now()
        sealed = self._secrets.seal(PURPOSE, made.id, made.secret.encode())
        record = AccessKey(
            id=made.id,
            sealed_secret=sealed,
            name=name,
            created=now,
            statements=tuple(dict(statement) for statement in statements),
            language=version,
            expires=None if days is None else now + days * DAY,
        )
        await self._keys.add(record)
        await self._audit.note("access_key.created", facts={"key": made.id})
        return made

    async def page(self, limit: int, cursor: str | None) -> Slice:
        """Some access keys."""
        return await self._keys.page(limit, cursor)

    async def delete(self, key_id: str) -> None:
        """There is no such key. A running server may believe in it for some seconds more. Raises ``KeyNotFound``."""
        if not await self._keys.delete(key_id):
            raise KeyNotFound
        await self._audit.note("access_key.deleted", facts={"key": key_id})


def invented(chance: Chance) -> NewAccessKey:
    """A key that nobody knows yet, and that is nowhere."""
    return NewAccessKey(f"PHAK{chance.letters(16, _ID_LETTERS)}", chance.letters(40, _LETTERS))
