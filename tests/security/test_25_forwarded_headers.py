"""Row 25: where a request says it comes from opens nothing."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network

import pytest

from poolhouse.config.settings import Server
from poolhouse.config.values import Secret
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.proxies import source_address
from tests.security.served import served
from tests.support.json_api import KeysInMemory, ManualClock, build, running

CLAIMS = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;by=127.0.0.1",
    "X-Client-IP": "::1",
    "X-Forwarded-User": "root",
    "X-Remote-User": "root",
    "X-Authenticated-User": "root",
    "X-Original-URL": "/metrics",
    "X-Amz-Security-Token": "",
}


@pytest.mark.parametrize("token", [None, Secret("figures")], ids=["closed", "with a token"])
async def test_no_header_but_the_token_opens_the_operators_routes(token: Secret | None) -> None:
    server = Server(base_url="https://auth.example.com", metrics_token=token)
    statuses = set()
    async with served(server=server) as (_, api):
        for name, value in [*CLAIMS.items(), ("Authorization", "Bearer "), ("Authorization", "Bearer None")]:
            async with api.session.get(f"{api.url}metrics", headers={name: value}) as answer:
                statuses.add(answer.status)
        async with api.session.get(f"{api.url}metrics", headers={"Authorization": "Bearer figures"}) as answer:
            rightful = answer.status

    assert {404} == statuses
    assert (200 if token else 404) == rightful


@pytest.mark.parametrize("header", CLAIMS)
async def test_no_header_stands_for_a_signature(header: str) -> None:
    async with served() as (_, api):
        answer = await api.send(
            b'{"MaxResults":1}',
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools",
                header: CLAIMS[header],
            },
        )

    assert "MissingAuthenticationTokenException" == answer.error


def test_one_module_reads_forwarded_headers_and_no_other_does() -> None:
    """The address of a caller is the peer's, until proxies that the operator named are believed."""
    from pathlib import Path

    import poolhouse

    sources = Path(str(poolhouse.__file__)).parent.rglob("*.py")
    names = ("x-forwarded", '"forwarded"', "x-real-ip", "x-original-url")

    assert ["proxies.py"] == [
        path.name for path in sources if any(name in path.read_text(encoding="utf-8").lower() for name in names)
    ]
    assert "source_ip" in Call.__slots__


@pytest.mark.parametrize(("trusted", "expected"), [((), "127.0.0.1"), ((ip_network("127.0.0.0/8"),), "192.0.2.1")])
async def test_who_called_is_the_peer_unless_the_operator_trusts_it(
    trusted: tuple[IPv4Network, ...], expected: str
) -> None:
    calls: list[str] = []

    async def remember(call: Call) -> None:
        calls.append(call.source_ip)

    api = build(
        {"DeleteUser": remember},
        clock=ManualClock(),
        keys=KeysInMemory(),
        source=lambda request: source_address(request.remote, request.headers, trusted),
    )
    async with running(api) as client:
        await client.send(
            b'{"AccessToken":"t"}',
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteUser",
                "X-Forwarded-For": "127.0.0.1, 192.0.2.1",
            },
        )

    assert [expected] == calls
