"""App clients in both spellings: the vendor's members and our settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.clients.validity import UNITS, Span, Validity
from poolhouse.records.clients import Client, ClientSecret, Rotation

_DEFAULT_UNITS: Final = {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}

_KEPT: Final = (
    "AccessTokenValidity",
    "IdTokenValidity",
    "TokenValidityUnits",
    "AnalyticsConfiguration",
    "EnablePropagateAdditionalUserContextData",
    "RefreshTokenRotation",
)
"""Read back as it was said, also where it says no more than the default: tools compare."""


def client_settings(given: Mapping[str, Any]) -> ClientSettings:
    """What CreateUserPoolClient and UpdateUserPoolClient ask for."""
    rotation = given.get("RefreshTokenRotation", {})
    return ClientSettings(
        name=given.get("ClientName"),
        flows=_list_or_none(given, "ExplicitAuthFlows"),
        read_attributes=_list_or_none(given, "ReadAttributes"),
        write_attributes=_list_or_none(given, "WriteAttributes"),
        validity=Validity(
            access=_span(given, "AccessToken"),
            id=_span(given, "IdToken"),
            refresh=_span(given, "RefreshToken"),
            step_minutes=given.get("AuthSessionValidity"),
        ),
        rotation=Rotation(
            enabled=rotation.get("Feature") == "ENABLED", grace=rotation.get("RetryGracePeriodSeconds", 0)
        ),
        hides_users=given.get("PreventUserExistenceErrors") == "ENABLED",
        revocable=given.get("EnableTokenRevocation", True),
        propagates_context=given.get("EnablePropagateAdditionalUserContextData", False),
        callback_urls=tuple(given.get("CallbackURLs", ())),
        logout_urls=tuple(given.get("LogoutURLs", ())),
        default_redirect_uri=given.get("DefaultRedirectURI"),
        oauth_enabled=given.get("AllowedOAuthFlowsUserPoolClient", False),
        oauth_flows=tuple(given.get("AllowedOAuthFlows", ())),
        oauth_scopes=tuple(given.get("AllowedOAuthScopes", ())),
        identity_providers=tuple(given.get("SupportedIdentityProviders", ())),
        kept={member: given[member] for member in _KEPT if member in given},
    )


def client_structure(client: Client, secrets: Sequence[str]) -> dict[str, Any]:
    """UserPoolClientType, None for what is not set. Of two secrets the older one is shown, as long as it is there."""
    units = {**_DEFAULT_UNITS, **client.kept.get("TokenValidityUnits", {})}
    return {
        "UserPoolId": client.pool_id,
        "ClientId": client.id,
        "ClientName": client.name,
        "ClientSecret": secrets[0] if secrets else None,
        "CreationDate": client.created,
        "LastModifiedDate": client.modified,
        "RefreshTokenValidity": client.refresh_validity // UNITS[units["RefreshToken"]],
        "AuthSessionValidity": client.session_validity // 60,
        "ExplicitAuthFlows": _listed(client.flows),
        "ReadAttributes": _listed(client.read_attributes),
        "WriteAttributes": _listed(client.write_attributes),
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": client.rotation.grace}
        if client.rotation.enabled
        else None,
        "PreventUserExistenceErrors": "ENABLED" if client.hides_users else "LEGACY",
        "EnableTokenRevocation": client.revocable,
        "EnablePropagateAdditionalUserContextData": False,
        "CallbackURLs": _listed(client.callback_urls),
        "LogoutURLs": _listed(client.logout_urls),
        "DefaultRedirectURI": client.default_redirect_uri,
        "AllowedOAuthFlowsUserPoolClient": client.oauth_enabled,
        "AllowedOAuthFlows": _listed(client.oauth_flows),
        "AllowedOAuthScopes": _listed(client.oauth_scopes),
        "SupportedIdentityProviders": _listed(client.identity_providers),
        **client.kept,
    }


def client_description(client: Client) -> dict[str, Any]:
    """UserPoolClientDescription."""
    return {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.name}


def secret_descriptor(secret: ClientSecret, plain: str | None = None) -> dict[str, Any]:
    """ClientSecretDescriptorType; the value only where it was made just now."""
    return {"ClientSecretId": secret.id, "ClientSecretCreateDate": secret.created, "ClientSecretValue": plain}


def _span(given: Mapping[str, Any], token: str) -> Span | None:
    number = given.get(f"{token}Validity")
    if number is None:
        return None
    return Span(number, given.get("TokenValidityUnits", {}).get(token) or _DEFAULT_UNITS[token])


def _list_or_none(given: Mapping[str, Any], member: str) -> tuple[str, ...] | None:
    """An empty list says nothing: tools send it for what nobody wrote."""
    return tuple(given.get(member, ())) or None


def _listed(values: Sequence[str] | None) -> list[str] | None:
    return list(values or ()) or None
