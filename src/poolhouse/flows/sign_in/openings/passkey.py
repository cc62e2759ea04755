"""A sign-in that begins without a name: an authenticator shows the accounts that it has a passkey for here, the user
picks one, and whose it is says the passkey's own record (WebAuthn level 3, section 7.2, step 6: discoverable
credentials; security row 29). The field has no such flow; the hosted pages have it.

For them it is two calls of ``flows/sign_in/hosted.py``. ``begin_by_passkey(client)`` asks ``UsePasskey`` without any
``passkeys``, and tells nothing about anybody: the first page can ask it before a name is typed, as ``mediation:
"conditional"`` wants it, and afresh with each page, for its handle is good for as long as a session is.
``answer(client, "", "WEB_AUTHN", handle, Chosen("WEB_AUTHN", credential=text))`` is the end of it, or the next
question, which names the user.

Nothing is known of a user until the answer comes. What is counted then is counted for the owner of the passkey that it
names, before it is looked at, and together with answers to the same user's passkeys that began with a name; for one
that nobody has, for what stands in for it.
"""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.factors.first import FirstFactors, ways_of
from poolhouse.flows.sign_in.basis import basis_of
from poolhouse.flows.sign_in.challenges.passkey import named_credential
from poolhouse.flows.sign_in.questions import Chosen, Given
from poolhouse.flows.sign_in.steps import Outcome, Run
from poolhouse.hooks.answers.sign_in import Next
from poolhouse.ports.factors import Passkeys
from poolhouse.ports.users import Users
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import Pool
from poolhouse.records.sign_in import Attempt
from poolhouse.records.users import User


class ByPasskeyAlone:
    """It is no flow that a client can ask for by its name."""

    def __init__(self, users: Users, passkeys: Passkeys, first: FirstFactors, directory: Directory) -> None:
        self._users = users
        self._passkeys = passkeys
        self._first = first
        self._directory = directory

    def begin(self, run: Run) -> tuple[Run, Outcome]:
        """Raises ``InvalidParameter`` where the pool's users do not begin by passkeys."""
        if WEB_AUTHN not in ways_of(run.pool):
            raise InvalidParameter(Reason.CHALLENGE_NOT_AVAILABLE)
        return run, Next(WEB_AUTHN)

    def is_of(self, attempt: Attempt) -> bool:
        """Whether the attempt waits for a passkey of whomever."""
        return attempt.challenge == WEB_AUTHN and not attempt.submitted and attempt.user_sub is None

    async def claimed(self, pool: Pool, attempt: Attempt, given: Given) -> tuple[Attempt, User | None]:
        """The attempt of the user whose passkey the answer names, and that user: nothing is proven by it. Of a passkey
        that nobody has, as much work, and an attempt of nobody.

        Raises ``InvalidParameter`` for what is no answer of an authenticator.
        """
        named = named_credential(given.credential or "") if isinstance(given, Chosen) else ""
        passkey = await self._passkeys.get(pool.id, named) if named else None
        stand_in = self._directory.stand_in(pool, named)
        user = await self._users.get(pool.id, passkey.user_sub if passkey else stand_in)
        if user is None:
            return replace(attempt, username=stand_in), None
        return replace(attempt, user_sub=user.sub, username=user.username, basis=basis_of(user)), user
