"""A role taken by a token (the classic flow, ``AssumeRoleWithWebIdentity``): whose it is, whether the role lets them
in, and the credentials that they get."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from poolhouse.errors import (
    IdentityPoolNotFound,
    InvalidParameter,
    LoginRefused,
    PolicyMalformed,
    RoleRefused,
    SessionTooLarge,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import user_id
from poolhouse.flows.access.credentials import TOKEN_LIMIT, TemporaryCredentials
from poolhouse.flows.access.temporary import assumed_role_arn
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.identities.credentials import ASSUME, FEDERATION, TAG, Roles, TakenRole
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.roles import AUTHENTICATED, UNAUTHENTICATED
from poolhouse.ports.access import Credentials, ManagedPolicies, OidcProviders, Session
from poolhouse.ports.identities import Identities, IdentityPools, LoginProofs, Logins, OwnToken
from poolhouse.ports.world import Clock
from poolhouse.records.identities import IdentityPool, UserPoolProvider

SHORTEST: Final = 900
USUAL: Final = 3600
TOKEN_LENGTH: Final = 20_000
POLICY_LENGTH: Final = 2048
"""Characters of all session policies together."""
MOST_POLICIES: Final = 10
_TAGS: Final = "https://aws.amazon.com/tags"
_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_POLICY_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}|aws):policy/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,128})", re.ASCII)


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked for. ``seconds`` None: as long as is usual. ``policy`` is the text of a session policy,
    ``policy_arns`` name managed ones: what either allows, the role has to allow, too."""

    role_arn: str
    session_name: str
    token: str
    seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Asked(role_arn={self.role_arn!r})"


class Assumed(Struct, frozen=True, kw_only=True):
    """``arn`` and ``user_id`` are what policies and refusals call the caller. ``packed`` is how full the token is, in
    per cent."""

    credentials: Credentials
    arn: str
    user_id: str
    subject: str
    audience: str
    provider: str
    packed: int


class WebIdentity(Struct, frozen=True, kw_only=True):
    """Whose a token is. ``principals`` are what trust policies may call its issuer, ``names`` what stands before the
    keys of conditions."""

    principals: tuple[str, ...]
    names: tuple[str, ...]
    provider: str
    subject: str
    audience: str
    amr: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    identity_id: str | None = None
    pool_id: str | None = None


class OwnIssuer(Protocol):
    """Tokens of our own issuer, of guests too."""

    @property
    def issuer(self) -> str: ...

    async def verify(self, token: str, /) -> Mapping[str, Any] | None: ...


