"""A passkey signs a challenge of ours: WEB_AUTHN (WebAuthn level 3, section 7.2).

What was asked for is sealed in the attempt, and the answer is compared with that. Whose passkey it is says its own
record, and that has to be who is expected (security row 29). Where the
sign-in began without a name, any passkey of the domain will do: then the authenticator has to say whom it means, too. A
name that nobody has, and a user who cannot begin so,
get the same question, with a passkey that belongs to the name and that nobody has, and a check that does the same work
and fails.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from poolhouse.errors import (
    ConcurrentModification,
    InvalidParameter,
    MissingParameter,
    PasskeyRefused,
    VersionConflict,
    WrongCredentials,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.factors.decision import PASSKEY, VERIFIED_PASSKEY
from poolhouse.flows.factors.first import FirstFactors
from poolhouse.flows.factors.passkeys import CHALLENGE, handle_of, text_of
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.sign_in.questions import Chosen, PasskeyHint, UsePasskey
from poolhouse.flows.sign_in.steps import Posed, Run
from poolhouse.hooks.answers.sign_in import Passed
from poolhouse.ports.arithmetic import PasskeyProofs, PasskeyTerms
from poolhouse.ports.factors import Passkeys
from poolhouse.records.factors import WEB_AUTHN, Passkey
from poolhouse.records.pools import PasskeyPolicy, Pool

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,1364}")
_LONGEST: Final = 65_536
"""Letters of an answer. Right ones have a thousand."""
_LENGTHS: Final = (16, 20, 32, 32)
"""Bytes of the ids that common authenticators make."""
_TURNS: Final = 5


class PasskeyChallenge(Flow):
    """Wrong answers are counted by the machine, for this factor of this user, and spend the challenge."""

    name = WEB_AUTHN
    public_name: str | None = None
    answered_by = Chosen
    counts_itself = False

    def __init__(
        self, world: World, passkeys: Passkeys, proofs: PasskeyProofs, first: FirstFactors, directory: Directory
    ) -> None:
        super().__init__(world)
        self._passkeys = passkeys
        self._proofs = proofs
        self._first = first
        self._directory = directory

    async def ask(self, run: Run) -> Posed:
        """Raises ``InvalidParameter`` where the pool has no passkeys any more."""
        policy, rp_id = _policy(run.pool)
        if not run.submitted:
            return self._posed(run, policy, rp_id, None)
        held = await self._passkeys.of(run.pool.id, run.subject)
        usable = [passkey for passkey in held if passkey.rp_id == rp_id]
        if not usable or not self._first.can_begin(run.pool, run.user, WEB_AUTHN):
            usable = []
        hints = [PasskeyHint(passkey.id, passkey.transports) for passkey in usable] or [self._stand_in(run)]
        return self._posed(run, policy, rp_id, hints)

    def _posed(self, run: Run, policy: PasskeyPolicy, rp_id: str, hints: list[PasskeyHint] | None) -> Posed:
        """``hints`` None: whosever passkey it is."""
        challenge = text_of(self.world.chance.raw(CHALLENGE))
        return Posed(
            UsePasskey(challenge, rp_id, tuple(hints or ()), policy.asked_verification, run.client.session_validity),
            {
                "challenge": challenge,
                "rp_id": rp_id,
                "verification": policy.asked_verification,
                "ids": None if hints is None else [hint.id for hint in hints],
            },
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: Chosen) -> Passed:
        """Raises ``WrongCredentials``, with why as its detail; ``MissingParameter``, and ``InvalidParameter`` for what
        is no answer of an authenticator."""
        if answer.challenge != WEB_AUTHN or not answer.credential:
            raise MissingParameter("CREDENTIAL")
        credential = _read(answer.credential)
        policy, rp_id = _policy(run.pool)
        passkey = await self._passkeys.get(run.pool.id, credential["id"])
        theirs = passkey if passkey is not None and self._may_be(run, private, passkey, rp_id) else None
        verified = "required" in (private["verification"], policy.asked_verification)
        terms = PasskeyTerms(_bytes(private["challenge"]), private["rp_id"], verified)
        try:
            used = await self._proofs.used(credential, terms, theirs.key if theirs else None)
        except PasskeyRefused as refused:
            why = refused.detail if theirs else "none of those that were asked for"
            raise WrongCredentials(detail=f"passkey: {why}") from None
        if theirs is None or not _names(credential, theirs.user_sub, has_to=private["ids"] is None):
            raise WrongCredentials(detail="passkey: another user's")
        await self._count(theirs, used.sign_count)
        return Passed(VERIFIED_PASSKEY if used.verified else PASSKEY)

    def _may_be(self, run: Run, private: Mapping[str, Any], passkey: Passkey, rp_id: str) -> bool:
        """Whether it is the expected user's, one of those that were asked for, and may still be used."""
        return (
            run.user is not None
            and passkey.user_sub == run.user.sub
            and (private["ids"] is None or passkey.id in private["ids"])
            and passkey.rp_id == private["rp_id"] == rp_id
            and self._first.can_begin(run.pool, run.user, WEB_AUTHN)
        )

    async def _count(self, passkey: Passkey, sign_count: int) -> None:
        """Raises ``WrongCredentials`` for an authenticator that signed as often before: there are two of it."""
        for _ in range(_TURNS):
            if not sign_count and not passkey.sign_count:
                return
            if sign_count <= passkey.sign_count:
                raise WrongCredentials(detail="passkey: its sign count went back, as that of a copy does")
            try:
                await self._passkeys.save(replace(passkey, sign_count=sign_count))
            except VersionConflict:
                now = await self._passkeys.get(passkey.pool_id, passkey.id)
                if now is None or now.user_sub != passkey.user_sub:
                    raise WrongCredentials(detail="passkey: deleted") from None
                passkey = now
                continue
            return
        raise ConcurrentModification

    def _stand_in(self, run: Run) -> PasskeyHint:
        """A passkey for a name that has none: always the same, and like a real one."""
        noise = self._directory.stand_in_bytes(run.pool, run.submitted)
        own = self.world.secrets.derive("stand-in-passkey", run.pool.id, noise.hex())
        return PasskeyHint(text_of(own[: _LENGTHS[noise[0] % len(_LENGTHS)]]), ("hybrid", "internal"))


