"""The server of a client is told that a session of its user has ended (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlencode

from poolhouse.errors import ClientNotFound, PoolNotFound
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.notices import Notice
from poolhouse.flows.grants.session_terms import sid_of
from poolhouse.flows.jobs.worker import Onward
from poolhouse.flows.oauth.rules import rule
from poolhouse.hooks.context import Http, HttpFailed, HttpNotSent
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.clients import Clients
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.jobs import Job

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPE: Final = "logout+jwt"
TRIES: Final = 3
LIFE: Final = 120
"""Seconds for which a logout token is good."""
TIME_LIMIT: Final = 5.0
"""Seconds that a client may take to answer."""
_TOLD: Final = (200, 204)

_logger = logging.getLogger("poolhouse.logout")


class NotTold(Exception):  # noqa: N818 - read as a statement
    """The client could not be told now. It is tried again."""


class BackchannelLogout(Flow):
    def __init__(self, world: World, pools: Pools, clients: Clients, tokens: Tokens, http: Http) -> None:
        super().__init__(world)
        self._pools = pools
        self._clients = clients
        self._tokens = tokens
        self._http = http

    @rule("LO6")
    async def go_on(self, job: Job) -> Onward | None:
        """The client has been told, or does not want to be, or was not to be reached for the third time.

        Raises ``NotTold``.
        """
        notice = Notice.of(job.subject)
        try:
            await self._pools.require(notice.pool_id)
            client = await self._clients.of_pool(notice.pool_id, notice.client_id)
        except (ClientNotFound, PoolNotFound):
            return None
        if client.backchannel_logout_uri is None:
            return None
        outcome = await self._tell(client, client.backchannel_logout_uri, await self._token(notice, client))
        if outcome is None:
            return None
        if job.tries + 1 < TRIES:
            raise NotTold
        _logger.warning("the client %s was not told that a session ended: %s", client.id, outcome)
        return None

    async def _tell(self, client: Client, uri: str, token: str) -> str | None:
        """None where the client has heard; else what came in between."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"logout_token": token}).encode()
        try:
            answer = await self._http.request("POST", uri, headers=headers, body=body, time_limit=TIME_LIMIT)
        except (HttpNotSent, HttpFailed) as failed:
            return str(failed)
        if answer.status in _TOLD:
            return None
        if answer.status == 400:
            # It has understood, and does not want it: once more would be no better (section 2.8).
            _logger.warning("the client %s refused to hear that a session ended (400)", client.id)
            return None
        return f"it answered {answer.status}"

    @rule("LO6", "LO7", "D8")
    async def _token(self, notice: Notice, client: Client) -> str:
        now = int(self.world.clock.now())
        claims: dict[str, Any] = {
            "iss": self._tokens.issuer(notice.pool_id),
            "aud": client.id,
            "iat": now,
            "exp": now + LIFE,
            "jti": self.world.chance.uuid(),
            "events": {EVENT: {}},
            "sub": notice.user_sub,
            "sid": sid_of(self.world.secrets, notice.pool_id, notice.session_id, client.id),
        }
        return await self._tokens.sign_id(notice.pool_id, claims, {}, algorithm=client.id_algorithm, typ=TYPE)
