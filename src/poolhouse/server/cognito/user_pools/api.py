"""The user-pools API, put together for the dispatch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poolhouse.ports.origin import begin, current_origin
from poolhouse.server.cognito.dispatch import Api
from poolhouse.server.cognito.engine.registry import Handler, load_operations
from poolhouse.server.cognito.not_offered import reasons
from poolhouse.server.cognito.user_pools.call import OPERATIONS, Call
from poolhouse.server.cognito.user_pools.device import told_of_device
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
        call=partial(_call, services=services, account=account),
        resource=partial(resource_of, account=account),
        failure=failure,
        classes=CLASS_OF,
    )


def _call(*, input: dict[str, Any], known: Mapping[str, Any], **others: Any) -> Call:  # noqa: A002, ARG001 - the model's word; nothing here asks policies a second time
    context_data = told_of_device(input)
    if context_data:
        begin(replace(current_origin(), context_data=context_data))
    return Call(input=input, **others)
