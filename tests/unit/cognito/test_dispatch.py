"""An operation can be called in process, by somebody who is known: the same model, policy and errors as over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import AccessDenied, InvalidParameter, SignatureMissing
from poolhouse.flows.access.callers import Caller
from poolhouse.flows.access.policies import EVERYTHING, Policy
from poolhouse.server.cognito.dispatch import Dispatch, Incoming
from poolhouse.server.cognito.engine.failures import ProtocolError
from poolhouse.server.cognito.user_pools.api import user_pools_api
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import ACCOUNT, REGION, user_pools

PREFIX = "AWSCognitoIdentityProviderService."
POOL = f"{REGION}_abcdefghi"


def origin(policy: Policy | None) -> Incoming:
    caller = None if policy is None else Caller("key", "ada", "arn:aws:iam::1:user/ada", policy)
    return Incoming(caller=caller, region=REGION, request_id="1", source_ip="")


async def describe(call: Call) -> dict[str, Any]:
    assert call.caller is not None
    return {"UserPool": {"Id": call.input["UserPoolId"], "Name": call.caller.name}}


@pytest.fixture
def dispatch() -> Dispatch:
    api = user_pools_api(None, ACCOUNT, model=user_pools(), handlers={"DescribeUserPool": describe})  # type: ignore[arg-type]
    return Dispatch((api,), account=ACCOUNT, strict=True)


async def called(dispatch: Dispatch, name: str, value: Any, policy: Policy | None = EVERYTHING) -> Any:
    route = dispatch.route(PREFIX + name)
    assert route is not None
    return await dispatch.run(route, value, origin(policy))


async def test_a_known_caller_gets_the_answer_as_a_structure(dispatch: Dispatch) -> None:
    output = await called(dispatch, "DescribeUserPool", {"UserPoolId": POOL})

    assert {"UserPool": {"Id": POOL, "Name": "ada"}} == output


async def test_the_input_is_checked_against_the_model(dispatch: Dispatch) -> None:
    with pytest.raises(InvalidParameter):
        await called(dispatch, "DescribeUserPool", {"UserPoolId": "no pool"})


@pytest.mark.parametrize("policy", [None, Policy(())], ids=["nobody", "without rights"])
async def test_who_may_not_is_refused_before_the_handler_runs(dispatch: Dispatch, policy: Policy | None) -> None:
    with pytest.raises(SignatureMissing if policy is None else AccessDenied):
        await called(dispatch, "DescribeUserPool", {"UserPoolId": POOL}, policy)


async def test_what_is_not_offered_says_so(dispatch: Dispatch) -> None:
    with pytest.raises(ProtocolError) as refused:
        await called(dispatch, "DeleteUserPool", {"UserPoolId": POOL})

    assert "UnsupportedOperationException" == refused.value.name
