"""Connections as clients treat them: who has said all gets an answer, and nobody makes the server read without end."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from poolhouse.server.connections import LEFT_BYTES
from tests.support.command import PATIENCE
from tests.support.served import Served, serving

BODY_SECONDS = 10.0
"""How long a body is waited for."""
TARGET = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth"
JSON = "Content-Type: application/x-amz-json-1.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("connections")) as running:
        yield running


def connected(server: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def rest_of(client: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def request(body: bytes, *fields: str, method: str = "POST", path: str = "/", length: int | None = None) -> bytes:
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body) if length is None else length}",
    ]
    return "\r\n".join([*head, *fields, "", ""]).encode() + body


SIGN_IN = request(json.dumps({"ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH"}).encode(), JSON, TARGET)


def test_a_client_that_closes_its_sending_half_gets_its_answer(server: Served) -> None:
    answers = []
    for _ in range(20):
        with connected(server) as client:
            client.sendall(SIGN_IN)
            client.shutdown(socket.SHUT_WR)
            answers.append(rest_of(client))

    assert 20 * [b"HTTP/1.1 400"] == [answer[:12] for answer in answers]
    assert all(b"ResourceNotFoundException" in answer for answer in answers)


def test_it_gets_all_its_answers_and_then_the_connection_ends(server: Served) -> None:
    with connected(server) as client:
        client.sendall(request(b"", method="GET", path="/healthz") + 2 * SIGN_IN)
        client.shutdown(socket.SHUT_WR)
        answers = rest_of(client)

    assert (1, 2) == (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 400"))


def test_a_request_that_is_cut_short_is_answered_at_once_and_keeps_no_connection(server: Served) -> None:
    with connected(server) as client:
        client.settimeout(BODY_SECONDS / 2)
        client.sendall(SIGN_IN[:-5])
        client.shutdown(socket.SHUT_WR)
        answer = rest_of(client)

    assert (b"HTTP/1.1 400", True) == (answer[:12], b"SerializationException" in answer)


def test_an_idle_connection_ends_when_its_client_says_so(server: Served) -> None:
    with connected(server) as client:
        client.sendall(request(b"", method="GET", path="/healthz"))
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.shutdown(socket.SHUT_WR)

        assert b"" == rest_of(client)


@pytest.mark.parametrize(
    ("status", "given"),
    [
        (b"413", {"method": "POST", "path": "/"}),
        (b"405", {"method": "PUT", "path": "/"}),
        (b"405", {"method": "PUT", "path": "/healthz"}),
        (b"404", {"method": "GET", "path": "/nowhere/at/all"}),
    ],
)
def test_of_a_large_body_that_was_refused_little_is_read(server: Served, status: bytes, given: dict[str, str]) -> None:
    """200 MB are offered."""
    total, chunk = 200 * 1024 * 1024, bytes(1024 * 1024)
    sent = 0
    with connected(server) as client:
        client.sendall(request(b"", JSON, TARGET, length=total, **given))  # type: ignore[arg-type]
        head = client.recv(65536)
        with contextlib.suppress(ConnectionError):
            while sent < total:
                sent += client.send(chunk)

    assert (status, True) == (head[9:12], b"\r\nConnection: close\r\n" in head)
    # What the system holds for both sides comes on top.
    assert LEFT_BYTES // 2 < sent < LEFT_BYTES + 24 * 1024 * 1024


def test_who_sends_a_little_too_much_before_it_reads_gets_its_answer(server: Served) -> None:
    with connected(server) as client:
        client.sendall(request(bytes(5 * 1024 * 1024), JSON, TARGET))

        assert b"413" == rest_of(client)[9:12]


def test_a_body_that_does_not_come_is_not_waited_for_without_end(server: Served) -> None:
    with connected(server) as client:
        client.sendall(request(b"some", JSON, TARGET, length=200 * 1024 * 1024))

        assert b"413" == rest_of(client)[9:12]
