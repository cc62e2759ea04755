"""All users of a pool, written down so that they can be imported elsewhere: nobody is locked in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from poolhouse.flows.transfer.factors import FactorTransfer, Form
from poolhouse.flows.transfer.lines import write_line
from poolhouse.ports.arithmetic import Passwords
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.groups import Groups
from poolhouse.ports.users import Users
from poolhouse.ports.world import Secrets
from poolhouse.records.pools import Pool

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Exported:
    """``peppered`` counts the users whose hash is of use only with our master key, ``sealed`` those of whose factors
    something is."""

    users: int
    peppered: int
    sealed: int = 0


class UserExport:
    def __init__(
        self,
        users: Users,
        groups: Groups,
        passwords: Passwords,
        secrets: Secrets,
        audit: AuditTrail,
        factors: FactorTransfer,
    ) -> None:
        self._users = users
        self._groups = groups
        self._passwords = passwords
        self._secrets = secrets
        self._audit = audit
        self._factors = factors

    async def run(
        self, pool: Pool, write: Callable[[bytes], object], *, hashes: bool, form: Form = "sealed"
    ) -> Exported:
        """Every user of the pool is written, one line each. ``form`` is that of what factors keep. Users that come or
        go meanwhile may be in it or not."""
        facts = {"hashes": "yes" if hashes else "no", "factors": form}
        await self._audit.note("users.exported", pool_id=pool.id, facts=facts)
        users = peppered = sealed = 0
        is_peppered, fingerprint = self._passwords.is_peppered, self._secrets.fingerprint
        cursor: str | None = None
        while True:
            page = await self._users.page(pool.id, None, PAGE, cursor)
            for user in page.items:
                groups = await self._groups.of_user(user)
                factors = await self._factors.written(user, form)
                write(
                    write_line(
                        user,
                        groups,
                        hashes=hashes,
                        fingerprint=fingerprint,
                        is_peppered=is_peppered,
                        factors=factors,
                    )
                )
                users += 1
                sealed += factors["factor_key"] is not None
                peppered += hashes and user.credential is not None and is_peppered(user.credential.hash)
            if (cursor := page.cursor) is None:
                return Exported(users, peppered, sealed)
