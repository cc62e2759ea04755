"""A server in processes of its own: it starts, says what keeps it from starting, and stops as it is asked to."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.command import MASTER_KEY, PATIENCE, ROOT, Running, free_port, run
from tests.support.served import DIRECT, Served, eventually, serving


@contextlib.contextmanager
def half_a_request(server: Served) -> Iterator[socket.socket]:
    """A request that the server has begun to answer, and whose body is still missing."""
    body_size = 2
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {body_size}\r\nExpect: 100-continue\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(head.encode())
        assert b"100 Continue" in client.recv(1024)
        yield client


def rest_of(client: socket.socket) -> bytes:
    parts = []
    while part := client.recv(4096):
        parts.append(part)
    return b"".join(parts)


# --- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["one process", "two workers"])
def test_sigterm_finishes_the_running_request_and_takes_no_new_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    with serving(tmp_path, *words) as server, half_a_request(server) as client:
        processes = len(workers_of(server, 2)) if words else 1
        server.process.send(signal.SIGTERM)
        server.process.wait_for('"event": "stopping"', times=processes)
        eventually(lambda: not server.answers(timeout=0.5))
        client.sendall(b"{}")
        answer = rest_of(client)

        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"InvalidParameterException" in answer
        assert server.process.end() == 0


def test_ctrl_c_stops_in_order_too(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.process.send(signal.SIGINT)

        assert server.process.end() == 0
        assert "Traceback" not in server.process.stderr


def test_a_second_sigterm_ends_a_server_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_SERVER_GRACE="600") as server, half_a_request(server):
        server.process.send(signal.SIGTERM)
        server.process.wait_for('"event": "stopping"')
        server.process.send(signal.SIGTERM)

        assert server.process.end() == -signal.SIGTERM


def test_signals_to_the_whole_group_stop_workers_in_order(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server, half_a_request(server) as client:
        workers_of(server, 2)
        # What a terminal does with Ctrl-C, and a service manager with SIGTERM.
        os.killpg(server.process.pid, signal.SIGTERM)
        server.process.wait_for('"event": "stopping"', times=2)
        client.sendall(b"{}")

        assert rest_of(client).startswith(b"HTTP/1.1 400 ")
        assert server.process.end() == 0


def test_a_second_sigterm_ends_workers_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", POOLHOUSE_SERVER_GRACE="600") as server, half_a_request(server):
        server.process.send(signal.SIGTERM)
        server.process.wait_for('"event": "stopping"', times=2)
        server.process.send(signal.SIGTERM)

        assert server.process.end() == 1


# --- workers ---------------------------------------------------------------------------------------------------------


def workers_of(server: Served, count: int) -> list[int]:
    return [int(pid) for pid in server.process.wait_for(r'"worker is ready", "pid": (\d+)', times=count)]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_workers_both_answer(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        first, second = workers_of(server, 2)
        answered = []
        for held in (first, second):
            os.kill(held, signal.SIGSTOP)
            answered.append(server.answers())
            os.kill(held, signal.SIGCONT)

        assert [True, True] == answered


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        first, second = workers_of(server, 2)
        os.kill(first, signal.SIGKILL)
        third = workers_of(server, 3)[2]
        os.kill(second, signal.SIGSTOP)

        assert third not in (first, second)
        assert server.answers()

        os.kill(second, signal.SIGCONT)
        server.process.send(signal.SIGTERM)
        assert server.process.end() == 0


def test_where_all_workers_die_somebody_answers_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        workers = workers_of(server, 2)
        for _ in range(3):
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            count = len(re.findall('"worker is ready"', server.process.stderr))
            workers = workers_of(server, count + 2)[-2:]
        waits = [float(wait) for wait in re.findall(r'"worker died.*"seconds": ([\d.]+)', server.process.stderr)]

        # Each time the last of the two, and nobody longer than the first wait.
        assert 3 <= waits.count(0.0)
        assert {0.0, 0.5} >= set(waits)
        assert server.answers()


def test_a_worker_that_is_stopped_alone_did_not_die(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        first, _ = workers_of(server, 2)
        os.kill(first, signal.SIGTERM)
        workers_of(server, 3)

        assert '"worker stopped; another one follows"' in server.process.stderr
        assert "worker died" not in server.process.stderr


def test_figures_are_those_of_all_workers_and_of_the_dead_ones_whoever_is_asked(tmp_path: Path) -> None:
    """Each answers some requests while the other is stopped; then one is killed."""
    with serving(tmp_path, "--workers", "2", POOLHOUSE_SERVER_METRICS_TOKEN="t0ken") as server:
        first, second = workers_of(server, 2)
        counts = []
        for held in (first, second):
            os.kill(held, signal.SIGSTOP)
            assert [200] * 3 == [server.status("/healthz") for _ in range(3)]
            counts.append(health_checks(server))
            os.kill(held, signal.SIGCONT)
        os.kill(first, signal.SIGKILL)
        workers_of(server, 3)
        counts += [health_checks(server) for _ in range(4)]

        earlier = counts[0] - 3
        assert [earlier + 3, *[earlier + 6] * 5] == counts


def health_checks(server: Served) -> int:
    request = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": "Bearer t0ken"})
    with DIRECT.open(request, timeout=PATIENCE) as answer:
        shown = answer.read().decode()
    (count,) = re.findall(r'poolhouse_requests_total\{route="health",status="200"\} ([\d.]+)', shown)
    return round(float(count))


FROZEN = """
import os, signal, socket, sys
from poolhouse.cli.supervising import Supervisor
from poolhouse.server.serving import Manner, run
from aiohttp import web

