"""A real server for one test: on a socket of its own, with a clock that the test moves, and every message at hand.

The server runs on the test's event loop; what is not asynchronous (boto3) runs in threads beside it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiohttp import web

from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.hooks.context import Http, PluginContext
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.messages import Message
from poolhouse.server.app import Server, build
from poolhouse.server.ground import Surroundings
from poolhouse.server.runner import Runner
from poolhouse.store.port import Position, Query
from poolhouse.store.repositories import collections
from poolhouse.testing.aws import AwsClients
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.keys import PremadeKeys
from poolhouse.testing.made import MadeClient, MadePool, MadeUser, SignedIn, SignInUnfinished
from poolhouse.testing.settings import REGION, settings_under_test

PluginUnderTest: TypeAlias = str | tuple[str, object]
"""The name of an installed plugin, or a name and a plugin (an object, a module or a class)."""

PASSWORD = "Passw0rd!"  # noqa: S105 - of users who live for one test
EVERY_FLOW = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
_MASTER_KEY = bytes(32)


class House:
    """The running server, and what a test does with it. ``server`` is everything it was built of, for insiders."""

    def __init__(self, server: Server, clock: FakeClock, messages: list[Message], clients: AwsClients) -> None:
        self.server = server
        self.clock = clock
        self.messages = messages
        """Every message, in the order in which it was written, whether a sender has taken it or not."""
        self._clients = clients

    @property
    def base_url(self) -> str:
        return self.server.settings.server.base_url

    def context(self, plugin: str) -> PluginContext:
        """What the plugin of this name was given: by it a test reads and writes the plugin's documents."""
        return self.server.plugins.context(plugin)

    # --- the AWS SDK -------------------------------------------------------------------------------------------------

    async def aws(self, operation: str, /, *, service: str = "cognito-idp", **parameters: Any) -> dict[str, Any]:
        """The answer to an operation, called by a real boto3 client with the root key: ``aws("sign_up", ...)``.

        Raises ``botocore.exceptions.ClientError``, or rather the classes of it in ``boto3().exceptions``.
        """
        method = getattr(self.boto3(service), operation)
        answer: dict[str, Any] = await asyncio.to_thread(method, **parameters)
        return answer

    def boto3(self, service: str = "cognito-idp") -> Any:
        """The boto3 client that ``aws`` uses. It waits for its answers, so a test uses it in a thread: on the event
        loop the server could not answer."""
        return self._clients.client(service)

    # --- making ------------------------------------------------------------------------------------------------------

    async def make_pool(self, **parameters: Any) -> MadePool:
        """A new user pool. ``parameters`` are those of ``create_user_pool``; nothing is required."""
        made = (await self.aws("create_user_pool", **{"PoolName": "people", **parameters}))["UserPool"]
        return MadePool(made["Id"], made["Name"])

    async def make_client(self, pool: MadePool, **parameters: Any) -> MadeClient:
        """A new client of the pool. ``parameters`` are those of ``create_user_pool_client``; by default it has no
        secret, and every sign-in flow is allowed."""
        given = {"ClientName": "app", "ExplicitAuthFlows": list(EVERY_FLOW), **parameters}
        made = (await self.aws("create_user_pool_client", UserPoolId=pool.id, **given))["UserPoolClient"]
        return MadeClient(made["ClientId"], pool.id, made.get("ClientSecret"))

    async def make_user(
        self,
        pool: MadePool,
        username: str = "jane",
        *,
        password: str = PASSWORD,
        attributes: Mapping[str, str] | None = None,
    ) -> MadeUser:
        """A new user, confirmed, with this password. An administrator makes it, so plugins are asked ``pre_sign_up``
        with the source ``PreSignUp_AdminCreateUser``; no message is written."""
        pairs = [{"Name": name, "Value": value} for name, value in (attributes or {}).items()]
        made = await self.aws(
            "admin_create_user",
            UserPoolId=pool.id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=pairs,
        )
        await self.aws(
            "admin_set_user_password", UserPoolId=pool.id, Username=username, Password=password, Permanent=True
        )
        shown = {pair["Name"]: pair["Value"] for pair in made["User"]["Attributes"]}
        return MadeUser(pool.id, username, shown["sub"], password)

    async def sign_in(
        self,
        client: MadeClient,
        user: MadeUser | str,
        password: str | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> SignedIn:
        """The tokens of a sign-in with a password. A ``MadeUser`` signs in with its own, a name needs one.

        Raises ``SignInUnfinished`` where something else is asked, and what ``aws`` raises.
        """
        if isinstance(user, MadeUser):
            name, password = user.username, user.password if password is None else password
        else:
            name = user
        if password is None:
            raise TypeError("sign_in needs a password, or a user that the harness made.")
        parameters = {"USERNAME": name, "PASSWORD": password}
        if client.secret is not None:
            parameters["SECRET_HASH"] = client.secret_hash(name)
        answer = await self.aws(
            "initiate_auth",
            ClientId=client.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=parameters,
            ClientMetadata=dict(metadata or {}),
        )
        result = answer.get("AuthenticationResult")
        if result is None:
            raise SignInUnfinished(answer["ChallengeName"], answer["Session"], answer.get("ChallengeParameters", {}))
        return SignedIn(result["AccessToken"], result["IdToken"], result["RefreshToken"])

    # --- factors -----------------------------------------------------------------------------------------------------

    async def offer_factor(self, pool: MadePool, *factors: str, mode: str = "OPTIONAL") -> None:
        """The pool's users may set up these second factors and no others, those of plugins too; ``mode`` is
        ``OPTIONAL`` or ``ON``. Raises ``InvalidParameter`` for a factor that there is none of."""
        await self.server.services.pools.set_mfa(pool.id, MfaSettings(mode=mode, factors=factors))

    async def enrol(
        self, client: MadeClient, user: MadeUser, factor: str, answer: Callable[[Mapping[str, str]], str]
    ) -> None:
        """The user has set the factor up, and is asked for it from now on. ``answer`` makes the first answer of what
        the user is shown. The user has no second factor before.

        Raises what ``sign_in`` raises, ``FactorNotOffered``, and ``EnrolmentMismatch`` for a wrong answer.
        """
        services, token = self.server.services, (await self.sign_in(client, user)).access_token
        shown = await services.enrolments.begin(token, factor)
        await services.enrolments.confirm(token, factor, answer(shown), None)
        await services.preferences.set(token, [Wish(factor, enabled=True, preferred=True)])

    # --- messages ----------------------------------------------------------------------------------------------------

    def last_code(self, to: str) -> str:
        """The code in the last message to this address or number. Raises ``AssertionError`` where there is none."""
        for message in reversed(self.messages):
            if message.to == to and message.code is not None:
                return message.code
        others = ", ".join(sorted({message.to for message in self.messages})) or "nobody"
        raise AssertionError(f"No message with a code went to {to}; messages went to {others}.")

    async def drain_outbox(self) -> None:
        """Every message that is due was handed to a sender, or put off. Those put off are due after
        ``clock.advance``."""
        await self.server.outbox.drain()
        # The server's own worker may have been faster with some of them, and it tells nobody when it is done.
        while await self._is_sending():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        await self.server.outbox.drain()

    async def _is_sending(self) -> bool:
        after: Position | None = None
        while True:
            page = await self.server.store.find(collections.OUTBOX, Query(prefix=("outbox",), limit=200, after=after))
            if any(entry.value.get("state") == "sending" for entry in page.entries):
                return True
            if page.next is None:
                return False
            after = page.next


class _Taker:
    """Takes every message that no plugin under test sends, so that none waits for ever. What it says is kept in
    ``House.messages``."""

    name = "harness"
    channels = frozenset({"email", "sms"})

    @hookimpl(trylast=True)
    def register_message_senders(self) -> Sequence[Sender]:
        return [self]

    async def send(self, message: Message) -> Sent:
        return Sent(self.name)


@asynccontextmanager
async def running_house(
    *,
    plugins: Sequence[PluginUnderTest] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    http: Http | None = None,
    clock: FakeClock | None = None,
) -> AsyncIterator[House]:
    """A server runs, until the block is left. ``settings`` have the shape of the settings file.

    Of the installed plugins only those are used that ``plugins`` names; a plugin that is given takes the place of the
    installed one of its name. ``http`` is the way out of every plugin (without it, the real one), ``clock`` the time of
    the server and of its plugins. Raises what ``build`` raises: ``PluginError`` for a plugin that cannot be used.
    """
    taker = ("harness", _Taker())
    objects = [taker, *(plugin for plugin in plugins if not isinstance(plugin, str))]
    names = tuple(plugin if isinstance(plugin, str) else plugin[0] for plugin in (taker, *plugins))
    clock, messages = clock or FakeClock(), list[Message]()
    # Bound first: the server's address is part of what it is built with.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = await build(
            settings_under_test(settings or {}, base_url=base_url, enabled=names),
            [_MASTER_KEY],
            surroundings=Surroundings(
                clock=clock, key_maker=PremadeKeys(), recorders=[messages.append], plugin_http=http
            ),
            plugins=objects,
        )
        runner = Runner(server.app, access_log=None, auto_decompress=False, shutdown_timeout=5.0)
        clients = AwsClients(base_url, REGION)
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
            yield House(server, clock, messages, clients)
        finally:
            clients.close()
            await runner.cleanup()
