"""Users who are known elsewhere come over when they first appear (S073, S074)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, NotAuthorized, PluginAnswerInvalid, PoolhouseError, Refused
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.naming import place_name
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.directory.values import check_values
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages.words import INVITED, Messenger
from poolhouse.hooks import specs
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser, MigrationSource
from poolhouse.ports.arithmetic import Passwords
from poolhouse.ports.passwords import Fit
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records.clients import Client
from poolhouse.records.names import lower_case
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.users import CONFIRMED, RESET_REQUIRED, Credential, User

_WELCOME = "Your username is {username}, and your password is {####}. "
_KEPT, _TO_CHOOSE = "the one that you had", "to be chosen anew"
"""What a welcome says of the password. A pool's own words were made for a temporary one, and there is none."""
_HASH = re.compile(r"\S{1,1024}")


class Migration(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        passwords: Passwords,
        directory: Directory,
        credentials: Credentials,
        messenger: Messenger,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._passwords = passwords
        self._directory = directory
        self._credentials = credentials
        self._messenger = messenger

    async def for_sign_in(
        self, pool: Pool, client: Client, username: str, password: str, metadata: Mapping[str, str]
    ) -> User | None:
        """The user whom a plugin knew by this name and password; None where no plugin did.

        Raises ``WrongCredentials`` instead of a plugin's refusal where the client may not learn who exists.
        """
        return await self._ask(pool, client, username, "UserMigration_Authentication", password, metadata)

    async def for_recovery(self, pool: Pool, client: Client, username: str, metadata: Mapping[str, str]) -> User | None:
        """The user whom a plugin knew by this name; None where no plugin did."""
        return await self._ask(pool, client, username, "UserMigration_ForgotPassword", None, metadata)

    async def _ask(
        self,
        pool: Pool,
        client: Client,
        username: str,
        source: MigrationSource,
        password: str | None,
        metadata: Mapping[str, str],
    ) -> User | None:
        if not self.world.hooks.implements(specs.migrate_user, pool):
            return None
        event = MigrateUser(
            source=source,
            pool_id=pool.id,
            client_id=client.id,
            username=username,
            password=password,
            validation_data=metadata if password is not None else {},
            client_metadata=metadata if password is None else {},
        )
        try:
            found = await self.world.hooks.first(specs.migrate_user, event)
        except Refused as refused:
            if client.hides_users:
                raise NotAuthorized(Reason.WRONG_CREDENTIALS, detail=str(refused)) from refused
            raise
        if found is None:
            return None
        return await self._take_over(pool, found, event)

    async def _take_over(self, pool: Pool, found: MigratedUser, event: MigrateUser) -> User | None:
        submitted, password = event.username, event.password
        sub = self.world.chance.uuid()
        told = found.username or _as_the_row_has_it(pool, submitted, found.attributes)
        try:
            username, attributes = place_name(pool, told, found.attributes)
            attributes = check_values(pool, attributes, on="create", who="admin")
        except (InvalidParameter, NotAuthorized) as wrong:
            raise PluginAnswerInvalid("UserMigration", "migrate_user", detail=str(wrong)) from wrong
        now = self.world.clock.now()
        user = User(
            pool_id=pool.id,
            sub=sub,
            username=username or sub,
            created=now,
            modified=now,
            status=CONFIRMED if found.confirmed else RESET_REQUIRED,
            attributes=attributes,
        )
        if password is not None:
            user = replace(user, credential=await self._credential(pool, user.username, password, found))
        try:
            user = await self._users.add(pool, user, seize=found.force_alias)
        except NameTaken:
            # The user is here already: under this name, brought over in this moment, or under that of the row, where
            # another spelling was typed. Or it is another user, for whom the plugin's word means nothing.
            other = await self._directory.find(pool, told)
            if password is not None and other is not None:
                stored = other.credential.hash if other.credential else None
                return other if await self._passwords.verify(password, stored) else None
            return other
        await self.world.audit.note("user.migrated", pool_id=pool.id, subject=user.sub)
        # By whoever made the user, and by nobody else: there is one of each message.
        await self._send_welcome(pool, user, submitted, found, event)
        return user

    async def _send_welcome(
        self, pool: Pool, user: User, submitted: str, found: MigratedUser, event: MigrateUser
    ) -> None:
        """The user is told, where the plugin wants it and there is somewhere to tell it."""
        for channel, attribute in (("email", "email"), ("sms", "phone_number")):
            if channel not in found.welcome or not user.attributes.get(attribute):
                continue
            await self._messenger.send(
                pool,
                user,
                source="CustomMessage_AdminCreateUser",
                attribute=attribute,
                target=user.attributes[attribute],
                secret=_KEPT if found.confirmed else _TO_CHOOSE,
                message_id=self.world.chance.uuid(),
                client_id=event.client_id,
                metadata=event.client_metadata,
                template=MessageTemplate(
                    sms=pool.invitation.sms or _WELCOME,
                    email=pool.invitation.email or _WELCOME,
                    subject=pool.invitation.subject or "Welcome",
                ),
                purpose=INVITED,
                submitted=submitted,
            )

    async def _credential(self, pool: Pool, username: str, password: str, found: MigratedUser) -> Credential:
        # The password was right a moment ago, so it is hashed afresh; the policy is not asked (it is the old one).
        if found.password_hash is None:
            return await self._credentials.make(pool, username, password)
        if not _HASH.fullmatch(found.password_hash):
            raise PluginAnswerInvalid("UserMigration", "migrate_user", detail="password_hash is not a hash")
        try:
            fits = await self._passwords.verify(password, found.password_hash)
        except PoolhouseError:
            raise
        except ValueError as unreadable:
            raise PluginAnswerInvalid("UserMigration", "migrate_user", detail=str(unreadable)) from unreadable
        if not fits:
            raise NotAuthorized(Reason.WRONG_CREDENTIALS)
        if fits is Fit.IN_PART:
            # The rest of the password was not proven, so the hash that came stays the one that counts.
            return Credential(hash=found.password_hash, set_at=self.world.clock.now())
        return await self._credentials.make(pool, username, password)


def _as_the_row_has_it(pool: Pool, submitted: str, attributes: Mapping[str, str]) -> str:
    """The submitted name. Where it is an address, and the plugin writes the same one in other letters, that: a pool
    that tells ``Jane@`` from ``jane@`` would make two users of one row."""
    if "email" in pool.username_attributes:
        email = attributes.get("email", "")
        if lower_case(email) == lower_case(submitted):
            return email
    return submitted
