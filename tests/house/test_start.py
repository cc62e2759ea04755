"""What a start leaves out: modules that a server needs later, or never. It is not timed, it is looked at."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support import server_process

NOT_AT_ONCE = {
    "aiohttp.client": "calling somebody",
    "aiohttp.connector": "calling somebody; it loads the certificates that are trusted, twice",
    "aiosmtplib": "the sender of that name",
    "babel": "nobody: tests check catalogues by it",
    "botocore": "nobody: only its files are read",
    "cryptography.x509": "keys of tokens, through the library that signs",
    "email_validator": "an address that is checked",
    "jinja2": "pages",
    "jose.backends": "keys of tokens",
    "lxml": "logins by SAML",
    "motor": "a store on MongoDB",
    "oauthlib": "logins by OAuth 1.0a",
    "phonenumbers": "a number that is checked",
    "poolhouse.cli.commands": "commands other than dev and serve",
    "poolhouse.cli.supervising": "more than one process",
    "poolhouse.server.operation.outbox_page": "development",
    "poolhouse.store.memory": "the store of that name",
    "poolhouse.testing": "tests",
    "prometheus_client": "whoever reads the figures",
    "pymongo": "a store on MongoDB",
    "pyotp": "second factors",
    "signxml": "logins by SAML",
    "segno": "pictures for authenticators",
    "twilio": "the sender of that name",
    "webauthn": "passkeys",
    "typer": "commands other than dev and serve",
}
"""Modules, and what they are for."""

CALL = """
import asyncio, sys
from poolhouse.cli import late

late.announce("aiohttp")
from aiohttp import web
from poolhouse.server.http_client import HttpClient

async def call(port):
    client = HttpClient(allowed=[f"http://127.0.0.1:{port}"])
    answer = await client.request("GET", f"http://127.0.0.1:{port}/")
    await client.close()
    return answer.status

assert "aiohttp.client" not in sys.modules
print(asyncio.run(call(int(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that ``poolhouse serve`` has imported when it answers."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPROFILEIMPORTTIME", "1")
        server = server_process.start("sqlite:start.db", tmp_path_factory.mktemp("start"), "start")
    try:
        written = server.written()
    finally:
        server.end()
    return set(re.findall(r"^import time:.*\|\s+([\w.]+)$", written, re.MULTILINE))


@pytest.mark.parametrize("module", NOT_AT_ONCE)
def test_a_start_leaves_out_what_is_needed_later_or_never(at_once: set[str], module: str) -> None:
    assert "poolhouse.server.app" in at_once
    assert module not in at_once


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's word
        """Nothing is written."""


@pytest.fixture
def answering_port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_client_that_was_left_out_is_there_when_somebody_is_called(answering_port: int) -> None:
    command = [sys.executable, "-W", "error", "-c", CALL, str(answering_port)]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ("204", "") == (run.stdout.strip(), run.stderr)
