"""The one resumable machine of a sign-in: after the opening, stages; each asks a challenge or does not apply.

An attempt is a frozen value. It is put into the store when something is asked, and taken out with the answer, so that
each handle works once, even for two requests at the same moment. What a finished sign-in becomes is decided by who
drives the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    CodeExpired,
    CodeMismatch,
    ConcurrentModification,
    DeviceNotFound,
    FactorNotOffered,
    Invalid,
    InvalidSession,
    PluginAnswerInvalid,
    StoreAway,
    TooManyRequests,
    WrongCredentials,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.permitted import HOSTED, HOSTED_CUSTOM
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.gate import require_able
from poolhouse.flows.protection.lockout import Ahead, Lockout, as_first
from poolhouse.flows.sign_in.again import Again
from poolhouse.flows.sign_in.basis import basis_of
from poolhouse.flows.sign_in.handles import decode_handle, digest, encode_handle
from poolhouse.flows.sign_in.questions import Given, Question
from poolhouse.flows.sign_in.steps import Challenge, Now, Outcome, Run, Unspent
from poolhouse.flows.sign_in.table import Table
from poolhouse.hooks import specs
from poolhouse.hooks.answers.sign_in import ChallengeResult, Next, Passed
from poolhouse.hooks.events.sign_in import PostAuthentication
from poolhouse.ports.sign_in import Attempts
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.factors import Device
from poolhouse.records.groups import Group
from poolhouse.records.names import canonical
from poolhouse.records.pools import Pool
from poolhouse.records.sign_in import Attempt
from poolhouse.records.users import User

WRONG_ANSWERS = 5
"""Per handle. The lockout counts them too, per user."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The client has to answer ``challenge``, with this handle."""

    challenge: str
    handle: str = field(repr=False)
    question: Question


class Finished(Struct, frozen=True, kw_only=True):
    """All proofs are there. ``proofs`` is what was proven, ``passed`` the challenges that were passed, in order.
    ``groups`` are the user's, at a moment at which the pool was there; None where that is still to be looked at.
    ``device`` is the known one of the user that the client says it is on. ``session`` is the id of the browser session
    that rises by this; None for a sign-in. ``clearing`` is what is under way, and still to be waited for."""

    pool: Pool
    client: Client
    user: User
    flow: str
    event_id: str
    proofs: tuple[str, ...]
    passed: tuple[str, ...]
    metadata: Mapping[str, str]
    groups: tuple[Group, ...] | None = None
    device: Device | None = None
    session: str | None = None
    clearing: Awaitable[object] | None = None


Reply = Asking | Finished


def _plain(name: str) -> str:
    # The handle binds; the name that comes with it only has to be the one that was meant, in whatever case.
    return canonical("username", name, case_sensitive=False)


