"""Browser sessions: how they begin, how long they last, and what ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.config.settings import Sessions
from poolhouse.errors import InvalidSession
from poolhouse.flows.grants import assurance
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.notices import BACKCHANNEL_LOGOUT, Notice, Notices
from poolhouse.flows.grants.session_terms import USUAL
from poolhouse.flows.grants.sessions import MOST_ACCOUNTS, SEEN_AGAIN, BrowserSessions
from poolhouse.ports import origin
from poolhouse.records.clients import Client
from poolhouse.records.grants import BrowserSession
from poolhouse.records.jobs import Job
from poolhouse.records.pools import Pool
from poolhouse.records.users import RESET_REQUIRED, User
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sessions import begin, fresh, grant_in, live

HOUR = 3600
DAY = 24 * HOUR
NEW_PASSWORD = "Another-H0rse!"


@pytest.fixture
async def user(house: House, client: Client) -> User:
    return await house.user(client)


async def kept(house: House, session: BrowserSession) -> BrowserSession | None:
    return await house.built.ports.sessions.get(session.pool_id, session.handle)


async def jobs(house: House) -> list[Job]:
    page = await house.built.jobs.leases.page(100, None)
    return [job for job in page.items if job.kind == BACKCHANNEL_LOGOUT]


async def told_of(house: House, pool: Pool) -> Client:
    """A client that wants to hear of ends."""
    client = await house.client(pool)
    return await house.built.ports.clients.save(
        replace(client, backchannel_logout_uri="https://app.example.com/backchannel_logout")
    )


# --- beginnings ------------------------------------------------------------------------------------------------------


async def test_who_signed_in_is_signed_in_with_the_handle_and_with_nothing_else(
    house: House, pool: Pool, user: User
) -> None:
    begun = await begin(house, pool, user)

    (found,) = await live(house, pool, begun.handles)

    assert user.sub == found.user.sub
    assert (found.handle,) == begun.handles
    assert 43 == len(found.handle)
    assert () == await live(house, pool, ())
    assert () == await live(house, pool, ("x" * 43,))
    assert () == await live(house, pool, (found.handle[:-1],))
    assert () == await live(house, pool, (found.session.handle,))


async def test_the_store_has_the_digest_of_a_handle_only(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)

    assert digest(begun.handles[0]) == begun.signed_in.session.handle
    assert begun.handles[0] not in repr(begun)
    assert begun.handles[0] not in repr(begun.signed_in)


async def test_address_and_agent_of_the_browser_are_kept(house: House, pool: Pool, user: User) -> None:
    origin.begin(origin.Origin(source="192.0.2.7", user_agent="A browser"))

    session = (await begin(house, pool, user)).signed_in.session

    assert ("192.0.2.7", "A browser") == (session.address, session.agent)


async def test_a_session_is_good_in_its_own_pool_only(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)

    assert () == await live(house, await house.pool(), begun.handles)


async def test_a_second_sign_in_goes_on_under_a_new_handle_and_by_its_own_proofs(
    house: House, pool: Pool, user: User
) -> None:
    first = await begin(house, pool, user, proofs=("password", "totp"))
    await house.services.sessions.joined(first.signed_in, "app")
    house.clock.advance(100)

    second = await begin(house, pool, user, held=first.handles)

    assert () == await live(house, pool, first.handles)
    assert 1 == len(second.handles)
    assert first.signed_in.session.id == second.signed_in.session.id
    assert ("app",) == second.signed_in.session.clients
    assert ("password",) == second.signed_in.session.proofs
    assert first.signed_in.session.auth_time + 100 == second.signed_in.session.auth_time


async def test_several_accounts_share_a_browser_the_newest_first(house: House, pool: Pool, client: Client) -> None:
    jane, john = await house.user(client, "jane"), await house.user(client, "john")
    first = await begin(house, pool, jane)

    second = await begin(house, pool, john, held=first.handles)

    assert [john.sub, jane.sub] == [one.user.sub for one in await live(house, pool, second.handles)]
    chosen = await house.services.sessions.first(pool, second.handles, jane.sub)
    assert [jane.sub, john.sub] == [one.user.sub for one in chosen]


async def test_one_account_too_many_ends_the_one_that_was_used_before_all_others(
    house: House, pool: Pool, client: Client
) -> None:
    handles: tuple[str, ...] = ()
    users = [await house.user(client, f"user{number}") for number in range(MOST_ACCOUNTS + 1)]
    first = await begin(house, pool, users[0])
    handles = first.handles
    for one in users[1:]:
        handles = (await begin(house, pool, one, held=handles)).handles

    assert MOST_ACCOUNTS == len(handles)
    assert [one.sub for one in users[:0:-1]] == [one.user.sub for one in await live(house, pool, handles)]
    assert () == await live(house, pool, first.handles)


async def test_no_more_handles_are_looked_up_than_a_browser_can_have(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)

    found = await live(house, pool, (*[f"{number:043}" for number in range(MOST_ACCOUNTS)], *begun.handles))

    assert () == found


# --- how long --------------------------------------------------------------------------------------------------------


async def test_an_idle_session_ends_after_eight_hours_and_a_used_one_after_a_day(
    house: House, pool: Pool, user: User
) -> None:
    begun = await begin(house, pool, user)
    for _ in range(3):
        house.clock.advance(8 * HOUR - 1)
        assert 1 == len(await live(house, pool, begun.handles)), house.clock.now()
    house.clock.advance(3)

    assert () == await live(house, pool, begun.handles)

    again = await begin(house, pool, user)
    house.clock.advance(8 * HOUR)
    assert () == await live(house, pool, again.handles)
    assert None is await kept(house, again.signed_in.session)


async def test_a_remembered_session_lasts_for_thirty_days_used_or_not(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user, remembered=True)
    assert 30 * DAY == begun.seconds
    house.clock.advance(30 * DAY - 1)
    assert 1 == len(await live(house, pool, begun.handles))
    house.clock.advance(1)

    assert () == await live(house, pool, begun.handles)


async def test_the_browser_lets_go_of_a_session_that_is_not_remembered(house: House, pool: Pool, user: User) -> None:
    assert (await begin(house, pool, user)).seconds is None


async def test_the_limits_are_settings(client: Client) -> None:
    async with opened_house(sessions=Sessions(idle=100, absolute=150, remembered=1000)) as house:
        pool = await house.pool()
        user = await house.user(await house.client(pool))
        begun = await begin(house, pool, user)
        house.clock.advance(99)
        assert 1 == len(await live(house, pool, begun.handles))
        house.clock.advance(51)
        assert () == await live(house, pool, begun.handles)


async def test_a_use_is_written_down_once_a_minute(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)
    written = begun.signed_in.session.version

    house.clock.advance(SEEN_AGAIN - 1)
    (found,) = await live(house, pool, begun.handles)
    assert written == found.session.version
    house.clock.advance(1)
    (found,) = await live(house, pool, begun.handles)

    assert written != found.session.version
    assert house.clock.now() == found.session.seen


# --- step-up ---------------------------------------------------------------------------------------------------------


async def test_a_step_up_adds_what_was_proven_and_changes_the_handle(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)
    assert assurance.ONE == begun.signed_in.acr

    risen = await house.services.sessions.step_up(pool, begun.signed_in, begun.handles, ("totp",))

    assert assurance.TWO == risen.signed_in.acr
    assert ("pwd", "otp", "mfa") == risen.signed_in.amr
    assert begun.signed_in.session.id == risen.signed_in.session.id
    assert begun.signed_in.session.auth_time == risen.signed_in.session.auth_time
    assert () == await live(house, pool, begun.handles)
    assert 1 == len(await live(house, pool, risen.handles))


async def test_a_step_up_revives_no_session_that_ended_meanwhile(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)
    house.clock.advance(1)
    await house.services.users.sign_out_everywhere(pool, "jane")

    with pytest.raises(InvalidSession):
        await house.services.sessions.step_up(pool, begun.signed_in, begun.handles, ("totp",))

    assert [] == await house.services.sessions.of_user(await fresh(house, user))


async def test_of_a_hundred_step_ups_with_one_handle_one_counts(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)

    async def once() -> bool:
        try:
            await house.services.sessions.step_up(pool, begun.signed_in, begun.handles, ("totp",))
        except InvalidSession:
            return False
        return True

    assert 1 == sum(await asyncio.gather(*(once() for _ in range(100))))
    assert 1 == len(await house.services.sessions.of_user(await fresh(house, user)))


async def test_a_password_that_was_changed_in_a_session_does_not_end_it_and_a_later_one_does(
    house: House, pool: Pool, user: User
) -> None:
    begun = await begin(house, pool, user)
    house.clock.advance(1)
    current = await fresh(house, user)
    changed = await house.built.ports.users.save(
        pool, replace(current, credential=replace(current.credential, set_at=house.clock.now()))
    )

    renewed = await house.services.sessions.renew(pool, begun.signed_in, begun.handles, changed)

    assert begun.handles != renewed.handles
    assert 1 == len(await live(house, pool, renewed.handles))
    house.clock.advance(1)
    await house.services.users.set_password(pool, "jane", NEW_PASSWORD, permanent=True)
    assert () == await live(house, pool, renewed.handles)


# --- what ends them --------------------------------------------------------------------------------------------------


async def _signs_out(house: House, pool: Pool, client: Client) -> None:
    tokens = await house.sign_in(client)
    await house.services.profile.sign_out_everywhere(tokens.access)


async def _is_signed_out(house: House, pool: Pool, _: Client) -> None:
    await house.services.users.sign_out_everywhere(pool, "jane")


async def _is_disabled(house: House, pool: Pool, _: Client) -> None:
    await house.services.users.disable(pool, "jane")
    await house.services.users.enable(pool, "jane")


async def _is_deleted(house: House, pool: Pool, _: Client) -> None:
    await house.services.users.delete(pool, "jane")


async def _has_to_reset(house: House, pool: Pool, _: Client) -> None:
    await house.services.recovery.require(pool, "jane", {})


async def _is_given_a_password(house: House, pool: Pool, _: Client) -> None:
    await house.services.users.set_password(pool, "jane", NEW_PASSWORD, permanent=True)


async def _changes_the_password(house: House, pool: Pool, client: Client) -> None:
    tokens = await house.sign_in(client)
    await house.services.profile.change_password(tokens.access, PASSWORD, NEW_PASSWORD)


async def _recovers(house: House, pool: Pool, client: Client) -> None:
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(
        client, "jane", house.last_code(), NEW_PASSWORD, metadata={}, secret_hash=None
    )


Ends = Callable[[House, Pool, Client], Awaitable[None]]


@pytest.mark.parametrize(
    "happens",
    [
        _signs_out,
        _is_signed_out,
        _is_disabled,
        _is_deleted,
        _has_to_reset,
        _is_given_a_password,
        _changes_the_password,
        _recovers,
    ],
)
async def test_this_ends_every_session_of_the_user_and_its_clients_are_told(
    happens: Ends, house: House, pool: Pool, client: Client, user: User
) -> None:
    app = await told_of(house, pool)
    other = await house.user(client, "john")
    here, there, others = [await begin(house, pool, one) for one in (user, user, other)]
    await house.services.sessions.joined(here.signed_in, app.id)
    house.clock.advance(1)

    await happens(house, pool, client)

    assert () == await live(house, pool, here.handles)
    assert () == await live(house, pool, there.handles)
    assert None is await kept(house, here.signed_in.session)
    assert 1 == len(await live(house, pool, others.handles))
    notices = [Notice.of(job.subject) for job in await jobs(house)]
    assert [(here.signed_in.session.id, app.id)] == [(one.session_id, one.client_id) for one in notices]


@pytest.mark.parametrize("happens", [_signs_out, _is_signed_out])
async def test_a_setting_lets_sessions_outlive_a_sign_out_everywhere(happens: Ends) -> None:
    async with opened_house(sessions=Sessions(outlive_sign_out=True)) as house:
        pool = await house.pool()
        client = await house.client(pool)
        user = await house.user(client)
        begun = await begin(house, pool, user)
        house.clock.advance(1)

        await happens(house, pool, client)

        assert 1 == len(await live(house, pool, begun.handles))
        await house.services.users.disable(pool, "jane")
        assert () == await live(house, pool, begun.handles)


def _disabled(user: User) -> User:
    return replace(user, enabled=False)


def _to_be_reset(user: User) -> User:
    return replace(user, status=RESET_REQUIRED)


def _signed_out_elsewhere(user: User) -> User:
    return replace(user, epoch=user.epoch + 1)


def _with_another_password(user: User) -> User:
    assert user.credential is not None
    return replace(user, credential=replace(user.credential, set_at=user.credential.set_at + 1))


BY_THE_RECORD = [_disabled, _to_be_reset, _signed_out_elsewhere, _with_another_password]


@pytest.mark.parametrize("edit", BY_THE_RECORD)
async def test_what_stands_in_the_users_record_ends_a_session_though_nothing_else_was_done(
    edit: Callable[[User], User], house: House, pool: Pool, user: User
) -> None:
    """As after a crash behind the write of the user."""
    app = await told_of(house, pool)
    begun = await begin(house, pool, user)
    await house.services.sessions.joined(begun.signed_in, app.id)

    await house.built.ports.users.save(pool, edit(await fresh(house, user)))

    assert [] == list(await house.services.sessions.of_user(await fresh(house, user)))
    assert None is await house.services.sessions.standing(await fresh(house, user), begun.signed_in.session.id)
    assert () == await live(house, pool, begun.handles)
    assert 1 == len(await jobs(house))


@pytest.mark.parametrize("edit", BY_THE_RECORD)
async def test_no_step_up_carries_a_session_over_what_ended_it(
    edit: Callable[[User], User], house: House, pool: Pool, user: User
) -> None:
    begun = await begin(house, pool, user)
    await house.built.ports.users.save(pool, edit(await fresh(house, user)))

    with pytest.raises(InvalidSession):
        await house.services.sessions.step_up(pool, begun.signed_in, begun.handles, ("totp",))

    assert () == await live(house, pool, begun.handles)


async def test_an_end_revokes_what_was_given_in_the_session_but_for_use_without_the_user(
    house: House, pool: Pool, client: Client, user: User
) -> None:
    begun, elsewhere = await begin(house, pool, user), await begin(house, pool, user)
    online = await grant_in(house, begun.signed_in, client.id)
    offline = await grant_in(house, begun.signed_in, client.id, "openid", "offline_access")
    other = await grant_in(house, elsewhere.signed_in, client.id)

    ended = await house.services.sessions.end(pool, begun.handles)

    grants = [await house.built.ports.grants.get(pool.id, grant.id) for grant in (online, offline, other)]
    assert [begun.signed_in.session.id] == [session.id for session in ended]
    assert [True, False, False] == [grant.revoked for grant in grants if grant is not None]
    assert () == await live(house, pool, begun.handles)
    assert 1 == len(await live(house, pool, elsewhere.handles))


async def test_one_of_several_accounts_is_signed_out_alone(house: House, pool: Pool, client: Client) -> None:
    jane, john = await house.user(client, "jane"), await house.user(client, "john")
    both = await begin(house, pool, john, held=(await begin(house, pool, jane)).handles)

    await house.services.sessions.end(pool, both.handles, jane.sub)

    assert [john.sub] == [one.user.sub for one in await live(house, pool, both.handles)]


async def test_the_sessions_of_a_user_are_listed_and_ended_one_by_one(
    house: House, pool: Pool, client: Client, user: User
) -> None:
    other = await house.user(client, "john")
    here, there = await begin(house, pool, user), await begin(house, pool, user)
    user, other = await fresh(house, user), await fresh(house, other)

    listed = {session.id for session in await house.services.sessions.of_user(user)}

    assert {here.signed_in.session.id, there.signed_in.session.id} == listed
    assert not await house.services.sessions.end_one(other, here.signed_in.session.id)
    assert await house.services.sessions.end_one(user, here.signed_in.session.id)
    assert () == await live(house, pool, here.handles)
    assert 1 == len(await live(house, pool, there.handles))


async def test_an_end_that_was_cut_short_is_finished_by_whoever_comes_next(
    house: House, pool: Pool, client: Client, user: User
) -> None:
    app = await told_of(house, pool)
    begun = await begin(house, pool, user)
    joined = await house.services.sessions.joined(begun.signed_in, app.id)
    given = await grant_in(house, joined, client.id)
    cut_short = replace(joined.session, ended=house.clock.now(), revokes=True)
    await house.built.ports.sessions.save(cut_short)

    assert () == await live(house, pool, begun.handles)

    grant = await house.built.ports.grants.get(pool.id, given.id)
    assert grant is not None
    assert grant.revoked
    assert 1 == len(await jobs(house))
    assert None is await kept(house, joined.session)


async def test_an_end_is_for_the_session_whatever_its_handle_is_by_then(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)
    stale = begun.signed_in.session

    class LateEnd:
        """The sessions as they are, but for the first look at one, which is old by now."""

        def __getattr__(self, name: str) -> Any:
            return getattr(house.built.ports.sessions, name)

        async def get(self, *_: str) -> BrowserSession:
            return stale

    risen = await house.services.sessions.step_up(pool, begun.signed_in, begun.handles, ("totp",))
    late = BrowserSessions(
        house.built.world,
        LateEnd(),
        house.built.ports.users,
        house.built.ports.grants,
        Notices(house.built.ports.clients, house.built.ports.jobs).put,
        USUAL,
    )

    assert 1 == len(await late.end(pool, begun.handles))
    assert () == await live(house, pool, risen.handles)


async def test_a_client_that_joins_while_the_session_ends_is_told_or_refused(
    house: House, pool: Pool, user: User
) -> None:
    app = await told_of(house, pool)
    begun = await begin(house, pool, user)
    await house.services.sessions.end(pool, begun.handles)

    with pytest.raises(InvalidSession):
        await house.services.sessions.joined(begun.signed_in, app.id)

    assert [] == await jobs(house)


async def test_clients_that_join_at_the_same_moment_are_all_remembered(house: House, pool: Pool, user: User) -> None:
    begun = await begin(house, pool, user)

    await asyncio.gather(*(house.services.sessions.joined(begun.signed_in, f"app{number}") for number in range(20)))

    (found,) = await live(house, pool, begun.handles)
    assert {f"app{number}" for number in range(20)} == set(found.session.clients)


# --- sid -------------------------------------------------------------------------------------------------------------


async def test_a_sid_is_of_one_client_and_one_session(house: House, pool: Pool, user: User) -> None:
    sessions = house.services.sessions
    here, there = await begin(house, pool, user), await begin(house, pool, user)
    again = await begin(house, pool, user, held=here.handles)

    sid = sessions.sid(here.signed_in.session, "app")

    assert sid == sessions.sid(again.signed_in.session, "app")
    assert 3 == len({sid, sessions.sid(here.signed_in.session, "web"), sessions.sid(there.signed_in.session, "app")})
    assert here.signed_in.session.id not in sid


# --- size ------------------------------------------------------------------------------------------------------------


async def test_no_session_is_held_in_memory_beside_its_document(house: House, pool: Pool, user: User) -> None:
    def held() -> list[str]:
        return sorted(f"{name}: {len(value)}" for name, value in vars(house.services.sessions).items() if sized(value))

    before = held()
    for _ in range(50):
        begun = await begin(house, pool, user)
        await live(house, pool, begun.handles)

    assert before == held()


def sized(value: object) -> bool:
    return isinstance(value, dict | list | set | tuple)
