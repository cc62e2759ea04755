"""Operations on identity pools: who may call them on which pool, what they leave in the trail, and that no input makes
them fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from poolhouse.config.settings import Limits
from poolhouse.records.audit import AuditEntry
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools.call import OPERATIONS
from poolhouse.server.cognito.identity_pools.errors import VALIDATION
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.identity_pools.noted import NOTED, SILENT
from poolhouse.server.cognito.identity_pools.resources import pool_arn
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_record
from tests.security.served import served
from tests.support.house import House
from tests.support.json_api import REGION, ROOT, Answer, ApiClient
from tests.support.json_api_attacks import attacks, complaint, dressed

MODEL = identity_pools_model()
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/member"
OF_POOLS = (
    "CreateIdentityPool",
    "DeleteIdentityPool",
    "DescribeIdentityPool",
    "GetIdentityPoolRoles",
    "GetPrincipalTagAttributeMap",
    "ListIdentityPools",
    "ListTagsForResource",
    "SetIdentityPoolRoles",
    "SetPrincipalTagAttributeMap",
    "TagResource",
    "UntagResource",
    "UpdateIdentityPool",
)
ABOUT_NONE = {"CreateIdentityPool", "ListIdentityPools"}
"""Their resource is no pool in particular."""


@dataclass
class Guarded:
    house: House
    api: ApiClient
    pool_id: str
    last: str = field(default="")

    @property
    def arn(self) -> str:
        return pool_arn(self.pool_id, ACCOUNT)

    def given(self, operation: str) -> dict[str, Any]:
        """A right input about the pool."""
        usual: dict[str, Any] = {
            "IdentityPoolId": self.pool_id,
            "IdentityPoolName": "changed",
            "AllowUnauthenticatedIdentities": True,
            "IdentityProviderName": "graph.facebook.com",
            "MaxResults": 10,
            "PrincipalTags": {"team": "team"},
            "ResourceArn": self.arn,
            "Roles": {"authenticated": ROLE},
            "TagKeys": ["a"],
            "Tags": {"a": "1"},
        }
        members = MODEL.shapes[MODEL.operations[operation].input].members
        return {name: value for name, value in usual.items() if name in members}

    async def call(self, operation: str, api: ApiClient | None = None, **given: Any) -> Answer:
        answer = await (api or self.api).call(operation, {**self.given(operation), **given})
        self.last = answer.headers["x-amzn-RequestId"]
        return answer

    async def holder(self, *statements: Mapping[str, Any]) -> ApiClient:
        """Somebody with a key of these statements."""
        key = await self.house.built.access_keys.create("somebody", statements)
        return replace(self.api, key=(key.id, key.secret))

    async def entries(self) -> list[AuditEntry]:
        """What the last call left."""
        page = await self.house.built.store.find(collections.AUDIT, Query(limit=1000))
        found = [to_record(entry, AuditEntry) for entry in page.entries]
        return [entry for entry in found if entry.request_id == self.last]


@asynccontextmanager
async def guarded(**settings: Any) -> AsyncIterator[Guarded]:
    async with served(**settings) as (house, api):
        at = Guarded(house, replace(api, model=MODEL), "")
        made = await at.api.call(
            "CreateIdentityPool", {"IdentityPoolName": "pool", "AllowUnauthenticatedIdentities": False}
        )
        at.pool_id = made.json["IdentityPoolId"]
        yield at


def allow(action: str, resource: str, effect: str = "Allow") -> dict[str, str]:
    return {"Effect": effect, "Action": action, "Resource": resource}


PASSES_ANY_ROLE = allow("iam:PassRole", "*")


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OF_POOLS)
async def test_who_is_allowed_one_operation_on_one_pool_may_do_that_and_no_more(operation: str) -> None:
    async with guarded() as at:
        resource = "*" if operation in ABOUT_NONE else at.arn
        allowed = await at.holder(allow(f"cognito-identity:{operation}", resource), PASSES_ANY_ROLE)
        others = [name for name in OF_POOLS if name != operation]

        refused = {name: (await at.call(name, allowed)).error for name in others}
        answer = await at.call(operation, allowed)

        assert dict.fromkeys(others, "AccessDeniedException") == refused
        assert 200 == answer.status, answer.body


@pytest.mark.parametrize("operation", sorted(set(OF_POOLS) - ABOUT_NONE))
async def test_rights_on_another_pool_or_on_user_pools_are_none_on_this_one(operation: str) -> None:
    async with guarded() as at:
        other = pool_arn(f"{REGION}:00000000-0000-4000-8000-000000000000", ACCOUNT)
        of_other = await at.holder(allow("cognito-identity:*", other), allow("cognito-idp:*", "*"), PASSES_ANY_ROLE)
        denied = await at.holder(allow("*", "*"), allow("cognito-identity:*", at.arn, "Deny"))

        for caller in (of_other, denied):
            assert "AccessDeniedException" == (await at.call(operation, caller)).error


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
async def test_a_denial_by_arn_is_not_escaped_by_writing_the_arn_in_another_way(operation: str) -> None:
    async with guarded() as at:
        denied = await at.holder(allow("*", "*"), allow("cognito-identity:*", at.arn, "Deny"))

        for partition, account in (("aws-cn", ACCOUNT), ("aws", "111111111111")):
            arn = f"arn:{partition}:cognito-identity:{REGION}:{account}:identitypool/{at.pool_id}"
            assert "AccessDeniedException" == (await at.call(operation, denied, ResourceArn=arn)).error


@pytest.mark.parametrize("operation", OF_POOLS)
async def test_nothing_is_done_for_who_did_not_sign_or_signed_for_user_pools(operation: str) -> None:
    async with guarded() as at:
        given = at.given(operation)

        unsigned = await at.api.call(operation, given, signed=False)
        wrong = await at.api.call(operation, given, service="cognito-idp")

        assert "MissingAuthenticationTokenException" == unsigned.error
        assert wrong.error in {"InvalidSignatureException", "IncompleteSignatureException"}


async def test_a_role_is_given_by_those_only_who_may_pass_it_on() -> None:
    async with guarded() as at:
        setting = allow("cognito-identity:SetIdentityPoolRoles", "*")
        other = f"{ROLE}-admin"
        rule = {"Claim": "c", "MatchType": "Equals", "Value": "v", "RoleARN": other}
        mapped = {"p": {"Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": {"Rules": [rule]}}}
        passes_none = await at.holder(setting)
        passes_one = await at.holder(setting, allow("iam:PassRole", ROLE))

        none = await at.call("SetIdentityPoolRoles", passes_none)
        by_rule = await at.call("SetIdentityPoolRoles", passes_one, RoleMappings=mapped)
        one = await at.call("SetIdentityPoolRoles", passes_one)

        assert ["AccessDeniedException"] * 2 == [none.error, by_rule.error]
        assert f"is not authorized to perform: iam:PassRole on resource: {other}" in by_rule.json["message"]
        assert 200 == one.status
        assert {"authenticated": ROLE} == (await at.call("GetIdentityPoolRoles")).json["Roles"]


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({"StringEquals": {"iam:PassedToService": "cognito-identity.amazonaws.com"}}, True),
        ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}}, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
    ],
)
async def test_whether_a_role_may_be_passed_on_is_asked_with_all_that_is_known_of_the_request(
    condition: dict[str, Any], passes: bool
) -> None:
    async with guarded() as at:
        setting = allow("cognito-identity:SetIdentityPoolRoles", "*")
        allowed = await at.holder(setting, {**PASSES_ANY_ROLE, "Condition": condition})
        denied = await at.holder(
            setting, PASSES_ANY_ROLE, {**allow("iam:PassRole", "*", "Deny"), "Condition": condition}
        )

        assert passes is ((await at.call("SetIdentityPoolRoles", allowed)).status == 200)
        assert passes is not ((await at.call("SetIdentityPoolRoles", denied)).status == 200)


# --- what is left ----------------------------------------------------------------------------------------------------

Scene = Callable[[Guarded], Awaitable[Answer]]


@pytest.mark.parametrize("operation", [name for name in OF_POOLS if name in NOTED])
async def test_what_writes_leaves_what_the_table_says(operation: str) -> None:
    async with guarded() as at:
        answer = await at.call(operation)

        assert 200 == answer.status, answer.body
        pool_id = answer.json["IdentityPoolId"] if operation == "CreateIdentityPool" else at.pool_id
        assert [(*NOTED[operation], pool_id, f"key:{ROOT[0]}", "127.0.0.1")] == [
            (entry.action, entry.pool_id, entry.actor, entry.source) for entry in await at.entries()
        ]


@pytest.mark.parametrize("operation", [name for names in SILENT.values() for name in names if name in OF_POOLS])
async def test_what_only_reads_leaves_nothing(operation: str) -> None:
    async with guarded() as at:
        assert 200 == (await at.call(operation)).status
        assert [] == await at.entries()


def test_every_operation_on_pools_is_looked_at_here() -> None:
    assert set(OF_POOLS) <= load_operations(OPERATIONS).keys()
    assert set(OF_POOLS) <= {*NOTED, *(name for names in SILENT.values() for name in names)}


# --- whatever is sent ------------------------------------------------------------------------------------------------


@pytest.fixture
async def at() -> AsyncIterator[Guarded]:
    async with guarded() as found:
        yield found


@pytest.mark.parametrize("name", sorted(MODEL.operations))
async def test_every_hostile_request_gets_an_error_that_a_client_can_live_with(at: Guarded, name: str) -> None:
    operation, url = MODEL.operations[name], at.api.url

    complaints = {}
    for attack in attacks(MODEL, operation):
        headers = dressed(attack, operation, url, key=ROOT, now=at.api.now, service=MODEL.service)
        answer = await at.api.send(attack.body, headers)
        complaints[attack.name] = complaint(answer, operation, also={VALIDATION})

    assert {} == {attack: said for attack, said in complaints.items() if said}


# --- how often -------------------------------------------------------------------------------------------------------


async def test_how_often_an_operation_is_called_is_limited_for_each_by_its_name() -> None:
    async with guarded(limits=Limits(requests={"TagResource": 2, "ListIdentityPools": 1})) as at:
        statuses = [(await at.call("TagResource")).status for _ in range(2)]
        more = await at.call("TagResource")
        others = {name: (await at.call(name)).status for name in ("UntagResource", "ListTagsForResource")}

        assert [200, 200] == statuses
        assert ("TooManyRequestsException", "1") == (more.error, more.headers["Retry-After"])
        assert {"UntagResource": 200, "ListTagsForResource": 200} == others
        at.house.clock.advance(0.5)
        assert 200 == (await at.call("TagResource")).status