class Machine(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        attempts: Attempts,
        lockout: Lockout,
        devices: KnownDevices,
        table: Table,
        again: Again,
    ) -> None:
        super().__init__(world)
        self._again = again
        self._users = users
        self._attempts = attempts
        self._lockout = lockout
        self._devices = devices
        self._challenges = {challenge.name: challenge for challenge in table.challenges}
        if len(self._challenges) != len(table.challenges):
            raise ValueError("two challenges have the same name")
        self._stages = sorted(table.stages, key=lambda stage: stage.order)

    async def go_on(self, run: Run, outcome: Outcome, challenge: str | None = None) -> Reply:
        """What comes after an outcome: the question that it wants, the next stage that applies, or the end.
        ``challenge`` is the one that it is the outcome of; None for that of an opening.

        Raises ``DeviceNotFound`` after a password, where the client says that it is on a device that the user has not:
        then it lets go of it, and tries again.
        """
        reply = await self._next(run, outcome, challenge)
        if run.clearing is not None and isinstance(reply, Asking):
            await run.clearing
        return reply

    async def _next(self, run: Run, outcome: Outcome, challenge: str | None) -> Reply:
        if isinstance(outcome, Next):
            return await self._ask(replace(run, history=outcome.rounds or run.history), outcome.challenge)
        if run.user is None:
            # Whatever was proven, there is nobody to sign in (security row 48).
            raise WrongCredentials
        user = run.now.user if run.now else await self._users.get(run.pool.id, run.user.sub)
        if user is None:
            raise WrongCredentials
        require_able(user, self.world.clock.now())
        device = await self._devices.find(run.pool, user, run.device_key)
        if device is None and _names_strange_device(run, outcome):
            raise DeviceNotFound
        run = replace(run.proven(challenge, outcome), user=user, device=device)
        seen = run.seen()
        for stage in self._stages:
            due = await stage.applies(seen)
            if due is not None and due not in run.passed:
                return await self._ask(run, due)
        return await self._finish(run, user)

    async def _ask(self, run: Run, name: str) -> Asking:
        """The attempt waits for the answer to the challenge of this name."""
        challenge = self._challenges.get(name)
        if challenge is None:
            raise PluginAnswerInvalid("CreateAuthChallenge", name)
        posed = await challenge.ask(run)
        raw = self.world.chance.raw(32)
        now = self.world.clock.now()
        await self._attempts.put(
            Attempt(
                handle=digest(raw),
                pool_id=run.pool.id,
                client_id=run.client.id,
                submitted=run.submitted,
                flow=run.flow,
                challenge=name,
                created=now,
                expires=now + run.client.session_validity,
                event_id=run.event_id,
                user_sub=run.user.sub if run.user else None,
                username=run.user.username if run.user else run.subject,
                private=dict(posed.private),
                proofs=run.proofs,
                passed=run.passed,
                history=tuple({"name": r.name, "passed": r.passed, "metadata": r.metadata} for r in run.history),
                basis=basis_of(run.user) if run.user else "",
                device_key=run.device_key,
                session=run.session,
            )
        )
        return Asking(name, encode_handle(raw), posed.question)

    async def take(self, client: Client, handle: str, submitted: str, meant: Callable[[str], bool]) -> Attempt:
        """The attempt that waits for this answer; nobody else gets it. Raises ``InvalidSession``.

        ``submitted`` is the user name that came with the answer: it has to be that of the attempt. ``meant`` says
        whether the answer is to the challenge of a name.
        """
        attempt = await self._taken(client.pool_id, handle, client.id)
        challenge = self._challenges.get(attempt.challenge)
        if challenge is None or not meant(challenge.public_name or attempt.challenge):
            raise InvalidSession
        if _plain(submitted) not in map(_plain, (attempt.submitted, attempt.username)):
            raise InvalidSession
        return attempt

    async def take_asked(self, pool_id: str, handle: str, challenge: str) -> Attempt:
        """The attempt with this handle that waits for the answer to this challenge, for a step before that answer.
        Raises ``InvalidSession``."""
        attempt = await self._taken(pool_id, handle, None)
        if attempt.challenge != challenge:
            raise InvalidSession
        return attempt

    async def put_on(self, attempt: Attempt, private: Mapping[str, Any], client: Client) -> str:
        """The attempt waits on, with something else to keep, under the handle that is answered here."""
        raw = self.world.chance.raw(32)
        expires = self.world.clock.now() + client.session_validity
        await self._attempts.put(replace(attempt, handle=digest(raw), private=dict(private), expires=expires))
        return encode_handle(raw)

    async def give_back(self, attempt: Attempt) -> None:
        """The attempt waits on with the same handle, and without the device that it named."""
        await self._attempts.put(replace(attempt, device_key=None))

    async def _taken(self, pool_id: str, handle: str, client_id: str | None) -> Attempt:
        attempt = await self._attempts.take(pool_id, digest(decode_handle(handle)))
        if attempt is None or attempt.pool_id != pool_id or client_id not in (None, attempt.client_id):
            raise InvalidSession
        if not self.world.clock.now() < attempt.expires:
            raise InvalidSession(Reason.SESSION_EXPIRED)
        return attempt

    async def check(self, run: Run, attempt: Attempt, answer: Given, name: str | None = None) -> tuple[Run, Outcome]:
        """The run, and what the attempt's challenge says to the answer. A wrong answer, or one that cannot be meant,
        leaves the attempt usable with the same handle: nothing is lost by a slip. ``name``: it is the challenge of this
        name that is answered, in place of the attempt's."""
        challenge = self._challenges[name or attempt.challenge]
        if not isinstance(answer, challenge.answered_by):
            raise InvalidSession
        async with self.holding(attempt):
            if challenge.counts_itself:
                return run, await challenge.check(run, attempt.private, answer)
            now: Now | None = None
            private = attempt.private if name is None else {}
            counted = _counted(challenge, run.proofs)
            async with self._lockout.attempt(run.pool.id, run.subject, counted, run.ahead) as made:
                outcome = await challenge.check(run, private, answer)
                is_known = run.user is not None and isinstance(outcome, Passed)
                if isinstance(outcome, Unspent) and run.user is not None:
                    # Wrong answers are forgotten when the right one was used up, and not before.
                    now, _ = await asyncio.gather(self._again.look(run.pool, run.user), outcome.spend())
                made.waits = not is_known
            if now is None and run.user is not None and is_known:
                # While the wrong answers are being forgotten.
                now = await self._again.look(run.pool, run.user)
            return replace(run, now=now, clearing=made.clearing), outcome

    def ahead(self, attempt: Attempt, answer: Given) -> Ahead | None:
        """The answer to the attempt's challenge is being counted, if it is one that is counted here."""
        challenge = self._challenges[attempt.challenge]
        if challenge.counts_itself or not isinstance(answer, challenge.answered_by):
            return None
        ahead = self._lockout.ahead(attempt.pool_id, _counted(challenge, attempt.proofs))
        ahead.count(attempt.user_sub or attempt.username)
        return ahead

    @asynccontextmanager
    async def holding(self, attempt: Attempt) -> AsyncIterator[None]:
        """A wrong answer in the body, or one that cannot be meant, leaves the attempt usable with the same handle."""
        try:
            yield
        except (CodeMismatch, CodeExpired):
            if attempt.wrong + 1 < WRONG_ANSWERS:
                await self._attempts.put(replace(attempt, wrong=attempt.wrong + 1))
            raise
        except (Invalid, FactorNotOffered, TooManyRequests, StoreAway, ConcurrentModification):
            await self._attempts.put(attempt)
            raise

    async def _finish(self, run: Run, user: User) -> Finished:
        if self.world.hooks.implements(specs.post_authentication, run.pool):
            await self.world.hooks.all(
                specs.post_authentication,
                PostAuthentication(
                    pool_id=run.pool.id,
                    client_id=run.client.id,
                    username=user.username,
                    attributes=attributes_for_hooks(user),
                    client_metadata=run.metadata,
                    new_device_used=None if run.pool.devices is None else run.device is None,
                ),
                run.pool,
            )
        return Finished(
            pool=run.pool,
            client=run.client,
            user=user,
            flow=run.flow,
            event_id=run.event_id,
            proofs=run.proofs,
            passed=run.passed,
            metadata=run.metadata,
            groups=run.now.groups if run.now else None,
            device=run.device,
            session=run.session,
            clearing=run.clearing,
        )


