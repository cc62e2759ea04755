"""Identity pools, their roles and their principal tags in both spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.settings import IdentityPoolSettings
from poolhouse.records.identities import IdentityPool, PrincipalTags, RoleMapping, RoleRule, UserPoolProvider


def pool_settings(given: Mapping[str, Any]) -> IdentityPoolSettings:
    """Raises ``InvalidParameter`` for a provider without a name, or without a client."""
    return IdentityPoolSettings(
        name=given["IdentityPoolName"],
        allows_guests=given["AllowUnauthenticatedIdentities"],
        allows_classic=given.get("AllowClassicFlow"),
        social=given.get("SupportedLoginProviders", {}),
        developer_provider=given.get("DeveloperProviderName"),
        oidc_provider_arns=tuple(given.get("OpenIdConnectProviderARNs", ())),
        user_pools=tuple(_user_pool(each) for each in given.get("CognitoIdentityProviders", ())),
        saml_provider_arns=tuple(given.get("SamlProviderARNs", ())),
        tags=given.get("IdentityPoolTags"),
    )


def _user_pool(given: Mapping[str, Any]) -> UserPoolProvider:
    if "ProviderName" not in given or "ClientId" not in given:
        raise InvalidParameter(Reason.PROVIDER_INCOMPLETE)
    return UserPoolProvider(
        name=given["ProviderName"], client_id=given["ClientId"], asks_server=given.get("ServerSideTokenCheck")
    )


def pool_structure(pool: IdentityPool) -> dict[str, Any]:
    """IdentityPool. What is empty is left out, but for the tags, as in the field."""
    return {
        "IdentityPoolId": pool.id,
        "IdentityPoolName": pool.name,
        "AllowUnauthenticatedIdentities": pool.allows_guests,
        "AllowClassicFlow": pool.allows_classic,
        "SupportedLoginProviders": dict(pool.social) or None,
        "DeveloperProviderName": pool.developer_provider,
        "OpenIdConnectProviderARNs": list(pool.oidc_provider_arns) or None,
        "CognitoIdentityProviders": [
            {"ProviderName": each.name, "ClientId": each.client_id, "ServerSideTokenCheck": each.asks_server}
            for each in pool.user_pools
        ]
        or None,
        "SamlProviderARNs": list(pool.saml_provider_arns) or None,
        "IdentityPoolTags": dict(pool.tags),
    }


def pool_description(pool: IdentityPool) -> dict[str, Any]:
    """IdentityPoolShortDescription."""
    return {"IdentityPoolId": pool.id, "IdentityPoolName": pool.name}


def role_mappings(given: Mapping[str, Mapping[str, Any]]) -> tuple[RoleMapping, ...]:
    return tuple(
        RoleMapping(
            provider=provider,
            kind=each["Type"],
            ambiguous=each.get("AmbiguousRoleResolution"),
            rules=tuple(
                RoleRule(claim=rule["Claim"], match=rule["MatchType"], value=rule["Value"], role_arn=rule["RoleARN"])
                for rule in each.get("RulesConfiguration", {}).get("Rules", ())
            ),
        )
        for provider, each in given.items()
    )


def roles_structure(pool: IdentityPool) -> dict[str, Any]:
    """What GetIdentityPoolRoles answers."""
    return {
        "IdentityPoolId": pool.id,
        "Roles": dict(pool.roles),
        "RoleMappings": {each.provider: _mapping(each) for each in pool.mappings} or None,
    }


def _mapping(mapping: RoleMapping) -> dict[str, Any]:
    rules = [
        {"Claim": rule.claim, "MatchType": rule.match, "Value": rule.value, "RoleARN": rule.role_arn}
        for rule in mapping.rules
    ]
    return {
        "Type": mapping.kind,
        "AmbiguousRoleResolution": mapping.ambiguous,
        "RulesConfiguration": {"Rules": rules} if rules else None,
    }


def principal_tags(given: Mapping[str, Any]) -> PrincipalTags:
    return PrincipalTags(
        provider=given["IdentityProviderName"],
        use_defaults=given.get("UseDefaults", False),
        claims=given.get("PrincipalTags", {}),
    )


def principal_tags_structure(pool_id: str, mapped: PrincipalTags) -> dict[str, Any]:
    return {
        "IdentityPoolId": pool_id,
        "IdentityProviderName": mapped.provider,
        "UseDefaults": mapped.use_defaults,
        "PrincipalTags": dict(mapped.claims),
    }
