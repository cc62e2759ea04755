"""The user-pools API, put together for the dispatch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.cognito.engine.registry import Handler, load_operations
from poolhouse.server.cognito.not_offered import reasons
from poolhouse.server.cognito.user_pools.call import OPERATIONS, Call
from poolhouse.server.cognito.user_pools.errors import failure
from poolhouse.server.cognito.user_pools.model import user_pools_model
from poolhouse.server.cognito.user_pools.quotas import CLASS_OF
from poolhouse.server.cognito.user_pools.resources import resource_of

if TYPE_CHECKING:
    from poolhouse.flows.services.user_pools import Services


def user_pools_api(
    services: Services,
    account: str,
    *,
    handlers: Mapping[str, Handler] | None = None,
) -> Api:
    """``handlers`` are ours, where they are None."""
    return Api(
        model=user_pools_model(),
        handlers=load_operations(OPERATIONS) if handlers is None else handlers,
        reasons=reasons(),
        call=partial(Call, services=services, account=account),
        resource=partial(resource_of, account=account),
        failure=failure,
        classes=CLASS_OF,
    )
