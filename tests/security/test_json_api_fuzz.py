"""Any input gets a declared error, never a 500: every operation of the model, against hostile requests.

The fixture ``api_url`` says who is asked; a suite that runs the whole server gives its own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter, NotAuthorized
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.engine.validation import compile_input
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import NOON, ROOT, ApiClient, KeysInMemory, ManualClock, build, running, user_pools
from tests.support.json_api_attacks import attacks, complaint, dressed
from tests.support.json_api_inputs import hostile, smallest

MODEL = user_pools()
OPERATIONS = sorted(MODEL.operations)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


async def refuse(call: Call) -> Result:
    """Every operation has this handler, so that each input is checked as if it were offered."""
    raise NotAuthorized


@pytest.fixture(name="api_url")
async def _api_url() -> AsyncIterator[str]:
    api = build(dict.fromkeys(OPERATIONS, refuse), clock=ManualClock(), keys=KeysInMemory(), strict=False)
    async with running(api) as client:
        yield client.url


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_hostile_request_gets_a_declared_error(api_url: str, name: str) -> None:
    operation = MODEL.operations[name]

    complaints = {}
    async with aiohttp.ClientSession() as session:
        client = ApiClient(api_url, session)
        for attack in attacks(MODEL, operation):
            headers = dressed(attack, operation, api_url, key=ROOT, now=NOON)
            complaints[attack.name] = complaint(await client.send(attack.body, headers), operation)

    assert {} == {name: said for name, said in complaints.items() if said}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_smallest_right_input_is_taken(name: str) -> None:
    """Otherwise the attacks made from it would all fail for the same reason."""
    given = smallest(MODEL, MODEL.operations[name])

    assert given == compile_input(MODEL, MODEL.operations[name].input)(json.loads(json.dumps(given)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_hostile_value_in_one_member_is_taken_or_refused(name: str) -> None:
    operation = MODEL.operations[name]
    take = compile_input(MODEL, operation.input)

    for member, changed in hostile(MODEL, operation):
        with contextlib.suppress(ProtocolError, InvalidParameter):
            assert changed[member] is None or member in take(changed)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_json_in_any_member_is_taken_or_refused(data: Any) -> None:
    operation = MODEL.operations[data.draw(st.sampled_from(OPERATIONS))]
    members = sorted(MODEL.shapes[operation.input].members)
    changed = data.draw(st.dictionaries(st.sampled_from(members) if members else st.nothing(), JSON, max_size=4))
    take = compile_input(MODEL, operation.input)

    try:
        taken = take({**smallest(MODEL, operation), **changed})
    except (ProtocolError, InvalidParameter):
        return

    assert taken.keys() <= set(members)
