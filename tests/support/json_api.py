"""The JSON API on a socket of this machine, with handlers given by the test, and a client that signs as SDKs do."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import aiohttp
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from poolhouse.flows.access.callers import Callers
from poolhouse.records.access import AccessKey
from poolhouse.server.cognito.bindings.json import JsonApi
from poolhouse.server.cognito.dispatch import Dispatch
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import Handler
from poolhouse.server.cognito.user_pools.api import user_pools_api
from poolhouse.server.cognito.user_pools.model import user_pools_model

ROOT = ("AKIAROOT", "root-secret")
REGION = "eu-west-1"
ACCOUNT = "123456789012"
NOON = 1_750_000_000.0


def user_pools() -> ServiceModel:
    return user_pools_model()


class ManualClock:
    def __init__(self, now: float = NOON) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


class KeysInMemory:
    """Access keys as the store has them. ``asked`` holds the ids that were asked for."""

    def __init__(self, *keys: AccessKey) -> None:
        self.keys = {key.id: key for key in keys}
        self.asked: list[str] = []

    async def get(self, key_id: str) -> AccessKey | None:
        self.asked.append(key_id)
        return self.keys.get(key_id)


class OpenSecrets:
    """Seals by writing down what for; opens for nothing else."""

    def seal(self, purpose: str, context: str, plain: bytes) -> str:
        return f"{purpose}|{context}|{plain.decode()}"

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        prefix = f"{purpose}|{context}|"
        if not sealed.startswith(prefix):
            raise ValueError("sealed for something else")
        return sealed.removeprefix(prefix).encode()


def access_key(key_id: str, secret: str, *statements: Mapping[str, Any], enabled: bool = True) -> AccessKey:
    return AccessKey(
        id=key_id,
        sealed_secret=OpenSecrets().seal("access-key", key_id, secret.encode()),
        name=key_id.lower(),
        created=NOON,
        enabled=enabled,
        statements=tuple(dict(statement) for statement in statements),
    )


class _SignerAt(SigV4Auth):
    """The SDK's own signer, at an instant of ours."""

    def __init__(self, key: tuple[str, str], region: str, service: str, now: float) -> None:
        super().__init__(Credentials(*key), service, region)
        self._instant = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._instant
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))


def sign(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    key: tuple[str, str] = ROOT,
    region: str = REGION,
    service: str = "cognito-idp",
    now: float = NOON,
) -> dict[str, str]:
    """The headers of a POST, with date and signature."""
    request = AWSRequest(method="POST", url=url, data=body, headers=dict(headers))
    _SignerAt(key, region, service, now).add_auth(request)
    return dict(request.headers.items())


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The error's name, found as botocore finds it."""
        name: str = self.json["__type"].rpartition("#")[2]
        return name


@dataclass
class ApiClient:
    """Speaks to a JSON API at ``url``: one that this module started, or any other."""

    url: str
    session: aiohttp.ClientSession
    key: tuple[str, str] = ROOT
    now: float = NOON
    model: ServiceModel = field(default_factory=user_pools)

    async def call(self, name: str, given: Any = None, *, signed: bool | None = None, **signing: Any) -> Answer:
        """Calls an operation as an SDK does: signed where the model says so."""
        operation = self.model.operations[name]
        body = json.dumps({} if given is None else given).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": operation.target}
        if signed if signed is not None else operation.caller == "signed":
            headers = sign(
                self.url, body, headers, **{"key": self.key, "now": self.now, "service": self.model.service, **signing}
            )
        return await self.send(body, headers)

    async def send(self, body: bytes, headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> Answer:
        return await self.request("POST", body, headers)

    async def request(
        self, method: str, body: bytes | None, headers: Mapping[str, str] | Sequence[tuple[str, str]]
    ) -> Answer:
        # A content type only where the test gives one.
        async with self.session.request(
            method, self.url, data=body, headers=headers, skip_auto_headers=["Content-Type"]
        ) as response:
            return Answer(response.status, response.headers, await response.read())


def build(
    handlers: Mapping[str, Handler],
    *,
    clock: ManualClock,
    keys: KeysInMemory,
    services: Any = None,
    strict: bool = True,
    logger: logging.Logger | None = None,
    source: Callable[[web.Request], str] = lambda request: request.remote or "",
    body_limit: int = 64 * 1024,
    open_body_limit: int | None = None,
    body_seconds: float = 10.0,
) -> JsonApi:
    numbers = count(1)
    return JsonApi(
        dispatch=Dispatch((user_pools_api(services, ACCOUNT, handlers=handlers),), strict=strict),
        callers=Callers(now=clock.now, account=ACCOUNT, root=ROOT, keys=keys, secrets=OpenSecrets()),  # type: ignore[arg-type]
        region=REGION,
        now=clock.now,
        request_id=lambda _: f"request-{next(numbers)}",
        logger=logger or logging.getLogger("tests.json_api"),
        source=source,
        body_limit=body_limit,
        open_body_limit=open_body_limit or body_limit,
        strict=strict,
        body_seconds=body_seconds,
    )


@asynccontextmanager
async def running(api: JsonApi, now: float = NOON) -> AsyncIterator[ApiClient]:
    """The API answers on every path of a port of its own."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session:
            yield ApiClient(f"http://127.0.0.1:{port}/", session, now=now)
    finally:
        await runner.cleanup()