def _counted(challenge: Challenge, proofs: Sequence[str]) -> str:
    """What wrong answers to the challenge are counted as, after these proofs."""
    return challenge.name if proofs else as_first(challenge.name)


def resumed(
    attempt: Attempt,
    pool: Pool,
    client: Client,
    user: User | None,
    metadata: Mapping[str, str],
    srp_a: str | None = None,
    device_key: str | None = None,
    ahead: Ahead | None = None,
) -> Run:
    """The run that an attempt was put away from, in a new request."""
    return Run(
        pool=pool,
        client=client,
        user=user,
        submitted=attempt.submitted,
        flow=attempt.flow,
        event_id=attempt.event_id,
        subject=user.sub if user else attempt.username,
        proofs=attempt.proofs,
        passed=attempt.passed,
        history=tuple(ChallengeResult(r["name"], r["passed"], r.get("metadata")) for r in attempt.history),
        metadata=metadata,
        srp_a=srp_a,
        device_key=device_key or attempt.device_key,
        session=attempt.session,
        ahead=ahead,
    )


def _names_strange_device(run: Run, passed: Passed) -> bool:
    """Whether the client has to hear that a device is not known. After a later proof it does not: the code that was
    good once would be lost. On the hosted pages the server is the client, and needs not be told."""
    tells = run.pool.devices is not None and run.flow not in (HOSTED, HOSTED_CUSTOM)
    return tells and bool(run.device_key) and not run.proofs and passed.proof == "password"
