"""What users do with their own records, and administrators with those of users."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.ports.users import UserFilter
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasswordPolicy, Pool
from tests.support.house import PASSWORD, House

NEW = "An0ther-Horse!"


async def test_a_user_reads_the_own_attributes(house: House, client: Client) -> None:
    await house.user(client)

    _, attributes = await house.services.profile.show((await house.sign_in(client)).access)

    assert attributes == {"email": "jane@example.com", "email_verified": "true"}


async def test_a_client_shows_only_what_it_may_read(house: House, pool: Pool, client: Client) -> None:
    await house.user(client, email="jane@example.com", name="Jane")
    shy = await house.client(pool, read_attributes=("name",))

    _, attributes = await house.services.profile.show((await house.sign_in(shy)).access)

    assert attributes == {"name": "Jane"}


async def test_a_new_address_is_unverified_until_its_code_comes_back(house: House, client: Client) -> None:
    await house.user(client)
    access = (await house.sign_in(client)).access

    await house.services.profile.update(access, {"email": "new@example.com"}, {})

    assert house.messages[-1].to == "new@example.com"
    _, attributes = await house.services.profile.show(access)
    assert attributes["email_verified"] == "false"
    await house.services.profile.verify(access, "email", house.last_code())
    _, attributes = await house.services.profile.show(access)
    assert attributes == {"email": "new@example.com", "email_verified": "true"}


async def test_where_the_pool_wants_it_the_old_address_stays_until_the_new_one_is_verified(house: House) -> None:
    client = await house.client(await house.pool(verify_before_update=("email",)))
    await house.user(client)
    access = (await house.sign_in(client)).access

    await house.services.profile.update(access, {"email": "new@example.com"}, {})

    _, attributes = await house.services.profile.show(access)
    assert attributes == {"email": "jane@example.com", "email_verified": "true"}
    await house.services.profile.verify(access, "email", house.last_code())
    _, attributes = await house.services.profile.show(access)
    assert attributes == {"email": "new@example.com", "email_verified": "true"}


async def test_the_code_for_one_address_verifies_no_other(house: House, client: Client) -> None:
    await house.user(client)
    access = (await house.sign_in(client)).access
    await house.services.profile.update(access, {"email": "mine@example.com"}, {})
    code = house.last_code()
    await house.services.users.update(
        await house.services.pools.get(client.pool_id),
        "jane",
        {"email": "victim@example.com", "email_verified": "false"},
        {},
    )

    with pytest.raises((errors.CodeExpired, errors.CodeMismatch)):
        await house.services.profile.verify(access, "email", code)


async def test_verified_flags_are_not_the_users_to_write(house: House, client: Client) -> None:
    """Security row 4."""
    await house.user(client)
    access = (await house.sign_in(client)).access

    with pytest.raises(errors.NotAuthorized, match="unauthorized attribute"):
        await house.services.profile.update(access, {"email": "x@example.com", "email_verified": "true"}, {})


async def test_an_attribute_that_the_client_may_not_write_stays(house: House) -> None:
    """Security row 5."""
    pool = await house.pool(foundation=PoolFoundation(declarations=(Declaration(name="role", type="String"),)))
    client = await house.client(pool, write_attributes=("email",), read_attributes=("email", "custom:role"))
    await house.user(client)
    access = (await house.sign_in(client)).access

    with pytest.raises(errors.NotAuthorized):
        await house.services.profile.update(access, {"custom:role": "admin"}, {})


async def test_a_changed_password_is_the_one_that_works_and_tokens_go_on(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    await house.services.profile.change_password(tokens.access, PASSWORD, NEW)

    assert await house.bearer(tokens)
    assert (await house.sign_in(client, password=NEW)).access
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client)


async def test_changing_the_password_needs_the_present_one(house: House, client: Client) -> None:
    await house.user(client)
    access = (await house.sign_in(client)).access

    for wrong in (NEW, None):
        with pytest.raises(errors.WrongCredentials):
            await house.services.profile.change_password(access, wrong, NEW)


async def test_a_password_of_the_history_is_refused(house: House) -> None:
    client = await house.client(await house.pool(password_policy=PasswordPolicy(history=2)))
    await house.user(client)
    access = (await house.sign_in(client)).access
    await house.services.profile.change_password(access, PASSWORD, NEW)

    with pytest.raises(errors.PasswordHistoryViolation):
        await house.services.profile.change_password(access, NEW, PASSWORD)


async def test_a_deleted_name_can_be_used_again_by_somebody_with_another_id(house: House, client: Client) -> None:
    before = await house.user(client)
    await house.services.profile.delete((await house.sign_in(client)).access)

    after = await house.user(client)

    assert before.sub != after.sub


# --- administrators --------------------------------------------------------------------------------------------------


async def test_an_invitation_carries_name_and_temporary_password(house: House, pool: Pool) -> None:
    await house.services.users.invite(
        pool,
        Invitation(username="jane", attributes={"email": "jane@example.com"}, password=PASSWORD, mediums=("EMAIL",)),
    )

    assert "jane" in house.messages[-1].body
    assert PASSWORD in house.messages[-1].body


async def test_a_second_invitation_replaces_the_password(house: House, pool: Pool, client: Client) -> None:
    invitation = Invitation(username="jane", attributes={"email": "jane@example.com"})
    await house.services.users.invite(pool, invitation)
    first = house.last_code()

    await house.services.users.invite_again(pool, invitation)

    with pytest.raises(errors.WrongCredentials):
        await house.begin(client, password=first)
    assert await house.begin(client, password=house.last_code())


async def test_only_invited_users_can_be_invited_again(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.UnsupportedUserState, match="Resend not possible"):
        await house.services.users.invite_again(pool, Invitation(username="jane"))


async def test_a_permanent_password_confirms_the_user(house: House, pool: Pool, client: Client) -> None:
    await house.sign_up(client)

    await house.services.users.set_password(pool, "jane", NEW, permanent=True)

    assert (await house.sign_in(client, password=NEW)).access


async def test_an_administrator_may_say_that_an_address_is_verified(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    sent = len(house.messages)

    await house.services.users.update(pool, "jane", {"email": "new@example.com", "email_verified": "true"}, {})

    changed = await house.services.users.require(pool, "jane")
    assert changed.attributes == {"email": "new@example.com", "email_verified": "true"}
    assert changed.sub == user.sub
    assert len(house.messages) == sent


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (UserFilter("username", "jane"), ["jane"]),
        (UserFilter("username", "JANE"), []),
        (UserFilter("email", "J", prefix=True), ["jane", "john"]),
        (UserFilter("email", "JOHN@example.com"), ["john"]),
        (UserFilter("cognito:user_status", "unconfirmed"), ["zoe"]),
        (UserFilter("status", "Disabled"), ["john"]),
        (UserFilter("name", 'x" or "a"="a'), []),
    ],
)
async def test_users_are_found_by(
    house: House, pool: Pool, client: Client, wanted: UserFilter, expected: list[str]
) -> None:
    for name in ("jane", "john"):
        await house.user(client, name)
    await house.sign_up(client, "zoe")
    await house.services.users.disable(pool, "john")

    page = await house.services.users.page(pool, wanted, 60, None)

    assert [user.username for user in page.items] == expected


async def test_pages_of_users_follow_each_other_and_their_cursors_fit_nothing_else(
    house: House, pool: Pool, client: Client
) -> None:
    names = sorted(f"user{n}" for n in range(7))
    for name in names:
        await house.sign_up(client, name)
    seen: list[str] = []
    cursor: str | None = None
    cursors = []
    while True:
        page = await house.services.users.page(pool, None, 3, cursor)
        seen += [user.username for user in page.items]
        cursor = page.cursor
        if cursor is None:
            break
        cursors.append(cursor)

    assert sorted(seen) == names
    changed = cursors[0][:8] + ("A" if cursors[0][8] != "A" else "B") + cursors[0][9:]
    for wrong in (changed, "e30=", "x"):
        with pytest.raises(errors.InvalidParameter, match="Invalid pagination token"):
            await house.services.users.page(pool, None, 3, wrong)
    with pytest.raises(errors.InvalidParameter):
        await house.services.users.page(pool, UserFilter("status", "Enabled"), 3, cursors[0])
    house.clock.advance(3600)
    with pytest.raises(errors.InvalidParameter):
        await house.services.users.page(pool, None, 3, cursors[0])
