"""Which flows a client permits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.flows.clients.settings import DEFAULT_FLOWS, LEGACY, LOCAL_PROVIDER
from poolhouse.records.clients import Client

HOSTED: Final = "HOSTED_AUTH"
HOSTED_CUSTOM: Final = "HOSTED_CUSTOM_AUTH"
"""Sign-ins on the hosted pages: by the pool's first factors, and by what plugins ask. They are no words of the field:
nobody can ask for them by the JSON API."""
_OF_PAGES: Final = frozenset({"code", "implicit"})

_PERMITTED_BY: Mapping[str, frozenset[str]] = {
    "USER_SRP_AUTH": frozenset({"ALLOW_USER_SRP_AUTH"}),
    "USER_PASSWORD_AUTH": frozenset({"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}),
    "ADMIN_USER_PASSWORD_AUTH": frozenset({"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}),
    "ADMIN_NO_SRP_AUTH": frozenset({"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}),
    "CUSTOM_AUTH": frozenset({"ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"}),
    "USER_AUTH": frozenset({"ALLOW_USER_AUTH"}),
    "REFRESH_TOKEN": frozenset({"ALLOW_REFRESH_TOKEN_AUTH"}),
    "REFRESH_TOKEN_AUTH": frozenset({"ALLOW_REFRESH_TOKEN_AUTH"}),
}


def permits(client: Client, flow: str) -> bool:
    """Whether users of this client may sign in by this flow.

    A list in the old words allows SRP unless it says ``CUSTOM_AUTH_FLOW_ONLY``, and always allows a refresh. Where
    refresh tokens rotate, no flow that leaves them as they are is permitted.

    On the hosted pages nothing of that counts but for custom sign-ins: a client leads its users there or does not.
    """
    if flow in (HOSTED, HOSTED_CUSTOM):
        return _has_pages(client) and (flow == HOSTED or permits(client, "CUSTOM_AUTH"))
    allowed = frozenset(client.flows or DEFAULT_FLOWS)
    if flow in ("REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"):
        if client.rotation.enabled:
            return False
        if allowed & LEGACY:
            return True
    if flow == "USER_SRP_AUTH" and allowed & LEGACY:
        return "CUSTOM_AUTH_FLOW_ONLY" not in allowed
    return not allowed.isdisjoint(_PERMITTED_BY.get(flow, ()))


def _has_pages(client: Client) -> bool:
    """Whether the client sends users to the hosted pages, and those of the pool itself: one that names no providers
    means them."""
    if not client.oauth_enabled or _OF_PAGES.isdisjoint(client.oauth_flows):
        return False
    return not client.identity_providers or LOCAL_PROVIDER in client.identity_providers
