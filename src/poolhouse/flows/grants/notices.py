"""Clients that had a part in a browser session are told of its end: who is to be told, as jobs (oidc.md LO6)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from poolhouse.errors import ClientNotFound
from poolhouse.ports.clients import Clients
from poolhouse.ports.jobs import JobQueue
from poolhouse.records.grants import BrowserSession

BACKCHANNEL_LOGOUT: Final = "backchannel-logout"
"""The kind of the jobs: one for each client of a session, so that none waits for another."""


class Notice(Struct, frozen=True, kw_only=True):
    """Whose session ended, and which client is to hear of it. It is all that the job needs, and stands in its name."""

    pool_id: str
    session_id: str
    client_id: str
    user_sub: str

    @property
    def subject(self) -> str:
        return "/".join((self.pool_id, self.session_id, self.client_id, self.user_sub))

    @classmethod
    def of(cls, subject: str) -> Notice:
        """Raises ``ValueError`` for what is not the name of such a job."""
        pool_id, session_id, client_id, user_sub = subject.split("/")
        return cls(pool_id=pool_id, session_id=session_id, client_id=client_id, user_sub=user_sub)


class Notices:
    def __init__(self, clients: Clients, jobs: JobQueue) -> None:
        self._clients = clients
        self._jobs = jobs

    async def put(self, session: BrowserSession) -> None:
        """Every client of the session that wants to be told on its server will be, however often this is done."""
        for client_id in session.clients:
            try:
                client = await self._clients.get(client_id)
            except ClientNotFound:
                continue
            if client.backchannel_logout_uri is None:
                continue
            notice = Notice(
                pool_id=session.pool_id, session_id=session.id, client_id=client_id, user_sub=session.user_sub
            )
            await self._jobs.enqueue(BACKCHANNEL_LOGOUT, notice.subject)