class WebIdentities:
    """Tokens of our own issuer, and of providers that are registered: user pools among them, by their issuers."""

    def __init__(
        self,
        own: OwnIssuer,
        proofs: LoginProofs,
        pools: IdentityPools,
        identities: Identities,
        logins: Logins,
        providers: OidcProviders,
        keys: LoginKeys,
        clock: Clock,
        account: str,
    ) -> None:
        self._own = own
        self._proofs = proofs
        self._pools = pools
        self._kept = identities
        self._logins = logins
        self._providers = providers
        self._keys = keys
        self._clock = clock
        self._account = account

    async def prove(self, token: str) -> WebIdentity:
        """Raises ``LoginRefused``, ``ProviderAway``."""
        issuer = _issuer(token)
        if issuer == self._own.issuer:
            return await self._of_ours(token)
        name = issuer.partition("://")[2] or issuer
        key = self._keys.canonical(name)
        provider = await self._providers.get(name) or await self._providers.get(key)
        if provider is None:
            raise LoginRefused(Reason.WEB_PROVIDER_UNKNOWN)
        arn = self._arn(provider.issuer.partition("://")[2])
        # What an identity pool would say that takes tokens of this provider alone.
        as_pool = IdentityPool(
            id="sts",
            name="sts",
            created=0,
            modified=0,
            allows_guests=False,
            sealed_pepper="",
            oidc_provider_arns=(arn,),
            user_pools=tuple(UserPoolProvider(name=key, client_id=client) for client in provider.client_ids)
            if key.startswith("cognito-idp.")
            else (),
        )
        (proven,) = await self._proofs.prove(as_pool, {key: token})
        return WebIdentity(
            principals=(arn,),
            names=tuple(dict.fromkeys((name, key))),
            provider=name,
            subject=proven.subject,
            audience=proven.app,
        )

    async def _of_ours(self, token: str) -> WebIdentity:
        claims = await self._own.verify(token)
        if claims is None:
            raise LoginRefused(Reason.WEB_TOKEN_INVALID)
        try:
            pool = await self._pools.get(str(claims.get("aud")))
        except IdentityPoolNotFound:
            raise LoginRefused(Reason.WEB_TOKEN_INVALID) from None
        own = _own_token(pool, claims, self._clock.now())
        if AUTHENTICATED not in own.amr and not pool.allows_guests:
            raise LoginRefused(Reason.WEB_TOKEN_INVALID, detail="the pool has no guests any more")
        await self._require_current(pool, own)
        host = self._own.issuer.partition("://")[2]
        return WebIdentity(
            principals=(FEDERATION, self._arn(host)),
            names=(FEDERATION, host),
            provider=FEDERATION,
            subject=own.identity_id,
            audience=pool.id,
            amr=own.amr,
            tags=own.tags,
            identity_id=own.identity_id,
            pool_id=pool.id,
        )

    async def _require_current(self, pool: IdentityPool, own: OwnToken) -> None:
        """The identity of the token is there, and has what the token was given for: for a user's one of the logins that
        it names, for a guest's none, ever. Nobody has taken it back. Raises ``LoginRefused``."""
        identity = await self._kept.get(own.identity_id)
        is_gone = identity is None or identity.is_disabled or identity.merging_into is not None
        revoked = (pool.revoked_before, None if identity is None else identity.revoked_before)
        # Instants in tokens are whole, those in records are not.
        if is_gone or any(before is not None and own.issued + 1 <= before for before in revoked):
            raise LoginRefused(Reason.WEB_TOKEN_INVALID, detail="the identity is gone, or its tokens were taken back")
        if AUTHENTICATED in own.amr:
            held = await self._logins.of_identity(pool.id, own.identity_id)
            is_other = {login.provider for login in held}.isdisjoint(own.amr)
        else:
            is_other = identity is not None and identity.had_login
        if is_other:
            raise LoginRefused(
                Reason.WEB_TOKEN_INVALID, detail="what the token was given for is the identity's no more"
            )

    def _arn(self, name: str) -> str:
        return f"arn:aws:iam::{self._account}:oidc-provider/{name}"


