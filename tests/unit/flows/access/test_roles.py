"""Roles as they stand: found by their ARNs, taken by whom they trust."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.flows.access.policies import Permissions
from poolhouse.flows.access.role_files import roles_in
from poolhouse.flows.access.roles import ASSUME, KnownRole, permits_of
from tests.support.roles import (
    ACCOUNT,
    ADA,
    ISSUER,
    POOL,
    US,
    RoleWorld,
    allow,
    arn,
    deny,
    document,
    trust,
)


@pytest.fixture
def at() -> RoleWorld:
    return RoleWorld()


async def found(at: RoleWorld, name: str = "app") -> KnownRole:
    role = await at.book.find(arn(name))
    assert role is not None
    return role


async def test_a_role_is_found_by_its_whole_arn(at: RoleWorld) -> None:
    await at.roles.create("app", trust(), path="/team/")

    assert (await found(at, "team/app")).record.name == "app"
    for wrong in (
        arn("app"),
        arn("other/app"),
        arn("team/app/"),
        arn("team/App"),
        arn("team/app").replace(ACCOUNT, "210987654321"),
        arn("team/app").replace("aws", "aws-cn", 1),
        "app",
        "",
    ):
        assert await at.book.find(wrong) is None


async def test_a_role_that_was_made_again_has_another_id(at: RoleWorld) -> None:
    await at.roles.create("app", trust())
    before = await found(at)
    await at.roles.delete("app")
    at.clock.at += 10
    await at.roles.create("app", trust())
    after = await found(at)

    assert before.id != after.id
    assert after.id == (await at.new_book().find(arn("app"))).id  # type: ignore[union-attr]
    assert (21, "AROA") == (len(after.id), after.id[:4])


async def test_a_role_is_the_same_object_until_it_or_what_is_attached_changes(at: RoleWorld) -> None:
    await at.policies.create("shared", document(allow("s:a")))
    await at.roles.create("app", trust())
    await at.roles.attach("app", "shared")
    first = await found(at)
    at.clock.at += 6
    assert await found(at) is first

    await at.policies.update("shared", document(allow("s:b")))
    assert await found(at) is first, "an answer is believed for five seconds"
    at.clock.at += 6
    second = await found(at)
    assert second is not first
    assert Permissions(second.documents).allows("s:b", "*")

    await at.roles.put_policy("app", "own", document(deny("s:b")))
    at.clock.at += 6
    assert not Permissions((await found(at)).documents).allows("s:b", "*")


async def test_an_answer_of_a_later_time_is_not_believed_when_the_clock_is_set_back(at: RoleWorld) -> None:
    await at.roles.create("app", trust())
    await found(at)
    await at.roles.delete("app")
    at.clock.at -= 3600

    assert await at.book.find(arn("app")) is None


async def test_a_role_whose_attached_policy_is_gone_may_do_nothing(at: RoleWorld) -> None:
    await at.policies.create("limits", document(deny("s:delete")))
    await at.roles.create("app", trust(), policies={"own": document(allow())})
    await at.roles.attach("app", "limits")
    await at.policy_records.delete("limits")

    assert not Permissions((await found(at)).documents).allows("s:get", "*")


async def test_the_roles_of_the_file_come_first() -> None:
    (filed,) = roles_in(json.dumps({"app": {"AssumeRolePolicyDocument": trust()}}))
    at = RoleWorld(filed)
    await at.role_records.add(replace(filed, policies={"own": document(allow())}))

    assert (await found(at)).documents == ()


# --- trust -----------------------------------------------------------------------------------------------------------

KNOWN = {f"{US}:aud": POOL, f"{US}:sub": ADA, f"{US}:amr": ("authenticated",), f"{ISSUER}:aud": POOL}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (trust(), True),
        (trust(StringEquals={f"{US}:aud": [POOL, "eu-west-1:other"]}), True),
        (trust(StringEquals={f"{US}:aud": "eu-west-1:other"}), False),
        (trust(StringEquals={f"{US}:aud": POOL}, ForAnyValue__StringLike={f"{US}:amr": "unauthenticated"}), False),
        (trust({"Federated": "accounts.google.com"}), False),
        (trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}), True),
    ],
)
async def test_a_role_is_taken_by_whom_it_trusts(at: RoleWorld, said: Any, expected: bool) -> None:
    await at.roles.create("app", said)
    role, principal = await found(at), {"Federated": at.book.federated}

    assert expected == at.book.may_be_taken(role, principal=principal, action=ASSUME, context=KNOWN)
    assert not at.book.may_be_taken(role, principal=principal, action="sts:TagSession", context=KNOWN)


GUARD = {f"{US}:aud": POOL}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (trust(), False),
        (trust(StringLike=GUARD), False),
        (trust(ForAnyValue__StringEquals=GUARD), False),
        (trust(StringEquals={f"{US}:AUD": [POOL]}), False),
        (trust(StringEquals={f"{ISSUER}:aud": POOL}), False),
        (trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}, StringEquals=GUARD), False),
        (trust({"Federated": "accounts.google.com"}, StringEquals={"accounts.google.com:aud": "app"}), False),
        (trust(StringEquals={f"{US}:sub": ADA}), True),
        (trust(StringLike={f"{US}:aud": "*"}), True),
        (trust(StringLike={f"{US}:aud": [POOL, "eu-west-1:*"]}), True),
        (trust(StringLike={f"{US}:aud": "eu-west-1:11111111-2222-3333-4444-55555555555?"}), True),
        (trust(StringEquals={f"{US}:aud": f"${{{US}:aud}}"}), True),
        (trust(StringEqualsIfExists=GUARD), True),
        (trust(StringNotEquals=GUARD), True),
        (trust(ForAllValues__StringEquals=GUARD), True),
        (trust(Null={f"{US}:aud": "false"}), True),
        (trust("*", StringEquals={"aws:SourceIp": "192.0.2.1"}), True),
        (trust({"Federated": ["accounts.google.com", US]}, StringEquals={"accounts.google.com:aud": "app"}), True),
    ],
)
async def test_a_role_that_lets_in_any_pool_is_found_out(at: RoleWorld, said: Any, expected: bool) -> None:
    await at.roles.create("app", said)

    assert expected == at.book.names_no_audience(await found(at))


async def test_one_statement_without_an_audience_is_enough_and_another_action_is_none(at: RoleWorld) -> None:
    loose = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
    other = {"Effect": "Allow", "Principal": {"Federated": US}, "Action": "sts:TagSession"}
    await at.roles.create("loose", document(*trust()["Statement"], loose))
    await at.roles.create("other", document(*trust()["Statement"], other))

    assert at.book.names_no_audience(await found(at, "loose"))
    assert not at.book.names_no_audience(await found(at, "other"))


# --- what credentials may do -----------------------------------------------------------------------------------------


async def test_credentials_may_do_what_role_and_session_policies_allow_with_what_is_known_of_the_identity(
    at: RoleWorld,
) -> None:
    own = f"arn:aws:s3:::b/${{{US}:sub}}/${{aws:PrincipalTag/Team}}/*"
    await at.roles.create("app", trust(), policies={"own": document(allow("s3:*", own), allow("s:a"))})
    about = {"identity_id": ADA, "pool_id": POOL, "amr": ("authenticated",), "tags": {"team": "red"}}
    session = at.session("app", **about, policies=(document(allow("s3:Get*")),))

    permits = permits_of(await found(at), session, account=ACCOUNT)

    assert permits.allows("s3:GetObject", f"arn:aws:s3:::b/{ADA}/red/1")
    assert not permits.allows("s3:PutObject", f"arn:aws:s3:::b/{ADA}/red/1")
    assert not permits.allows("s3:GetObject", f"arn:aws:s3:::b/{ADA}/blue/1")
    assert not permits.allows("s3:GetObject", "arn:aws:s3:::b/eu-west-1:other/red/1")
    assert not permits.allows("s:a", "*")
    assert not permits_of(None, session, account=ACCOUNT).allows("s3:GetObject", f"arn:aws:s3:::b/{ADA}/red/1")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{US}:aud", POOL),
        (f"{US}:sub", ADA),
        ("aws:userid", "AROAX:s"),
        ("aws:PrincipalArn", arn("app")),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:FederatedProvider", US),
        ("aws:PrincipalTag/Team", "red"),
        ("aws:TokenIssueTime", "2027-01-15T08:00:00Z"),
    ],
)
async def test_policies_can_ask_what_the_credentials_carry(at: RoleWorld, key: str, value: str) -> None:
    condition = {"Condition": {"StringEquals": {key: value}}}
    await at.roles.create("app", trust(), policies={"own": document(allow(**condition))})
    session = at.session("app", identity_id=ADA, pool_id=POOL, tags={"Team": "red"})
    other = replace(session, identity_id=ADA[:-1], pool_id=POOL[:-1], role_arn=arn("b"), tags={}, name="t", issued=0.0)
    role = await found(at)

    assert permits_of(role, session, account=ACCOUNT).allows("s:a", "*")
    if key not in ("aws:PrincipalAccount", "aws:PrincipalType", "aws:FederatedProvider"):
        assert not permits_of(role, other, account=ACCOUNT).allows("s:a", "*")


async def test_a_user_of_another_provider_is_known_by_its_names(at: RoleWorld) -> None:
    condition = {"Condition": {"StringEquals": {"Accounts.Google.com:sub": "7", "accounts.google.com:aud": "app"}}}
    await at.roles.create("app", trust(), policies={"own": document(allow(**condition))})
    session = at.session("app", provider="accounts.google.com", subject="7", audience="app")
    role = await found(at)

    assert permits_of(role, session, account=ACCOUNT).allows("s:a", "*")
    assert not permits_of(role, replace(session, subject="8"), account=ACCOUNT).allows("s:a", "*")
