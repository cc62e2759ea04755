"""An API behind nginx that asks us: ``deploy/nginx-gateway.conf`` as it stands there, in front of a real server."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.command import ROOT, free_port
from tests.support.fronts import GATEWAY, Front, standing
from tests.support.gateway import signed
from tests.support.served import serving

pytestmark = pytest.mark.requires_proxies

KEY = (ROOT["POOLHOUSE_ROOT_ACCESS_KEY_ID"], ROOT["POOLHOUSE_ROOT_SECRET_ACCESS_KEY"])


@dataclass
class Behind:
    """The API: what it was asked."""

    front: Front
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
        to = http.client.HTTPSConnection("127.0.0.1", self.front.port, context=self.front.trust, timeout=20)
        try:
            to.request(method, path, body or None, headers)
            return to.getresponse().status
        finally:
            to.close()

    def url(self, path: str) -> str:
        return f"https://api.example.com:{self.front.port}{path}"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder, ports, seen = tmp_path_factory.mktemp("gateway"), [free_port(), free_port()], []

    class Api(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            seen.append((self.command, self.path, dict(self.headers.items()), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with (
        ThreadingHTTPServer(("127.0.0.1", ports[1]), Api) as api,
        serving(folder, port=ports[0], POOLHOUSE_SERVER_TRUSTED_PROXIES="127.0.0.1"),
        standing(GATEWAY, folder / GATEWAY, ports) as front,
    ):
        threading.Thread(target=api.serve_forever, daemon=True).start()
        yield Behind(front, seen)
        api.shutdown()


@pytest.fixture(autouse=True)
def nothing_seen_yet(behind: Behind) -> None:
    behind.seen.clear()


def test_who_signed_passes_and_the_api_is_told_by_us_alone(behind: Behind) -> None:
    path = "/prod/items/a%20b//c?z=1&a=two"
    headers = signed("GET", behind.url(path), key=KEY)

    assert 200 == behind.ask("GET", path, {**headers, "X-Identity-Id": "mine", "X-Auth-Type": "admin"})
    ((_, seen, told, _),) = behind.seen
    assert path == seen
    assert ("arn:aws:iam::000000000000:root", "key") == (told["X-Principal-Arn"], told["X-Auth-Type"])
    assert not {"X-Identity-Id", "Authorization", "X-Amz-Security-Token"} & set(told)


@pytest.mark.parametrize("said", [{}, {"X-Original-Method": "GET", "X-Original-URI": "/prod/items"}])
def test_nobody_passes_without_a_proof(behind: Behind, said: dict[str, str]) -> None:
    assert 401 == behind.ask("GET", "/prod/items", {"Host": "api.example.com", **said})
    assert [] == behind.seen


def test_what_a_client_says_of_its_request_does_not_count(behind: Behind) -> None:
    headers = signed("GET", behind.url("/prod/items"), key=KEY)
    said = {"X-Original-Method": "GET", "X-Original-URI": "/prod/items", "X-Original-Length": "none"}

    assert 401 == behind.ask("DELETE", "/prod/items", {**headers, **said})
    assert 401 == behind.ask("GET", "/prod/others", {**headers, **said})
    assert 401 == behind.ask(
        "POST", "/prod/items", {**signed("POST", behind.url("/prod/items"), key=KEY), **said}, b"x"
    )
    assert [] == behind.seen


def test_a_body_passes_whose_digest_was_signed(behind: Behind) -> None:
    url = behind.url("/prod/items")
    bare = signed("POST", url, b"one", key=KEY)
    known = signed("POST", url, b"one", key=KEY, X_Amz_Content_Sha256=hashlib.sha256(b"one").hexdigest())

    assert 401 == behind.ask("POST", "/prod/items", bare, b"one")
    assert 200 == behind.ask("POST", "/prod/items", known, b"one")
    assert [b"one"] == [body for *_, body in behind.seen]


def test_a_field_with_underscores_is_none_of_ours(behind: Behind) -> None:
    headers = signed("GET", behind.url("/prod/items"), key=KEY)

    assert 200 == behind.ask("GET", "/prod/items", {**headers, "X_Identity_Id": "mine"})
    assert "mine" not in behind.seen[0][2].values()