def _policy(pool: Pool) -> tuple[PasskeyPolicy, str]:
    policy = pool.passkey_policy
    if policy is None or policy.rp_id is None:
        raise InvalidParameter(Reason.CHALLENGE_NOT_AVAILABLE)
    return policy, policy.rp_id


def _read(text: str) -> dict[str, Any]:
    """What the client sent, as far as it can be meant: nothing is believed yet. Raises ``InvalidParameter``."""
    try:
        credential = msgspec.json.decode(text) if len(text) <= _LONGEST else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        credential = None
    if not isinstance(credential, dict) or not isinstance(credential.get("response"), dict):
        raise InvalidParameter(Reason.PASSKEY_CREDENTIAL_FORM)
    named = credential.get("id")
    if not isinstance(named, str) or not _ID.fullmatch(named):
        raise InvalidParameter(Reason.PASSKEY_CREDENTIAL_FORM)
    return credential


def named_credential(text: str) -> str:
    """The id of the passkey that an answer names. Raises ``InvalidParameter`` for what is none."""
    named: str = _read(text)["id"]
    return named


def _names(credential: Mapping[str, Any], sub: str, *, has_to: bool) -> bool:
    """Whether the authenticator means this user, where it says whom it means; it ``has_to`` where nobody else did."""
    whom, meant = credential["response"].get("userHandle"), text_of(handle_of(sub))
    return whom == meant or (not has_to and whom in (None, ""))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