class WebIdentityRoles(Flow):
    """``check_policy`` raises ``PolicyMalformed`` for a text that is no policy."""

    def __init__(
        self,
        world: World,
        identities: WebIdentities,
        roles: Roles,
        managed: ManagedPolicies,
        own: TemporaryCredentials,
        *,
        check_policy: Callable[[str], object],
    ) -> None:
        super().__init__(world)
        self._identities = identities
        self._roles = roles
        self._managed = managed
        self._own = own
        self._check_policy = check_policy

    @step("identities.assume_role")
    async def assume(self, asked: Asked) -> Assumed:
        """Credentials of the role, for whoever the token is of. Raises ``InvalidParameter``, ``LoginRefused``,
        ``ProviderAway``, ``RoleRefused``, ``PolicyMalformed``, ``SessionTooLarge``."""
        if _SESSION_NAME.fullmatch(asked.session_name) is None:
            raise InvalidParameter(Reason.ROLE_SESSION_NAME)
        if not 4 <= len(asked.token) <= TOKEN_LENGTH:
            raise LoginRefused(Reason.WEB_TOKEN_INVALID)
        who = await self._identities.prove(asked.token)
        role: TakenRole | None = await self._roles.find(asked.role_arn)
        # Whether there is such a role is told to nobody who may not take it.
        if role is None or not self._lets_in(role, who, asked.session_name):
            raise RoleRefused(detail=f"{asked.role_arn} does not let in {who.provider}")
        longest = role.record.longest
        seconds = min(USUAL, longest) if asked.seconds is None else asked.seconds
        if not SHORTEST <= seconds <= longest:
            raise InvalidParameter(Reason.ROLE_DURATION, least=SHORTEST, most=longest)
        now = self.world.clock.now()
        session = Session(
            role_arn=role.arn,
            role_id=role.id,
            name=asked.session_name,
            issued=now,
            expires=now + seconds,
            identity_id=who.identity_id,
            pool_id=who.pool_id,
            amr=who.amr,
            provider=who.provider,
            subject=who.subject,
            audience=who.audience,
            tags=dict(who.tags),
            policies=await self._session_policies(asked),
        )
        credentials = self._own.issue(session)
        await self.world.audit.note(
            "credentials.issued",
            pool_id=who.pool_id,
            # Who knows a guest's id is that guest: it stands in no trail. Nor does another provider's id of somebody.
            subject=who.identity_id if AUTHENTICATED in who.amr else None,
            facts={"key": credentials.access_key_id, "role": role.arn, "provider": who.provider},
        )
        return Assumed(
            credentials=credentials,
            arn=assumed_role_arn(session),
            user_id=user_id(session),
            subject=who.subject,
            audience=who.audience,
            provider=who.provider,
            packed=max(1, 100 * len(credentials.session_token) // TOKEN_LIMIT),
        )

    def _lets_in(self, role: TakenRole, who: WebIdentity, session_name: str) -> bool:
        if who.identity_id is not None and self._roles.names_no_audience(role):
            # It would let in users of any pool (security row 51).
            return False
        context: dict[str, str | tuple[str, ...]] = {
            "aws:federatedprovider": who.provider,
            "sts:rolesessionname": session_name,
            **{f"aws:requesttag/{name.lower()}": value for name, value in who.tags.items()},
        }
        for name in who.names:
            context[f"{name.lower()}:aud"] = who.audience
            context[f"{name.lower()}:sub"] = who.subject
            if who.amr:
                context[f"{name.lower()}:amr"] = who.amr
        if who.tags:
            context["aws:tagkeys"] = tuple(who.tags)
        principal = {"Federated": who.principals}
        return all(
            self._roles.may_be_taken(role, principal=principal, action=action, context=context)
            for action in ((ASSUME, TAG) if who.tags else (ASSUME,))
        )

    async def _session_policies(self, asked: Asked) -> tuple[Mapping[str, Any], ...]:
        """All of them as one: what either of them allows is allowed. None at all limit nothing."""
        if len(asked.policy_arns) > MOST_POLICIES:
            raise InvalidParameter(Reason.SESSION_POLICIES_MANY, most=MOST_POLICIES)
        texts = [] if asked.policy is None else [asked.policy]
        texts += [json.dumps(await self._managed_policy(arn), separators=(",", ":")) for arn in asked.policy_arns]
        if not texts:
            return ()
        if sum(len(text) for text in texts) > POLICY_LENGTH:
            raise SessionTooLarge
        statements: list[Any] = []
        versions: set[str] = set()
        for text in texts:
            self._check_policy(text)
            document = json.loads(text)
            said = document["Statement"]
            statements += said if isinstance(said, list) else [said]
            versions.add(document.get("Version", "2008-10-17"))
        if len(versions) > 1:
            # Variables mean something in one of them, and nothing in the other.
            raise PolicyMalformed(Reason.SESSION_POLICIES_DIFFER)
        return ({"Version": versions.pop(), "Statement": statements},)

    async def _managed_policy(self, arn: str) -> Mapping[str, Any]:
        match = _POLICY_ARN.fullmatch(arn)
        policy = await self._managed.get(match[2]) if match is not None else None
        if policy is None:
            raise InvalidParameter(Reason.SESSION_POLICY_UNKNOWN)
        return policy.document


def _own_token(pool: IdentityPool, claims: Mapping[str, Any], now: float) -> OwnToken:
    """What an authentic token of ours says. Raises ``LoginRefused`` where it is over, or no token of an identity."""
    amr, subject, issued, expires = (claims.get(name) for name in ("amr", "sub", "iat", "exp"))
    if not (
        isinstance(amr, list) and isinstance(subject, str) and isinstance(issued, int) and isinstance(expires, int)
    ):
        raise LoginRefused(Reason.WEB_TOKEN_INVALID)
    if not now < expires:
        raise LoginRefused(Reason.WEB_TOKEN_EXPIRED, now=int(now), exp=expires)
    if AUTHENTICATED not in amr and amr != [UNAUTHENTICATED]:
        raise LoginRefused(Reason.WEB_TOKEN_INVALID)
    said = claims.get(_TAGS)
    tags = said.get("principal_tags") if isinstance(said, Mapping) else None
    return OwnToken(
        pool_id=pool.id,
        identity_id=subject,
        amr=tuple(str(each) for each in amr),
        tags={str(key): str(values[0]) for key, values in tags.items() if values} if isinstance(tags, Mapping) else {},
        issued=float(issued),
    )


def _issuer(token: str) -> str:
    """What a token says of its issuer, before any of it is believed. Raises ``LoginRefused`` for what is no token."""
    parts = token.split(".")
    try:
        if len(parts) != 3 or not token.isascii():
            raise ValueError(len(parts))
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        issuer = claims["iss"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise LoginRefused(Reason.WEB_TOKEN_INVALID) from None
    if not isinstance(issuer, str):
        raise LoginRefused(Reason.WEB_TOKEN_INVALID)
    return issuer
