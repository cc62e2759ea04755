"""The API of identity pools, put together for the dispatch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.cognito.engine.registry import Handler, load_operations
from poolhouse.server.cognito.identity_pools.call import OPERATIONS, Call
from poolhouse.server.cognito.identity_pools.errors import failure
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.identity_pools.resources import resource_of

if TYPE_CHECKING:
    from poolhouse.flows.services.identities import IdentityServices


def identity_pools_api(
    services: IdentityServices, account: str, *, handlers: Mapping[str, Handler] | None = None
) -> Api:
    """``handlers`` are ours, where they are None."""
    model = identity_pools_model()
    return Api(
        model=model,
        handlers=load_operations(OPERATIONS) if handlers is None else handlers,
        reasons={},
        call=partial(Call, services=services, account=account),
        resource=partial(resource_of, account=account),
        failure=failure,
        # The field has a figure for each single operation; the class is called as the operation is.
        classes={name: name for name in model.operations},
    )
