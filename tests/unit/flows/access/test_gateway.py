"""What a gateway asks policies about, whatever a client writes into an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from multidict import CIMultiDict

from poolhouse.errors import AccessDenied, NotAuthorized, SignatureIncomplete
from poolhouse.flows.access.callers import Caller
from poolhouse.flows.access.gateway import Gateway, Passing, behind_stage
from poolhouse.flows.access.policies import Permissions, parse_policy
from poolhouse.flows.access.signatures import Signatures, Signed
from poolhouse.testing import FakeClock

ALL_BUT_ADMIN: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "execute-api:Invoke",
            "Resource": ["arn:aws:execute-api:*:*:orders/prod/GET/admin", "arn:aws:execute-api:*:*:*/GET/admin/*"],
        },
    ],
}


class Proven:
    """Signatures that are all good, of one caller."""

    def __init__(self, policy: Mapping[str, Any], chunks: object = None) -> None:
        self._signed = Signed(Caller("AKID", "jane", "arn", Permissions([parse_policy(policy)])), "us-east-1")
        if chunks is not None:
            self._signed = Signed(self._signed.caller, "us-east-1", chunks=cast("Any", chunks))

    async def verify(self, *_: Any, **__: Any) -> Signed:
        return self._signed


def gateway(policy: Mapping[str, Any] = ALL_BUT_ADMIN, **more: Any) -> Gateway:
    signatures = cast("Signatures", Proven(policy, **more))
    return Gateway(lambda _: signatures, FakeClock(), region="us-east-1", account="000000000000")


def passing(target: str, **headers: str) -> Passing:
    return Passing(
        api="orders",
        stage="prod",
        method="GET",
        target=target,
        path=behind_stage(target, "prod"),
        headers=CIMultiDict(headers),
    )


@pytest.mark.parametrize(
    ("target", "resource"),
    [
        ("/prod/items/1?x=/admin", "items/1"),
        ("/items/1", "items/1"),
        ("/prod", ""),
        ("/prod/prod/items", "prod/items"),
        ("/production/items", "production/items"),
        ("/prod/items;a=b/c%23d", "items;a=b/c#d"),
    ],
)
async def test_policies_are_asked_about_the_path_behind_the_stage(target: str, resource: str) -> None:
    holder = await gateway().authorize(passing(target))

    assert f"arn:aws:execute-api:us-east-1:000000000000:orders/prod/GET/{resource}" == holder.resource


@pytest.mark.parametrize("target", ["/prod/admin", "/admin", "/prod//admin", "/prod/%61dmin", "/prod/admin%2fx"])
async def test_what_a_policy_denies_is_denied(target: str) -> None:
    with pytest.raises(AccessDenied):
        await gateway().authorize(passing(target))


@pytest.mark.parametrize(
    "target",
    [
        "/prod/admin#",
        "/prod/admin#/items",
        "/%70rod/admin",
        "//prod/admin",
        "/prod%2Fadmin",
        "/%70rod",
        "/prod/items/..;/admin",
        "/prod/items/..;a=b/admin",
        "/prod/items%5C..%5Cadmin",
        "/prod/items\\..\\admin",
    ],
)
async def test_another_spelling_of_a_path_does_not_get_around_a_policy(target: str) -> None:
    with pytest.raises(NotAuthorized):
        await gateway().authorize(passing(target))


async def test_a_body_in_signed_chunks_that_nobody_has_verified_does_not_pass() -> None:
    with pytest.raises(SignatureIncomplete):
        await gateway(chunks=object()).authorize(passing("/prod/items"))


@pytest.mark.parametrize("key", ["aws:Referer", "aws:UserAgent"])
async def test_what_a_client_did_not_say_is_not_there_for_policies(key: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {key: "true"}}},
        ],
    }
    said = {"Referer": "https://example.com/", "User-Agent": "a browser"}
    await gateway(policy).authorize(passing("/prod/items", **said))

    with pytest.raises(AccessDenied):
        await gateway(policy).authorize(passing("/prod/items"))
