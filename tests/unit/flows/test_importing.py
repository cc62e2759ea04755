"""Users from elsewhere are put into a pool, and taken out again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.cli.users import summary
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.lines import UserLine
from poolhouse.flows.transfer.running import Count, Source, Told
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.server.app import Server
from tests.unit.cli.world import NOON, new_pool, server_in_memory

FOREIGN = "pbkdf2_sha256$1000$salt$hQG9ZhnULk1xyuHqIvF8rkqRo2UPEkjGKLFP8UBmKZU="
SUB = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with server_in_memory() as built:
        yield built


@pytest.fixture
async def pool(server: Server) -> Pool:
    return await new_pool(server)


async def imported(
    server: Server, pool: Pool, lines: Iterable[Any], manner: Manner | None = None
) -> tuple[Count, list[tuple[int, str]]]:
    complaints: list[tuple[int, str]] = []
    written = [(line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines]
    told = Told(wrong=lambda number, text: complaints.append((number, text)))
    count = await server.services.imports.run(pool, Source(lines=written), manner or Manner(), told)
    return count, complaints


async def exported(server: Server, pool: Pool, *, hashes: bool = True) -> list[dict[str, Any]]:
    lines: list[bytes] = []
    await server.services.exports.run(pool, lines.append, hashes=hashes)
    return [json.loads(line) for line in lines]


async def the_user(server: Server, pool: Pool, username: str) -> User:
    return await server.services.users.require(pool, username)


async def test_a_user_with_a_known_hash_is_confirmed_with_it(server: Server, pool: Pool) -> None:
    line = {"username": "jane", "sub": SUB, "attributes": {"email": "jane@example.com"}, "password_hash": FOREIGN}
    count, _ = await imported(server, pool, [line])
    user = await the_user(server, pool, "jane")

    assert Count(imported=1) == count
    assert (SUB, "CONFIRMED", {"email": "jane@example.com"}) == (user.sub, user.status, user.attributes)
    assert user.credential is not None
    assert (FOREIGN, NOON) == (user.credential.hash, user.credential.set_at)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, "RESET_REQUIRED"),
        ("CONFIRMED", "RESET_REQUIRED"),
        ("FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"),
        ("UNCONFIRMED", "UNCONFIRMED"),
        ("EXTERNAL_PROVIDER", "EXTERNAL_PROVIDER"),
    ],
)
async def test_a_user_without_a_hash_has_to_choose_a_password(
    server: Server, pool: Pool, given: str | None, stored: str
) -> None:
    line = {"username": "jane", "enabled": False} | ({"status": given} if given else {})
    await imported(server, pool, [line])
    user = await the_user(server, pool, "jane")

    assert (stored, False, None) == (user.status, user.enabled, user.credential)


async def test_users_that_exist_are_skipped_so_an_import_can_be_run_again(server: Server, pool: Pool) -> None:
    lines = [{"username": name, "attributes": {"nickname": "new"}} for name in ("jane", "joe")]
    await imported(server, pool, lines[:1])
    count, complaints = await imported(server, pool, [*lines, *lines])

    assert Count(imported=1, skipped=3) == count
    assert complaints == []


async def test_lines_that_cannot_be_done_are_told_with_their_numbers_and_without_their_values(
    server: Server, pool: Pool
) -> None:
    lines: list[Any] = [
        b"not json",
        {"user": "jane"},
        {"username": "jane", "status": "HAPPY"},
        {"username": "jane", "password_hash": "hidden$format"},
        {"username": "jane", "attributes": {"email": "hidden"}},
        {"username": "jane", "attributes": {"custom:none": "hidden"}},
        {"username": "jane", "sub": "hidden"},
        {"username": "jane", "groups": ["hidden"]},
        {"username": "jane", "attributes": {"sub": "hidden"}},
        b"",
        {"username": "joe"},
    ]
    count, complaints = await imported(server, pool, lines)

    assert Count(imported=1, wrong=9) == count
    assert list(range(1, 10)) == sorted(number for number, _ in complaints)
    assert [text for _, text in complaints if "hidden" in text] == []


async def test_a_dry_run_finds_the_same_mistakes_and_writes_nothing(server: Server, pool: Pool) -> None:
    lines = [{"username": "jane", "groups": ["staff"]}, {"username": "joe", "password_hash": "x"}]
    count, complaints = await imported(server, pool, lines, Manner(dry_run=True, creates_groups=True))

    assert Count(imported=1, wrong=1) == count
    assert [2] == [number for number, _ in complaints]
    assert await exported(server, pool) == []
    assert (await server.services.groups.page(pool.id, 10, None)).items == []


async def test_groups_are_joined_and_made_only_where_that_is_asked_for(server: Server, pool: Pool) -> None:
    await server.services.groups.create(pool.id, "staff", GroupSettings(precedence=1))
    lines = [{"username": "jane", "groups": ["staff"]}, {"username": "joe", "groups": ["staff", "new"]}]
    first, complaints = await imported(server, pool, lines)
    second, _ = await imported(server, pool, lines, Manner(creates_groups=True))
    joe = await the_user(server, pool, "joe")

    assert (Count(imported=1, wrong=1), Count(imported=1, skipped=1)) == (first, second)
    assert [(2, "there is no group of one of these names; make it, or say --create-groups")] == complaints
    assert ["staff", "new"] == [group.name for group in await server.services.groups.all_of_user(joe)]


async def test_an_alias_that_another_user_holds_is_not_taken(server: Server) -> None:
    pool = await new_pool(server, PoolFoundation(alias_attributes=("email",)))
    attributes = {"email": "jane@example.com", "email_verified": "true"}
    lines = [
        {"username": "jane", "attributes": attributes},
        {"username": "joe", "attributes": attributes, "groups": ["g"]},
    ]
    await imported(server, pool, lines[:1])
    count, complaints = await imported(server, pool, lines[1:], Manner(creates_groups=True))
    members = await server.services.groups.members(pool.id, "g", 10, None)

    assert Count(wrong=1) == count
    assert [(1, "another user holds this email")] == complaints
    assert members.items == []


async def test_an_id_that_another_user_has_is_refused(server: Server, pool: Pool) -> None:
    await imported(server, pool, [{"username": "jane", "sub": SUB}])
    count, complaints = await imported(server, pool, [{"username": "joe", "sub": SUB}])

    assert Count(wrong=1) == count
    assert [(1, "another user has this sub")] == complaints


async def test_a_round_trip_changes_nothing(server: Server, pool: Pool) -> None:
    await server.services.groups.create(pool.id, "staff", GroupSettings())
    await server.services.users.invite(pool, Invitation(username="joe", password="Passw0rd!", silent=True))
    lines = [
        {
            "username": "jane",
            "sub": SUB,
            "status": "CONFIRMED",
            "enabled": False,
            "attributes": {"email": "jane@example.com", "email_verified": "true", "name": "Jane"},
            "groups": ["staff"],
            "password_hash": FOREIGN,
            "password_history": [FOREIGN],
            "created": 1_600_000_000.5,
            "modified": 1_700_000_000.5,
        }
    ]
    await imported(server, pool, lines)
    before = await exported(server, pool)
    for line in before:
        await server.services.users.delete(pool, line["username"])
    count, complaints = await imported(server, pool, before)

    assert (Count(imported=2), []) == (count, complaints)
    assert before == await exported(server, pool)


async def test_where_people_sign_in_with_an_address_the_round_trip_keeps_their_ids(server: Server) -> None:
    pool = await new_pool(server, PoolFoundation(username_attributes=("email",)))
    first, _ = await imported(server, pool, [{"username": "jane@example.com"}])
    before = await exported(server, pool)
    again, _ = await imported(server, pool, [{"username": "jane@example.com"}, *before])
    await server.services.users.delete(pool, "jane@example.com")
    back, complaints = await imported(server, pool, before)

    assert [(1, 0), (0, 2), (1, 0)] == [(each.imported, each.skipped) for each in (first, again, back)]
    assert complaints == []
    assert before == await exported(server, pool)


async def test_hashes_with_the_pepper_of_another_master_key_are_refused(server: Server, pool: Pool) -> None:
    await server.services.users.invite(pool, Invitation(username="joe", password="Passw0rd!", silent=True))
    (line,) = await exported(server, pool)
    async with server_in_memory(master_key=b"another key, of thirty-two bytes") as other:
        elsewhere = await new_pool(other)
        count, complaints = await imported(other, elsewhere, [line, {**line, "password_key": None}])
        (without,) = await exported(server, pool, hashes=False)
        moved, _ = await imported(other, elsewhere, [without])
        user = await the_user(other, elsewhere, "joe")

    assert Count(wrong=2) == count
    assert all("another master key" in text for _, text in complaints)
    assert Count(imported=1) == moved
    assert ("RESET_REQUIRED", None) == (user.status, user.credential)
    assert "$ph$" not in json.dumps(without)


def test_a_line_shows_no_user_in_its_repr() -> None:
    assert repr(UserLine(username="jane")) == "<a user's line>"


# --- files as others write them --------------------------------------------------------------------------------------

MILLISECONDS = 1_700_000_000_000


@pytest.mark.parametrize("field", ["created", "modified", "password_set_at", "temporary_until"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (MILLISECONDS, "is in seconds since 1970; this looks like milliseconds"),
        (MILLISECONDS * 1000, "is in seconds since 1970; this looks like microseconds"),
        (1e300, "lies between 1970 and"),
        (-5, "lies between 1970 and"),
        (NOON + 1000 * 86400, "lies between 1970 and"),
    ],
)
async def test_a_time_that_is_none_is_said_and_not_stored(
    field: str, value: float, why: str, server: Server, pool: Pool
) -> None:
    line = {"username": "mia", "password_hash": FOREIGN, field: value}

    for manner in (Manner(dry_run=True), Manner()):
        count, complaints = await imported(server, pool, [line], manner)
        assert (0, 1) == (count.imported, count.wrong)
        ((number, said),) = complaints
        assert 1 == number
        assert said.startswith(f"{field} {why}")
    assert [] == await exported(server, pool)


async def test_a_byte_order_mark_and_windows_line_ends_cost_nobody(server: Server, pool: Pool) -> None:
    written = [b'\xef\xbb\xbf{"username":"xi"}\r\n', b"\r\n", b'{"username":"yo"}']

    count = await server.services.imports.run(pool, Source(lines=written), Manner(), Told())

    assert Count(imported=2) == count


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ('{"username":"xi"}\n'.encode("utf-16"), "UTF-16"),
        ('{"username":"xi"}\n'.encode("utf-16-be"), "UTF-16"),
        (b"\x1f\x8b\x08\x00rest\n", "gzip"),
        (b'[{"username":"xi"},\n', "an array"),
        (b"\xef\xbb\xbf[\n", "an array"),
        (b"{\n", "more than one line"),
        (b"{\r\n", "more than one line"),
    ],
)
async def test_a_file_of_another_form_is_refused_once_and_by_name(
    start: bytes, why: str, server: Server, pool: Pool
) -> None:
    complaints: list[int] = []
    told = Told(wrong=lambda number, _: complaints.append(number))

    with pytest.raises(errors.InvalidParameter, match=why):
        await server.services.imports.run(pool, Source(lines=[b"\n", start, b"x\n"]), Manner(), told)

    assert [] == complaints


SAME = {"email": "same@example.com", "email_verified": "true"}


@pytest.mark.parametrize(
    "lines",
    [
        [{"username": "one", "attributes": SAME}, {"username": "two", "attributes": SAME}],
        [{"username": "one", "sub": SUB}, {"username": "two", "sub": SUB}],
        [{"username": "one"}, {"username": "one"}],
        [{"username": "one"}, {"username": "o\u034fne"}],
        [{"username": "one", "attributes": {"preferred_username": "two"}}, {"username": "two"}],
        [{"username": "one", "attributes": SAME}, {"username": "there"}],
        [{"username": "one", "attributes": {"email": "there@example.com", "email_verified": "true"}}],
    ],
    ids=["address", "id", "name", "look-alike", "preferred", "there", "address there"],
)
async def test_the_rehearsal_says_what_the_act_says(lines: list[dict[str, Any]], server: Server) -> None:
    pool = await server.services.pools.create(
        "eu-north-1", "aliases", PoolSettings(), PoolFoundation(alias_attributes=("email", "preferred_username"))
    )
    there = {"email": "there@example.com", "email_verified": "true"}
    await imported(server, pool, [{"username": "there", "attributes": there}])

    rehearsed = await imported(server, pool, lines, Manner(dry_run=True))
    done = await imported(server, pool, lines)

    assert done == rehearsed
    assert len(lines) > done[0].imported


async def test_what_an_older_version_stored_keeps_nobody_from_seeing_the_others(server: Server, pool: Pool) -> None:
    await imported(server, pool, [{"username": "mia"}])
    mia = await the_user(server, pool, "mia")

    said = summary(replace(mia, created=1_700_000_000_000.0, modified=1e300))

    assert ("1700000000000.0 (no time)", "1e+300 (no time)") == (said["created"], said["modified"])
