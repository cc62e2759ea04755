"""Whatever is sent to the whole server gets an answer that a client can live with, and the server goes on."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from multidict import CIMultiDict

from poolhouse.server.cognito.engine.model import Operation
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.user_pools.call import OPERATIONS as HANDLERS
from tests.end_to_end.conftest import STORES, Servers
from tests.support.json_api import Answer, sign, user_pools
from tests.support.json_api_attacks import JSON, attacks, complaint, dressed
from tests.support.live import OTHER_PASSWORD, PASSWORD, Live, attributes, unique
from tests.support.right_inputs import RightInputs
from tests.support.server_process import REGION, ROOT

MODEL = user_pools()
OPERATIONS = sorted(MODEL.operations)
ENDINGS = ("Delete", "AdminDelete", "AdminDisable", "AdminRemove", "GlobalSignOut", "AdminUserGlobal", "Revoke")
OFTEN = [*OPERATIONS, *[name for name in sorted(load_operations(HANDLERS)) if not name.startswith(ENDINGS)] * 9]
"""What is offered, more often than what is not, and than what leaves nothing to go on with."""
CALLS = 150


class Wire:
    """One connection, opened anew whenever the server closed it."""

    def __init__(self, base_url: str) -> None:
        self.url = base_url + "/"
        self._connection = http.client.HTTPConnection(base_url.partition("//")[2], timeout=30)

    def send(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return self._sent(body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            # The one before was answered before it was read to its end; this one was not read at all.
            self.close()
            return self._sent(body, headers)

    def call(self, operation: Operation, content: Any) -> Answer:
        body = json.dumps(content).encode()
        headers = {"Content-Type": JSON, "X-Amz-Target": operation.target}
        if operation.caller == "signed":
            headers = sign(self.url, body, headers, key=ROOT, region=REGION, now=time.time())
        return self.send(body, headers)

    def close(self) -> None:
        self._connection.close()

    def _sent(self, body: bytes, headers: dict[str, str]) -> Answer:
        encoded = {name: value.encode("utf-8") for name, value in headers.items()}
        self._connection.request("POST", "/", body, encoded)
        response = self._connection.getresponse()
        return Answer(response.status, CIMultiDict(response.getheaders()), response.read())


@pytest.fixture
def wire(live: Live) -> Iterator[Wire]:
    wire = Wire(live.base_url)
    yield wire
    wire.close()


def is_well(live: Live) -> bool:
    connection = http.client.HTTPConnection(live.base_url.partition("//")[2], timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


# --- every operation, with what no client sends ----------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_hostile_request_gets_a_declared_error_from_the_whole_server(servers: Servers, name: str) -> None:
    """Most of these are refused before they reach the store, so one store is enough."""
    live = servers.get("sqlite")
    operation = MODEL.operations[name]

    complaints = {}
    with contextlib.closing(Wire(live.base_url)) as wire:
        for attack in attacks(MODEL, operation):
            headers = dressed(attack, operation, wire.url, key=ROOT, now=time.time())
            complaints[attack.name] = complaint(wire.send(attack.body, headers), operation)

    assert {} == {attack: said for attack, said in complaints.items() if said}


# --- every operation, with what the model allows and nobody expects --------------------------------------------------


@dataclass(frozen=True)
class World:
    """A pool, clients, users and tokens to make inputs of. Any of it may be deleted by the first call."""

    known: dict[str, tuple[Any, ...]]

    @classmethod
    def made(cls, live: Live) -> World:
        pool = live.pool(
            AliasAttributes=["email", "phone_number"],
            Schema=[{"Name": "x", "AttributeDataType": "Number", "Mutable": True}],
        )
        clients = [
            live.client(pool),
            live.client(pool, GenerateSecret=True),
            live.client(pool, PreventUserExistenceErrors="ENABLED"),
        ]
        name = live.user(clients[0], unique())
        invited = unique()
        live.aws.admin_create_user(
            UserPoolId=pool.id, Username=invited, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
        )
        live.aws.create_group(UserPoolId=pool.id, GroupName="crew")
        tokens = live.sign_in(clients[0], name)
        asked = live.aws.initiate_auth(
            ClientId=clients[0].id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": invited, "PASSWORD": PASSWORD},
        )
        proving = live.aws.initiate_auth(
            ClientId=clients[0].id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": name, "SRP_A": "abc" * 200}
        )
        live.aws.update_user_attributes(
            AccessToken=tokens["AccessToken"], UserAttributes=attributes(email=f"{name}@example.org")
        )
        known = {
            "UserPoolId": (pool.id,),
            # One public client more often than the others: nothing much can be done at those without more.
            "ClientId": (clients[0].id,) * 3 + tuple(client.id for client in clients),
            "Username": (name, invited, f"{name}@example.com", unique()),
            "Password": (PASSWORD, OTHER_PASSWORD),
            "PreviousPassword": (PASSWORD,),
            "ProposedPassword": (PASSWORD, OTHER_PASSWORD),
            "TemporaryPassword": (PASSWORD,),
            "AccessToken": (tokens["AccessToken"],),
            "Token": (tokens["RefreshToken"], tokens["AccessToken"]),
            "RefreshToken": (tokens["RefreshToken"],),
            "AuthFlow": ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "ADMIN_USER_PASSWORD_AUTH"),
            "AuthParameters": (
                {"USERNAME": name, "PASSWORD": PASSWORD},
                {"USERNAME": invited, "PASSWORD": PASSWORD},
                {"USERNAME": name, "SRP_A": "abcdef" * 100},
                {"USERNAME": name, "PASSWORD": PASSWORD, "SRP_A": "1" * 700, "DEVICE_KEY": "a"},
                {"REFRESH_TOKEN": tokens["RefreshToken"]},
            ),
            "ChallengeName": ("NEW_PASSWORD_REQUIRED", "PASSWORD_VERIFIER"),
            "Session": (asked["Session"], proving["Session"]),
            "ChallengeResponses": (
                {"USERNAME": invited, "NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": "a@example.com"},
                {
                    "USERNAME": name,
                    "PASSWORD_CLAIM_SECRET_BLOCK": proving["ChallengeParameters"]["SECRET_BLOCK"],
                    "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                    "TIMESTAMP": "Mon Nov 23 06:59:19 UTC 2026",
                },
            ),
            "GroupName": ("crew",),
            "AttributeName": ("email", "phone_number"),
            "Name": ("email", "phone_number", "custom:x", "birthdate", "address", "updated_at", "preferred_username"),
            "Filter": ('email ^= "a"', 'status = "Enabled"', 'username = ""', 'sub ^= "\x00"'),
            "ConfirmationCode": (live.code(f"{name}@example.com"),),
            "Code": (live.code(f"{name}@example.org"),),
            "ResourceArn": (f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/{pool.id}",),
            "ClientSecret": (clients[1].secret or "",),
        }
        return cls(known)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", STORES)
def test_any_series_of_calls_that_the_model_allows_gets_declared_answers(
    servers: Servers, kind: str, seed: int
) -> None:
    """All calls of a series are about one pool: what one of them left behind, the next one meets."""
    live = servers.get(kind)
    chance = random.Random(seed)
    inputs = RightInputs(MODEL, World.made(live).known, chance)

    complaints = []
    with contextlib.closing(Wire(live.base_url)) as wire:
        for _ in range(CALLS):
            operation = MODEL.operations[chance.choice(OFTEN)]
            content = inputs.draw(operation)
            if said := complaint(wire.call(operation, content), operation):
                complaints.append((operation.name, said, content))

    assert [] == complaints
    assert is_well(live)


# --- what is hardly HTTP ---------------------------------------------------------------------------------------------

TARGET = "AWSCognitoIdentityProviderService.GetUser"
HEAD = f"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {JSON}\r\nX-Amz-Target: {TARGET}\r\n".encode()
GET = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BODY = b'{"AccessToken":"a.b.c"}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY

RAW = {
    "noise": bytes(range(256)) * 16,
    "NUL bytes": b"\x00" * 4096,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no host": b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "version": b"POST / HTTP/9.9\r\nHost: a\r\n\r\n",
    "a NUL in the path": GET % b"/\x00",
    "a NUL in a header": HEAD + b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": HEAD + b": a\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a colon": HEAD + b"hello\r\nContent-Length: 2\r\n\r\n{}",
    "a space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "a folded header": HEAD + b"X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "bytes beyond ASCII": HEAD + b"X-A: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    "a huge header": HEAD + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "many headers": HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(50_000)) + b"\r\n",
    "a long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}",
    "a length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n{}",
    "a length with a sign": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a length beyond numbers": HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    "a length that is too large": HEAD + b"Content-Length: 1000000\r\n\r\n" + b" " * 1_000_000,
    "chunks of a wrong size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunks of a huge size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n{}",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an unknown encoding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two targets": HEAD + f"X-Amz-Target: {TARGET}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
    "two content types": HEAD + b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "an expectation": HEAD + b"Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a whole address": GET % b"http://elsewhere.example/",
    "a broken address": GET % b"http://[::1",
    "a bad escape": GET % b"/%zz%c3",
    "a pool that is none": GET % b"/eu-west-1_%00%ff/.well-known/jwks.json",
    "a pool that nobody has": GET % b"/eu-west-1_nobody/.well-known/jwks.json",
    "another host": WHOLE.replace(b"Host: a", b"Host: elsewhere.example"),
    "a broken host": WHOLE.replace(b"Host: a", b"Host: [::1"),
    "two hosts": WHOLE.replace(b"Host: a", b"Host: a\r\nHost: b"),
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a method in lower case": b"post / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "the star": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a bomb": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(b"0" * 10_000_000))
    + gzip.compress(b"0" * 10_000_000),
}
"""None of it leaves the server waiting for more, and what it can read asks it to close the connection."""


def statuses(live: Live, sent: bytes) -> list[int]:
    """The status of every answer to these bytes, until the server closes the connection."""
    host, _, port = live.base_url.partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as end:
        # A server that has read enough may close before all is sent.
        with contextlib.suppress(ConnectionError):
            end.sendall(sent)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := end.recv(65_536):
                answer += part
    lines = [b"HTTP/" + rest.split(b"\r\n", 1)[0] for rest in answer.split(b"HTTP/")[1:]]
    return [int(line.split(b" ")[1]) for line in lines if line.split(b" ")[0] in (b"HTTP/1.0", b"HTTP/1.1")]


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_hardly_http_are_refused_and_the_server_goes_on(servers: Servers, name: str) -> None:
    live = servers.get("sqlite")

    said = statuses(live, RAW[name])

    assert [] == [status for status in said if not 400 <= status < 500]
    assert is_well(live)


def test_a_second_request_in_the_same_packet_is_answered_by_itself(servers: Servers) -> None:
    live = servers.get("sqlite")

    first = WHOLE.replace(b"Connection: close\r\n", b"")

    assert [400] * 20 == statuses(live, first * 19 + WHOLE)


def test_a_chunked_body_is_read_like_any_other(servers: Servers) -> None:
    live = servers.get("sqlite")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)

    said = statuses(live, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    assert [400] == said


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/anything", "/eu-west-1_nobody/.well-known/jwks.json"])
def test_a_wrong_method_is_refused_everywhere(servers: Servers, method: str, path: str) -> None:
    live = servers.get("sqlite")

    said = statuses(live, f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    assert said in ([404], [405])


def test_slow_and_abandoned_requests_keep_nobody_waiting(servers: Servers) -> None:
    live = servers.get("sqlite")
    host, _, port = live.base_url.partition("//")[2].partition(":")

    with contextlib.ExitStack() as open_ends:
        for number in range(200):
            end = open_ends.enter_context(socket.create_connection((host, int(port)), timeout=5))
            end.sendall(HEAD[: number % len(HEAD)] if number % 2 else HEAD + b"Content-Length: 100\r\n\r\n{")

        assert is_well(live)
        assert live.aws.list_user_pools(MaxResults=1)

    assert is_well(live)
