"""The plugin: for each hook, the function that the pool's ``LambdaConfig`` names for it, if it names one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from poolhouse import (
    Asked,
    ChallengeDecision,
    ComposeMessage,
    CreateChallenge,
    DefineChallenge,
    Directory,
    MigratedUser,
    MigrateUser,
    PluginContext,
    PostAuthentication,
    PostConfirmation,
    PreAuthentication,
    PreSignUp,
    PreToken,
    Sender,
    SignUpDecision,
    VerifyChallenge,
    hookimpl,
)
from poolhouse.plugins.lambda_bridge import answered, said, tokens
from poolhouse.plugins.lambda_bridge.answered import Response
from poolhouse.plugins.lambda_bridge.calling import Functions
from poolhouse.plugins.lambda_bridge.sending import TRIGGERS, FunctionSender


class LambdaBridge:
    """Settings: ``functions`` (places by ARN), ``elsewhere`` (where all others are; absent: nowhere), ``key`` (what
    calls are signed with)."""

    acts_by_triggers = True

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("functions", "elsewhere", "key")
        self._directory = context.directory
        self._functions = Functions(
            settings.get("functions", {}),
            elsewhere=settings.get("elsewhere"),
            key=settings.text("key", "unsigned"),
            http=context.http,
            clock=context.clock,
            chance=context.chance,
            logger=context.logger,
        )

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [FunctionSender(self._functions, self._directory)]

    @hookimpl
    async def pre_sign_up(self, event: PreSignUp) -> SignUpDecision | None:
        response = await self._asked("PreSignUp", event, said.pre_sign_up)
        return None if response is None else answered.pre_sign_up(response)

    @hookimpl
    async def post_confirmation(self, event: PostConfirmation) -> None:
        await self._asked("PostConfirmation", event, said.post_confirmation)

    @hookimpl
    async def pre_authentication(self, event: PreAuthentication) -> None:
        await self._asked("PreAuthentication", event, said.pre_authentication)

    @hookimpl
    async def post_authentication(self, event: PostAuthentication) -> None:
        await self._asked("PostAuthentication", event, said.post_authentication)

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        pool = await self._directory(event.pool_id)
        response = await self._asked("UserMigration", event, said.migrate_user)
        return None if response is None or pool is None else answered.migrate_user(response, event, pool)

    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision | None:
        response = await self._asked("DefineAuthChallenge", event, said.define_challenge)
        return None if response is None else answered.define_challenge(response)

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked | None:
        response = await self._asked("CreateAuthChallenge", event, said.create_challenge)
        return None if response is None else answered.create_challenge(response)

    @hookimpl
    async def verify_challenge(self, event: VerifyChallenge) -> bool | None:
        response = await self._asked("VerifyAuthChallengeResponse", event, said.verify_challenge)
        return None if response is None else answered.verify_challenge(response)

    @hookimpl
    async def pre_token(self, event: PreToken) -> PreToken | None:
        pool = await self._directory(event.pool_id)
        function = pool.triggers.get("PreTokenGeneration") if pool else None
        if pool is None or function is None:
            return None
        if event.source == "TokenGeneration_ClientCredentials" and function.version != "V3_0":
            # Functions of the earlier versions expect a user.
            return None
        event_said = said.pre_token(pool, event, function.version)
        response = await self._functions.call("PreTokenGeneration", function.arn, event_said)
        return tokens.pre_token(Response("PreTokenGeneration", response), event, function.version)

    @hookimpl
    async def compose_message(self, event: ComposeMessage) -> ComposeMessage | None:
        pool = await self._directory(event.pool_id)
        if pool is None or TRIGGERS[event.channel] in pool.triggers:
            # Whoever sends by a function of its own writes the words there.
            return None
        response = await self._asked("CustomMessage", event, said.compose_message)
        return None if response is None else answered.compose_message(response, event)

    async def _asked(
        self, trigger: str, event: Any, say: Callable[[Directory, Any], dict[str, Any]]
    ) -> Response | None:
        """What the pool's function for the occasion answers; None where the pool has none."""
        pool = await self._directory(event.pool_id)
        function = pool.triggers.get(trigger) if pool else None
        if pool is None or function is None:
            return None
        return Response(trigger, await self._functions.call(trigger, function.arn, say(pool, event)))
