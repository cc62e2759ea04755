"""A security token service at the address of the JSON API: roles that are taken by a token, and who a caller is."""

from __future__ import annotations

import logging

from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.signatures import QUERY_API, Signatures
from poolhouse.flows.services.identities import IdentityServices
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, FormApi, Part
from poolhouse.server.proxies import source_address, told_hosts
from poolhouse.server.requests import RequestIds
from poolhouse.server.sts.endpoint import StsEndpoint


async def build(ground: Ground, built: Built) -> Part:
    """Needs the callers, and the flows of identity pools. Gives what answers forms: its path is the JSON API's."""
    trusted, limits = ground.settings.server.trusted_proxies, ground.settings.limits
    endpoint = StsEndpoint(
        built.one(IdentityServices).web_identities,
        Signatures(built.one(Callers), service="sts", now=ground.surroundings.signed_at, terms=QUERY_API),
        limit=min(limits.body, limits.open_body),
        source=lambda request: source_address(request.remote, request.headers, trusted),
        hosts=lambda request: told_hosts(request.remote, request.headers, trusted),
        request_id=RequestIds(ground.surroundings.chance).of,
        logger=logging.getLogger("poolhouse"),
    )
    return Part(gives=(FormApi(endpoint.handle),))
