"""Credentials for an identity (the enhanced flow): which role it may take, what limits it, and who makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from poolhouse.errors import (
    InvocationFailed,
    NoRole,
    OutputUnusable,
    PluginAnswerInvalid,
    PolicyMalformed,
    ProviderAway,
    SessionTooLarge,
)
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.identities.roles import AUTHENTICATED, UNAUTHENTICATED, role_of
from poolhouse.flows.identities.tags import Tagged
from poolhouse.flows.identities.tags import tagged as tagged_by
from poolhouse.hooks import specs
from poolhouse.hooks.events.identities import IssueCredentials, NarrowCredentials
from poolhouse.hooks.spelling import field_name
from poolhouse.ports.access import Credentials, Session
from poolhouse.ports.identities import OwnToken, Proven
from poolhouse.records.access import Role
from poolhouse.records.identities import Identity, IdentityPool

FEDERATION: Final = "cognito-identity.amazonaws.com"
"""What policies call us, whatever our own address is."""
SESSION_NAME: Final = "CognitoIdentityCredentials"
SECONDS: Final = 3600
LOCAL: Final = "local"
ASSUME: Final = "sts:AssumeRoleWithWebIdentity"
TAG: Final = "sts:TagSession"
_TOKEN_SECONDS: Final = 300
"""Long enough to be shown once."""


class Resolved(Protocol):
    """Who somebody is, after linking and merging."""

    @property
    def identity(self) -> Identity: ...
    @property
    def pool(self) -> IdentityPool: ...
    @property
    def proven(self) -> Sequence[Proven]: ...
    @property
    def own(self) -> OwnToken | None: ...


class Resolves(Protocol):
    async def resolve(self, identity_id: str, logins: Mapping[str, str], /) -> Resolved: ...


class TakenRole(Protocol):
    @property
    def record(self) -> Role: ...
    @property
    def arn(self) -> str: ...
    @property
    def id(self) -> str: ...


class Roles(Protocol):
    async def find(self, arn: str, /) -> Any | None: ...

    def may_be_taken(
        self,
        role: Any,
        *,
        principal: Mapping[str, Sequence[str]],
        action: str,
        context: Mapping[str, str | tuple[str, ...]],
    ) -> bool: ...

    def names_no_audience(self, role: Any, /) -> bool: ...


class Tokens(Protocol):
    async def make(
        self,
        pool: IdentityPool,
        identity: Identity,
        proven: Sequence[Proven],
        *,
        own: OwnToken | None = None,
        seconds: int = 600,
        tags: Mapping[str, str] = {},
    ) -> str: ...


class CredentialTerms(Struct, frozen=True, kw_only=True):
    """``federated`` are the principals that trust policies know us by; ``guest_policies`` limit every guest's role."""

    federated: tuple[str, ...] = (FEDERATION,)
    guest_policies: tuple[Mapping[str, Any], ...] = ()


class Given(Struct, frozen=True):
    """``identity_id`` may be another than the one that was asked for."""

    identity_id: str
    credentials: Credentials


