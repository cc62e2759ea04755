"""A role taken by a token: whose token it is, who is let in, and what they get."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs

from poolhouse.errors import (
    IdentityPoolNotFound,
    InvalidParameter,
    LoginRefused,
    PolicyMalformed,
    RoleRefused,
    SessionTooLarge,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.policies import parse_policy
from poolhouse.flows.flow import World
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.web_identity import Asked, Assumed, WebIdentities, WebIdentityRoles
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.access import Session
from poolhouse.ports.identities import Proven
from poolhouse.records.access import ManagedPolicy, OidcProvider
from poolhouse.records.identities import Identity, IdentityPool, Login
from poolhouse.server.world import SystemChance
from tests.support.json_api import ACCOUNT, NOON, ManualClock
from tests.support.small_world import Trail
from tests.support.temporary import IDENTITY, POOL, vault
from tests.unit.flows.identities.test_credentials import GUESTS, POOL_RECORD, SOMEBODY, RoleBook, known

OURS = "https://id.example.com"
IDP = OidcProvider(issuer="https://login.example.org", client_ids=("app",), created=NOON)
USER_POOL = OidcProvider(
    issuer="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", client_ids=("client",), created=NOON
)
CLAIMS = {"sub": IDENTITY, "aud": POOL, "amr": ["unauthenticated"], "iat": int(NOON) - 5, "exp": int(NOON) + 600}


def token(issuer: Any, **claims: Any) -> str:
    """A token whose signature nobody looks at here: the fakes below say whether it is good."""
    body = urlsafe_b64encode(json.dumps({"iss": issuer, **claims}).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@dataclass
class Own:
    claims: Mapping[str, Any] | None = field(default_factory=lambda: dict(CLAIMS))
    issuer: str = OURS

    async def verify(self, token: str, /) -> Mapping[str, Any] | None:
        return self.claims


@dataclass
class Proofs:
    """Whoever comes is ``subject`` of the provider; it remembers what was asked."""

    asked: list[tuple[IdentityPool, Mapping[str, str]]] = field(default_factory=list)
    refuses: bool = False

    async def prove(self, pool: IdentityPool, logins: Mapping[str, str]) -> Sequence[Proven]:
        self.asked.append((pool, logins))
        if self.refuses:
            raise LoginRefused
        (key,) = logins
        return [Proven(provider=key, subject="somebody", app="app", kind="oidc")]

    async def prove_own(self, pool: IdentityPool, token: str) -> Any:
        raise AssertionError("tokens of guests are none for this")


@dataclass
class Taking:
    own: Own = field(default_factory=Own)
    proofs: Proofs = field(default_factory=Proofs)
    book: RoleBook = field(default_factory=RoleBook)
    pool: IdentityPool | None = POOL_RECORD
    identity: Identity | None = SOMEBODY
    linked: Sequence[str] = ("x",)
    policies: Mapping[str, ManagedPolicy] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)

    def __post_init__(self) -> None:
        taking, clock = self, ManualClock()

        class Pools:
            async def get(self, pool_id: str) -> IdentityPool:
                if taking.pool is None or pool_id != POOL:
                    raise IdentityPoolNotFound(pool_id)
                return taking.pool

        class Identities:
            async def get(self, identity_id: str) -> Identity | None:
                return taking.identity if identity_id == IDENTITY else None

        class Kept:
            async def of_identity(self, pool_id: str, identity_id: str) -> Sequence[Login]:
                assert (POOL, IDENTITY) == (pool_id, identity_id)
                return [
                    Login(pool_id=pool_id, digest=name, provider=name, identity_id=identity_id, linked=NOON)
                    for name in taking.linked
                ]

        class Providers:
            async def get(self, name: str) -> OidcProvider | None:
                return {each.issuer.partition("://")[2]: each for each in (IDP, USER_POOL)}.get(name)

        class Managed:
            async def get(self, name: str) -> ManagedPolicy | None:
                return taking.policies.get(name)

        identities: Any = WebIdentities(
            self.own, self.proofs, Pools(), Identities(), Kept(), Providers(), LoginKeys(OURS), clock, ACCOUNT  # type: ignore[arg-type]
        )  # fmt: skip
        self.credentials = TemporaryCredentials(vault(), SystemChance())
        self.roles = WebIdentityRoles(
            World(clock, SystemChance(), vault(), Hooks(), self.trail),
            identities,
            self.book,
            Managed(),  # type: ignore[arg-type]
            self.credentials,
            check_policy=parse_policy,
        )

    async def assume(self, token: str, **more: Any) -> tuple[Assumed, Session]:
        assumed = await self.roles.assume(Asked(**{"role_arn": GUESTS, "session_name": "me", "token": token, **more}))
        made = assumed.credentials
        return assumed, self.credentials.open(made.access_key_id, made.session_token).session


async def test_a_guest_takes_a_role_by_the_token_that_we_gave() -> None:
    taking = Taking()

    assumed, session = await taking.assume(token(OURS))

    assert (IDENTITY, POOL, ("unauthenticated",)) == (session.identity_id, session.pool_id, session.amr)
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/Guests/me" == assumed.arn
    assert (IDENTITY, POOL) == (assumed.subject, assumed.audience)
    assert () == session.policies
    ((action, principal, context),) = taking.book.asked
    assert "sts:AssumeRoleWithWebIdentity" == action
    assert ("cognito-identity.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com") == principal[
        "Federated"
    ]
    assert POOL == context["cognito-identity.amazonaws.com:aud"] == context["id.example.com:aud"]
    ((_, about),) = taking.trail.notes
    assert about["subject"] is None


async def test_a_user_of_a_registered_provider_takes_a_role_as_that_providers_user() -> None:
    taking = Taking()

    _, session = await taking.assume(token(IDP.issuer))

    assert ("login.example.org", "somebody", "app") == (session.provider, session.subject, session.audience)
    assert session.identity_id is None
    ((_, principal, context),) = taking.book.asked
    assert (f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.org",) == principal["Federated"]
    assert ("app", "somebody") == (context["login.example.org:aud"], context["login.example.org:sub"])
    assert "cognito-identity.amazonaws.com:aud" not in context


async def test_a_user_pool_that_is_registered_is_asked_as_one() -> None:
    taking = Taking()

    await taking.assume(token(USER_POOL.issuer))
    await taking.assume(token(f"{OURS}/eu-west-1_a"))

    for pool, logins in taking.proofs.asked:
        assert ["cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a"] == list(logins)
        assert [("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "client")] == [
            (each.name, each.client_id) for each in pool.user_pools
        ]


@pytest.mark.parametrize(
    "sent",
    ["none", "a.b", "a.b.c", "e30.W10.c", "e30.eyJpc3MiOjF9.c", "é.é.é.é", token(None), "x" * 20_001],
)
async def test_what_is_no_token_is_refused(sent: str) -> None:
    with pytest.raises(LoginRefused):
        await Taking().assume(sent)


async def test_a_provider_that_is_not_registered_is_not_asked() -> None:
    taking = Taking()

    with pytest.raises(LoginRefused):
        await taking.assume(token("https://evil.example"))
    assert not taking.proofs.asked


async def test_a_token_that_the_provider_did_not_sign_is_refused() -> None:
    with pytest.raises(LoginRefused):
        await Taking(proofs=Proofs(refuses=True)).assume(token(IDP.issuer))


@pytest.mark.parametrize(
    "change",
    [
        None,
        {"aud": "eu-west-1:other"},
        {"sub": 5},
        {"amr": "authenticated"},
        {"amr": []},
        {"iat": None},
        {"exp": "never"},
        {"exp": int(NOON)},
    ],
)
async def test_a_token_of_ours_that_is_over_or_says_something_else_is_refused(change: dict[str, Any] | None) -> None:
    claims = None if change is None else {**CLAIMS, **change}

    with pytest.raises(LoginRefused):
        await Taking(own=Own(claims)).assume(token(OURS))


async def test_who_comes_too_late_is_told_so() -> None:
    with pytest.raises(LoginRefused) as refused:
        await Taking(own=Own({**CLAIMS, "exp": int(NOON) - 1})).assume(token(OURS))

    assert refused.value.statement is not None
    assert Reason.WEB_TOKEN_EXPIRED == refused.value.statement.reason


async def test_guests_of_a_pool_that_has_none_any_more_get_nothing() -> None:
    pool = structs.replace(POOL_RECORD, allows_guests=False)

    with pytest.raises(LoginRefused):
        await Taking(pool=pool).assume(token(OURS))
    assert await Taking(own=Own({**CLAIMS, "amr": ["authenticated", "x"]}), pool=pool).assume(token(OURS))


async def test_a_token_gives_nothing_once_what_it_was_given_for_is_gone() -> None:
    users = Own({**CLAIMS, "amr": ["authenticated", "x"]})
    user = structs.replace(SOMEBODY, had_login=True)

    assert await Taking(own=users, identity=user, linked=("y", "x")).assume(token(OURS))
    with pytest.raises(LoginRefused):
        await Taking(own=users, identity=user, linked=("y",)).assume(token(OURS))
    with pytest.raises(LoginRefused):
        await Taking(identity=user).assume(token(OURS))


@pytest.mark.parametrize(("before", "fits"), [(None, True), (NOON - 4.5, True), (NOON - 4, False), (NOON, False)])
@pytest.mark.parametrize("of", ["pool", "identity"])
async def test_a_token_from_before_a_revocation_gives_nothing_after_it(
    of: str, before: float | None, *, fits: bool
) -> None:
    change: dict[str, Any] = {
        of: structs.replace({"pool": POOL_RECORD, "identity": SOMEBODY}[of], revoked_before=before)
    }
    taking = Taking(**change)

    if fits:
        await taking.assume(token(OURS))
    else:
        with pytest.raises(LoginRefused):
            await taking.assume(token(OURS))


@pytest.mark.parametrize(
    "identity",
    [
        None,
        structs.replace(SOMEBODY, is_disabled=True),
        structs.replace(SOMEBODY, merging_into="other"),
    ],
)
async def test_a_token_of_somebody_who_is_gone_gives_nothing(identity: Identity | None) -> None:
    with pytest.raises(LoginRefused):
        await Taking(identity=identity).assume(token(OURS))


async def test_a_role_that_lets_nobody_in_is_not_told_from_one_that_is_not_there() -> None:
    told = set()
    for book in (RoleBook(refused={"sts:AssumeRoleWithWebIdentity"}), RoleBook(roles={}), RoleBook(open_to_all=True)):
        with pytest.raises(RoleRefused) as refused:
            await Taking(book=book).assume(token(OURS))
        told.add(str(refused.value))

    assert {"Not authorized to perform sts:AssumeRoleWithWebIdentity"} == told


async def test_tags_in_the_token_need_a_role_that_takes_tags() -> None:
    tagged = {**CLAIMS, "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["red"]}}}

    assert {"Team": "red"} == dict((await Taking(own=Own(tagged)).assume(token(OURS)))[1].tags)
    with pytest.raises(RoleRefused):
        await Taking(own=Own(tagged), book=RoleBook(refused={"sts:TagSession"})).assume(token(OURS))


@pytest.mark.parametrize(("seconds", "lasts"), [(None, 3600), (900, 900), (7200, 7200), (899, None), (7201, None)])
async def test_credentials_last_as_long_as_is_asked_within_what_the_role_allows(
    seconds: int | None, lasts: int | None
) -> None:
    taking = Taking(book=RoleBook(roles={GUESTS: known("Guests", longest=7200)}))

    if lasts is None:
        with pytest.raises(InvalidParameter):
            await taking.assume(token(OURS), seconds=seconds)
    else:
        assert NOON + lasts == (await taking.assume(token(OURS), seconds=seconds))[1].expires


@pytest.mark.parametrize("name", ["", "x", "a b", "é" * 3, "x" * 65])
async def test_a_session_has_a_name_that_an_arn_can_bear(name: str) -> None:
    with pytest.raises(InvalidParameter):
        await Taking().assume(token(OURS), session_name=name)


def policy(action: str, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}


ARN = f"arn:aws:iam::{ACCOUNT}:policy/Reading"
MANAGED = {"Reading": ManagedPolicy(name="Reading", created=NOON, document=policy("s3:Get*"))}


async def test_session_policies_are_one_limit_together() -> None:
    taking = Taking(policies=MANAGED)

    _, session = await taking.assume(token(OURS), policy=json.dumps(policy("s3:List*")), policy_arns=(ARN,))

    (limit,) = session.policies
    assert ["s3:List*", "s3:Get*"] == [statement["Action"] for statement in limit["Statement"]]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"policy": "{"}, PolicyMalformed),
        ({"policy": '{"Version": "2012-10-17"}'}, PolicyMalformed),
        ({"policy": json.dumps(policy("s3:*", "2008-10-17")), "policy_arns": (ARN,)}, PolicyMalformed),
        ({"policy": json.dumps(policy("s3:" + "x" * 2048))}, SessionTooLarge),
        ({"policy_arns": (ARN,) * 11}, InvalidParameter),
        ({"policy_arns": (f"{ARN}s",)}, InvalidParameter),
        ({"policy_arns": ("Reading",)}, InvalidParameter),
    ],
)
async def test_session_policies_that_cannot_be_meant_give_nothing(more: dict[str, Any], told: type[Exception]) -> None:
    with pytest.raises(told):
        await Taking(policies=MANAGED).assume(token(OURS), **more)


def test_no_token_is_in_the_text_of_what_is_asked() -> None:
    assert "secret-token" not in repr(Asked(role_arn=GUESTS, session_name="me", token="secret-token"))
