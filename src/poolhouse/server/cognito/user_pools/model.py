"""The published model of the user-pools API."""

from __future__ import annotations

from functools import cache
from typing import Final

from msgspec.structs import replace

from poolhouse.server.cognito.engine.model import ServiceModel, Source, load_model

USER_POOLS: Final = Source("cognito-idp", "2016-04-18", bearer="AccessToken")


_DOMAIN: Final = r"^[a-z0-9](?:[a-z0-9\-.]{0,61}[a-z0-9])?$"
"""The field takes whole host names where its model has no full stop."""


@cache
def user_pools_model() -> ServiceModel:
    """Read once per process."""
    model = load_model(USER_POOLS)
    domain = replace(model.shapes["DomainType"], pattern=_DOMAIN)
    return replace(model, shapes={**model.shapes, "DomainType": domain})
