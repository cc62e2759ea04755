"""App clients: made, described, changed and removed by administrators; and the sign-in flows that a client permits."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from poolhouse.errors import ClientNotFound, InvalidParameter, NotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.own import OwnSettings, furnished
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.clients.settings import STANDARD_SCOPES, ClientSettings, check
from poolhouse.flows.clients.validity import seconds_of
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.clients import Clients
from poolhouse.ports.oauth import ResourceServers
from poolhouse.ports.paging import Slice
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client, ClientSecret
from poolhouse.records.pools import Pool

CLIENT_ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
CLIENT_ID_LENGTH = 26

_logger = logging.getLogger("poolhouse.clients")


class ClientAdministration:
    def __init__(
        self,
        pools: Pools,
        clients: Clients,
        servers: ResourceServers,
        secrets: ClientSecrets,
        chance: Chance,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._pools = pools
        self._clients = clients
        self._servers = servers
        self._secrets = secrets
        self._chance = chance
        self._clock = clock
        self._audit = audit

    async def get(self, client_id: str) -> Client:
        """The client, of whichever pool. Raises ``ClientNotFound``."""
        return await self._clients.get(client_id)

    async def describe(self, pool_id: str, client_id: str) -> Client:
        """The client of this pool. Raises ``PoolNotFound``, ``ClientNotFound``."""
        _, client = await self._both(pool_id, client_id)
        return client

    async def create(
        self,
        pool_id: str,
        name: str,
        settings: ClientSettings,
        *,
        generates_secret: bool = False,
        secret: str | None = None,
    ) -> Client:
        """There is a new client; with a secret, if one is given or to be made.

        Raises ``PoolNotFound``, ``InvalidParameter``, ``InvalidOAuthFlow``, ``ScopeNotFound``.
        """
        pool = await self._pools.get(pool_id)
        if generates_secret and secret is not None:
            raise InvalidParameter(Reason.SECRET_GENERATED_AND_GIVEN)
        await self._check(pool, settings, has_secret=generates_secret or secret is not None)
        client_id = self._chance.letters(CLIENT_ID_LENGTH, CLIENT_ID_LETTERS)
        now = self._clock.now()
        secrets: tuple[ClientSecret, ...] = ()
        if generates_secret or secret is not None:
            secrets = (self._secrets.make(client_id, (), secret or self._secrets.invent(), now),)
        blank = Client(id=client_id, pool_id=pool_id, name=name, created=now, modified=now, secrets=secrets)
        client = await self._clients.add(_furnished(blank, settings))
        _warn(client)
        await self._audit.note("client.created", pool_id=pool_id, client_id=client_id)
        return client

    async def update(self, pool_id: str, client_id: str, settings: ClientSettings) -> Client:
        """The client has these settings, and defaults for all others; name and secrets stay.

        Raises as ``create``, and ``ClientNotFound``, ``ConcurrentModification``.
        """
        pool, client = await self._both(pool_id, client_id)
        await self._check(pool, settings, has_secret=bool(client.secrets))
        changed = await self._changed(_furnished(client, settings), "client.updated")
        _warn(changed)
        return changed

    async def update_own(self, client_id: str, own: OwnSettings) -> Client:
        """The client, of whichever pool, has these of our own settings; all others stay.

        Raises ``ClientNotFound``, ``InvalidParameter``, ``ConcurrentModification``.
        """
        found = await self._clients.get(client_id)
        client = await self._clients.of_pool(found.pool_id, client_id)
        return await self._changed(furnished(client, own), "client.updated")

    async def delete(self, pool_id: str, client_id: str) -> None:
        """There is no such client. Raises as ``describe``."""
        pool = await self._pools.get(pool_id)
        await self._clients.delete(await self._clients.of_pool(pool.id, client_id))
        await self._audit.note("client.deleted", pool_id=pool_id, client_id=client_id)

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        """Some clients of the pool. Raises ``PoolNotFound``."""
        await self._pools.get(pool_id)
        return await self._clients.page(pool_id, limit, cursor)

    async def add_secret(self, pool_id: str, client_id: str, secret: str | None = None) -> tuple[ClientSecret, str]:
        """The client has this second secret, or one that is made; its record and its plain text are returned.

        Raises as ``describe``, ``LimitExceeded`` where there are two, ``InvalidParameter`` for a client without any.
        """
        _, client = await self._both(pool_id, client_id)
        self._secrets.require_room(client, secret)
        plain = secret or self._secrets.invent()
        made = self._secrets.make(client_id, client.secrets, plain, self._clock.now())
        await self._changed(replace(client, secrets=(*client.secrets, made)), "client.secret_added")
        return made, plain

    async def delete_secret(self, pool_id: str, client_id: str, secret_id: str) -> None:
        """The secret is worth nothing any more.

        Raises as ``describe``, ``NotFound`` for an unknown secret, ``InvalidParameter`` for the last one.
        """
        _, client = await self._both(pool_id, client_id)
        left = tuple(secret for secret in client.secrets if secret.id != secret_id)
        if len(left) == len(client.secrets):
            raise NotFound(Reason.SECRET_NOT_FOUND)
        if not left:
            raise InvalidParameter(Reason.LAST_SECRET_NOT_DELETED)
        await self._changed(replace(client, secrets=left), "client.secret_deleted")

    def secrets_of(self, client: Client) -> tuple[str, ...]:
        """The secrets in plain text, the oldest first; empty for a public client."""
        return self._secrets.of(client)

    async def _check(self, pool: Pool, settings: ClientSettings, *, has_secret: bool) -> None:
        # Most clients have no scopes of their pool's own: nothing is looked up for them.
        own = not STANDARD_SCOPES.issuperset(settings.oauth_scopes)
        known = await self._servers.scopes_now(pool.id) if own else frozenset[str]()
        check(pool, settings, has_secret=has_secret, known_scopes=known)

    async def _both(self, pool_id: str, client_id: str) -> tuple[Pool, Client]:
        pool = await self._pools.get(pool_id)
        client = await self._clients.get(client_id)
        if client.pool_id != pool.id:
            raise ClientNotFound(client_id)
        return pool, client

    async def _changed(self, client: Client, action: Action) -> Client:
        saved = await self._clients.save(replace(client, modified=self._clock.now()))
        await self._audit.note(action, pool_id=client.pool_id, client_id=client.id)
        return saved


def _warn(client: Client) -> None:
    if client.rotation.enabled and not client.rotation.grace:
        _logger.warning(
            "the client %s rotates refresh tokens without grace: an answer that is lost on its way ends the session; "
            "ten seconds of grace cost nothing (RetryGracePeriodSeconds)",
            client.id,
        )


def _furnished(client: Client, settings: ClientSettings) -> Client:
    lives = seconds_of(settings.validity)
    return replace(
        client,
        name=settings.name or client.name,
        flows=settings.flows,
        read_attributes=settings.read_attributes,
        write_attributes=settings.write_attributes,
        access_validity=lives.access,
        id_validity=lives.id,
        refresh_validity=lives.refresh,
        session_validity=lives.step,
        rotation=settings.rotation,
        hides_users=settings.hides_users,
        revocable=settings.revocable,
        callback_urls=settings.callback_urls,
        logout_urls=settings.logout_urls,
        default_redirect_uri=settings.default_redirect_uri,
        oauth_enabled=settings.oauth_enabled,
        oauth_flows=settings.oauth_flows,
        oauth_scopes=settings.oauth_scopes,
        identity_providers=settings.identity_providers,
        kept=dict(settings.kept),
    )
