"""Roles and managed policies: made, changed and deleted by operators."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from poolhouse.errors import (
    InvalidParameter,
    PolicyInUse,
    PolicyMalformed,
    PolicyNotFound,
    PolicyTaken,
    RoleNotChangeable,
    RoleNotFound,
    RoleTaken,
)
from poolhouse.flows.access.guests import GUEST_POLICY, guest_policy
from poolhouse.flows.access.policies import Permissions, parse_policy
from poolhouse.flows.access.role_files import roles_in
from poolhouse.flows.access.roles import ASSUME, permits_of
from tests.support.roles import ACCOUNT, ADA, POOL, US, RoleWorld, allow, arn, document, trust

ALL = document(allow())


@pytest.fixture
def at() -> RoleWorld:
    return RoleWorld()


async def test_each_change_is_in_the_trail(at: RoleWorld) -> None:
    await at.policies.create("shared", ALL)
    await at.policies.update("shared", ALL)
    await at.roles.create("app", trust())
    await at.roles.trust("app", trust())
    await at.roles.put_policy("app", "own", ALL)
    await at.roles.attach("app", "shared")
    await at.roles.attach("app", "shared")
    await at.roles.update("app", longest=7200, backend="s3:photos")
    await at.roles.revoke_sessions("app")
    role = await at.roles.get("app")
    await at.roles.detach("app", "shared")
    await at.roles.delete_policy("app", "own")
    await at.roles.delete("app")
    await at.policies.delete("shared")

    assert [
        "policy.created",
        "policy.updated",
        "role.created",
        "role.trust_changed",
        "role.policy_put",
        "role.policy_attached",
        "role.updated",
        "role.sessions_revoked",
        "role.policy_detached",
        "role.policy_deleted",
        "role.deleted",
        "policy.deleted",
    ] == at.trail.actions
    assert {"facts": {"role": "app", "policy": "own"}} == at.trail.notes[4][1]
    assert ({"own": ALL}, ("shared",), 7200, "s3:photos", at.clock.at) == (
        role.policies,
        role.attached,
        role.longest,
        role.backend,
        role.revoked_before,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"name": "a b"},
        {"name": "a/b"},
        {"name": ""},
        {"name": "x" * 65},
        {"path": "team"},
        {"path": "/team"},
        {"path": "//"},
        {"longest": 3599},
        {"longest": 43201},
        {"backend": "azure"},
        {"backend": "s3:"},
        {"policies": {"a b": ALL}},
        {"policies": {f"p{number}": ALL for number in range(11)}},
    ],
    ids=str,
)
async def test_a_role_that_could_not_be_is_not_made(at: RoleWorld, said: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        await at.roles.create(**{"name": "app", "trust": trust(), **said})

    assert [] == at.trail.notes


async def test_what_is_no_policy_is_never_saved(at: RoleWorld) -> None:
    await at.roles.create("app", trust(), policies={"own": ALL})
    await at.policies.create("shared", ALL)
    before = (await at.roles.get("app"), await at.policies.get("shared"))
    wrong = document(allow("nothing"))
    for change in (
        at.roles.create("other", wrong),
        at.roles.create("other", trust(), policies={"own": wrong}),
        at.roles.trust("app", ALL),
        at.roles.put_policy("app", "own", wrong),
        at.policies.create("other", wrong),
        at.policies.update("shared", wrong),
    ):
        with pytest.raises(PolicyMalformed):
            await change

    assert before == (await at.roles.get("app"), await at.policies.get("shared"))
    with pytest.raises(RoleNotFound):
        await at.roles.get("other")


async def test_names_are_taken_once(at: RoleWorld) -> None:
    await at.roles.create("app", trust())
    await at.policies.create("shared", ALL)

    with pytest.raises(RoleTaken):
        await at.roles.create("app", trust(), path="/other/")
    with pytest.raises(PolicyTaken):
        await at.policies.create("shared", ALL)


async def test_what_is_not_there_is_told_so(at: RoleWorld) -> None:
    await at.roles.create("app", trust())
    for missing in (
        at.roles.get("none"),
        at.roles.delete("none"),
        at.roles.put_policy("none", "own", ALL),
        at.roles.revoke_sessions("none"),
    ):
        with pytest.raises(RoleNotFound):
            await missing
    for missing in (
        at.roles.attach("app", "none"),
        at.roles.detach("app", "none"),
        at.roles.delete_policy("app", "none"),
        at.policies.get("none"),
        at.policies.update("none", ALL),
        at.policies.delete("none"),
    ):
        with pytest.raises(PolicyNotFound):
            await missing


async def test_a_policy_that_is_attached_stays(at: RoleWorld) -> None:
    await at.policies.create("shared", ALL)
    for number in range(120):
        await at.roles.create(f"r{number:03d}", trust())
    await at.roles.attach("r119", "shared")

    with pytest.raises(PolicyInUse):
        await at.policies.delete("shared")


async def test_a_role_has_ten_policies_at_most(at: RoleWorld) -> None:
    await at.roles.create("app", trust())
    for number in range(10):
        await at.roles.put_policy("app", f"p{number}", ALL)
        await at.policies.create(f"p{number}", ALL)
        await at.roles.attach("app", f"p{number}")
    await at.policies.create("more", ALL)
    await at.roles.put_policy("app", "p0", ALL)

    with pytest.raises(InvalidParameter, match="at most 10"):
        await at.roles.put_policy("app", "more", ALL)
    with pytest.raises(InvalidParameter, match="at most 10"):
        await at.roles.attach("app", "more")


FILED = json.dumps({"filed": {"AssumeRolePolicyDocument": trust(), "PolicyDocument": ALL}})


@pytest.mark.parametrize(
    "change",
    [
        lambda roles: roles.trust("filed", trust()),
        lambda roles: roles.put_policy("filed", "own", ALL),
        lambda roles: roles.delete_policy("filed", "own"),
        lambda roles: roles.attach("filed", "shared"),
        lambda roles: roles.detach("filed", "shared"),
        lambda roles: roles.update("filed", longest=7200),
        lambda roles: roles.revoke_sessions("filed"),
        lambda roles: roles.delete("filed"),
    ],
)
async def test_a_role_of_the_file_is_changed_there(change: Callable[[Any], Awaitable[Any]]) -> None:
    at = RoleWorld(*roles_in(FILED))

    with pytest.raises(RoleNotChangeable):
        await change(at.roles)
    with pytest.raises(RoleTaken):
        await at.roles.create("filed", trust())
    assert (await at.roles.get("filed")).policies == {"PolicyDocument": ALL}


# --- the two roles of a pool -----------------------------------------------------------------------------------------


async def test_the_two_roles_of_a_pool_are_for_its_users_and_its_guests_and_their_own_data(at: RoleWorld) -> None:
    made = await at.roles.create_pool_roles(POOL)
    again = await at.roles.create_pool_roles(POOL)
    users, guests = await at.book.find(made.authenticated), await at.book.find(made.unauthenticated)
    assert users is not None
    assert guests is not None

    assert made == again
    principal = {"Federated": at.book.federated}
    for role, amr, other in ((users, "authenticated", "unauthenticated"), (guests, "unauthenticated", "authenticated")):
        known = {f"{US}:aud": POOL, f"{US}:sub": ADA, f"{US}:amr": (amr, "graph.facebook.com")}
        for action in (ASSUME, "sts:TagSession"):
            assert at.book.may_be_taken(role, principal=principal, action=action, context=known)
        for wrong in ({f"{US}:aud": "eu-west-1:other"}, {f"{US}:amr": (other,)}):
            context = {**known, **wrong}
            assert not at.book.may_be_taken(role, principal=principal, action=ASSUME, context=context)
        assert not at.book.names_no_audience(role)
        permits = permits_of(role, at.session("x", identity_id=ADA, pool_id=POOL), account=ACCOUNT)
        begin = f"arn:aws:cognito-sync:eu-west-1:{ACCOUNT}:identitypool/{POOL}/identity"
        assert permits.allows("cognito-sync:ListDatasets", f"{begin}/{ADA}")
        assert permits.allows("cognito-sync:UpdateRecords", f"{begin}/{ADA}/dataset/game")
        assert not permits.allows("cognito-sync:UpdateRecords", f"{begin}/{ADA[:-1]}6/dataset/game")
        assert not permits.allows("cognito-sync:DescribeIdentityPoolUsage", begin.removesuffix("/identity"))
        assert not permits.allows("s3:GetObject", "arn:aws:s3:::b/x")


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-1", "a-region-of-as-many-as-32-letters"[:20]])
async def test_pools_of_every_region_can_have_them(at: RoleWorld, region: str) -> None:
    made = await at.roles.create_pool_roles(POOL.replace("eu-west-1", region))

    assert await at.book.find(made.authenticated) is not None


# --- the file of roles -----------------------------------------------------------------------------------------------


async def test_a_role_of_the_file_is_found_by_its_arn_and_may_do_what_it_says() -> None:
    at = RoleWorld(*roles_in(FILED))

    role = await at.book.find(arn("filed"))

    assert role is not None
    assert Permissions(role.documents).allows("s:a", "*")
    assert at.book.may_be_taken(role, principal={"Federated": [US]}, action=ASSUME, context={f"{US}:aud": POOL})


def test_documents_in_the_file_may_be_texts_and_more_can_be_said_of_a_role() -> None:
    said = {"AssumeRolePolicyDocument": json.dumps(trust()), "PolicyDocument": json.dumps(ALL)}

    (role,) = roles_in(json.dumps({"r": {**said, "MaxSessionDuration": 43200, "Backend": "aws"}}))

    assert (trust(), {"PolicyDocument": ALL}, 43200, "aws") == (role.trust, role.policies, role.longest, role.backend)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "a JSON object of roles"),
        ('{"a b": {}}', "The role a b: The name of a role"),
        ('{"r": []}', "The role r: The policy, the role: an object"),
        ('{"r": {}}', "AssumeRolePolicyDocument is missing"),
        (json.dumps({"r": {"AssumeRolePolicyDocument": ALL}}), "The role r: .*Resource is not known"),
        (json.dumps({"r": {"AssumeRolePolicyDocument": trust(), "Policy": ALL}}), "Policy is not known"),
        (json.dumps({"r": {"AssumeRolePolicyDocument": trust(), "PolicyDocument": trust()}}), "Principal is not known"),
        (json.dumps({"r": {"AssumeRolePolicyDocument": trust(), "MaxSessionDuration": "1h"}}), "3600 to 43200"),
        (json.dumps({"r": {"AssumeRolePolicyDocument": trust(), "Backend": 1}}), "The back end of a role"),
        ('{"r": {"AssumeRolePolicyDocument": {}}, "r": {}}', "the same key twice"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_with_the_name_of_the_role(text: str, told: str) -> None:
    with pytest.raises(PolicyMalformed, match=told):
        roles_in(text)


# --- guests ----------------------------------------------------------------------------------------------------------


def test_guests_may_do_what_the_usual_services_offer_as_far_as_their_role_goes() -> None:
    guests = Permissions([parse_policy(ALL)], [[parse_policy(guest_policy(None).document)]])

    for action in ("cognito-sync:UpdateRecords", "execute-api:Invoke", "s3:GetObject", "cognito-identity:GetId"):
        assert guests.allows(action, "*")
    for action in ("cognito-idp:AdminGetUser", "sts:AssumeRole", "dynamodb:GetItem"):
        assert not guests.allows(action, "*")


def test_the_settings_may_say_another_policy_for_guests() -> None:
    said = document(allow("s3:GetObject", "arn:aws:s3:::public/*"))

    assert said == guest_policy(json.dumps(said)).document == guest_policy(said).document
    assert GUEST_POLICY == guest_policy(None).document
    with pytest.raises(PolicyMalformed):
        guest_policy("{}")
