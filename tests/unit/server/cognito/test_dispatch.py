"""An operation can be called in process, by somebody who is known: the same model, policy and errors as over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import AccessDenied, InvalidParameter, SignatureMissing
from poolhouse.flows.access.callers import Caller
from poolhouse.flows.access.policies import EVERYTHING, Permissions
from poolhouse.server.cognito.dispatch import Api, Dispatch, Incoming
from poolhouse.server.cognito.engine.failures import Failure, ProtocolError
from poolhouse.server.cognito.engine.model import Source, load_model
from poolhouse.server.cognito.user_pools.api import user_pools_api
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import ACCOUNT, REGION

PREFIX = "AWSCognitoIdentityProviderService."
POOL = f"{REGION}_abcdefghi"


def origin(policy: Permissions | None) -> Incoming:
    caller = None if policy is None else Caller("key", "ada", "arn:aws:iam::1:user/ada", policy)
    return Incoming(caller=caller, region=REGION, request_id="1", source_ip="")


async def describe(call: Call) -> dict[str, Any]:
    assert call.caller is not None
    return {"UserPool": {"Id": call.input["UserPoolId"], "Name": call.caller.name}}


@pytest.fixture
def dispatch() -> Dispatch:
    api = user_pools_api(None, ACCOUNT, handlers={"DescribeUserPool": describe})  # type: ignore[arg-type]
    return Dispatch((api,), strict=True)


async def called(dispatch: Dispatch, name: str, value: Any, policy: Permissions | None = EVERYTHING) -> Any:
    route = dispatch.route(PREFIX + name)
    assert route is not None
    return await dispatch.run(route, value, origin(policy))


async def test_a_known_caller_gets_the_answer_as_a_structure(dispatch: Dispatch) -> None:
    output = await called(dispatch, "DescribeUserPool", {"UserPoolId": POOL})

    assert {"UserPool": {"Id": POOL, "Name": "ada"}} == output


async def test_the_input_is_checked_against_the_model(dispatch: Dispatch) -> None:
    with pytest.raises(InvalidParameter):
        await called(dispatch, "DescribeUserPool", {"UserPoolId": "no pool"})


@pytest.mark.parametrize("policy", [None, Permissions(())], ids=["nobody", "without rights"])
async def test_who_may_not_is_refused_before_the_handler_runs(dispatch: Dispatch, policy: Permissions | None) -> None:
    with pytest.raises(SignatureMissing if policy is None else AccessDenied):
        await called(dispatch, "DescribeUserPool", {"UserPoolId": POOL}, policy)


async def test_what_is_not_offered_says_so(dispatch: Dispatch) -> None:
    with pytest.raises(ProtocolError) as refused:
        await called(dispatch, "DeleteUserPool", {"UserPoolId": POOL})

    assert "UnsupportedOperationException" == refused.value.name


# --- more than one service -------------------------------------------------------------------------------------------


async def never(_: Any) -> dict[str, Any]:
    raise AssertionError("nobody may call this")


def second(name: str) -> Api:
    """Another service: it has its own words for what an input is about, and for its errors."""
    return Api(
        model=load_model(Source("cognito-identity", "2014-06-30")),
        handlers={"DescribeIdentityPool": never},
        reasons={},
        call=dict,
        resource=lambda given: f"arn:{given['IdentityPoolId']}",
        failure=lambda error, operation: Failure(name, str(error)),
    )


@pytest.fixture
def both() -> Dispatch:
    first = user_pools_api(None, ACCOUNT, handlers={"DescribeUserPool": describe})  # type: ignore[arg-type]
    return Dispatch((first, second("Second")), strict=True)


@pytest.mark.parametrize(
    "error", [ProtocolError("UnknownOperationException", "No such operation.", status=404), LookupError("a secret")]
)
def test_what_no_service_was_asked_is_answered_by_none(error: Exception) -> None:
    nothing, first = Dispatch(()), Dispatch((second("First"),))

    assert nothing.failure(error, None) == first.failure(error, None)
    told = first.failure(error, None)
    expected = ("UnknownOperationException", "No such operation.", 404)
    if isinstance(error, LookupError):
        expected = ("InternalErrorException", "Internal error.", 500)
    assert expected == (told.name, told.sentence, told.status)


async def test_each_service_names_what_an_input_is_about_and_its_errors(both: Dispatch) -> None:
    route = both.route("AWSCognitoIdentityService.DescribeIdentityPool")
    assert route is not None
    given = {"IdentityPoolId": f"{REGION}:00000000-0000-0000-0000-000000000000"}

    with pytest.raises(AccessDenied, match="on resource: arn:eu-west-1:0000") as refused:
        await both.run(route, given, origin(Permissions(())))

    assert "Second" == both.failure(refused.value, route).name


def test_a_target_of_no_service_has_no_route(both: Dispatch) -> None:
    assert both.route(f"{PREFIX}DescribeIdentityPool") is None
