"""Settings of a client that the field's API has no words for: what may be said, and what it makes of the client."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.redirects import check_redirect, origin_of, origins_of
from poolhouse.records.clients import Client


class OwnSettings(Struct, frozen=True, kw_only=True):
    """What is not said stays as it is; None takes it away."""

    backchannel_logout_uri: str | UnsetType | None = UNSET
    frontchannel_logout_uri: str | UnsetType | None = UNSET
    frontchannel_session: bool | UnsetType = UNSET
    asks_consent: bool | UnsetType = UNSET
    requires_pkce: bool | UnsetType | None = UNSET


def furnished(client: Client, own: OwnSettings) -> Client:
    """The client with these settings.

    Raises ``InvalidParameter``: an address is not one of the web; or the browser is to load one that is of another
    origin than all of the client's callback addresses (OpenID Connect Front-Channel Logout 1.0 section 2).
    """
    said = {name: value for name in own.__struct_fields__ if (value := getattr(own, name)) is not UNSET}
    back, front = said.get("backchannel_logout_uri"), said.get("frontchannel_logout_uri")
    for uri in (back, front):
        if uri is not None:
            _check_web(uri)
    if front is not None and origin_of(front) not in origins_of(client):
        raise InvalidParameter(Reason.LOGOUT_URI_OF_NO_CALLBACK, uri=front)
    return replace(client, **said)


def _check_web(uri: str) -> None:
    check_redirect(uri)
    scheme = urlsplit(uri).scheme.lower()
    if scheme not in ("http", "https"):
        raise InvalidParameter(Reason.URI_PROTOCOL_FORBIDDEN, uri=uri, protocol=scheme.upper())
