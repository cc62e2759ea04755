"""Temporary credentials: what is sealed in them, who can open them, and when they are over."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from poolhouse.errors import AccessKeyUnknown, CredentialsExpired, IdentityPoolNotFound, SessionTooLarge
from poolhouse.flows.access.credentials import TOKEN_LIMIT, TemporaryCredentials
from poolhouse.flows.access.revocations import GONE, RevocationBook
from poolhouse.flows.access.temporary import assumed_role_arn
from poolhouse.ports.access import Credentials, Session
from poolhouse.records.access import Role
from poolhouse.records.identities import Identity, IdentityPool
from poolhouse.server.world import SystemChance
from tests.support.json_api import ACCOUNT, NOON, ROOT, ManualClock
from tests.support.temporary import IDENTITY, POOL, ROLE, SomeRole, TemporaryWorld, session, vault

NEWER = bytes(range(1, 33))
OLDER = bytes(range(32))


def made(*keys: bytes, at_most: int = 4096) -> TemporaryCredentials:
    return TemporaryCredentials(vault(*keys), SystemChance(), at_most=at_most)


def opened(credentials: TemporaryCredentials, some: Credentials) -> tuple[Session, bytes]:
    found = credentials.open(some.access_key_id, some.session_token)
    return found.session, found.secret


FULL = session(
    amr=("authenticated", "accounts.example"),
    provider="accounts.example",
    subject="someone",
    audience="app",
    tags={"department": "sales"},
    policies=({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},),
)


def test_credentials_have_the_form_that_clients_know() -> None:
    some = made().issue(session())

    assert re.fullmatch("ASIA[A-Z2-7]{16}", some.access_key_id)
    assert 40 == len(some.secret)
    assert re.fullmatch(r"v1\.[0-9a-f]{12}\.[A-Za-z0-9_-]+", some.session_token)
    assert NOON + 3600 == some.expires


@pytest.mark.parametrize("of", [session(), FULL, session(identity_id=None, pool_id=None, amr=())])
def test_what_was_sealed_is_opened_without_asking_anybody(of: Session) -> None:
    credentials = made()
    some = credentials.issue(of)

    assert (of, some.secret.encode()) == opened(made(), some)


def test_a_usual_token_is_small() -> None:
    assert len(made().issue(session()).session_token) < 400


def test_another_key_id_or_a_changed_token_opens_nothing() -> None:
    credentials = made()
    one, other = credentials.issue(session()), credentials.issue(session())

    with pytest.raises(AccessKeyUnknown):
        credentials.open(one.access_key_id, other.session_token)
    for at in range(len(one.session_token) - 1):
        changed = "A" if one.session_token[at] != "A" else "B"
        with pytest.raises(AccessKeyUnknown):
            credentials.open(one.access_key_id, one.session_token[:at] + changed + one.session_token[at + 1 :])


def test_a_token_that_is_written_otherwise_has_another_secret() -> None:
    credentials = made()
    some = credentials.issue(session())
    # Decoders of base64 pass over what is no letter of theirs.
    padded = Credentials(**{**structs.asdict(some), "session_token": some.session_token + "="})

    try:
        secret = opened(credentials, padded)[1]
    except AccessKeyUnknown:
        return
    assert some.secret.encode() != secret


def test_what_an_older_master_key_sealed_opens_after_a_rotation_and_not_when_the_key_is_gone() -> None:
    some = made(OLDER).issue(session())

    assert (session(), some.secret.encode()) == opened(made(NEWER, OLDER), some)
    with pytest.raises(AccessKeyUnknown):
        opened(made(NEWER), some)


@given(st.text(max_size=300) | st.text("v1.abcdef0123456789-_", max_size=300), st.text(max_size=30))
def test_no_garbage_is_anything_but_unknown(token: str, key_id: str) -> None:
    for name in (key_id, "ASIA" + key_id, "ASIAAAAAAAAAAAAAAAAA"):
        with pytest.raises(AccessKeyUnknown):
            made().open(name, token)


def test_what_would_fit_into_no_header_is_not_made() -> None:
    with pytest.raises(SessionTooLarge):
        made().issue(session(tags={"long": "x" * TOKEN_LIMIT}))
    with pytest.raises(AccessKeyUnknown):
        made().open("ASIAAAAAAAAAAAAAAAAA", "v1." + "a" * TOKEN_LIMIT)


def test_only_so_many_are_remembered() -> None:
    credentials = made(at_most=2)
    for _ in range(3):
        opened(credentials, credentials.issue(session()))

    assert 2 == len(credentials._opened)


def test_no_secret_is_in_the_text_of_what_holds_it() -> None:
    credentials = made()
    some = credentials.issue(session())
    found = credentials.open(some.access_key_id, some.session_token)

    for text in (repr(some), repr(found)):
        assert some.secret not in text
        assert some.session_token not in text


# --- the caller ------------------------------------------------------------------------------------------------------


async def test_the_caller_is_the_session_of_the_role() -> None:
    world = TemporaryWorld()
    some = world.credentials.issue(FULL)

    known = await world.callers.find(some.access_key_id, some.session_token)

    assert known is not None
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/Guests/CognitoIdentityCredentials" == known.caller.arn
    assert FULL == known.caller.session
    assert some.secret.encode() == known.secret
    assert known.caller == await world.callers.admit(known)


async def test_a_temporary_key_without_its_token_is_nobody_and_no_other_key_has_one() -> None:
    world = TemporaryWorld()
    some = world.credentials.issue(session())

    assert await world.callers.find(some.access_key_id) is None
    assert await world.callers.find(ROOT[0], some.session_token) is None
    assert await world.callers.find(ROOT[0], "") is None


async def test_what_a_role_may_do_is_put_together_again_only_when_the_role_changed() -> None:
    world = TemporaryWorld()
    some = world.credentials.issue(session())
    first = await world.callers.find(some.access_key_id, some.session_token)

    assert await world.callers.find(some.access_key_id, some.session_token) is first
    world.roles.roles[ROLE] = SomeRole()
    assert await world.callers.find(some.access_key_id, some.session_token) is not first


OWN_FOLDER = "arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}/*"


async def test_a_caller_may_do_what_the_role_and_every_session_policy_allow_and_nothing_without_the_role() -> None:
    def allowing(resource: str) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}],
        }

    world = TemporaryWorld()
    mine, public, others = (f"arn:aws:s3:::b/{folder}/x" for folder in (IDENTITY, "public", "other"))

    async def may(*policies: dict[str, Any]) -> list[bool]:
        some = world.credentials.issue(session(policies=policies))
        known = await world.callers.find(some.access_key_id, some.session_token)
        assert known is not None
        return [known.caller.policy.allows("s3:GetObject", resource) for resource in (mine, public, others)]

    world.roles.roles[ROLE] = SomeRole(allowing(OWN_FOLDER), allowing("arn:aws:s3:::b/public/*"))
    assert [True, True, False] == await may()
    assert [True, False, False] == await may(allowing(OWN_FOLDER))
    assert [False, False, False] == await may(allowing(OWN_FOLDER), allowing("arn:aws:s3:::b/public/*"))
    world.roles.roles.clear()
    assert [False, False, False] == await may()


async def test_who_has_expired_or_was_revoked_is_told_so() -> None:
    world = TemporaryWorld()
    some = world.credentials.issue(session())
    known = await world.callers.find(some.access_key_id, some.session_token)
    assert known is not None

    for before, offset, fits in (
        (None, 3599.9, True),
        (None, 3600.0, False),
        (NOON - 0.1, 1, True),
        (NOON, 1, False),
        (GONE, 1, False),
    ):
        world.revoked.before, world.clock.time = before, NOON + offset
        if fits:
            assert await world.callers.admit(known)
        else:
            with pytest.raises(CredentialsExpired):
                await world.callers.admit(known)


def test_the_path_of_a_role_is_no_part_of_its_sessions() -> None:
    assert assumed_role_arn(session(role_arn=f"arn:aws:iam::{ACCOUNT}:role/R")).endswith(":assumed-role/R/" + FULL.name)


# --- revocations -----------------------------------------------------------------------------------------------------


class KeptRole:
    def __init__(self, before: float | None) -> None:
        self.record = Role(name="Guests", created=NOON, trust={}, revoked_before=before)


class Kept:
    """Roles, pools and identities, and how often one was asked for."""

    def __init__(self) -> None:
        self.role: KeptRole | None = KeptRole(None)
        self.pool: IdentityPool | None = IdentityPool(
            id=POOL, name="p", created=NOON, modified=NOON, allows_guests=True, sealed_pepper=""
        )
        self.identity: Identity | None = Identity(id=IDENTITY, pool_id=POOL, created=NOON, modified=NOON)
        self.reads = 0

    async def find(self, arn: str, /) -> KeptRole | None:
        return self.role

    def book(self, clock: ManualClock, at_most: int = 4096) -> RevocationBook:
        kept = self

        class Pools:
            async def get(self, pool_id: str) -> IdentityPool:
                if kept.pool is None:
                    raise IdentityPoolNotFound(pool_id)
                return kept.pool

        class Identities:
            async def get(self, identity_id: str) -> Identity | None:
                kept.reads += 1
                return kept.identity

        return RevocationBook(kept, Pools(), Identities(), clock.now, at_most=at_most)  # type: ignore[arg-type]


async def before(kept: Kept, of: Session | None = None) -> float | None:
    return await kept.book(ManualClock()).revoked_before(of or session())


async def test_the_latest_of_role_pool_and_identity_counts() -> None:
    kept = Kept()
    assert await before(kept) is None
    assert kept.pool is not None
    assert kept.identity is not None

    kept.role = KeptRole(5.0)
    assert 5.0 == await before(kept)
    kept.pool = structs.replace(kept.pool, revoked_before=7.0)
    assert 7.0 == await before(kept)
    kept.identity = structs.replace(kept.identity, revoked_before=6.0)
    assert 7.0 == await before(kept)


@pytest.mark.parametrize("gone", ["role", "pool", "identity", "disabled", "merging"])
async def test_what_is_gone_ends_all_credentials(gone: str) -> None:
    kept = Kept()
    assert kept.identity is not None
    match gone:
        case "disabled":
            kept.identity = structs.replace(kept.identity, is_disabled=True)
        case "merging":
            kept.identity = structs.replace(kept.identity, merging_into="other")
        case _:
            setattr(kept, gone, None)

    assert GONE == await before(kept)


async def test_without_an_identity_only_the_role_counts() -> None:
    kept = Kept()
    kept.pool = kept.identity = None

    assert await before(kept, session(identity_id=None, pool_id=None)) is None


async def test_a_busy_identity_is_read_once_in_five_seconds() -> None:
    kept, clock = Kept(), ManualClock()
    book = kept.book(clock)

    for offset in (0.0, 1.0, 4.9, 5.0, 9.9, -60.0):
        clock.time = NOON + offset
        await book.revoked_before(session())

    assert 3 == kept.reads


async def test_only_so_many_answers_are_kept() -> None:
    kept = Kept()
    book = kept.book(ManualClock(), at_most=2)

    for identity in ("a", "b", "c", "c", "b", "a"):
        await book.revoked_before(session(identity_id=identity))

    assert 4 == kept.reads
