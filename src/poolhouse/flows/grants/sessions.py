"""Who is signed in on the hosted pages of a pool, in which browser (oidc.md SE1).

The browser holds random handles, the store their digests. A handle is replaced at each sign-in, step-up and change of
what the user may, by taking the old one: whoever knew it before has nothing after (security row 22). A session is good
while it is neither idle for too long nor too old, its user may sign in, and neither the password nor a sign-out
everywhere is newer than it is: that is looked at with every use, so nothing has to be told for it to hold.

An end is written into the session first, then what follows is done (tokens, those who are to be told), then the session
is removed. Where a crash comes between, whoever sees the session next goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import InvalidSession, VersionConflict
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.assurance import acr, amr
from poolhouse.flows.grants.gate import may_stay, password_set
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.scopes import OFFLINE
from poolhouse.flows.grants.session_terms import SessionTerms, Told, sid_of
from poolhouse.ports.grants import Grants, Sessions
from poolhouse.ports.origin import by_user, current_origin
from poolhouse.ports.users import Users
from poolhouse.records.grants import BrowserSession
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

MOST_ACCOUNTS: Final = 5
"""That one browser is signed in to at a time."""
MOST_CLIENTS: Final = 200
"""Of one session that are remembered, and told of its end."""
SEEN_AGAIN: Final = 60.0
"""Seconds within which a use is not written down again: a page view is no write."""
_HANDLE: Final = 43
"""Characters of 256 bits in base64url."""
_AT_ONCE: Final = 100


class SignedIn(Struct, frozen=True):
    """Somebody who is signed in now. ``handle`` is what the browser holds."""

    session: BrowserSession
    user: User
    handle: str

    @property
    def acr(self) -> str:
        return acr(self.session.proofs)

    @property
    def amr(self) -> tuple[str, ...]:
        return amr(self.session.proofs)

    def __repr__(self) -> str:
        return f"SignedIn({self.session!r})"


class Begun(Struct, frozen=True):
    """``handles`` are what the browser holds from now on, the new one first; ``seconds`` for how long (None: until it
    is closed)."""

    handles: tuple[str, ...]
    signed_in: SignedIn
    seconds: int | None = None

    def __repr__(self) -> str:
        return f"Begun({self.signed_in!r})"


class BrowserSessions(Flow):
    """Holds nothing of any session: what there is stands in the store."""

    def __init__(
        self, world: World, sessions: Sessions, users: Users, grants: Grants, told: Told, terms: SessionTerms
    ) -> None:
        super().__init__(world)
        self._sessions = sessions
        self._users = users
        self._grants = grants
        self._told = told
        self._terms = terms

    # --- who is signed in --------------------------------------------------------------------------------------------

    async def live(self, pool: Pool, handles: Sequence[str]) -> tuple[SignedIn, ...]:
        """Those of the handles that are good now, in their order, one for each user."""
        found: dict[str, SignedIn] = {}
        for handle in dict.fromkeys(handles[:MOST_ACCOUNTS]):
            signed_in = await self._live(pool, handle)
            if signed_in is not None:
                found.setdefault(signed_in.user.sub, signed_in)
        return tuple(found.values())

    async def first(self, pool: Pool, handles: Sequence[str], sub: str) -> tuple[SignedIn, ...]:
        """Those that are good now, this user at the front. Where the user is not among them the order is as it was."""
        live = await self.live(pool, handles)
        return tuple(sorted(live, key=lambda signed_in: signed_in.user.sub != sub))

    async def of_user(self, user: User) -> Sequence[BrowserSession]:
        """The user's that are good now, in whichever browser."""
        found = await self._sessions.of_user(user.pool_id, user.sub, _AT_ONCE)
        return [session for session in found if self._is_good(session, user)]

    async def standing(self, user: User, session_id: str) -> BrowserSession | None:
        """The user's session of this id, if it is good now, in whichever browser."""
        session = await self._sessions.of_id(user.pool_id, session_id)
        return session if session is not None and self._is_good(session, user) else None

    def sid(self, session: BrowserSession, client_id: str) -> str:
        """What a client calls the session: the same for as long as it lasts, and of no use to another client (LO7)."""
        return sid_of(self.world.secrets, session.pool_id, session.id, client_id)

    def seconds(self, live: Sequence[SignedIn]) -> int | None:
        """For how long the browser is to hold these handles; None: until it is closed."""
        now = self.world.clock.now()
        return max((int(one.session.expires - now) for one in live if one.session.remembered), default=None)

    # --- beginnings --------------------------------------------------------------------------------------------------

    async def begin(
        self,
        pool: Pool,
        user: User,
        *,
        event_id: str,
        proofs: tuple[str, ...],
        held: Sequence[str] = (),
        remembered: bool = False,
    ) -> Begun:
        """The user is signed in, in the browser that holds the handles. Where the user was, the session goes on under a
        new handle, and by the new proofs alone. One account too many ends that which was used before all others."""
        now = self.world.clock.now()
        others: list[SignedIn] = []
        before: BrowserSession | None = None
        for one in await self.live(pool, held):
            if one.user.sub == user.sub:
                before = await self._sessions.take(pool.id, one.session.handle)
            else:
                others.append(one)
        if before is not None and before.ended is not None:
            await self._go_on_ending(before)
            before = None
        origin = current_origin()
        session = BrowserSession(
            handle="",
            id=before.id if before else self.world.chance.uuid(),
            pool_id=pool.id,
            user_sub=user.sub,
            event_id=event_id,
            created=before.created if before else now,
            auth_time=int(now),
            seen=now,
            expires=now + (self._terms.remembered if remembered else self._terms.absolute),
            epoch=user.epoch,
            proofs=proofs,
            remembered=remembered,
            clients=before.clients if before else (),
            address=origin.source,
            agent=origin.user_agent,
            password_set=password_set(user),
        )
        signed_in = await self._put(session, user)
        for one in others[MOST_ACCOUNTS - 1 :]:
            await self._end(one.session, revokes=True)
        live = (signed_in, *others[: MOST_ACCOUNTS - 1])
        return Begun(tuple([one.handle for one in live]), signed_in, self.seconds(live))

    async def step_up(self, pool: Pool, signed_in: SignedIn, held: Sequence[str], proofs: tuple[str, ...]) -> Begun:
        """The user has proven this as well: a new handle, and all proofs together. When the user was last asked for
        everything (``auth_time``) stays. Raises ``InvalidSession`` where the session is not there any more."""
        more = tuple([proof for proof in proofs if proof not in signed_in.session.proofs])
        session = await self._taken(pool, signed_in)
        return await self._moved(pool, replace(session, proofs=(*session.proofs, *more)), held)

    async def renew(self, pool: Pool, signed_in: SignedIn, held: Sequence[str], user: User) -> Begun:
        """What the user may do, or signs in by, was changed in this session: a new handle. ``user`` is as that change
        left it: a password that was set in it does not end it, and one that came after that does. Raises as
        ``step_up``."""
        session = await self._taken(pool, signed_in)
        return await self._moved(pool, replace(session, password_set=password_set(user)), held)

    async def joined(self, signed_in: SignedIn, client_id: str) -> SignedIn:
        """The client was given something in the session, and is told of its end. Raises ``InvalidSession``."""
        session = signed_in.session
        while client_id not in session.clients and len(session.clients) < MOST_CLIENTS:
            try:
                session = await self._sessions.save(replace(session, clients=(*session.clients, client_id)))
            except VersionConflict:
                session = await self._still(session)
        return SignedIn(session, signed_in.user, signed_in.handle)

    # --- ends --------------------------------------------------------------------------------------------------------

    async def end(
        self, pool: Pool, handles: Sequence[str], sub: str | None = None, *, revokes: bool = True
    ) -> tuple[BrowserSession, ...]:
        """The user with this ``sub``, or everybody, is signed out in the browser that holds the handles, and the
        clients of these sessions are told. ``revokes``: what was given in them ends, unless it is for use without the
        user (oidc.md LO5). Returns them."""
        meant = [one.session for one in await self.live(pool, handles) if sub in (None, one.user.sub)]
        ended = [await self._end(session, revokes=revokes) for session in meant]
        return tuple([session for session in ended if session is not None])

    async def end_one(self, user: User, session_id: str) -> bool:
        """The session of this id, in whichever browser, has ended. False where the user has none such."""
        session = await self._sessions.of_id(user.pool_id, session_id)
        if session is None or session.user_sub != user.sub:
            return False
        return await self._end(session, revokes=True) is not None

    async def end_all(self, user: User) -> None:
        """The user is signed out in every browser. Tokens are looked after by whoever asks for this."""
        tried: set[str] = set()
        while found := await self._sessions.of_user(user.pool_id, user.sub, _AT_ONCE):
            new = [session for session in found if session.handle not in tried]
            if not new:
                return  # somebody else is about to remove them
            for session in new:
                tried.add(session.handle)
                await self._end(session, revokes=False)

    async def signed_out_everywhere(self, user: User) -> None:
        """The user, with the epoch that a sign-out everywhere has just begun, is signed out of browsers, too; or stays,
        where sessions outlive that."""
        if not self._terms.outlives_sign_out:
            await self.end_all(user)
            return
        for session in await self._sessions.of_user(user.pool_id, user.sub, _AT_ONCE):
            while session.epoch == user.epoch - 1 and session.ended is None:
                try:
                    session = await self._sessions.save(replace(session, epoch=user.epoch))
                except VersionConflict:
                    held = await self._sessions.get(session.pool_id, session.handle)
                    if held is None:
                        break
                    session = held

    # --- within ------------------------------------------------------------------------------------------------------

    async def _live(self, pool: Pool, handle: str) -> SignedIn | None:
        if len(handle) != _HANDLE:
            return None
        session = await self._sessions.get(pool.id, digest(handle))
        if session is None:
            return None
        user = await self._users.get(pool.id, session.user_sub)
        if session.ended is not None or user is None or not self._is_good(session, user):
            # The end of it may have been cut short, or its user was signed out where nobody knew of browsers.
            await self._end(session, revokes=session.revokes)
            return None
        now = self.world.clock.now()
        if not 0 <= now - session.seen < SEEN_AGAIN:
            try:
                session = await self._sessions.save(replace(session, seen=now))
            except VersionConflict:
                held = await self._sessions.get(pool.id, session.handle)
                if held is None or held.ended is not None:
                    return None
                session = held
        return SignedIn(session, user, handle)

    def _is_good(self, session: BrowserSession, user: User) -> bool:
        now = self.world.clock.now()
        is_idle = not session.remembered and not now < session.seen + self._terms.idle
        return (
            session.ended is None
            and not is_idle
            and now < session.expires
            and session.pool_id == user.pool_id
            and session.user_sub == user.sub
            and session.epoch == user.epoch
            and session.password_set == password_set(user)
            and may_stay(user)
        )

    async def _put(self, session: BrowserSession, user: User) -> SignedIn:
        """The session stands under a new handle."""
        handle = self.world.chance.token()
        fresh = replace(session, handle=digest(handle), version=0)
        return SignedIn(await self._sessions.add(fresh), user, handle)

    async def _taken(self, pool: Pool, signed_in: SignedIn) -> BrowserSession:
        """The session, which its handle opens no more. Raises ``InvalidSession``."""
        taken = await self._sessions.take(pool.id, signed_in.session.handle)
        if taken is None:
            raise InvalidSession
        if taken.ended is not None:
            await self._go_on_ending(taken)
            raise InvalidSession
        return taken

    async def _moved(self, pool: Pool, session: BrowserSession, held: Sequence[str]) -> Begun:
        """The session under a new handle. What it is bound to stays: if it is good no more by now, so is this one."""
        user = await self._users.get(pool.id, session.user_sub)
        if user is None or not self._is_good(session, user):
            await self._go_on_ending(session)
            raise InvalidSession
        placed = await self._put(session, user)
        others = [one for one in await self.live(pool, held) if one.user.sub != user.sub]
        live = (placed, *others[: MOST_ACCOUNTS - 1])
        return Begun(tuple([one.handle for one in live]), placed, self.seconds(live))

    async def _still(self, session: BrowserSession) -> BrowserSession:
        held = await self._sessions.get(session.pool_id, session.handle)
        if held is None or held.ended is not None:
            raise InvalidSession
        return held

    async def _end(self, session: BrowserSession, *, revokes: bool) -> BrowserSession | None:
        """The session has ended, by this call or by one that was cut short; None where it is gone already."""
        current: BrowserSession | None = session
        while current is not None and current.ended is None:
            try:
                marked = replace(current, ended=self.world.clock.now(), revokes=revokes)
                current = await self._sessions.save(marked)
                await self.world.audit.note(
                    "session.ended",
                    pool_id=session.pool_id,
                    subject=session.user_sub,
                    actor=by_user(session.user_sub) if revokes else None,
                    facts={"event_id": session.event_id},
                )
            except VersionConflict:
                # Somebody was faster. If that was a step-up, the end is for the session under its new handle.
                current = await self._sessions.of_id(session.pool_id, session.id)
        if current is not None:
            await self._go_on_ending(current)
        return current

    async def _go_on_ending(self, session: BrowserSession) -> None:
        """What an end leads to, from wherever it was cut short."""
        if session.revokes:
            for grant in await self._grants.of_session(session.pool_id, session.id):
                while not grant.revoked and OFFLINE not in grant.scopes:
                    with suppress(VersionConflict):
                        grant = await self._grants.save(replace(grant, revoked=True))
                        break
                    held = await self._grants.get(grant.pool_id, grant.id)
                    if held is None:
                        break
                    grant = held
        await self._told(session)
        await self._sessions.delete(session.pool_id, session.handle)