class CredentialService(Flow):
    """``check_policy`` raises ``PolicyMalformed`` for what is no policy. ``tokens`` makes those of our own issuer, for
    back ends that are elsewhere (None: none are)."""

    def __init__(
        self,
        world: World,
        identities: Resolves,
        roles: Roles,
        own: TemporaryCredentials,
        tokens: Tokens | None,
        *,
        check_policy: Callable[[Mapping[str, Any]], object],
        terms: CredentialTerms,
    ) -> None:
        super().__init__(world)
        self._identities = identities
        self._roles = roles
        self._own = own
        self._tokens = tokens
        self._check_policy = check_policy
        self._terms = terms

    @step("identities.credentials")
    async def of_identity(self, identity_id: str, logins: Mapping[str, str], custom_role: str | None = None) -> Given:
        """Credentials for an hour at most, of the role that this identity has by its logins. ``custom_role`` is the ARN
        of the one that is wanted of those that its token offers.

        Raises what finding out who it is raises; ``NoRole`` where the pool has no role for it, or the role does not let
        it in; ``NotAuthorized`` for a role that is not offered; ``Refused``, ``ProviderAway``.
        """
        resolved = await self._identities.resolve(identity_id, logins)
        is_guest = _is_guest(resolved)
        arn = role_of(resolved.pool, resolved.proven, custom_role, guest=is_guest)
        role: TakenRole | None = await self._roles.find(arn)
        if role is None:
            raise NoRole(detail=f"there is no role {arn}")
        tagged = _tags(resolved)
        tags = tagged.tags
        amr = _methods(resolved)
        self._require_taken(role, resolved, amr, tags)
        narrowed = await self._narrowed(resolved, role, tags, is_guest=is_guest)
        credentials = await self._issued(resolved, role, narrowed, amr)
        await self.world.audit.note(
            "credentials.issued",
            pool_id=resolved.pool.id,
            # Who knows a guest's id is that guest: it stands in no trail.
            subject=None if is_guest else resolved.identity.id,
            facts={"key": credentials.access_key_id, "role": role.arn, **_left_out(tagged)},
        )
        return Given(resolved.identity.id, credentials)

    def _require_taken(
        self, role: TakenRole, resolved: Resolved, amr: tuple[str, ...], tags: Mapping[str, str]
    ) -> None:
        """The role's own policy lets this identity take it. Raises ``NoRole``."""
        if self._roles.names_no_audience(role):
            # It would let in users of any pool (security row 51); pools are not given such roles, but tokens name some.
            raise NoRole(detail=f"{role.arn} does not say for which identity pools it is")
        context: dict[str, str | tuple[str, ...]] = {
            "aws:federatedprovider": FEDERATION,
            "sts:rolesessionname": SESSION_NAME,
        }
        said: dict[str, str | tuple[str, ...]] = {"aud": resolved.pool.id, "sub": resolved.identity.id, "amr": amr}
        for name in self._terms.federated:
            issuer = name.partition(":oidc-provider/")[2] or name
            context |= {f"{issuer.lower()}:{key}": value for key, value in said.items()}
        context |= {f"aws:requesttag/{name.lower()}": value for name, value in tags.items()}
        if tags:
            context["aws:tagkeys"] = tuple(tags)
        principal = {"Federated": self._terms.federated}
        for action in (ASSUME, TAG) if tags else (ASSUME,):
            if not self._roles.may_be_taken(role, principal=principal, action=action, context=context):
                raise NoRole(detail=f"{role.arn} does not let this identity do {action}")

    async def _narrowed(
        self, resolved: Resolved, role: TakenRole, tags: Mapping[str, str], *, is_guest: bool
    ) -> NarrowCredentials:
        """What limits the credentials, beside the role: more than it was, never less."""
        given = NarrowCredentials(
            identity_id=resolved.identity.id,
            pool_id=resolved.pool.id,
            role_arn=role.arn,
            is_guest=is_guest,
            providers=tuple(login.provider for login in resolved.proven),
            tags=tags,
            policies=self._terms.guest_policies if is_guest else (),
            seconds=min(SECONDS, role.record.longest),
        )
        if not self.world.hooks.implements(specs.narrow_credentials):
            return given
        answer = await self.world.hooks.amend(specs.narrow_credentials, given)
        added = tuple(_plain(policy) for policy in answer.policies if policy not in given.policies)
        try:
            for policy in added:
                self._check_policy(policy)
        except PolicyMalformed as error:
            raise _invalid(str(error)) from error
        if answer.seconds < 1:
            raise _invalid("the credentials would be over before they are given")
        seconds = min(given.seconds, int(answer.seconds))
        return replace(given, policies=(*given.policies, *added), seconds=seconds)

    async def _issued(
        self, resolved: Resolved, role: TakenRole, narrowed: NarrowCredentials, amr: tuple[str, ...]
    ) -> Credentials:
        backend = role.record.backend
        if backend != LOCAL or self.world.hooks.implements(specs.issue_credentials):
            given = await self._issued_elsewhere(resolved, role, narrowed)
            if given is not None:
                return given
        if backend != LOCAL:
            raise NoRole(detail=f"nobody makes credentials for {backend}, which {role.arn} is for")
        now = self.world.clock.now()
        session = Session(
            role_arn=role.arn,
            role_id=role.id,
            name=SESSION_NAME,
            issued=now,
            expires=now + narrowed.seconds,
            identity_id=resolved.identity.id,
            pool_id=resolved.pool.id,
            amr=amr,
            tags=dict(narrowed.tags),
            policies=tuple(_plain(policy) for policy in narrowed.policies),
        )
        try:
            return self._own.issue(session)
        except SessionTooLarge as error:
            raise NoRole(detail=str(error)) from error

    async def _issued_elsewhere(
        self, resolved: Resolved, role: TakenRole, narrowed: NarrowCredentials
    ) -> Credentials | None:
        token = ""
        if role.record.backend != LOCAL and self._tokens is not None:
            token = await self._tokens.make(
                resolved.pool,
                resolved.identity,
                resolved.proven,
                own=resolved.own,
                seconds=_TOKEN_SECONDS,
                tags=narrowed.tags,
            )
        event = IssueCredentials(
            identity_id=narrowed.identity_id,
            pool_id=narrowed.pool_id,
            role_arn=role.arn,
            backend=role.record.backend,
            session_name=SESSION_NAME,
            is_guest=narrowed.is_guest,
            tags=narrowed.tags,
            policies=narrowed.policies,
            seconds=narrowed.seconds,
            token=token,
        )
        try:
            return await self.world.hooks.first(specs.issue_credentials, event)
        except InvocationFailed as error:
            raise ProviderAway(detail=error.detail or str(error)) from error
        except OutputUnusable as error:
            # Whoever was asked said no: to the role as it is set up there.
            raise NoRole(detail=error.detail or str(error)) from error


def _is_guest(resolved: Resolved) -> bool:
    """A token of ours may be a guest's."""
    return not resolved.proven and (resolved.own is None or AUTHENTICATED not in resolved.own.amr)


def _methods(resolved: Resolved) -> tuple[str, ...]:
    """Each once, in the order in which they were proven."""
    if _is_guest(resolved):
        return (UNAUTHENTICATED,)
    said = [] if resolved.own is None else list(resolved.own.amr)
    for login in resolved.proven:
        said += login.amr or (login.provider,)
    return tuple(dict.fromkeys([AUTHENTICATED, *said]))


def _tags(resolved: Resolved) -> Tagged:
    """Those that a token of ours brings come first: a developer gave them, or a login that was proven before."""
    own = resolved.own.tags if resolved.own is not None else {}
    taken = {key.casefold() for key in own}
    proven = tagged_by(resolved.pool, resolved.proven)
    more = {key: value for key, value in proven.tags.items() if key.casefold() not in taken}
    return Tagged({**own, **more}, tuple(key for key in proven.left_out if key.casefold() not in taken))


def _left_out(tagged: Tagged) -> Mapping[str, str]:
    """For the trail: the keys alone. What their values would have been may be a name, or worse."""
    return {"tags_left_out": ", ".join(tagged.left_out)} if tagged.left_out else {}


def _plain(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in an event is frozen, and of another type."""
    plain: Mapping[str, Any] = msgspec.json.decode(msgspec.json.encode(policy))
    return plain


def _invalid(detail: str) -> PluginAnswerInvalid:
    return PluginAnswerInvalid(field_name("narrow_credentials"), "", detail=detail)
