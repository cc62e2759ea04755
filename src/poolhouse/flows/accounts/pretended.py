"""A sign-up on the hosted pages with an address that somebody has already: it looks like one with a free address
(security row 48). Nothing is made, and no code goes out; the work is the same but for the user's own document."""

from __future__ import annotations

from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.naming import contact_to_verify
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages.codes import CONFIRM_SIGN_UP, CodeProcess
from poolhouse.flows.messages.words import delivery
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


def hides_taken(pool: Pool, *, by_pages: bool) -> bool:
    """Whether it stays unsaid that the name is taken: where it is an address, and the code that goes there tells its
    owner. A name that somebody makes up has to be a free one, and they have to hear it."""
    return by_pages and bool(pool.username_attributes)


class PretendedSignUps(Flow):
    def __init__(self, world: World, directory: Directory, credentials: Credentials, codes: CodeProcess) -> None:
        super().__init__(world)
        self._directory = directory
        self._credentials = credentials
        self._codes = codes

    async def sign_up(self, pool: Pool, client: Client, draft: User, username: str, password: str) -> Delivery | None:
        """What is told about the code; None where no contact is to be verified. Raises ``LimitExceeded``."""
        if password:
            await self._credentials.make(pool, draft.username, password)
        await self.world.audit.note("sign_up", pool_id=pool.id, client_id=client.id, facts={"status": "TAKEN"})
        contact = contact_to_verify(pool, draft)
        if contact is None:
            return None
        target = draft.attributes[contact]
        await self._codes.count_letter(pool, attribute=contact, target=target)
        await self._codes.pretend(
            pool,
            self._directory.stand_in(pool, username),
            CONFIRM_SIGN_UP,
            attribute=contact,
            target=target,
            client_id=client.id,
            user=None,
            counted=False,
        )
        return delivery(contact, target)
