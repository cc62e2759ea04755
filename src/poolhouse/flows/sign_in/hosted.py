"""A sign-in on the hosted pages: the same machine, table, limits and counters as for the JSON API.

What a client permits its own callers (``ExplicitAuthFlows``) does not count here, the pool's first factors do. SRP is
left out: the page gives the password to the server. Until somebody has proven something every name meets the same
questions: the ways to begin are the pool's, and nobody is looked up before one was chosen.
"""

from __future__ import annotations

from typing import Final

from poolhouse.errors import DeviceNotFound, WrongCredentials
from poolhouse.flows.clients.on_pages import OnPages
from poolhouse.flows.clients.permitted import HOSTED, HOSTED_CUSTOM, permits
from poolhouse.flows.factors.browsers import RememberedBrowser
from poolhouse.flows.factors.contacts import CONTACTS, can_add
from poolhouse.flows.factors.first import PASSWORDS, ways_of
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.sessions import SignedIn
from poolhouse.flows.sign_in.begin import Answer, SignIn
from poolhouse.flows.sign_in.challenges.custom import NAME as CUSTOM
from poolhouse.flows.sign_in.machine import Asking, Reply
from poolhouse.flows.sign_in.questions import BeginDeviceSrp, DeviceKept, FactorSetUp, Given
from poolhouse.flows.sign_in.second_factor import SELECT
from poolhouse.flows.sign_in.set_up import Begun, FactorSetUps
from poolhouse.flows.sign_in.steps import Opening
from poolhouse.hooks import specs
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool

PASSWORD = PASSWORDS[0]
_SET_UP = "MFA_SETUP"
_QUIET: Final = (SELECT, "SOFTWARE_TOKEN_MFA")
"""Challenges that send nothing to anybody."""


class HostedSignIn(Flow):
    def __init__(
        self, world: World, sign_in: SignIn, set_ups: FactorSetUps, factors: Factors, on_pages: OnPages
    ) -> None:
        super().__init__(world)
        self._sign_in = sign_in
        self._set_ups = set_ups
        self._factors = factors
        self._on_pages = on_pages

    def ways(self, pool: Pool, client: Client) -> tuple[str, ...]:
        """By what a sign-in may begin, whoever it is: names of challenges."""
        ways = tuple([way for way in ways_of(pool) if way == PASSWORD or way not in PASSWORDS])
        is_custom = self.world.hooks.implements(specs.define_challenge, pool) and permits(client, HOSTED_CUSTOM)
        return (*ways, CUSTOM) if is_custom else ways

    async def begin(
        self,
        client: Client,
        username: str,
        way: str,
        password: str | None = None,
        browser: RememberedBrowser | None = None,
    ) -> Reply:
        """A question, or the end. ``password`` comes with the way of this name, and with no other. ``browser`` is what
        the browser holds of having been remembered.

        Raises as ``SignIn.initiate``, and ``DeviceNotFound`` where the browser is remembered no more.
        """
        reply = await self._initiate(
            client,
            Opening(
                flow=HOSTED_CUSTOM if way == CUSTOM else HOSTED,
                username=username,
                password=password,
                preferred=None if way == CUSTOM else way,
                device_key=browser.key if browser else None,
                secret_hash=self._on_pages.secret_hash(client, username),
                by_pages=True,
            ),
        )
        return await self._on_browser(client, username, reply, browser)

    async def begin_by_passkey(self, client: Client) -> Reply:
        """A passkey of whomever is asked for, before anybody has said a name: the answer comes with the empty name, and
        says who it is (``openings/passkey.py``). Raises ``InvalidParameter`` where nobody begins by passkeys here, and
        as ``SignIn.initiate``."""
        return await self._sign_in.initiate_without_name(self._on_pages.client(client), HOSTED)

    async def step_up(self, client: Client, signed_in: SignedIn) -> Reply | None:
        """The question of the second factor that somebody's session lacks, instead of a whole sign-in. None where there
        is none, and where a message would go out before its user has done anything: whoever leads a browser here could
        have messages sent.

        Raises ``TooManyRequests``.
        """
        on_pages = self._on_pages.client(client)
        due = await self._sign_in.missing(on_pages, signed_in.user, signed_in.session.proofs)
        if due not in _QUIET:
            return None
        return await self._sign_in.step_up(on_pages, signed_in.user, signed_in.session, HOSTED)

    async def begin_signed_up(self, client: Client, username: str, session: str) -> Reply:
        """As ``begin``, for who has just confirmed a sign-up: ``session`` is what that gave. Raises
        ``InvalidSession``."""
        return await self._initiate(
            client,
            Opening(
                flow=HOSTED,
                username=username,
                handle=session,
                secret_hash=self._on_pages.secret_hash(client, username),
                by_pages=True,
            ),
        )

    async def answer(
        self,
        client: Client,
        username: str,
        challenge: str,
        handle: str,
        given: Given,
        browser: RememberedBrowser | None = None,
    ) -> Reply:
        """Raises as ``SignIn.respond``, and ``DeviceNotFound`` as ``begin``. ``challenge`` is the one that the page
        showed: an answer to it is none to another (security row 24)."""
        reply = await self._sign_in.respond(
            self._on_pages.client(client),
            Answer(
                meant=lambda name: name == challenge,
                handle=handle,
                username=username,
                given=given,
                device_key=browser.key if browser else None,
                secret_hash=self._on_pages.secret_hash(client, username),
                by_pages=True,
            ),
        )
        return await self._on_browser(client, username, reply, browser)

    async def _on_browser(
        self, client: Client, username: str, reply: Reply, browser: RememberedBrowser | None
    ) -> Reply:
        """Where a remembered device is asked for, the browser's cookie answers, and its user sees nothing of it."""
        if not isinstance(reply, Asking) or not isinstance(reply.question, BeginDeviceSrp):
            return reply
        if browser is None:
            raise DeviceNotFound
        try:
            return await self.answer(client, username, reply.challenge, reply.handle, DeviceKept(browser.secret))
        except WrongCredentials:
            raise DeviceNotFound from None

    def settable(self, pool: Pool, client: Client) -> tuple[str, ...]:
        """Second factors of the pool that a user of the client can set up here, in the sign-in."""
        factors = [name for name in self._factors.names if pool.offers(name)]
        return tuple(
            name for name in factors if self._factors.enrolling(name) is not None or can_add(pool, client, name)
        )

    def takes_contact(self, factor: str) -> str | None:
        """The attribute that such a factor is set up by; None where it is set up in another way."""
        return CONTACTS.get(factor)

    async def set_up(self, pool: Pool, handle: str, factor: str) -> Begun:
        """Raises as ``FactorSetUps.begin``."""
        return await self._set_ups.begin(pool.id, handle, factor)

    async def complete(
        self, client: Client, username: str, handle: str, factor: str, code: str, label: str | None
    ) -> Reply:
        """The factor is set up, and the sign-in goes on. Raises as ``FactorSetUps.confirm``, and ``answer``."""
        following = await self._set_ups.confirm(client.pool_id, handle, factor, code, label)
        return await self.answer(client, username, _SET_UP, following, FactorSetUp())

    async def _initiate(self, client: Client, opening: Opening) -> Reply:
        return await self._sign_in.initiate(self._on_pages.client(client), opening)
