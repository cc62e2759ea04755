"""Credentials for identities: whose role, what limits it, and who makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from msgspec import structs

from poolhouse import Credentials, InvocationFailed, IssueCredentials, NarrowCredentials, OutputUnusable, Refused
from poolhouse.errors import NoRole, NotAuthorized, PluginAnswerInvalid, PolicyMalformed, ProviderAway
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.flow import World
from poolhouse.flows.identities.credentials import CredentialService, CredentialTerms
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.ports.access import Session
from poolhouse.ports.identities import OwnToken, Proven
from poolhouse.records.access import Role
from poolhouse.records.identities import Identity, IdentityPool, PrincipalTags, RoleMapping
from poolhouse.server.world import SystemChance
from tests.support.json_api import ACCOUNT, NOON, ManualClock
from tests.support.small_world import Trail
from tests.support.temporary import IDENTITY, POOL, vault

GUESTS, USERS, ADMINS = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("Guests", "Users", "Admins"))
GUEST_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
READ_ONLY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
GOOGLE = Proven(provider="accounts.google.com", subject="g-1", app="app", kind="social", amr=("accounts.google.com",))
POOL_RECORD = IdentityPool(
    id=POOL,
    name="p",
    created=NOON,
    modified=NOON,
    allows_guests=True,
    roles={"authenticated": USERS, "unauthenticated": GUESTS},
    sealed_pepper="",
)

SOMEBODY = Identity(id=IDENTITY, pool_id=POOL, created=NOON, modified=NOON)


@dataclass
class Who:
    """What ``resolve`` answers."""

    proven: Sequence[Proven] = ()
    own: OwnToken | None = None
    pool: IdentityPool = POOL_RECORD
    identity: Identity = SOMEBODY

    async def resolve(self, identity_id: str, logins: Mapping[str, str], /) -> Who:
        return self


@dataclass
class KnownRole:
    record: Role
    arn: str
    id: str = "AROAEXAMPLEROLE00001"


def known(name: str, **more: Any) -> KnownRole:
    return KnownRole(Role(name=name, created=NOON, trust={}, **more), f"arn:aws:iam::{ACCOUNT}:role/{name}")


@dataclass
class RoleBook:
    """Roles that may be taken unless their names are among ``refusing``; it remembers what it was asked."""

    roles: dict[str, KnownRole] = field(
        default_factory=lambda: {role.arn: role for role in map(known, ("Guests", "Users", "Admins"))}
    )
    refused: set[str] = field(default_factory=set)
    open_to_all: bool = False
    asked: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)

    async def find(self, arn: str, /) -> KnownRole | None:
        return self.roles.get(arn)

    def may_be_taken(self, role: Any, *, principal: Mapping[str, Any], action: str, context: Mapping[str, Any]) -> bool:
        self.asked.append((action, principal, context))
        return action not in self.refused

    def names_no_audience(self, role: Any, /) -> bool:
        return self.open_to_all


class Tokens:
    async def make(self, *given: Any, **more: Any) -> str:
        return "a.token.of-ours"


def check_policy(policy: Mapping[str, Any]) -> None:
    if "Statement" not in policy:
        raise PolicyMalformed


@dataclass
class Made:
    """The service with all around it."""

    who: Who = field(default_factory=Who)
    book: RoleBook = field(default_factory=RoleBook)
    hooks: Mapping[str, Any] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    trail: Trail = field(default_factory=Trail)

    def __post_init__(self) -> None:
        hooks = Hooks([Implementation(hook, "tested", call) for hook, call in self.hooks.items()])
        world = World(self.clock, SystemChance(), vault(), hooks, self.trail)
        self.own = TemporaryCredentials(vault(), SystemChance())
        self.service = CredentialService(
            world,
            self.who,
            self.book,
            self.own,
            Tokens(),
            check_policy=check_policy,
            terms=CredentialTerms(
                federated=("cognito-identity.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"),
                guest_policies=(GUEST_POLICY,),
            ),
        )

    async def session(self, custom: str | None = None) -> Session:
        given = await self.service.of_identity(IDENTITY, {}, custom)
        assert IDENTITY == given.identity_id
        return self.own.open(given.credentials.access_key_id, given.credentials.session_token).session


async def test_a_guest_gets_the_role_of_guests_within_what_guests_may() -> None:
    session = await Made().session()

    assert (GUESTS, ("unauthenticated",), (GUEST_POLICY,)) == (session.role_arn, session.amr, session.policies)
    assert (IDENTITY, POOL) == (session.identity_id, session.pool_id)
    assert "CognitoIdentityCredentials" == session.name
    assert (NOON, NOON + 3600) == (session.issued, session.expires)


async def test_a_user_gets_the_role_of_users_and_no_policy_of_guests() -> None:
    session = await Made(Who([GOOGLE])).session()

    assert (USERS, ("authenticated", "accounts.google.com"), ()) == (session.role_arn, session.amr, session.policies)


@pytest.mark.parametrize(
    ("amr", "role"), [(("authenticated", "dev", "dev:p:u"), USERS), (("unauthenticated",), GUESTS)]
)
async def test_a_token_of_ours_says_whether_somebody_is_a_guest(amr: tuple[str, ...], role: str) -> None:
    session = await Made(Who(own=OwnToken(pool_id=POOL, identity_id=IDENTITY, amr=amr))).session()

    assert (role, amr) == (session.role_arn, session.amr)


async def test_the_policy_of_the_role_is_asked_who_may_take_it() -> None:
    made = Made(Who([GOOGLE]))
    await made.session()

    ((action, principal, context),) = made.book.asked
    assert "sts:AssumeRoleWithWebIdentity" == action
    assert "cognito-identity.amazonaws.com" in principal["Federated"]
    for issuer in ("cognito-identity.amazonaws.com", "id.example.com"):
        assert POOL == context[f"{issuer}:aud"]
        assert IDENTITY == context[f"{issuer}:sub"]
        assert ("authenticated", "accounts.google.com") == context[f"{issuer}:amr"]


async def test_a_role_that_does_not_let_the_identity_in_gives_nothing() -> None:
    with pytest.raises(NoRole):
        await Made(book=RoleBook(refused={"sts:AssumeRoleWithWebIdentity"})).session()


async def test_a_role_that_would_let_in_users_of_any_pool_gives_nothing() -> None:
    with pytest.raises(NoRole):
        await Made(book=RoleBook(open_to_all=True)).session()


async def test_a_role_that_is_not_there_gives_nothing() -> None:
    with pytest.raises(NoRole):
        await Made(book=RoleBook(roles={})).session()


async def test_a_guest_who_asks_for_the_role_of_users_gets_nothing() -> None:
    with pytest.raises(NotAuthorized):
        await Made().session(USERS)


async def test_a_role_that_the_token_does_not_offer_is_not_given() -> None:
    pool = structs.replace(
        POOL_RECORD, mappings=(RoleMapping(provider=GOOGLE.provider, kind="Token", ambiguous="Deny"),)
    )
    login = structs.replace(GOOGLE, claims={"cognito:roles": [USERS, ADMINS]})

    assert ADMINS == (await Made(Who([login], pool=pool)).session(ADMINS)).role_arn
    with pytest.raises(NotAuthorized):
        await Made(Who([login], pool=pool)).session(GUESTS)


TAGGED = structs.replace(
    POOL_RECORD, principal_tags=(PrincipalTags(provider=GOOGLE.provider, claims={"Team": "team", "Rank": "rank"}),)
)
LOGIN = structs.replace(GOOGLE, claims={"team": "red", "rank": "high"})


async def test_tags_of_the_login_are_those_of_the_caller_where_the_role_takes_tags() -> None:
    made = Made(Who([LOGIN], pool=TAGGED))

    assert {"Team": "red", "Rank": "high"} == dict((await made.session()).tags)
    assert ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"] == [action for action, _, _ in made.book.asked]
    assert "red" == made.book.asked[0][2]["aws:requesttag/team"]
    with pytest.raises(NoRole):
        await Made(Who([LOGIN], pool=TAGGED), RoleBook(refused={"sts:TagSession"})).session()


async def test_what_a_developer_says_of_somebody_is_not_said_otherwise_by_their_login() -> None:
    own = OwnToken(pool_id=POOL, identity_id=IDENTITY, amr=("authenticated",), tags={"team": "blue"})

    session = await Made(Who([LOGIN], own, TAGGED)).session()

    assert {"team": "blue", "Rank": "high"} == dict(session.tags)


async def test_that_credentials_were_given_is_noted_and_no_guest_is_named() -> None:
    for who, subject in ((Who(), None), (Who([GOOGLE]), IDENTITY)):
        made = Made(who)
        given = await made.service.of_identity(IDENTITY, {})
        ((action, about),) = made.trail.notes
        assert "credentials.issued" == action
        assert (POOL, subject) == (about["pool_id"], about["subject"])
        assert given.credentials.access_key_id == about["facts"]["key"]
        assert IDENTITY not in str({**about, "subject": None})


async def test_tags_that_cannot_be_are_noted_by_their_keys_and_not_by_what_they_would_have_said() -> None:
    made = Made(Who([structs.replace(LOGIN, claims={"team": "red|blue", "rank": "high"})], pool=TAGGED))

    await made.service.of_identity(IDENTITY, {})

    ((_, about),) = made.trail.notes
    assert "Team" == about["facts"]["tags_left_out"]
    assert "red" not in str(about)


async def test_a_role_with_shorter_sessions_gives_shorter_credentials() -> None:
    book = RoleBook(roles={GUESTS: known("Guests", longest=900)})

    assert NOON + 900 == (await Made(book=book).session()).expires


# --- plugins ---------------------------------------------------------------------------------------------------------


async def test_narrow_credentials_adds_policies_and_takes_off_time() -> None:
    def narrow(event: NarrowCredentials) -> NarrowCredentials:
        assert (IDENTITY, POOL, GUESTS, True) == (event.identity_id, event.pool_id, event.role_arn, event.is_guest)
        return replace(event, policies=(*event.policies, READ_ONLY), seconds=60)

    session = await Made(hooks={"narrow_credentials": narrow}).session()

    assert ((GUEST_POLICY, READ_ONLY), NOON + 60) == (session.policies, session.expires)


async def test_narrow_credentials_widens_nothing() -> None:
    def widen(event: NarrowCredentials) -> NarrowCredentials:
        return replace(event, policies=(), seconds=999_999, role_arn=ADMINS, identity_id="x", tags={"a": "b"})

    session = await Made(hooks={"narrow_credentials": widen}).session()

    assert ((GUEST_POLICY,), NOON + 3600, GUESTS) == (session.policies, session.expires, session.role_arn)
    assert (IDENTITY, {}) == (session.identity_id, dict(session.tags))


async def test_narrow_credentials_may_refuse() -> None:
    def refuse(event: NarrowCredentials) -> None:
        raise Refused("Not at night")

    with pytest.raises(Refused, match="Not at night"):
        await Made(hooks={"narrow_credentials": refuse}).session()


@pytest.mark.parametrize("change", [{"policies": ({"no": "policy"},)}, {"seconds": 0}, {"seconds": -5}])
async def test_narrow_credentials_that_makes_no_sense_gives_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(PluginAnswerInvalid):
        await Made(hooks={"narrow_credentials": lambda event: replace(event, **change)}).session()


OTHERS = Credentials(access_key_id="ASIAOTHER", secret="s", session_token="t", expires=NOON + 900)


def elsewhere(seen: list[IssueCredentials], answer: Any) -> Made:
    """A role whose credentials another makes, who answers (or raises) this."""

    def issue(event: IssueCredentials) -> Credentials | None:
        seen.append(event)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    book = RoleBook(roles={GUESTS: known("Guests", backend="machines")})
    return Made(book=book, hooks={"issue_credentials": issue})


async def test_issue_credentials_makes_those_of_another_back_end() -> None:
    seen: list[IssueCredentials] = []

    given = await elsewhere(seen, OTHERS).service.of_identity(IDENTITY, {})

    assert OTHERS == given.credentials
    (event,) = seen
    assert ("machines", "a.token.of-ours", GUESTS) == (event.backend, event.token, event.role_arn)
    assert ((GUEST_POLICY,), 3600) == (event.policies, event.seconds)
    assert "a.token.of-ours" not in repr(event)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, NoRole),
        (InvocationFailed("IssueCredentials", "no answer"), ProviderAway),
        (OutputUnusable("IssueCredentials", detail="AccessDenied"), NoRole),
    ],
)
async def test_issue_credentials_that_cannot_gives_nothing(answer: Any, told: type[Exception]) -> None:
    with pytest.raises(told):
        await elsewhere([], answer).session()


async def test_issue_credentials_is_asked_for_roles_of_ours_too_and_is_given_no_token_for_them() -> None:
    seen: list[IssueCredentials] = []

    session = await Made(hooks={"issue_credentials": seen.append}).session()

    assert GUESTS == session.role_arn
    assert [("local", "")] == [(event.backend, event.token) for event in seen]
