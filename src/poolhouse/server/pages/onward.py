"""What a reply of the sign-in leads to on pages: the next question, or the session of the browser, and then what its
user is to see once before going on to the client."""

from __future__ import annotations

from aiohttp import web
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.factors.decision import NO_FACTORS
from poolhouse.flows.oauth.interaction import Browser, Step
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in.challenges.set_up_factor import NAME as SET_UP
from poolhouse.flows.sign_in.machine import Asking, Finished, Reply
from poolhouse.flows.sign_in.questions import SetUpFactor
from poolhouse.server.pages.offer import NOT_NOW, PasskeyOffer
from poolhouse.server.pages.places import PAGE
from poolhouse.server.pages.progress import Progress, SetUp
from poolhouse.server.pages.visits import Visit, Visits


class Onward:
    def __init__(self, visits: Visits, services: Services, offer: PasskeyOffer) -> None:
        self._visits = visits
        self._services = services
        self._offer = offer
        self._hosted = services.hosted

    async def go_on(
        self, visit: Visit, progress: Progress, reply: Reply, *, way: str | None = None, notice: str | None = None
    ) -> web.Response:
        """The next question, or the session. ``way`` is how the sign-in begins, where nothing was proven yet;
        ``notice`` is good news."""
        if isinstance(reply, Finished):
            return await self._signed_in(visit, progress, reply)
        progress = progress.asked(reply, way=way, notice=notice)
        if isinstance(reply.question, SetUpFactor):
            settable = self._hosted.settable(visit.pool, visit.client)
            if len(settable) == 1:
                return await self.begin_set_up(visit, progress, reply, settable[0])
        return await self.keep_and_go(visit, progress)

    async def _signed_in(self, visit: Visit, progress: Progress, finished: Finished) -> web.Response:
        begun = await self._services.sign_in_end.session(finished, visit.held, remembered=progress.remembers)
        browser = Browser(visit.secret, begun.handles)
        codes = await self._new_codes(finished, progress)
        offers = not codes and await self._offer.is_due(visit, finished)
        to_see = Progress(codes=codes, offers=offers, owner=finished.user.sub) if codes or offers else Progress()
        try:
            visit = await self._visits.keep(visit, to_see)
        except errors.Conflicted:
            return await self._visits.signed_in_beside(visit, PAGE, browser, begun.seconds)
        visit = replace(visit, pending=await self._visits.authorization.done(visit.pending, Step.SIGN_IN))
        if to_see.is_to_be_seen:
            response = self._visits.go_signed_in(visit, PAGE, browser, begun.seconds)
        else:
            response = await self._visits.go_on(visit, browser, seconds=begun.seconds)
        if offers:
            self._visits.note_offer(response, visit, NOT_NOW)
        if _is_to_be_remembered(progress, finished):
            held = await self._services.devices.confirm_browser(
                finished.pool, finished.client, finished.user, visit.remembered
            )
            self._visits.remember(response, visit, held)
        return response

    async def browser_forgotten(self, visit: Visit, progress: Progress) -> web.Response:
        """It was remembered too long ago, or is not any more: the sign-in begins anew, without that."""
        visit = await self._visits.keep(visit, replace(progress.again(), notice="notice.forgotten"))
        response = self._visits.go(visit, PAGE)
        self._visits.forget(response, visit)
        return response

    async def _new_codes(self, finished: Finished, progress: Progress) -> tuple[str, ...]:
        """Recovery codes for who has just set up a second factor, and has none."""
        if SET_UP not in finished.passed and progress.adding not in finished.passed:
            return ()
        user = await self._services.users.require(finished.pool, finished.user.username)
        if user.can_recover:
            return ()
        try:
            return (await self._services.recovery_codes.make_for(finished.pool, finished.client, user)).codes
        except (errors.Invalid, errors.Conflicted):
            # Something changed meanwhile. They can be had later, too.
            return ()

    async def begin_set_up(self, visit: Visit, progress: Progress, asking: Asking, factor: str) -> web.Response:
        """The page by which this factor is set up. Raises as ``HostedSignIn.set_up``."""
        if self._hosted.takes_contact(factor) is not None:
            return await self.keep_and_go(visit, replace(progress.asked(asking), adding=factor))
        begun = await self._hosted.set_up(visit.pool, asking.handle, factor)
        following = Asking(asking.challenge, begun.handle, asking.question)
        progress = replace(progress.asked(following), set_up=SetUp(factor, dict(begun.shown)), adding="")
        return await self.keep_and_go(visit, progress)

    async def keep_and_go(self, visit: Visit, progress: Progress, page: str = PAGE) -> web.Response:
        visit = await self._visits.keep(visit, progress)
        return self._visits.go(visit, page)


def _is_to_be_remembered(progress: Progress, finished: Finished) -> bool:
    """Whether this browser is to stand for a second factor: where one was proven, the pool takes devices for it, and
    the user has said so, or need not."""
    tracking = finished.pool.devices
    if tracking is None or not tracking.instead or finished.device is not None:
        return False
    has_second = len(finished.proofs) > 1 and not set(finished.proofs) <= {*NO_FACTORS, "new_password"}
    return has_second and (progress.remembers_browser or not tracking.on_prompt)
