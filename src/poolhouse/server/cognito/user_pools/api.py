"""The user-pools API, put together for the dispatch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.cognito.engine.model import USER_POOLS, ServiceModel, load_model
from poolhouse.server.cognito.engine.registry import Handler, load_operations
from poolhouse.server.cognito.not_offered import reasons
from poolhouse.server.cognito.user_pools.call import OPERATIONS, Call
from poolhouse.server.cognito.user_pools.errors import failure
from poolhouse.server.cognito.user_pools.quotas import CLASS_OF

if TYPE_CHECKING:
    from poolhouse.flows.services.user_pools import Services


def user_pools_api(
    services: Services,
    account: str,
    *,
    model: ServiceModel | None = None,
    handlers: Mapping[str, Handler] | None = None,
) -> Api:
    """``model`` and ``handlers`` are the published ones and ours, where they are None."""
    return Api(
        model=model or load_model(USER_POOLS),
        handlers=load_operations(OPERATIONS) if handlers is None else handlers,
        reasons=reasons(),
        call=partial(Call, services=services, account=account),
        failure=failure,
        classes=CLASS_OF,
    )
