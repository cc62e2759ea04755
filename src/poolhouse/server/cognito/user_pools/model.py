"""The published model of the user-pools API."""

from __future__ import annotations

from typing import Final

from poolhouse.server.cognito.engine.model import ServiceModel, Source, load_model

USER_POOLS: Final = Source("cognito-idp", "2016-04-18", bearer="AccessToken")


def user_pools_model() -> ServiceModel:
    """Read once per process."""
    return load_model(USER_POOLS)
