"""A factor is set up in the middle of a sign-in, by the handle of the challenge MFA_SETUP: no tokens are there yet.

Each step spends the handle and answers another one. What was set up stays in the attempt, sealed, until the challenge
is answered; then it becomes the user's in one write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from poolhouse.errors import InvalidParameter, InvalidSession
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.sign_in.begin import Answer, SignIn
from poolhouse.flows.sign_in.challenges import set_up_factor
from poolhouse.flows.sign_in.challenges.factor import claimant
from poolhouse.flows.sign_in.machine import Asking, Machine, Reply
from poolhouse.flows.sign_in.questions import FactorSetUp, SetUpFactor
from poolhouse.flows.sign_in.steps import Run
from poolhouse.ports.clients import Clients
from poolhouse.records.clients import Client
from poolhouse.records.sign_in import Attempt


@dataclass(frozen=True, slots=True)
class Begun:
    """``handle`` is that of the next step, ``shown`` what the user needs to set the factor up."""

    handle: str = field(repr=False)
    shown: Mapping[str, str] = field(repr=False)


class FactorSetUps(Flow):
    def __init__(
        self,
        world: World,
        clients: Clients,
        sign_in: SignIn,
        machine: Machine,
        enrolments: Enrolments,
        limits: Limits,
        secrets: ClientSecrets,
    ) -> None:
        super().__init__(world)
        self._clients = clients
        self._sign_in = sign_in
        self._machine = machine
        self._enrolments = enrolments
        self._limits = limits
        self._secrets = secrets

    @step("factors.begin_in_sign_in")
    async def begin(self, pool_id: str, handle: str, factor: str) -> Begun:
        """Raises ``InvalidSession``; ``FactorNotOffered``, ``TooManyRequests`` (then the handle is good for another
        try)."""
        return await self._begin(pool_id, handle, factor)

    async def _begin(self, pool_id: str, handle: str, factor: str, asks: Client | None = None) -> Begun:
        attempt, client, run = await self._taken(pool_id, handle, asks)
        async with self._machine.holding(attempt):
            await self._limits.admit(Asked.ANSWER, client)
            begun = await self._enrolments.enrol(claimant(run), factor)
        following = await self._machine.put_on(attempt, set_up_factor.keep(begun.enrolment), client)
        if run.user is not None:
            await self._enrolments.note("factor.requested", client, run.user, factor)
        return Begun(following, begun.shown)

    @step("factors.confirm_in_sign_in")
    async def confirm(self, pool_id: str, handle: str, factor: str, code: str, label: str | None) -> str:
        """The handle with which the challenge is answered. Raises ``InvalidSession``, ``EnrolmentMismatch`` (then the
        handle is good for another try), ``AttemptsExceeded``, ``TooManyRequests``, ``InvalidParameter`` where nothing
        is being set up."""
        return await self._confirm(pool_id, handle, factor, code, label)

    async def _confirm(
        self, pool_id: str, handle: str, factor: str, code: str, label: str | None, asks: Client | None = None
    ) -> str:
        attempt, client, run = await self._taken(pool_id, handle, asks)
        async with self._machine.holding(attempt):
            await self._limits.admit(Asked.ANSWER, client)
            enrolment = set_up_factor.kept(attempt.private)
            if enrolment is None or enrolment.factor != factor:
                raise InvalidParameter(Reason.FACTOR_NOT_BEGUN)
            confirmed = await self._enrolments.check(claimant(run), enrolment, code, label)
        return await self._machine.put_on(attempt, set_up_factor.keep(confirmed), client)

    @step("factors.respond_in_sign_in")
    async def respond(self, client: Client, answer: Answer) -> Reply:
        """The same by answers to the challenge itself, for a factor that clients have no operation for: one that names
        the factor begins it, and is asked the challenge again, with what the user needs; one that has its first answer,
        too, is the end of it.

        Raises as ``begin``, ``confirm`` and ``SignIn.respond``.
        """
        given = answer.given
        if not isinstance(given, FactorSetUp) or given.factor is None or given.contact is not None:
            return await self._sign_in.respond(client, answer)
        self._secrets.check_hash(client, answer.secret_hash, (answer.username,))
        if given.code is not None:
            handle = await self._confirm(client.pool_id, answer.handle, given.factor, given.code, given.label, client)
            return await self._sign_in.respond(client, with_fields(answer, handle=handle, given=FactorSetUp()))
        begun = await self._begin(client.pool_id, answer.handle, given.factor, client)
        question = SetUpFactor(answer.username, (given.factor,), client.pool_id, given.factor, begun.shown)
        return Asking(set_up_factor.NAME, begun.handle, question)

    async def _taken(self, pool_id: str, handle: str, asks: Client | None) -> tuple[Attempt, Client, Run]:
        attempt = await self._machine.take_asked(pool_id, handle, set_up_factor.NAME)
        if asks is not None and attempt.client_id != asks.id:
            raise InvalidSession
        client = await self._clients.get(attempt.client_id)
        run = await self._sign_in.resume(client, attempt, {})
        if run.user is None:
            raise InvalidSession
        return attempt, client, run