MOVES = eval(sys.argv[1])

async def make():
    return web.Application()

def work(leash):
    run(make, [listener], Manner(grace=1), started=lambda: leash.say_ready(MOVES), stopping=leash.stop_when_drawn)
    return 0

import logging
logging.basicConfig(level="INFO", format="%(message)s %(pid)s")
listener = socket.create_server(("127.0.0.1", 0))
Supervisor(work, 1, [listener], grace=1, started=lambda: None, silence=3).run()
"""


@pytest.mark.parametrize("moves", ["lambda: True", "lambda: False"], ids=["the process", "its arithmetic"])
def test_a_worker_that_freezes_is_replaced(tmp_path: Path, moves: str) -> None:
    words = [sys.executable, "-c", FROZEN, moves]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        running = Running(process)
        (first,) = running.wait_for(r"worker is ready (\d+)")
        if moves == "lambda: True":
            os.kill(int(first), signal.SIGSTOP)
        running.wait_for("worker gives no sign of life")
        second = running.wait_for(r"worker is ready (\d+)", times=2)[1]
        process.terminate()

        assert first != second
        assert 0 == running.end()


def test_a_server_without_files_says_so_in_a_line_and_a_figure(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_SERVER_METRICS_TOKEN="of-the-operator") as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (60, 60))
        with contextlib.ExitStack() as held:
            for _ in range(60):
                held.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
            server.process.wait_for("this process may open 60 files")
        server.process.wait_for("there are files again")
        asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": "Bearer of-the-operator"})
        with DIRECT.open(asked) as answer:
            figures = answer.read().decode()

        assert "poolhouse_files_limit 60.0" in figures
        assert re.search(r"^poolhouse_files_open [1-9]", figures, re.MULTILINE)


def test_operations_are_known_to_metrics_and_to_the_access_log(tmp_path: Path) -> None:
    with serving(tmp_path, "--access-log", POOLHOUSE_SERVER_METRICS_TOKEN="of-the-operator") as server:
        server.sdk().list_user_pools(MaxResults=1)
        with pytest.raises(ClientError):
            server.sdk().describe_user_pool(UserPoolId="eu-west-1_Nobody123")
        server.process.wait_for('"operation": "ListUserPools", "outcome": "ok"')
        server.process.wait_for('"operation": "DescribeUserPool", "outcome": "ResourceNotFoundException"')
        asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": "Bearer of-the-operator"})
        with DIRECT.open(asked) as answer:
            figures = answer.read().decode()

        assert 'poolhouse_operations_total{operation="ListUserPools",outcome="ok"} 1.0' in figures
        assert 'poolhouse_operation_seconds_count{operation="DescribeUserPool"} 1.0' in figures
        assert "eu-west-1_Nobody123" not in figures


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        pids = workers_of(server, 2)
        server.process.send(signal.SIGKILL)
        server.process.process.wait(PATIENCE)

        eventually(lambda: not any(is_alive(pid) for pid in pids))


# --- what keeps it from starting -------------------------------------------------------------------------------------


def refused(folder: Path, *words: str, **extra: str) -> tuple[int, str]:
    settings = {"POOLHOUSE_LISTEN": f"127.0.0.1:{free_port()}", "POOLHOUSE_MASTER_KEY": MASTER_KEY, **ROOT, **extra}
    ended = run("serve", *words, folder=folder, env=settings)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        status, told = refused(tmp_path, "--listen", address)

    assert status == 5
    assert told.splitlines() == [
        f"Cannot listen on {address}: the port is in use. Stop what uses it, or say --listen with another port."
    ]


def test_without_a_master_key_the_command_that_makes_one_is_told(tmp_path: Path) -> None:
    status, told = refused(tmp_path, POOLHOUSE_MASTER_KEY="")

    assert status == 2
    assert "poolhouse keys new-master" in told


def test_memory_is_not_shared_by_workers(tmp_path: Path) -> None:
    status, told = refused(tmp_path, "--workers", "2", POOLHOUSE_STORE="memory:")

    assert status == 2
    assert "memory:" in told


def test_a_store_of_another_master_key_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.process.send(signal.SIGTERM)
        server.process.end()
    status, told = refused(tmp_path, POOLHOUSE_STORE="sqlite:served.db", POOLHOUSE_MASTER_KEY=MASTER_KEY[::-1])

    assert status == 2
    assert "another master key" in told
    assert MASTER_KEY[::-1] not in told


@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["one process", "two workers"])
def test_a_plugin_that_is_not_there_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "poolhouse.toml").write_text('[plugins]\nenabled = ["loyalty"]\n')
    status, told = refused(tmp_path, *words)

    assert status == 3
    assert told.count("loyalty") == 1


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    status, told = refused(tmp_path, POOLHOUSE_STORE="sqlite:nowhere/at/all.db")

    assert status == 4
    assert "nowhere/at/all.db" in told


@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["one process", "two workers"])
def test_a_store_that_does_not_answer_is_told_without_its_password(tmp_path: Path, words: tuple[str, ...]) -> None:
    address = f"127.0.0.1:{free_port()}"
    url = f"mongodb://admin:pw-of-the-store@{address}/auth?serverSelectionTimeoutMS=200"
    status, told = refused(tmp_path, *words, POOLHOUSE_STORE=url)

    assert status == 4
    assert f"mongodb://{address}/auth" in told
    assert "pw-of-the-store" not in told


def test_without_a_root_key_it_starts_and_says_what_that_means(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_ROOT_ACCESS_KEY_ID="", POOLHOUSE_ROOT_SECRET_ACCESS_KEY="") as server:
        assert server.answers()
        server.process.wait_for("There is no root key")


def test_with_an_outbox_file_it_starts_and_warns_of_the_codes_in_it(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_OUTBOX="outbox.jsonl") as server:
        assert server.answers()
        server.process.wait_for("Every message is written to outbox.jsonl too: who reads it has the codes.")


# --- what it logs ----------------------------------------------------------------------------------------------------


def test_nothing_secret_and_nothing_personal_is_logged(tmp_path: Path) -> None:
    secrets = ["Passw0rd!of-jane", "Wr0ng!password", "jane@example.com", "jane-doe"]
    with serving(tmp_path, "--access-log", POOLHOUSE_OUTBOX="outbox.jsonl") as server:
        sdk = server.sdk()
        pool = sdk.create_user_pool(PoolName="logged", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        client = sdk.create_user_pool_client(
            UserPoolId=pool,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        sdk.sign_up(
            ClientId=client,
            Username="jane-doe",
            Password=secrets[0],
            UserAttributes=[{"Name": "email", "Value": secrets[2]}],
        )
        code = json.loads((tmp_path / "outbox.jsonl").read_text().splitlines()[-1])["code"]
        with pytest.raises(sdk.exceptions.CodeMismatchException):
            sdk.confirm_sign_up(ClientId=client, Username="jane-doe", ConfirmationCode="000000")
        sdk.confirm_sign_up(ClientId=client, Username="jane-doe", ConfirmationCode=code)

        def signed_in(password: str) -> Any:
            parameters = {"USERNAME": "jane-doe", "PASSWORD": password}
            return sdk.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)

        with pytest.raises(sdk.exceptions.NotAuthorizedException):
            signed_in(secrets[1])
        tokens = signed_in(secrets[0])["AuthenticationResult"]
        sdk.get_user(AccessToken=tokens["AccessToken"])
        for rubbish in (
            b"POST / HTTP/1.1\r\nAuthorization: Bearer rubbish-token\r\nContent-Length: x\r\n\r\n",
            b"rubbish-token \x00\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sender:
                sender.sendall(rubbish)
                rest_of(sender)
        server.process.send(signal.SIGTERM)
        assert server.process.end() == 0
        log = server.process.stdout + server.process.stderr

    secrets += [code, "rubbish-token", *(tokens[name] for name in ("AccessToken", "IdToken", "RefreshToken"))]
    secrets += [MASTER_KEY, ROOT["POOLHOUSE_ROOT_SECRET_ACCESS_KEY"]]
    assert [secret for secret in secrets if secret in log] == []
    assert '"logger": "poolhouse.access"' in log
    assert [line for line in log.splitlines() if not line.startswith("{")] == []
