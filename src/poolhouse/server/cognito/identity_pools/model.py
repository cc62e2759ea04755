"""The published model of the API of identity pools."""

from __future__ import annotations

from functools import cache
from typing import Final

from poolhouse.server.cognito.engine.model import ServiceModel, Source, load_model

IDENTITY_POOLS: Final = Source("cognito-identity", "2014-06-30")


@cache
def identity_pools_model() -> ServiceModel:
    """Read once per process."""
    return load_model(IDENTITY_POOLS)
