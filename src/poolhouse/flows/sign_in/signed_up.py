"""From a sign-up to the first sign-in without a second proof: the code that confirmed the sign-up is the first one
(contract: authentication, 7.4).

SignUp gives a session, which ConfirmSignUp takes and gives another for, which a sign-in takes. Both are attempts as any
other: stored by their digest, good once, for the user and the client that they were given to, and for as long as the
client gives for an answer. Who has the code and not the first session confirms the account, and is signed in nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from poolhouse.errors import InvalidSession
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.permitted import HOSTED, permits
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.sign_in.basis import basis_of
from poolhouse.flows.sign_in.handles import decode_handle, digest, encode_handle
from poolhouse.ports.sign_in import Attempts
from poolhouse.records.clients import Client
from poolhouse.records.sign_in import Attempt
from poolhouse.records.users import User

_FLOW: Final = "USER_AUTH"
_FLOWS: Final = (_FLOW, HOSTED)
# No challenges of the table: nothing can be answered to them.
_SIGNED_UP: Final = "SIGN_UP"
_CONFIRMED: Final = "CONFIRM_SIGN_UP"


class SignUpSessions(Flow):
    def __init__(self, world: World, attempts: Attempts) -> None:
        super().__init__(world)
        self._attempts = attempts

    async def signed_up(self, client: Client, user: User, flow: str = _FLOW) -> str | None:
        """What ConfirmSignUp is to be called with; None where this client's users do not sign in so. ``flow`` is the
        one that can follow."""
        return await self._put(client, user, _SIGNED_UP, flow) if permits(client, flow) else None

    async def confirmed(self, client: Client, user: User, handle: str | None) -> str | None:
        """What a sign-in may begin with; None where ``handle`` is not, or no longer, what ``signed_up`` gave: the user
        is confirmed nevertheless, and proves who they are like everybody."""
        if handle is None:
            return None
        try:
            flow = await self._take(client, user, handle, _SIGNED_UP, _FLOWS)
        except InvalidSession:
            return None
        return await self._put(client, user, _CONFIRMED, flow) if permits(client, flow) else None

    async def begin(self, client: Client, user: User | None, handle: str, flow: str) -> None:
        """The user of this name has proven the sign-up's code. Raises ``InvalidSession``."""
        await self._take(client, user, handle, _CONFIRMED, (flow,))

    async def _put(self, client: Client, user: User, step: str, flow: str) -> str:
        raw = self.world.chance.raw(32)
        now = self.world.clock.now()
        await self._attempts.put(
            Attempt(
                handle=digest(raw),
                pool_id=client.pool_id,
                client_id=client.id,
                submitted=user.username,
                flow=flow,
                challenge=step,
                created=now,
                expires=now + client.session_validity,
                event_id=self.world.chance.uuid(),
                user_sub=user.sub,
                username=user.username,
                basis=basis_of(user),
            )
        )
        return encode_handle(raw)

    async def _take(self, client: Client, user: User | None, handle: str, step: str, flows: Collection[str]) -> str:
        """The flow that it is for."""
        attempt = await self._attempts.take(client.pool_id, digest(decode_handle(handle)))
        if (
            attempt is None
            or user is None
            or (attempt.pool_id, attempt.client_id, attempt.challenge) != (client.pool_id, client.id, step)
            or attempt.flow not in flows
            or (attempt.user_sub, attempt.basis) != (user.sub, basis_of(user))
        ):
            raise InvalidSession
        if not self.world.clock.now() < attempt.expires:
            raise InvalidSession(Reason.SESSION_EXPIRED)
        return attempt.flow
