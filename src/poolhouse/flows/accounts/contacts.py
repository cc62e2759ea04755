"""Changes of a user's attributes, and the verification of contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    AliasTaken,
    CodeExpired,
    ConcurrentModification,
    InvalidParameter,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.flows.directory.values import check_values, require_writable
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages import codes
from poolhouse.flows.messages.codes import CodeProcess
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

CONTACTS = ("email", "phone_number")


class Change(Struct, frozen=True):
    """A user as it would be, and the contacts that a code has to go to: attribute and value."""

    user: User
    to_verify: tuple[tuple[str, str], ...]


def changed(pool: Pool, user: User, values: Mapping[str, str], *, by_admin: bool, now: float) -> Change:
    """What the update makes of the user (contract: users, section 5). An empty value deletes.

    Raises ``InvalidParameter``, and ``NotAuthorized`` for what this kind of caller may not write.
    """
    checked = check_values(pool, values, on="update", who="admin" if by_admin else "user")
    attributes, pending = dict(user.attributes), dict(user.pending)
    to_verify: list[tuple[str, str]] = []
    for key, value in checked.items():
        if value == "":
            _refuse_deleting(pool, key)
            _delete(attributes, pending, key)
        elif key not in CONTACTS:
            attributes[key] = value
        elif checked.get(f"{key}_verified") == "true":
            attributes[key] = value
            pending.pop(key, None)
        elif value == attributes.get(key):
            pending.pop(key, None)
        elif key in pool.verify_before_update and key in pool.auto_verified and user.has_verified(key):
            pending[key] = value
            to_verify.append((key, value))
        else:
            attributes[key] = value
            attributes[f"{key}_verified"] = checked.get(f"{key}_verified") or "false"
            pending.pop(key, None)
            if key in pool.auto_verified:
                to_verify.append((key, value))
    for contact in CONTACTS:
        if attributes.get(f"{contact}_verified") == "true" and not attributes.get(contact):
            raise InvalidParameter(Reason.CONTACT_NEEDED_TO_VERIFY, attribute=contact)
    return Change(replace(user, attributes=attributes, pending=pending, modified=now), tuple(to_verify))


def without(pool: Pool, user: User, deleted: Collection[str], *, now: float) -> User:
    """The user without these attributes. Raises ``InvalidParameter``."""
    known = {entry.name: entry for entry in pool.schema}
    unknown = [key for key in deleted if key not in known]
    if unknown:
        problems = tuple([Statement(Reason.ATTRIBUTE_NOT_IN_SCHEMA, attribute=key) for key in unknown])
        raise InvalidParameter(Reason.ATTRIBUTES_NOT_DELETED, problems=problems)
    attributes, pending = dict(user.attributes), dict(user.pending)
    for key in deleted:
        if key == "sub" or key.endswith("_verified") or not known[key].mutable:
            raise InvalidParameter(Reason.ATTRIBUTE_NOT_MUTABLE, attribute=key)
        _refuse_deleting(pool, key)
        _delete(attributes, pending, key)
    return replace(user, attributes=attributes, pending=pending, modified=now)


class Attributes(Flow):
    def __init__(self, world: World, users: Users, code_process: CodeProcess, limits: Limits) -> None:
        super().__init__(world)
        self._users = users
        self._codes = code_process
        self._limits = limits

    async def update(
        self,
        pool: Pool,
        user: User,
        values: Mapping[str, str],
        *,
        client: Client | None,
        metadata: Mapping[str, str],
    ) -> list[Delivery]:
        """The attributes are written; codes for new contacts are on their way. ``client`` is None for administrators.

        Raises ``AliasTaken``, ``InvalidParameter``, ``NotAuthorized``, ``ConcurrentModification``, ``LimitExceeded``,
        and where a user asks ``TooManyRequests``: each new contact is a code that is asked for.
        """
        change = changed(pool, user, values, by_admin=client is None, now=self.world.clock.now())
        for attribute, target in change.to_verify:
            if client is not None:
                await self._limits.admit(Asked.CODE, client)
            await self._codes.count_send(pool, user.sub, codes.VERIFY[attribute], attribute=attribute, target=target)
        saved = await self.save(pool, change.user)
        by = by_user(user.sub) if client else None
        await self._note("attributes.updated", saved, client, values)
        return [
            await self._codes.send(
                pool,
                saved,
                codes.VERIFY[attribute],
                attribute=attribute,
                target=target,
                source="CustomMessage_UpdateUserAttribute",
                client_id=client.id if client else None,
                metadata=metadata,
                counted=False,
                by=by,
            )
            for attribute, target in change.to_verify
        ]

    async def remove(self, pool: Pool, user: User, attributes: Collection[str], *, client: Client | None) -> None:
        """The attributes are gone. ``client`` is None for administrators. Raises as ``update``."""
        changed = without(pool, user, attributes, now=self.world.clock.now())
        if client is not None:
            require_writable(pool, client, attributes)
        await self.save(pool, changed)
        await self._note("attributes.deleted", user, client, attributes)

    async def _note(self, action: Action, user: User, client: Client | None, attributes: Collection[str]) -> None:
        """Which attributes, and never their values."""
        await self.world.audit.note(
            action,
            pool_id=user.pool_id,
            client_id=client.id if client else None,
            subject=user.sub,
            actor=by_user(user.sub) if client else None,
            facts={"attributes": ",".join(sorted(attributes))},
        )

    async def save(self, pool: Pool, user: User) -> User:
        """Raises ``AliasTaken``, ``ConcurrentModification``."""
        try:
            return await self._users.save(pool, user)
        except NameTaken as taken:
            raise alias_error(pool, taken) from None
        except VersionConflict:
            raise ConcurrentModification from None

    async def send_code(
        self, pool: Pool, client: Client, user: User, attribute: str, metadata: Mapping[str, str]
    ) -> Delivery:
        """A code for the waiting, or else the present, value is on its way. Raises ``InvalidParameter``."""
        target = user.pending.get(attribute) or user.attributes.get(attribute)
        if attribute not in CONTACTS:
            raise InvalidParameter(Reason.ONLY_CONTACTS_VERIFIED)
        if not target:
            raise InvalidParameter(Reason.NO_CONTACT_TO_VERIFY, attribute=attribute)
        return await self._codes.send(
            pool,
            user,
            codes.VERIFY[attribute],
            attribute=attribute,
            target=target,
            source="CustomMessage_VerifyUserAttribute",
            client_id=client.id,
            metadata=metadata,
            by=by_user(user.sub),
        )

    async def verify(self, pool: Pool, client: Client, user: User, attribute: str, given: str) -> None:
        """The contact is verified; where it was waiting, it is the present one now.

        Raises ``CodeMismatch``, ``CodeExpired``, ``AliasTaken``, ``LimitExceeded``, ``InvalidParameter``.
        """
        if attribute not in CONTACTS:
            raise InvalidParameter(Reason.ONLY_CONTACTS_VERIFIED)
        code = await self._codes.check(
            pool, user.sub, codes.VERIFY[attribute], given, user, client_id=client.id, by=by_user(user.sub)
        )
        attributes = {**user.attributes, attribute: code.target, f"{attribute}_verified": "true"}
        pending = {key: value for key, value in user.pending.items() if key != attribute}
        proven = replace(
            user,
            attributes=attributes,
            pending=pending,
            modified=self.world.clock.now(),
            spent={**user.spent, code.purpose: code.id},
        )
        try:
            await self._users.save(pool, proven)
        except NameTaken as taken:
            raise alias_error(pool, taken) from None
        except VersionConflict:
            raise CodeExpired from None
        await self._codes.finish(code)
        await self.world.audit.note(
            "contact.verified",
            pool_id=pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"attribute": attribute},
        )


def alias_error(pool: Pool, taken: NameTaken) -> AliasTaken:
    kind = taken.name.kind
    if kind in pool.username_attributes:
        return AliasTaken(kind, Reason.GIVEN_CONTACT_TAKEN)
    return AliasTaken(kind)


def _refuse_deleting(pool: Pool, key: str) -> None:
    for entry in pool.schema:
        if entry.name == key and entry.required:
            raise InvalidParameter(Reason.REQUIRED_ATTRIBUTE_NOT_DELETED, attribute=key)
    if pool.username_attributes and key in pool.username_attributes:
        raise InvalidParameter(Reason.SIGN_IN_NAME_NOT_DELETED, attribute=key)


def _delete(attributes: dict[str, str], pending: dict[str, str], key: str) -> None:
    attributes.pop(key, None)
    pending.pop(key, None)
    if key in CONTACTS:
        attributes.pop(f"{key}_verified", None)
