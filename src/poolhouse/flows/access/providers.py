"""Providers that identity pools may name by their ARNs: registered, shown and removed by operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, KeyTaken, NotFound, Taken
from poolhouse.errors.reasons import Reason
from poolhouse.ports.access import OidcProviders, SamlProviders
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.identities import SamlResponses
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.access import OidcProvider, SamlProvider

MOST_CLIENTS: Final = 100
_LONGEST_NAME: Final = 128
"""Of the key of a login, which an issuer without its scheme becomes."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class ProviderAdministration:
    def __init__(
        self,
        oidc: OidcProviders,
        saml: SamlProviders,
        responses: SamlResponses,
        clock: Clock,
        audit: AuditTrail,
        account: str,
    ) -> None:
        self._oidc = oidc
        self._saml = saml
        self._responses = responses
        self._clock = clock
        self._audit = audit
        self._account = account

    # --- OpenID Connect ----------------------------------------------------------------------------------------------

    async def add_oidc(self, issuer: str, client_ids: Sequence[str]) -> OidcProvider:
        """Tokens of the issuer are taken that were made for one of these clients. Raises ``InvalidParameter``,
        ``Taken``."""
        _require_issuer(issuer)
        clients = _clients(client_ids)
        try:
            made = await self._oidc.add(OidcProvider(issuer=issuer, client_ids=clients, created=self._clock.now()))
        except KeyTaken:
            raise Taken(Reason.PROVIDER_TAKEN) from None
        await self._audit.note("oidc_provider.created", facts={"provider": name_of(issuer)})
        return made

    async def set_clients(self, name: str, client_ids: Sequence[str]) -> OidcProvider:
        """From now on it is these. Raises ``InvalidParameter``, ``NotFound``, ``VersionConflict``."""
        clients = _clients(client_ids)
        saved = await self._oidc.save(replace(await self.oidc(name), client_ids=clients))
        await self._audit.note("oidc_provider.updated", facts={"provider": name})
        return saved

    async def oidc(self, name: str) -> OidcProvider:
        """By its issuer without the scheme. Raises ``NotFound``."""
        found = await self._oidc.get(name)
        if found is None:
            raise NotFound(Reason.PROVIDER_NOT_REGISTERED)
        return found

    async def oidc_page(self, limit: int, cursor: str | None) -> Slice:
        return await self._oidc.page(limit, cursor)

    async def remove_oidc(self, name: str) -> None:
        """Its tokens are taken no more. Raises ``NotFound``."""
        if not await self._oidc.delete(name):
            raise NotFound(Reason.PROVIDER_NOT_REGISTERED)
        await self._audit.note("oidc_provider.deleted", facts={"provider": name})

    def oidc_arn(self, provider: OidcProvider) -> str:
        return f"arn:aws:iam::{self._account}:oidc-provider/{name_of(provider.issuer)}"

    # --- SAML --------------------------------------------------------------------------------------------------------

    async def add_saml(self, name: str, metadata: str) -> SamlProvider:
        """Responses of the provider that the metadata describes are taken. Raises ``InvalidParameter``, ``Taken``,
        ``NotOffered``."""
        if not _NAME.fullmatch(name):
            raise InvalidParameter(Reason.PROVIDER_NAME_FORM)
        await self._responses.entity_of(metadata)
        try:
            made = await self._saml.add(SamlProvider(name=name, metadata=metadata, created=self._clock.now()))
        except KeyTaken:
            raise Taken(Reason.PROVIDER_TAKEN) from None
        await self._audit.note("saml_provider.created", facts={"provider": name})
        return made

    async def set_metadata(self, name: str, metadata: str) -> SamlProvider:
        """From now on its keys are those of this metadata, which has to be of the same provider (FED-404). Raises
        ``InvalidParameter``, ``NotFound``, ``VersionConflict``, ``NotOffered``."""
        provider = await self.saml(name)
        if await self._responses.entity_of(metadata) != await self._responses.entity_of(provider.metadata):
            raise InvalidParameter(Reason.PROVIDER_ENTITY_DIFFERS)
        saved = await self._saml.save(replace(provider, metadata=metadata))
        await self._audit.note("saml_provider.updated", facts={"provider": name})
        return saved

    async def saml(self, name: str) -> SamlProvider:
        """Raises ``NotFound``."""
        found = await self._saml.get(name)
        if found is None:
            raise NotFound(Reason.PROVIDER_NOT_REGISTERED)
        return found

    async def entity_of(self, provider: SamlProvider) -> str:
        """What it calls itself. Raises ``NotOffered``."""
        return await self._responses.entity_of(provider.metadata)

    async def saml_page(self, limit: int, cursor: str | None) -> Slice:
        return await self._saml.page(limit, cursor)

    async def remove_saml(self, name: str) -> None:
        """Its responses are taken no more. Raises ``NotFound``."""
        if not await self._saml.delete(name):
            raise NotFound(Reason.PROVIDER_NOT_REGISTERED)
        await self._audit.note("saml_provider.deleted", facts={"provider": name})

    def saml_arn(self, provider: SamlProvider) -> str:
        return f"arn:aws:iam::{self._account}:saml-provider/{provider.name}"


def name_of(issuer: str) -> str:
    """What logins, ARNs and the store call it."""
    return issuer.partition("://")[2]


def _require_issuer(issuer: str) -> None:
    """Raises ``InvalidParameter``."""
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if (
        not is_safe
        or not host
        or parts.netloc != parts.netloc.lower()
        or "@" in parts.netloc
        or set(issuer) & set("?#\\")
        or not issuer.isascii()
        or not issuer.isprintable()
        or " " in issuer
        or len(name_of(issuer)) > _LONGEST_NAME
    ):
        raise InvalidParameter(Reason.PROVIDER_ISSUER_FORM)


def _clients(given: Sequence[str]) -> tuple[str, ...]:
    clients = tuple(dict.fromkeys(given))
    if not 1 <= len(clients) <= MOST_CLIENTS or not all(
        0 < len(each) <= 255 and each.isprintable() for each in clients
    ):
        raise InvalidParameter(Reason.PROVIDER_CLIENTS_FORM, most=MOST_CLIENTS)
    return clients
