"""SRP-6a as a sign-in step: what is sent, what comes back. The arithmetic is behind a port (RFC 5054, RFC 2945).

A user without a verifier, and a name without a user, get the same step: values that belong to the name, and a check
that does the same work and fails. A user has none where the password never was here: its hash was imported, and nobody
signed in with the password itself yet. The trail tells that from a wrong password; so does the answer, where the client
may learn who exists.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from poolhouse.errors import MissingParameter, NotAuthorized, WrongCredentials
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.passwords import Credentials, plain_salt
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.sign_in.questions import ProvePassword, SrpProof
from poolhouse.flows.sign_in.steps import PASSWORD_VERIFIER, WINDOW, Posed, Run
from poolhouse.hooks.answers.sign_in import Passed
from poolhouse.ports.arithmetic import Srp, SrpOpening

NAME = PASSWORD_VERIFIER
_NO_VERIFIER = "no SRP verifier"


class PasswordVerifier(Flow):
    """The client proves the password that it never sent."""

    name = NAME
    public_name: str | None = None
    answered_by = SrpProof
    counts_itself = False

    def __init__(self, world: World, srp: Srp, directory: Directory, credentials: Credentials) -> None:
        super().__init__(world)
        self._srp = srp
        self._directory = directory
        self._credentials = credentials

    async def ask(self, run: Run) -> Posed:
        """Raises ``MissingParameter`` without the client's public value, ``InvalidParameter`` for one that is none;
        ``NotAuthorized`` for a user without a verifier, where the client may learn who exists."""
        if not run.srp_a:
            raise MissingParameter("SRP_A")
        salt, verifier, identity, is_real = self._material(run)
        if not is_real and run.user is not None and not run.client.hides_users:
            raise NotAuthorized(Reason.PASSWORD_WITHOUT_VERIFIER)
        opening = await self._srp.open(verifier, run.srp_a)
        return Posed(
            ProvePassword(salt, opening.B, identity),
            {"A": run.srp_a, "B": opening.B, "b": opening.b},
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: SrpProof) -> Passed:
        # Before the slow arithmetic: what cannot be meant must not hold a place in the lockout's count for long.
        is_fresh = abs(self.world.clock.now() - answer.at) <= WINDOW
        _, verifier, identity, is_real = self._material(run)
        expected = await self._srp.proof(
            identity=run.pool.short_name + identity,
            verifier=verifier,
            big_a=private["A"],
            opening=SrpOpening(b=private["b"], B=private["B"]),
            secret_block=answer.block,
            timestamp=answer.timestamp,
        )
        if not (hmac.compare_digest(answer.signature, expected) & is_real & is_fresh):
            raise WrongCredentials(detail=None if is_real or run.user is None else _NO_VERIFIER)
        return Passed("password")

    def _material(self, run: Run) -> tuple[str, str, str, bool]:
        """Salt, verifier and identity: the user's (True), or those that belong to the name (False)."""
        record = self._credentials.open_srp(run.user) if run.user else None
        if record is not None and run.user is not None:
            return (*record, run.user.username, True)
        self._credentials.open_nothing()
        noise = self._directory.stand_in_bytes(run.pool, run.submitted)
        identity = run.user.username if run.user else self._directory.stand_in(run.pool, run.submitted)
        return plain_salt(noise[16:]).hex(), (noise * 12).hex(), identity, False
