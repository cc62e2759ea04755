"""Identities of identity pools: what each operation leaves in the trail, for whom developers' operations are, and that
nothing tells of guests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from poolhouse.records.audit import AuditEntry
from poolhouse.records.clients import Client
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools.call import OPERATIONS
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.identity_pools.noted import NOTED, SILENT
from poolhouse.server.cognito.identity_pools.resources import pool_arn
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_record
from tests.security.served import served
from tests.support.house import House
from tests.support.json_api import REGION, ROOT, Answer, ApiClient

MODEL = identity_pools_model()
ACCOUNT = "000000000000"
DEVELOPER = "login.example.com"
KEY = f"key:{ROOT[0]}"
PUBLIC = {"GetId", "GetOpenIdToken", "UnlinkIdentity"}
OF_DEVELOPERS = {
    "DeleteIdentities",
    "DescribeIdentity",
    "GetOpenIdTokenForDeveloperIdentity",
    "ListIdentities",
    "LookupDeveloperIdentity",
    "MergeDeveloperIdentities",
    "UnlinkDeveloperIdentity",
}
BY_IDENTITY = {"DeleteIdentities", "DescribeIdentity"}
"""They name no pool: only who may do so on all pools may."""


@dataclass
class Guarded:
    """Two user pools whose users have identities, and a developer's own. ``seen`` collects the actions that were
    left."""

    house: House
    api: ApiClient
    pool_id: str
    clients: list[Client]
    last: str = ""
    seen: set[str] = field(default_factory=set)
    known: set[tuple[str, str]] = field(default_factory=set)

    async def call(
        self, operation: str, api: ApiClient | None = None, *, signed: bool | None = None, **given: Any
    ) -> Answer:
        """Signed, if the operation wants it."""
        members = MODEL.shapes[MODEL.operations[operation].input].members
        usual = {"IdentityPoolId": self.pool_id, "MaxResults": 10, "DeveloperProviderName": DEVELOPER}
        answer = await (api or self.api).call(
            operation,
            {**{name: value for name, value in usual.items() if name in members}, **given},
            signed=operation not in PUBLIC if signed is None else signed,
        )
        self.last = answer.headers["x-amzn-RequestId"]
        return answer

    async def entries(self) -> list[AuditEntry]:
        page = await self.house.built.store.find(collections.AUDIT, Query(limit=1000))
        return [to_record(entry, AuditEntry) for entry in page.entries]

    async def left(self, *actions: str, actor: str | None, subject: str | None) -> None:
        """The last call left exactly these, by and about whom; and nothing that tells."""
        found = [entry for entry in await self.entries() if entry.request_id == self.last]
        assert sorted(actions) == sorted(entry.action for entry in found)
        assert [(actor, subject, self.pool_id)] * len(found) == [(e.actor, e.subject, e.pool_id) for e in found]
        assert [] == [word for word in ("jane", "eyJ") if word in json.dumps([entry.facts for entry in found])]
        self.seen.update(actions)

    async def login(self, number: int, name: str = "jane") -> dict[str, str]:
        client = self.clients[number]
        if (client.id, name) not in self.known:
            self.known.add((client.id, name))
            await self.house.user(client, name)
        tokens = await self.house.sign_in(client, name)
        return {f"cognito-idp.{client.pool_id.partition('_')[0]}.amazonaws.com/{client.pool_id}": tokens.id}

    async def identity(self, logins: Mapping[str, str]) -> str:
        return str((await self.call("GetId", Logins=logins)).json["IdentityId"])

    async def guest(self) -> str:
        return str((await self.call("GetId")).json["IdentityId"])

    async def holder(self, *statements: Mapping[str, Any]) -> ApiClient:
        key = await self.house.built.access_keys.create("somebody", statements)
        return replace(self.api, key=(key.id, key.secret))


@asynccontextmanager
async def guarded() -> AsyncIterator[Guarded]:
    async with served() as (house, api):
        at = Guarded(house, replace(api, model=MODEL), "", [])
        for _ in range(2):
            at.clients.append(await house.client(await house.pool()))
        made = await at.call(
            "CreateIdentityPool",
            IdentityPoolName="pool",
            AllowUnauthenticatedIdentities=True,
            DeveloperProviderName=DEVELOPER,
            CognitoIdentityProviders=[
                {
                    "ProviderName": f"cognito-idp.{each.pool_id.partition('_')[0]}.amazonaws.com/{each.pool_id}",
                    "ClientId": each.id,
                }
                for each in at.clients
            ],
        )
        at.pool_id = made.json["IdentityPoolId"]
        yield at


# --- what is left ----------------------------------------------------------------------------------------------------

Scene = Callable[[Guarded], Awaitable[None]]
SCENES: dict[str, Scene] = {}


def scene(operation: str) -> Callable[[Scene], Scene]:
    """The function does all that the operation can leave in the trail."""

    def register(played: Scene) -> Scene:
        SCENES[operation] = played
        return played

    return register


@pytest.mark.parametrize("operation", sorted(SCENES.keys() | ((PUBLIC | OF_DEVELOPERS) & NOTED.keys())))
async def test_an_operation_on_identities_leaves_what_the_table_says(operation: str) -> None:
    async with guarded() as at:
        await SCENES[operation](at)

    assert set(NOTED[operation]) == at.seen


def of(identity_id: str) -> str:
    return f"identity:{identity_id}"


@scene("GetId")
async def get_id(at: Guarded) -> None:
    await at.guest()
    await at.left("identity.created", actor=None, subject=None)
    one, two = await at.login(0), await at.login(1)
    jane = await at.identity(one)
    await at.left("identity.created", actor=of(jane), subject=jane)
    assert jane == await at.identity(one)
    await at.left(actor=None, subject=None)
    at.house.clock.advance(1)
    await at.identity(two)
    await at.identity({**one, **two})
    await at.left("identity.merged", actor=of(jane), subject=jane)
    joe = await at.identity(await at.login(0, "joe"))
    await at.identity({**await at.login(0, "joe"), **await at.login(1, "joe")})
    await at.left("identity.linked", actor=of(joe), subject=joe)
    vouched = await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: "jim"})
    jim = vouched.json["IdentityId"]
    await at.call("UnlinkDeveloperIdentity", IdentityId=jim, DeveloperUserIdentifier="jim")
    await at.call("GetId", Logins={"cognito-identity.amazonaws.com": vouched.json["Token"]})
    await at.left("identity.refused", actor=None, subject=jim)


@scene("GetOpenIdToken")
async def get_open_id_token(at: Guarded) -> None:
    one, two = await at.login(0), await at.login(1)
    guest = await at.guest()
    await at.call("GetOpenIdToken", IdentityId=guest)
    await at.left(actor=None, subject=None)
    await at.call("GetOpenIdToken", IdentityId=guest, Logins=one)
    await at.left("identity.linked", actor=of(guest), subject=guest)
    await at.call("GetOpenIdToken", IdentityId=guest, Logins=one)
    await at.left(actor=None, subject=None)
    await at.call("GetOpenIdToken", IdentityId=guest)
    await at.left("identity.refused", actor=None, subject=guest)
    await at.call("GetOpenIdToken", IdentityId=guest, Logins=two)
    await at.left("identity.refused", actor=None, subject=guest)
    at.house.clock.advance(1)
    await at.identity(two)
    await at.call("GetOpenIdToken", IdentityId=guest, Logins={**one, **two})
    await at.left("identity.merged", actor=of(guest), subject=guest)


@scene("UnlinkIdentity")
async def unlink_identity(at: Guarded) -> None:
    one, two = await at.login(0), await at.login(1)
    jane = await at.identity({**one, **two})
    await at.call("UnlinkIdentity", IdentityId=jane, Logins=one, LoginsToRemove=list(two))
    await at.left("identity.unlinked", actor=of(jane), subject=jane)
    await at.call("UnlinkIdentity", IdentityId=jane, Logins=two, LoginsToRemove=list(one))
    await at.left("identity.refused", actor=None, subject=jane)


@scene("GetOpenIdTokenForDeveloperIdentity")
async def vouch(at: Guarded) -> None:
    made = await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: "jane"})
    jane = made.json["IdentityId"]
    await at.left("identity.created", actor=KEY, subject=jane)
    await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: "jane-2"}, IdentityId=jane)
    await at.left("identity.linked", actor=KEY, subject=jane)
    at.house.clock.advance(1)
    login = await at.login(0)
    await at.identity(login)
    await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: "jane", **login})
    await at.left("identity.merged", actor=KEY, subject=jane)


@scene("MergeDeveloperIdentities")
async def merge(at: Guarded) -> None:
    ids = []
    for user in ("jane", "jane-2"):
        made = await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: user})
        ids.append(made.json["IdentityId"])
    await at.call("MergeDeveloperIdentities", SourceUserIdentifier="jane", DestinationUserIdentifier="jane-2")
    await at.left("identity.merged", actor=KEY, subject=ids[1])


@scene("UnlinkDeveloperIdentity")
async def unlink_developer(at: Guarded) -> None:
    made = await at.call("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: "jane"})
    jane = made.json["IdentityId"]
    await at.call("UnlinkDeveloperIdentity", IdentityId=jane, DeveloperUserIdentifier="jane")
    await at.left("identity.unlinked", actor=KEY, subject=jane)


@scene("DeleteIdentities")
async def delete(at: Guarded) -> None:
    jane = await at.identity(await at.login(0))
    await at.call("DeleteIdentities", IdentityIdsToDelete=[jane])
    await at.left("identity.deleted", actor=KEY, subject=jane)
    await at.call("DeleteIdentities", IdentityIdsToDelete=[jane])
    await at.left(actor=None, subject=None)


async def test_what_reads_identities_leaves_nothing() -> None:
    async with guarded() as at:
        guest = await at.guest()
        given: dict[str, dict[str, Any]] = {
            "DescribeIdentity": {"IdentityId": guest},
            "ListIdentities": {},
            "LookupDeveloperIdentity": {"IdentityId": guest},
        }
        for operation, said in given.items():
            assert 200 == (await at.call(operation, **said)).status
            await at.left(actor=None, subject=None)

    silent = {name for names in SILENT.values() for name in names}
    assert given.keys() == (PUBLIC | OF_DEVELOPERS) & silent
    assert load_operations(OPERATIONS).keys() >= PUBLIC | OF_DEVELOPERS


# --- who may ---------------------------------------------------------------------------------------------------------


def allow(action: str, resource: str, effect: str = "Allow") -> dict[str, str]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def right(at: Guarded, guest: str) -> dict[str, dict[str, Any]]:
    """Inputs that would do something."""
    return {
        "DeleteIdentities": {"IdentityIdsToDelete": [guest]},
        "DescribeIdentity": {"IdentityId": guest},
        "GetOpenIdTokenForDeveloperIdentity": {"Logins": {DEVELOPER: "jane"}},
        "ListIdentities": {},
        "LookupDeveloperIdentity": {"IdentityId": guest},
        "MergeDeveloperIdentities": {"SourceUserIdentifier": "jane", "DestinationUserIdentifier": "joe"},
        "UnlinkDeveloperIdentity": {"IdentityId": guest, "DeveloperUserIdentifier": "jane"},
    }


@pytest.mark.parametrize("operation", sorted(OF_DEVELOPERS))
async def test_a_developers_operation_is_for_who_is_allowed_it_on_this_pool(operation: str) -> None:
    async with guarded() as at:
        given = right(at, await at.guest())[operation]
        action = f"cognito-identity:{operation}"
        here, elsewhere = pool_arn(at.pool_id, ACCOUNT), pool_arn(f"{REGION}:0", ACCOUNT)
        of_this = await at.holder(allow(action, "*" if operation in BY_IDENTITY else here))
        of_other = await at.holder(allow("cognito-identity:*", elsewhere), allow("cognito-idp:*", "*"))
        denied = await at.holder(allow("*", "*"), allow(action, "*", "Deny"))

        unsigned = await at.call(operation, at.api, signed=False, **given)
        assert "MissingAuthenticationTokenException" == unsigned.error
        for caller in (of_other, denied):
            assert "AccessDeniedException" == (await at.call(operation, caller, **given)).error
        assert "AccessDenied" not in str((await at.call(operation, of_this, **given)).body)


async def test_a_developer_of_one_pool_reaches_no_identity_of_another() -> None:
    async with guarded() as at:
        theirs = await at.guest()
        other = await at.call(
            "CreateIdentityPool",
            IdentityPoolName="other",
            AllowUnauthenticatedIdentities=True,
            DeveloperProviderName=DEVELOPER,
        )
        mine = other.json["IdentityPoolId"]
        caller = await at.holder(allow("cognito-identity:*", pool_arn(mine, ACCOUNT)))
        given = right(at, theirs)
        vouching = {**given["GetOpenIdTokenForDeveloperIdentity"], "IdentityId": theirs}

        answers = [
            await at.call("GetOpenIdTokenForDeveloperIdentity", caller, **vouching, IdentityPoolId=mine),
            await at.call("LookupDeveloperIdentity", caller, IdentityId=theirs, IdentityPoolId=mine),
            await at.call("UnlinkDeveloperIdentity", caller, **given["UnlinkDeveloperIdentity"], IdentityPoolId=mine),
        ]

        assert ["ResourceNotFoundException"] * 3 == [answer.error for answer in answers]


async def test_public_operations_need_no_signature_and_ignore_a_wrong_one() -> None:
    """Old SDKs sign them."""
    async with guarded() as at:
        wrong = replace(at.api, key=("AKIANOBODY", "wrong"))

        answer = await wrong.call("GetId", {"IdentityPoolId": at.pool_id})

        assert 200 == answer.status, answer.body


# --- guests ----------------------------------------------------------------------------------------------------------


async def test_neither_the_trail_nor_the_log_tells_of_a_guest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with guarded() as at:
        guest = await at.guest()
        token = await at.call("GetOpenIdToken", IdentityId=guest)
        await at.call("GetOpenIdToken", IdentityId=guest, Logins={"accounts.google.com": "x"})
        await at.call("UnlinkIdentity", IdentityId=guest, Logins={"accounts.google.com": "x"}, LoginsToRemove=["x"])
        trail = json.dumps([[entry.subject, entry.actor, entry.facts] for entry in await at.entries()])

    assert 200 == token.status
    assert guest not in trail
    assert guest not in caplog.text
