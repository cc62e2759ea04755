"""Browser sessions, begun without a sign-in."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.flows.grants.sessions import Begun, SignedIn
from poolhouse.records.grants import Grant
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.support.house import House


async def fresh(house: House, user: User) -> User:
    """The user's record as it is now."""
    found = await house.built.ports.users.get(user.pool_id, user.sub)
    assert found is not None
    return found


async def begin(
    house: House,
    pool: Pool,
    user: User,
    held: Sequence[str] = (),
    proofs: tuple[str, ...] = ("password",),
    *,
    remembered: bool = False,
) -> Begun:
    event_id = house.built.world.chance.uuid()
    return await house.services.sessions.begin(
        pool, await fresh(house, user), event_id=event_id, proofs=proofs, held=held, remembered=remembered
    )


async def live(house: House, pool: Pool, handles: Sequence[str]) -> tuple[SignedIn, ...]:
    return await house.services.sessions.live(pool, handles)


async def grant_in(house: House, signed_in: SignedIn, client_id: str, *scopes: str) -> Grant:
    """Something that was given to the client in the session."""
    session, chance, now = signed_in.session, house.built.world.chance, house.clock.now()
    return await house.built.ports.grants.add(
        Grant(
            id=chance.uuid(),
            pool_id=session.pool_id,
            client_id=client_id,
            user_sub=session.user_sub,
            family=chance.uuid(),
            digest=chance.token(),
            created=now,
            auth_time=session.auth_time,
            expires=now + 3600,
            epoch=session.epoch,
            scopes=scopes or ("openid",),
            session=session.id,
        )
    )
