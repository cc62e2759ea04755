from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import pytest

from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import Handler
from tests.support.json_api import ApiClient, KeysInMemory, ManualClock, build, running, user_pools

Serve = Callable[..., Awaitable[ApiClient]]


@pytest.fixture(name="model")
def _model() -> ServiceModel:
    return user_pools()


@pytest.fixture(name="clock")
def _clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(name="keys")
def _keys() -> KeysInMemory:
    return KeysInMemory()


@pytest.fixture(name="serve")
async def _serve(clock: ManualClock, keys: KeysInMemory) -> AsyncIterator[Serve]:
    """Starts a JSON API with handlers of the test, and gives its client."""
    async with AsyncExitStack() as stack:

        async def serve(handlers: Mapping[str, Handler], **options: object) -> ApiClient:
            api = build(handlers, clock=clock, keys=keys, **options)  # type: ignore[arg-type]
            return await stack.enter_async_context(running(api, clock.time))

        yield serve
