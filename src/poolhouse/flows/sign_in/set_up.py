"""A factor is set up in the middle of a sign-in, by the handle of the challenge MFA_SETUP: no tokens are there yet.

Each step spends the handle and answers another one. What was set up stays in the attempt, sealed, until the challenge
is answered; then it becomes the user's in one write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poolhouse.errors import InvalidParameter, InvalidSession
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.sign_in.begin import SignIn
from poolhouse.flows.sign_in.challenges import set_up_factor
from poolhouse.flows.sign_in.challenges.factor import claimant
from poolhouse.flows.sign_in.machine import Machine
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
    ) -> None:
        super().__init__(world)
        self._clients = clients
        self._sign_in = sign_in
        self._machine = machine
        self._enrolments = enrolments
        self._limits = limits

    @step("factors.begin_in_sign_in")
    async def begin(self, pool_id: str, handle: str, factor: str) -> Begun:
        """Raises ``InvalidSession``; ``FactorNotOffered``, ``TooManyRequests`` (then the handle is good for another
        try)."""
        attempt, client, run = await self._taken(pool_id, handle)
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
        attempt, client, run = await self._taken(pool_id, handle)
        async with self._machine.holding(attempt):
            await self._limits.admit(Asked.ANSWER, client)
            enrolment = set_up_factor.kept(attempt.private)
            if enrolment is None or enrolment.factor != factor:
                raise InvalidParameter(Reason.FACTOR_NOT_BEGUN)
            confirmed = await self._enrolments.check(claimant(run), enrolment, code, label)
        return await self._machine.put_on(attempt, set_up_factor.keep(confirmed), client)

    async def _taken(self, pool_id: str, handle: str) -> tuple[Attempt, Client, Run]:
        attempt = await self._machine.take_asked(pool_id, handle, set_up_factor.NAME)
        client = await self._clients.get(attempt.client_id)
        run = await self._sign_in.resume(client, attempt, {})
        if run.user is None:
            raise InvalidSession
        return attempt, client, run
