"""Beyond the rows: no password, code, token, handle or key stands in a log line, an error, a text of a value, or the
store."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.events.messages import ComposeMessage
from poolhouse.hooks.kinds import hookimpl
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Query, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.security.served import ROOT_KEY, served
from tests.support.house import MASTER_KEY, House, opened_house
from tests.support.json_api import ROOT, ApiClient
from tests.support.sign_in import Answer, Asking, Opening, SignedIn
from tests.support.srp_client import SrpClient

FIRST, SECOND, WRONG = "F1rst-Sesame!", "S3cond-Sesame!", "Wr0ng-Sesame!"
WEAK = "weak-sesame"


@dataclass
class Told:
    """What went by, and must not be seen again."""

    secrets: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)


class IndexNotingStore(MemoryStore):
    """What is found by an index, and read by nobody, is noted here."""

    def __init__(self, kinds: Iterable[Collection], clock: FakeClock) -> None:
        super().__init__(kinds, clock)
        self.index_values: list[str] = []

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        self.index_values += entry.index.values()
        return await super().insert(collection, entry)

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        self.index_values += entry.index.values()
        return await super().replace(collection, entry)


class Fails:
    """A plugin that fails with the password in its hands."""

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> Any:
        raise ValueError(f"cannot ask the old directory for {event.password}")


async def journey(house: House, api: ApiClient, told: Told) -> None:
    """A life by the API, with every slip on the way."""
    pool = await house.pool()
    client = await house.services.clients.create(
        pool.id,
        "c",
        ClientSettings(flows=("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")),
        generates_secret=True,
    )
    secret = house.services.clients.secrets_of(client)[0]
    told.secrets |= {FIRST, SECOND, WRONG, WEAK, secret, ROOT[1]}
    proof = base64.b64encode(hmac.digest(secret.encode(), f"jane{client.id}".encode(), hashlib.sha256)).decode()

    async def call(name: str, **given: Any) -> Any:
        members = api.model.shapes[api.model.operations[name].input].members
        for member, value in (("ClientId", client.id), ("SecretHash", proof), ("UserPoolId", pool.id)):
            if member in members and name != "GetUser":
                given.setdefault(member, value)
        answer = await api.call(name, given)
        told.answers.append(f"{dict(answer.headers)} {answer.body.decode() if answer.status != 200 else ''}")
        return answer.json if answer.body else None

    email = [{"Name": "email", "Value": "jane@example.com"}]
    for password in (WEAK, FIRST, FIRST):
        await call("SignUp", Username="jane", Password=password, UserAttributes=email)
    await call("SignUp", Username="jane", Password=f"{FIRST}{'x' * 300}", UserAttributes=email)
    await call("ConfirmSignUp", Username="jane", ConfirmationCode="nothing")
    await call("ConfirmSignUp", Username="jane", ConfirmationCode=house.last_code())
    for password in (WRONG, SECOND, FIRST):
        parameters = {"USERNAME": "jane", "PASSWORD": password, "SECRET_HASH": proof}
        result = await call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    tokens = result["AuthenticationResult"]
    told.secrets |= {tokens[name] for name in ("AccessToken", "IdToken", "RefreshToken")}
    access = tokens["AccessToken"]
    await call("GetUser", AccessToken=access)
    await call("GetUser", AccessToken=f"{access}x")
    await call("GetUser", AccessToken=f"{access} {access}")
    await call("ChangePassword", AccessToken=access, PreviousPassword=WRONG, ProposedPassword=SECOND)
    await call("ChangePassword", AccessToken=access, PreviousPassword=FIRST, ProposedPassword=WEAK)
    await call("ChangePassword", AccessToken=access, PreviousPassword=FIRST, ProposedPassword=SECOND)
    await call("ForgotPassword", Username="jane")
    await call("ConfirmForgotPassword", Username="jane", ConfirmationCode=house.last_code(), Password=WEAK)
    await call("ConfirmForgotPassword", Username="jane", ConfirmationCode=house.last_code(), Password=FIRST)
    await call("GetTokensFromRefreshToken", RefreshToken=tokens["RefreshToken"], ClientSecret=secret)
    await call("GetTokensFromRefreshToken", RefreshToken=f"{tokens['RefreshToken']}x", ClientSecret=f"{secret}x")
    await call("AdminCreateUser", Username="john", TemporaryPassword=WEAK, UserAttributes=email)
    await call("AdminCreateUser", Username="john", TemporaryPassword=SECOND, MessageAction="SUPPRESS")
    await call("AdminSetUserPassword", Username="john", Password=WEAK, Permanent=True)
    await call("RevokeToken", Token=tokens["RefreshToken"], ClientSecret=secret)
    body = json.dumps({"ClientId": client.id, "AuthParameters": {"PASSWORD": FIRST}})[:-1].encode()
    headers = {"X-Amz-Target": api.model.operations["InitiateAuth"].target, "Content-Type": "application/json"}
    told.answers.append((await api.send(body, headers)).body.decode())
    told.secrets |= {message.code for message in house.messages if message.code}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.DEBUG)
    return Told()


@pytest.mark.parametrize("plugins", [(), (("fails", Fails()),)], ids=["well", "with a failing plugin"])
async def test_no_log_line_and_no_error_holds_a_secret(
    plugins: tuple[tuple[str, object], ...], told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(plugins=plugins) as (house, api):
        await journey(house, api, told)
        if plugins:
            hiding = await house.client(await house.pool(), hides_users=True)
            answer = await api.call(
                "InitiateAuth",
                {
                    "ClientId": hiding.id,
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "AuthParameters": {"USERNAME": "nobody", "PASSWORD": WRONG},
                },
            )
            told.answers.append(answer.body.decode())

    lines = [caplog.handler.format(record) + str(vars(record)) for record in caplog.records]
    assert 11 <= len(told.secrets)
    assert [] == [secret for secret in told.secrets for line in lines if _stands_in(secret, line)]
    assert [] == [secret for secret in told.secrets for line in told.answers if _stands_in(secret, line)]


def _stands_in(secret: str, text: str) -> bool:
    """A code is six digits: it must stand by itself, or every number is one."""
    if secret.isdecimal():
        return any(f"{left}{secret}{right}" in text for left in " '\"" for right in " .'\"")
    return secret in text


async def test_no_text_of_a_value_holds_a_secret() -> None:
    seen: list[object] = []

    class Sees:
        @hookimpl
        def migrate_user(self, event: MigrateUser) -> None:
            seen.append(event)

        @hookimpl
        def compose_message(self, event: ComposeMessage) -> None:
            seen.append(event)

    async with opened_house(root=ROOT_KEY, plugins=[("sees", Sees())]) as house:
        pool = await house.pool()
        client = await house.client(pool, generates_secret=False)
        keyed = await house.client(pool, generates_secret=True)
        secret = house.services.clients.secrets_of(keyed)[0]
        user = await house.user(client)
        tokens = await house.sign_in(client)
        with pytest.raises(errors.UserNotFound):
            await house.sign_in(client, "nobody", password=WRONG)
        asking = await SrpClient(house, client).begin("jane")
        bearer = await house.bearer(tokens)
        code = house.last_code()
        values = [
            *seen,
            house.built,
            house.built.settings,
            house.built.world,
            house.built.ports,
            pool,
            keyed,
            user,
            tokens,
            SignedIn(tokens),
            asking,
            bearer,
            *house.messages,
            Opening(flow="f", parameters={"PASSWORD": FIRST}),
            Answer(challenge="c", handle=asking.handle, answers={"ANSWER": FIRST}),
            SignUpRequest(username="jane", password=FIRST, secret_hash=SECOND),
            Invitation(username="jane", password=FIRST),
        ]
        secrets = {
            FIRST,
            SECOND,
            WRONG,
            code,
            secret,
            ROOT[1],
            tokens.access,
            tokens.id,
            tokens.refresh or "",
            asking.handle,
            user.credential.hash if user.credential else "",
            MASTER_KEY.hex(),
            str(MASTER_KEY),
        }
        texts = [f"{value!r} {value}" for value in values]

    assert 2 <= len(seen)
    assert isinstance(asking, Asking)
    assert [] == [(secret, text) for secret in secrets for text in texts if _stands_in(secret, text)]


async def test_what_is_kept_of_an_attempt_and_a_key_is_sealed() -> None:
    """Whoever reads the database finds no password, no token, no secret of a client, no half of a proof, no code."""
    clock = FakeClock()
    store = IndexNotingStore(collections.ALL, clock)
    told = Told()
    async with served(store=store, clock=clock) as (house, api):
        await journey(house, api, told)
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await SrpClient(house, client).begin("jane")
        told.secrets.add(asking.handle)
        private_keys = [
            house.built.world.secrets.open("signing-key", f"{entry.key[0]}/{entry.value['kid']}", entry.value["sealed"])
            for entry in (await store.find(collections.SIGNING_KEYS, Query(limit=100))).entries
        ]
        stored = [
            json.dumps([entry.key, entry.value])
            for collection in collections.ALL
            for entry in (await store.find(collection, Query(limit=1000))).entries
        ]
        stored += store.index_values

    assert store.index_values
    keys = {text for key in private_keys for text in (base64.b64encode(key).decode()[40:80], key.hex()[40:80])}
    assert 4 <= len(keys)
    assert [] == [secret for secret in told.secrets | keys for text in stored if _stands_in(secret, text)]
