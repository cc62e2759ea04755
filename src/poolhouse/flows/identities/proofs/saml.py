"""Responses of SAML providers, which nobody asked for here: the app brings what a provider has posted to it
(FED-305)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from poolhouse.errors import LoginRefused
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.proofs.kind import Entry
from poolhouse.ports.access import SamlProviders
from poolhouse.ports.identities import Proven, SamlResponses, SamlTerms
from poolhouse.ports.world import Clock

ROLES: Final = "https://aws.amazon.com/SAML/Attributes/Role"
NAME_IDENTIFIER: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
_PATH: Final = ":saml-provider/"


class SamlLogins:
    """The entry's key is the provider's ARN. ``audiences`` and ``recipients`` are what responses have to be made for:
    this server's, not anybody's."""

    def __init__(
        self,
        providers: SamlProviders,
        responses: SamlResponses,
        clock: Clock,
        audiences: tuple[str, ...],
        recipients: tuple[str, ...],
    ) -> None:
        self._providers = providers
        self._responses = responses
        self._clock = clock
        self._audiences = audiences
        self._recipients = recipients

    async def prove(self, entry: Entry, value: str) -> Proven:
        provider = await self._providers.get(entry.key.partition(_PATH)[2])
        if provider is None:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        said = await self._responses.read(
            value,
            SamlTerms(
                metadata=provider.metadata,
                audiences=self._audiences,
                recipients=self._recipients,
                now=self._clock.now(),
            ),
        )
        claims: dict[str, Any] = {
            name: values[0] if len(values) == 1 else list(values) for name, values in said.attributes.items() if values
        }
        claims |= {NAME_IDENTIFIER: said.subject, "iss": said.issuer, "aud": said.audience, "sub": said.subject}
        return Proven(
            provider=entry.key,
            # A name is unique within what qualifies it, and not beyond. No part of it holds the separator.
            subject="\0".join((said.issuer, said.name_format, *said.qualifiers, said.subject)),
            app=said.audience,
            kind="saml",
            names=(entry.key,),
            claims=claims,
            amr=(entry.key,),
            saml_roles=tuple(_roles(said.attributes.get(ROLES, ()), entry.key)),
        )


def _roles(values: Iterable[str], provider: str) -> Iterable[str]:
    """The roles that an assertion offers: each in a pair with the provider that it is offered by, which has to be this
    one."""
    for value in dict.fromkeys(values):
        pair = [part.strip() for part in value.split(",")]
        if len(pair) == 2 and pair.count(provider) == 1:
            yield pair[1 - pair.index(provider)]
