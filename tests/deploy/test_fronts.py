"""What the proxies of ``deploy/`` do with requests: each is tried as it stands there, in front of a real server."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from poolhouse.config.settings import Limits
from tests.support.command import MASTER_KEY, PATIENCE, ROOT, free_port, run
from tests.support.fronts import DEPLOY, HAPROXY, HOST, NGINX, Front, standing
from tests.support.served import Served, eventually, made_user, serving, sign_in

pytestmark = pytest.mark.requires_proxies

METRICS_TOKEN = "who-may-read-figures"


@dataclass
class House:
    folder: Path
    fronts: dict[str, Front]
    servers: list[Served]
    made: dict[str, str]

    def sdk(self, front: Front) -> Any:
        return boto3.client(
            "cognito-idp",
            endpoint_url=front.url,
            verify=str(front.certificate),
            region_name="eu-west-1",
            aws_access_key_id=ROOT["POOLHOUSE_ROOT_ACCESS_KEY_ID"],
            aws_secret_access_key=ROOT["POOLHOUSE_ROOT_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 0}, proxies={}),
        )


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    ports = [free_port(), free_port()]
    settings = {
        "POOLHOUSE_BASE_URL": f"https://{HOST}",
        "POOLHOUSE_SERVER_TRUSTED_PROXIES": "127.0.0.1",
        "POOLHOUSE_SERVER_METRICS_TOKEN": METRICS_TOKEN,
    }
    with contextlib.ExitStack() as open_:
        servers = [open_.enter_context(serving(folder, port=port, **settings)) for port in ports]
        fronts = {kind: open_.enter_context(standing(kind, folder / kind, ports)) for kind in (NGINX, HAPROXY)}
        yield House(folder, fronts, servers, made_user(servers[0].sdk()))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("fronts")) as stands:
        yield stands


@pytest.fixture(params=[NGINX, HAPROXY])
def front(request: pytest.FixtureRequest, shared: House) -> Front:
    return shared.fronts[request.param]


@contextlib.contextmanager
def connected(front: Front, *, source: str = "127.0.0.1") -> Iterator[http.client.HTTPSConnection]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", front.port, timeout=PATIENCE, context=front.trust, source_address=(source, 0)
    )
    with contextlib.closing(connection):
        yield connection


def asked(front: Front, path: str, **fields: str) -> tuple[int, str]:
    with connected(front) as connection:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_signed_call_is_good_behind_it(shared: House, front: Front) -> None:
    pools = shared.sdk(front).list_user_pools(MaxResults=10)["UserPools"]

    assert shared.made["pool"] in [pool["Id"] for pool in pools]


def test_the_server_sees_the_clients_address_and_not_what_the_client_says(shared: House, front: Front) -> None:
    given = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": shared.made["client"],
        "AuthParameters": {"USERNAME": "jane", "PASSWORD": f"wrong, behind {front.kind}"},
    }
    # Each proxy has a client of its own, so that the trail tells them apart.
    source = {NGINX: "127.0.0.11", HAPROXY: "127.0.0.12"}[front.kind]
    with connected(front, source=source) as connection:
        connection.request(
            "POST",
            "/",
            json.dumps(given),
            {
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
                "Content-Type": "application/x-amz-json-1.1",
                "X-Forwarded-For": "203.0.113.1",
                "Forwarded": "for=203.0.113.2",
            },
        )
        assert connection.getresponse().status == 400

    env = {"POOLHOUSE_STORE": "sqlite:served.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}
    trail = run("audit", "--pool", shared.made["pool"], "--json", folder=shared.folder, env=env)
    assert source in [json.loads(line)["source"] for line in trail.stdout.splitlines()], trail
    assert "203.0.113" not in trail.stdout


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)], ids=["as large as may be", "one byte more"])
def test_it_takes_a_body_as_large_as_the_server_does(front: Front, more: int, status: int) -> None:
    body = b"{".ljust(Limits().body + more)
    with connected(front) as connection:
        with contextlib.suppress(ConnectionError):  # who refuses may hang up before all was sent
            connection.request(
                "POST",
                "/",
                body,
                {
                    "X-Amz-Target": "AWSCognitoIdentityProviderService.AdminInitiateAuth",
                    "Content-Type": "application/x-amz-json-1.1",
                    # What nobody signed may be less.
                    "Authorization": "AWS4-HMAC-SHA256 Credential=nobody",
                },
            )
        answer = connection.getresponse()
        answer.read()

    assert status == answer.status


@pytest.mark.parametrize("path", ["/metrics", "/metrics?a", "/%6detrics", "/%6Detric%73", "//metrics", "/a/../metrics"])
def test_figures_are_not_for_who_comes_by_it(shared: House, front: Front, path: str) -> None:
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}

    status, body = asked(front, path, **token)

    assert 404 == status
    assert "poolhouse_" not in body


@pytest.mark.parametrize("host", [HOST, f"{HOST}:80", "evil.example"])
def test_who_comes_without_tls_is_sent_to_https_and_nowhere_else(front: Front, host: str) -> None:
    """No header makes a link (security row 2)."""
    connection = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", "/x?y=z", headers={"Host": host})
        answer = connection.getresponse()

    assert (308, f"https://{HOST}/x?y=z") == (answer.status, answer.headers["Location"])


def test_browsers_are_told_to_keep_to_https(front: Front) -> None:
    with connected(front) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().headers["Strict-Transport-Security"] == "max-age=31536000"


def test_its_log_has_no_address_and_no_query(front: Front) -> None:
    path = f"/logged-by-{front.kind}"
    with connected(front, source="127.0.0.77") as connection:
        connection.request("GET", f"{path}?login_hint=jane")
        connection.getresponse().read()

    eventually(lambda: path in front.written())
    assert [] == re.findall(r"127\.0\.0\.77|login_hint", front.written())


def test_the_limit_of_bodies_is_said_where_a_proxy_needs_it() -> None:
    said = re.findall(r"client_max_body_size (\d+);", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))

    assert [str(Limits().body)] == said


@pytest.mark.parametrize("kind", [NGINX, HAPROXY])
def test_a_server_that_is_gone_without_a_word_is_missed_by_nobody(tmp_path: Path, kind: str) -> None:
    with house(tmp_path) as stands:
        front = stands.fronts[kind]
        stands.servers[0].process.send(signal.SIGKILL)
        stands.servers[0].process.process.wait(PATIENCE)

        for _ in range(20):
            assert sign_in(stands.sdk(front), stands.made["client"])


@pytest.mark.parametrize("kind", [NGINX, HAPROXY])
def test_key_sets_are_served_behind_it_while_no_server_is_ready(tmp_path: Path, kind: str) -> None:
    with house(tmp_path) as stands:
        front = stands.fronts[kind]
        path = f"/{stands.made['pool']}/.well-known/jwks.json"
        for server in stands.servers:
            assert 200 == server.status(path)
        for file in tmp_path.glob("served.db*"):
            file.unlink()
        for server in stands.servers:
            eventually(partial(_is_not_ready, server))

        def served() -> bool:
            status, body = asked(front, path)
            assert (200, 2) == (status, len(json.loads(body)["keys"]))
            # nginx asks servers and not whether they are ready.
            return kind == NGINX or " nobody_ready/" in front.written()

        eventually(served)
        with pytest.raises(stands.sdk(front).exceptions.ClientError, match="ServiceUnavailable"):
            sign_in(stands.sdk(front), stands.made["client"])


def _is_not_ready(server: Served) -> bool:
    return server.status("/readyz") == 503
