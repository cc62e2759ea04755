"""Users in the hands of administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from poolhouse.errors import (
    AliasTaken,
    ConcurrentModification,
    InvalidParameter,
    UnsupportedUserState,
    UsernameTaken,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.accounts.contacts import Attributes
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.naming import name_error, place_name
from poolhouse.flows.directory.passwords import Credentials, require_policy
from poolhouse.flows.directory.values import check_values
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.messages.words import INVITATION, INVITED, Messenger
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.hooks import specs
from poolhouse.hooks.events.accounts import PreSignUp
from poolhouse.ports.paging import Slice
from poolhouse.ports.users import NameTaken, UserFilter, Users
from poolhouse.records.audit import Action
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.users import CONFIRMED, FORCE_CHANGE_PASSWORD, User

DAY = 86400
_MEDIUM = {"EMAIL": "email", "SMS": "phone_number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A user whom an administrator makes. ``password`` None: one is invented. ``mediums`` empty: SMS, as the field has
    it. ``silent``: no message."""

    username: str
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    validation_data: Mapping[str, str] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)
    mediums: Sequence[str] = ()
    silent: bool = False
    force_alias: bool = False


class UserAdministration(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        directory: Directory,
        credentials: Credentials,
        messenger: Messenger,
        attributes: Attributes,
        lockout: Lockout,
        sessions: BrowserSessions,
        *,
        ends_sessions: bool = True,
        forgets_devices: bool = True,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._directory = directory
        self._credentials = credentials
        self._messenger = messenger
        self._attributes = attributes
        self._lockout = lockout
        self._sessions = sessions
        self._ends_sessions = ends_sessions
        self._forgets_devices = forgets_devices

    async def require(self, pool: Pool, username: str) -> User:
        """The user whom the name, an alias or the id means. Raises ``UserNotFound``."""
        return await self._directory.require(pool, username)

    async def page(self, pool: Pool, wanted: UserFilter | None, limit: int, cursor: str | None) -> Slice:
        return await self._users.page(pool.id, wanted, limit, cursor)

    @step("users.invite")
    async def invite(self, pool: Pool, invitation: Invitation) -> User:
        """The user exists with a temporary password; unless ``silent``, an invitation is on its way.

        Raises ``UsernameTaken``, ``AliasTaken``, ``InvalidParameter``, ``PasswordPolicyViolation``, ``Refused``.
        """
        username, attributes = place_name(pool, invitation.username, invitation.attributes)
        attributes = check_values(pool, attributes, on="invite", who="admin")
        password = self._temporary_password(pool, invitation.password)
        contacts = () if invitation.silent else self._contacts(attributes, invitation.mediums)
        sub = self.world.chance.uuid()
        now = self.world.clock.now()
        draft = User(
            pool_id=pool.id,
            sub=sub,
            username=username or sub,
            created=now,
            modified=now,
            status=FORCE_CHANGE_PASSWORD,
            attributes=attributes,
        )
        event = PreSignUp(
            source="PreSignUp_AdminCreateUser",
            pool_id=pool.id,
            client_id=None,
            username=draft.username,
            attributes=dict(attributes),
            validation_data=invitation.validation_data,
            client_metadata=invitation.metadata,
        )
        # Their answers about confirming and verifying do not count here; a refusal does.
        if self.world.hooks.implements(specs.pre_sign_up, pool):
            await self.world.hooks.all(specs.pre_sign_up, event)
        user = await self._with_temporary(pool, draft, password)
        try:
            user = await self._users.add(pool, user, seize=invitation.force_alias)
        except NameTaken as taken:
            error = name_error(pool, taken)
            raise UsernameTaken(Reason.USER_ACCOUNT_EXISTS) if taken.name.kind == "username" else error from None
        await self.world.audit.note("user.invited", pool_id=pool.id, subject=user.sub)
        await self._send_invitation(pool, user, password, contacts, invitation)
        return user

    @step("users.invite_again")
    async def invite_again(self, pool: Pool, invitation: Invitation) -> User:
        """A new temporary password is on its way, and the old one is dead. Raises ``UserNotFound``,
        ``UnsupportedUserState``."""
        user = await self._directory.require(pool, invitation.username)
        if user.status != FORCE_CHANGE_PASSWORD:
            raise UnsupportedUserState(Reason.NOT_INVITED, username=invitation.username)
        password = self._temporary_password(pool, invitation.password)
        contacts = self._contacts(user.attributes, invitation.mediums)
        user = await self._save(pool, self._signed_out(await self._with_temporary(pool, user, password)))
        await self._sessions.end_all(user)
        await self.world.audit.note("user.invited_again", pool_id=pool.id, subject=user.sub)
        await self._send_invitation(pool, user, password, contacts, invitation)
        return user

    @step("users.set_password")
    async def set_password(self, pool: Pool, username: str, password: str, *, permanent: bool) -> None:
        """The user has this password: for good, or to be changed at the next sign-in. Sends nothing. What was
        given to the user until now is good no more (``ends_sessions``).

        Raises ``UserNotFound``, ``PasswordPolicyViolation``, ``PasswordHistoryViolation``.
        """
        user = await self._directory.require(pool, username)
        user = self._signed_out(await self._credentials.change(pool, user, password))
        if permanent:
            user = replace(user, status=CONFIRMED)
        else:
            until = self.world.clock.now() + (pool.password_policy.temporary_days or 7) * DAY
            user = replace(user, status=FORCE_CHANGE_PASSWORD, temporary_until=until)
        await self._sessions.end_all(await self._save(pool, user))
        await self._lockout.clear_ways(pool.id, user.sub)
        await self.world.audit.note("password.set", pool_id=pool.id, subject=user.sub)

    @step("users.enable")
    async def enable(self, pool: Pool, username: str) -> None:
        await self._edit("user.enabled", pool, username, lambda user: replace(user, enabled=True))

    @step("users.disable")
    async def disable(self, pool: Pool, username: str) -> None:
        """The user cannot sign in, and no token issued until now is good any more, not even after enabling."""
        user = await self._edit(
            "user.disabled", pool, username, lambda user: replace(user, enabled=False, epoch=user.epoch + 1)
        )
        await self._sessions.end_all(user)

    @step("users.sign_out_everywhere")
    async def sign_out_everywhere(self, pool: Pool, username: str) -> None:
        """No token that was issued to the user until now is good any more."""
        user = await self._edit("user.signed_out", pool, username, lambda user: replace(user, epoch=user.epoch + 1))
        await self._sessions.signed_out_everywhere(user)

    @step("users.delete")
    async def delete(self, pool: Pool, username: str) -> None:
        user = await self._directory.require(pool, username)
        await self._users.delete(pool, user)
        await self._sessions.end_all(user)
        await self.world.audit.note("user.deleted", pool_id=pool.id, subject=user.sub)

    @step("users.update")
    async def update(self, pool: Pool, username: str, values: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        user = await self._directory.require(pool, username)
        await self._attributes.update(pool, user, values, client=None, metadata=metadata)

    @step("users.remove")
    async def remove(self, pool: Pool, username: str, attributes: Sequence[str]) -> None:
        user = await self._directory.require(pool, username)
        await self._attributes.remove(pool, user, attributes, client=None)

    async def _edit(self, action: Action, pool: Pool, username: str, edit: Callable[[User], User]) -> User:
        """The change is stored, on whatever the record is by then: it depends on nothing else in it. The record after
        it."""
        for _ in range(5):
            user = await self._directory.require(pool, username)
            edited = edit(user)
            if edited == user:
                return user
            try:
                edited = await self._users.save(pool, replace(edited, modified=self.world.clock.now()))
            except VersionConflict:
                continue
            await self.world.audit.note(action, pool_id=pool.id, subject=user.sub)
            return edited
        raise ConcurrentModification

    async def _save(self, pool: Pool, user: User) -> User:
        try:
            return await self._users.save(pool, replace(user, modified=self.world.clock.now()))
        except NameTaken as taken:
            raise AliasTaken(taken.name.kind) from None
        except VersionConflict:
            raise ConcurrentModification from None

    def _signed_out(self, user: User) -> User:
        return replace(user, epoch=user.epoch + self._ends_sessions, trust=user.trust + self._forgets_devices)

    def _temporary_password(self, pool: Pool, given: str | None) -> str:
        password = given or self._credentials.invent(pool.password_policy)
        require_policy(pool.password_policy, password)
        return password

    async def _with_temporary(self, pool: Pool, user: User, password: str) -> User:
        until = self.world.clock.now() + (pool.password_policy.temporary_days or 7) * DAY
        credential = await self._credentials.make(pool, user.username, password)
        return replace(user, credential=credential, temporary_until=until)

    def _contacts(self, attributes: Mapping[str, str], mediums: Sequence[str]) -> tuple[str, ...]:
        wanted = tuple(_MEDIUM[medium] for medium in mediums)
        for attribute in wanted:
            if not attributes.get(attribute):
                raise InvalidParameter(Reason.NO_CONTACT_TO_INVITE, attribute=attribute)
        # Unasked, the telephone comes first, as the field has it; somebody without one still gets the invitation.
        return wanted or tuple(key for key in ("phone_number", "email") if attributes.get(key))[:1]

    async def _send_invitation(
        self, pool: Pool, user: User, password: str, contacts: Sequence[str], invitation: Invitation
    ) -> None:
        template = MessageTemplate(
            sms=pool.invitation.sms or INVITATION.sms,
            email=pool.invitation.email or INVITATION.email,
            subject=pool.invitation.subject or INVITATION.subject,
        )
        for attribute in contacts:
            await self._messenger.send(
                pool,
                user,
                source="CustomMessage_AdminCreateUser",
                attribute=attribute,
                target=user.attributes[attribute],
                secret=password,
                message_id=self.world.chance.uuid(),
                client_id=None,
                metadata=invitation.metadata,
                template=template,
                purpose=INVITED,
                submitted=invitation.username,
            )
