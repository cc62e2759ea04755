"""USER_AUTH: the user says how to prove who they are (contract: authentication, 7.4): by a password (PASSWORD and
PASSWORD_SRP are the two ways to give it), by a code (EMAIL_OTP, SMS_OTP: ``challenges/factor.py``), or by a passkey
(WEB_AUTHN: ``challenges/passkey.py``). Who has just confirmed a sign-up has proven its code (``signed_up.py``).

On the hosted pages the same is called HOSTED_AUTH, and is for the pool to allow, not for the client
(``flows/sign_in/hosted.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidParameter, UserNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.permitted import HOSTED
from poolhouse.flows.factors.decision import SIGN_UP_CODE
from poolhouse.flows.factors.first import FirstFactors
from poolhouse.flows.sign_in.challenges import srp
from poolhouse.flows.sign_in.password import PasswordCheck
from poolhouse.flows.sign_in.questions import BeginSrp, ChooseChallenge, Chosen, GivePassword, PasswordGiven, SrpBegun
from poolhouse.flows.sign_in.signed_up import SignUpSessions
from poolhouse.flows.sign_in.steps import Opening, Outcome, Posed, Run
from poolhouse.hooks.answers.sign_in import Next, Passed

_FLOWS = frozenset({"USER_AUTH"})


class SelectChallenge:
    name = "SELECT_CHALLENGE"
    public_name: str | None = None
    answered_by = Chosen
    counts_itself = True

    def __init__(self, passwords: PasswordCheck, first: FirstFactors) -> None:
        self._passwords = passwords
        self._first = first

    async def ask(self, run: Run) -> Posed:
        return Posed(ChooseChallenge(await self.offered(run)))

    async def offered(self, run: Run) -> tuple[str, ...]:
        return await self._first.offered(run.pool, run.client, run.user)

    async def check(self, run: Run, private: Mapping[str, Any], answer: Chosen) -> Outcome:
        """What comes first of the chosen challenge, or after it, where its answer came along.

        Raises ``InvalidParameter`` for what was not offered, and as ``PasswordCheck.check``.
        """
        if answer.challenge not in await self.offered(run):
            raise InvalidParameter(Reason.CHALLENGE_NOT_AVAILABLE)
        if answer.challenge == "PASSWORD" and answer.password:
            return (await self._passwords.check(run, answer.password))[1]
        if answer.challenge == "PASSWORD_SRP" and answer.srp_a:
            return Next(srp.NAME)
        return Next(answer.challenge)


class Password:
    name = "PASSWORD"
    public_name: str | None = None
    answered_by = PasswordGiven
    counts_itself = True

    def __init__(self, passwords: PasswordCheck) -> None:
        self._passwords = passwords

    async def ask(self, run: Run) -> Posed:
        return Posed(GivePassword())

    async def check(self, run: Run, private: Mapping[str, Any], answer: PasswordGiven) -> Outcome:
        return (await self._passwords.check(run, answer.password))[1]


class PasswordSrp:
    """The client's public value, to which the server's is the answer."""

    name = "PASSWORD_SRP"
    public_name: str | None = None
    answered_by = SrpBegun
    counts_itself = True

    async def ask(self, run: Run) -> Posed:
        return Posed(BeginSrp())

    async def check(self, run: Run, private: Mapping[str, Any], answer: SrpBegun) -> Outcome:
        return Next(srp.NAME)


class ByChoice:
    public = _FLOWS
    by_admin = _FLOWS
    by_pages = frozenset({HOSTED})
    migrates = True
    """Where the password came along: nothing else says who somebody is elsewhere."""

    def __init__(self, passwords: PasswordCheck, first: FirstFactors, sign_ups: SignUpSessions) -> None:
        self._passwords = passwords
        self._select = SelectChallenge(passwords, first)
        self._sign_ups = sign_ups
        self.challenges = (self._select, Password(passwords), PasswordSrp())

    def require(self, opening: Opening) -> None:
        """Nothing but a name is needed to be asked."""

    def is_guess(self, opening: Opening) -> bool:
        return opening.handle is None and opening.preferred == Password.name and bool(opening.password)

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        """Raises as ``SelectChallenge.check``, ``UserNotFound`` where the client may learn who exists, and
        ``InvalidSession`` for what a sign-up did not give."""
        if opening.handle is not None:
            await self._sign_ups.begin(run.client, run.user, opening.handle, run.flow)
            return run, Passed(SIGN_UP_CODE)
        preferred = opening.preferred if opening.preferred in await self._select.offered(run) else None
        if preferred == Password.name and opening.password:
            return await self._passwords.check(run, opening.password, migrates_with=opening.metadata)
        if run.user is None and not run.client.hides_users:
            raise UserNotFound
        if preferred is None:
            return run, Next(self._select.name)
        return run, await self._select.check(run, {}, Chosen(preferred, opening.password, opening.srp_a))

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        return outcome
