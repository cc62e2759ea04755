"""What can be said of an identity pool, and what is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.records.base import Record
from poolhouse.records.identities import IdentityPool, PrincipalTags, RoleMapping, UserPoolProvider

MOST_TAGS: Final = 50
MOST_TAG_BYTES: Final = 460
"""All principal tags of a provider together: keys, and the names of claims; later keys, and the values."""
TAG_KEY_LENGTH: Final = 128

PUBLIC_PROVIDERS: Final = frozenset(
    {
        "accounts.google.com",
        "api.twitter.com",
        "appleid.apple.com",
        "cognito-identity.amazonaws.com",
        "graph.facebook.com",
        "www.amazon.com",
        "www.digits.com",
    }
)
"""Names that logins have a meaning for: nobody's own users can be called so."""

_OIDC_ARN: Final = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:oidc-provider/[^\s]+", re.ASCII)
_SAML_ARN: Final = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:saml-provider/[\w.-]+", re.ASCII)
_ROLE_ARN: Final = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_TAG_MARKS: Final = frozenset("_.:/=+-@")


class IdentityLimits(Record, frozen=True, kw_only=True):
    """How many there can be: pools; providers of one kind in a pool; rules for the roles of one provider."""

    pools: int = 1_000
    providers: int = 50
    rules: int = 25


class IdentityPoolSettings(Record, frozen=True, kw_only=True):
    """What can be said again at any time; what is left out returns to the default that stands here.

    Two are exceptions: ``developer_provider`` cannot be taken away, and ``tags`` stay as they are where they are None.
    """

    name: str
    allows_guests: bool
    allows_classic: bool | None = None
    social: dict[str, str] = {}
    developer_provider: str | None = None
    oidc_provider_arns: tuple[str, ...] = ()
    user_pools: tuple[UserPoolProvider, ...] = ()
    saml_provider_arns: tuple[str, ...] = ()
    tags: dict[str, str] | None = None


def check(settings: IdentityPoolSettings, limits: IdentityLimits) -> None:
    """Raises ``InvalidParameter``."""
    _check_count(settings.user_pools, limits.providers, "Cognito identity providers")
    _check_count(settings.oidc_provider_arns, limits.providers, "OpenID Connect providers")
    _check_count(settings.saml_provider_arns, limits.providers, "SAML providers")
    _check_once(f"{each.name}:{each.client_id}" for each in settings.user_pools)
    _check_once(settings.oidc_provider_arns)
    _check_once(settings.saml_provider_arns)
    for arn in settings.oidc_provider_arns:
        if _OIDC_ARN.fullmatch(arn) is None:
            raise InvalidParameter(Reason.PROVIDER_ARN_INVALID, arn=arn, kind="an OpenID Connect provider")
    for arn in settings.saml_provider_arns:
        if _SAML_ARN.fullmatch(arn) is None:
            raise InvalidParameter(Reason.PROVIDER_ARN_INVALID, arn=arn, kind="a SAML provider")
    name = settings.developer_provider
    if name is not None and name in _public(settings):
        raise InvalidParameter(Reason.DEVELOPER_PROVIDER_NAME_RESERVED, name=name)
    check_tags(settings.tags or {})


def _public(settings: IdentityPoolSettings) -> frozenset[str]:
    issuers = (arn.partition(":oidc-provider/")[2] for arn in settings.oidc_provider_arns)
    return PUBLIC_PROVIDERS.union(settings.social, issuers, (each.name for each in settings.user_pools))


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises ``InvalidParameter``."""
    if len(tags) > MOST_TAGS:
        raise InvalidParameter(Reason.IDENTITY_POOL_TAGS_COUNT, most=MOST_TAGS)
    if any(key.casefold().startswith("aws:") for key in tags):
        raise InvalidParameter(Reason.TAG_RESERVED)


def furnished(pool: IdentityPool, settings: IdentityPoolSettings) -> IdentityPool:
    """The pool with these settings. Raises ``InvalidParameter`` where they change what cannot be changed."""
    developer = pool.developer_provider
    if developer is not None and settings.developer_provider not in {None, developer}:
        raise InvalidParameter(Reason.DEVELOPER_PROVIDER_FIXED)
    if developer is not None and developer in _public(settings):
        # The name that was free when it was given must not become somebody else's, either.
        raise InvalidParameter(Reason.DEVELOPER_PROVIDER_NAME_RESERVED, name=developer)
    return replace(
        pool,
        name=settings.name,
        allows_guests=settings.allows_guests,
        allows_classic=settings.allows_classic,
        social=settings.social,
        developer_provider=developer if settings.developer_provider is None else settings.developer_provider,
        oidc_provider_arns=settings.oidc_provider_arns,
        user_pools=settings.user_pools,
        saml_provider_arns=settings.saml_provider_arns,
        tags=pool.tags if settings.tags is None else settings.tags,
    )


def check_roles(roles: Mapping[str, str], mappings: Iterable[RoleMapping], limits: IdentityLimits) -> None:
    """Raises ``InvalidParameter``."""
    for arn in roles.values():
        _check_role(arn)
    for mapping in mappings:
        _check_mapping(mapping, limits.rules)


def _check_mapping(mapping: RoleMapping, most: int) -> None:
    if mapping.ambiguous is None:
        raise InvalidParameter(Reason.MAPPING_AMBIGUITY_MISSING, provider=mapping.provider)
    if mapping.kind == "Rules" and not mapping.rules:
        raise InvalidParameter(Reason.MAPPING_RULES_MISSING, provider=mapping.provider)
    if mapping.kind != "Rules" and mapping.rules:
        raise InvalidParameter(Reason.MAPPING_RULES_MISPLACED, provider=mapping.provider)
    if len(mapping.rules) > most:
        raise InvalidParameter(Reason.MAPPING_RULES_COUNT, provider=mapping.provider, most=most)
    for rule in mapping.rules:
        _check_role(rule.role_arn)


def _check_role(arn: str) -> None:
    if _ROLE_ARN.fullmatch(arn) is None:
        raise InvalidParameter(Reason.ROLE_ARN_INVALID, arn=arn)


def check_principal_tags(mapped: PrincipalTags) -> None:
    """Raises ``InvalidParameter``."""
    keys: set[str] = set()
    for key in mapped.claims:
        if not is_tag_text(key, TAG_KEY_LENGTH) or not key or key.casefold().startswith("aws:"):
            raise InvalidParameter(Reason.PRINCIPAL_TAG_INVALID, key=key)
        if key.casefold() in keys:
            raise InvalidParameter(Reason.PRINCIPAL_TAG_TWICE, key=key)
        keys.add(key.casefold())
    if tag_bytes(mapped.claims) > MOST_TAG_BYTES:
        raise InvalidParameter(Reason.PRINCIPAL_TAGS_SIZE, most=MOST_TAG_BYTES)


def is_tag_text(text: str, longest: int) -> bool:
    """Whether credentials can bear it as the key or the value of a tag: letters, numbers, spaces, and a few signs."""
    return len(text) <= longest and all(sign in _TAG_MARKS or unicodedata.category(sign)[0] in "LNZ" for sign in text)


def tag_bytes(tags: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in tags.items())


def _check_count(providers: tuple[object, ...], most: int, kind: str) -> None:
    if len(providers) > most:
        raise InvalidParameter(Reason.TOO_MANY_PROVIDERS, most=most, kind=kind)


def _check_once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidParameter(Reason.PROVIDER_TWICE, name=name)
        seen.add(name)
