"""The server's own issuer: the keys that sign the tokens of identities, and the documents by which others trust
them."""

from __future__ import annotations

from poolhouse.flows.identities.issuer_keys import IssuerKeyAdministration
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.issuer import CONFIGURATION, KEYS, IssuerDiscovery
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route
from poolhouse.store.repositories.keys import SigningKeyRepository
from poolhouse.tokens.issuer import IssuerKeys
from poolhouse.tokens.keys import RingLimits
from poolhouse.tokens.making import WorkersKeyMaker


async def build(ground: Ground, _: Built) -> Part:
    """Gives the keys, the tokens, and the administration of the keys."""
    settings, surroundings = ground.settings, ground.surroundings
    keys = IssuerKeys(
        settings.server.base_url,
        SigningKeyRepository(ground.store),
        ground.vault,
        surroundings.key_maker or WorkersKeyMaker(ground.workers.keys),
        surroundings.clock,
        RingLimits(lead=settings.tokens.rotation_lead, fresh=settings.tokens.keys_fresh),
        algorithm=settings.identities.token_algorithm,
    )
    discovery = IssuerDiscovery(keys)
    return Part(
        routes=(
            Route("GET", CONFIGURATION, discovery.configuration, Audience.ANYBODY, "issuer_discovery"),
            Route("GET", KEYS, discovery.keys, Audience.ANYBODY, "issuer_keys"),
        ),
        gives=(
            keys,
            OpenIdTokens(keys, surroundings.clock, settings.server.account_id),
            IssuerKeyAdministration(keys, ground.trail),
        ),
    )
