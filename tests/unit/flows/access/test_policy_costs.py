"""No policy makes a request slow."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access.policies import Decision, Permissions, parse_policy
from poolhouse.flows.access.policy_documents import LARGEST
from tests.support.roles import allow, deny
from tests.support.roles import document as policy


def when(**operators: Any) -> dict[str, Any]:
    return {"Condition": {name.replace("__", ":"): keys for name, keys in operators.items()}}


def filled(make: Any) -> Permissions:
    """A document of nearly as many such statements as a policy may have."""
    some = [make(0)]
    while sum(len(json.dumps(each)) for each in some) < LARGEST - 500:
        some.append(make(len(some)))
    while True:
        try:
            read = parse_policy(policy(*some))
        except PolicyMalformed:
            some = some[: len(some) * 9 // 10]
        else:
            return Permissions([read], context={"k:a": "a" * 4000, "k:n": "5000", "k:ip": "192.0.2.1"})


LONG = f"arn:aws:s3:::{'a' * 4000}"
SHORTER = f"arn:aws:s3:::{'a' * 2390}"
HOSTILE = {
    "stars": lambda _: allow("*", f"arn:aws:s3:::{'*a' * 100}*b"),
    "holes": lambda _: allow("*", f"arn:aws:s3:::*{'?a' * 100}b*"),
    "long holes": lambda _: allow("*", f"arn:aws:s3:::*{'a?' * 2000}b*"),
    "middles": lambda _: allow("*", f"arn:aws:s3:::*{'a' * 50}b{'a' * 49}*"),
    "long middles": lambda _: allow("*", f"arn:aws:s3:::*{'a' * 500}b{'a' * 499}*"),
    "many": lambda number: deny("*", [f"arn:*:s3:::*a{number}{each}*a" for each in range(100)]),
    "values": lambda _: allow("*", f"arn:aws:s3:::*{'${k:a}*' * 50}b"),
    "numbers": lambda _: deny(**when(NumericEquals={"k:n": [str(each) for each in range(1000)]})),
    "texts": lambda _: deny(**when(StringLike={"k:a": ["*ab*"] * 800})),
    "many small": lambda number: deny("*", "*", **when(IpAddress={"k:ip": f"10.0.{number}.0/24"})),
    "only stars": lambda _: allow("*", f"arn:aws:s3:::{'*?' * 2000}"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_policy_makes_a_request_slow(kind: str) -> None:
    permissions = filled(HOSTILE[kind])

    spent = []
    for resource in (LONG, SHORTER) * 5:
        started = time.process_time()
        permissions.allows("s3:GetObject", resource)
        spent.append(time.process_time() - started)

    # Five milliseconds on a machine without other work; the least of several runs is the one that nobody disturbed.
    assert 0.010 > min(max(spent[at], spent[at + 1]) for at in range(0, 10, 2))


def test_what_would_take_too_long_is_denied_and_says_so() -> None:
    permissions = Permissions([parse_policy(policy(allow(), allow("*", [f"arn:aws:s3:::*{'?a' * 1000}b*"] * 2)))])

    assert Decision(False, "too much") == permissions.decide("s3:GetObject", "arn:aws:s3:::" + "b" * 5000)
