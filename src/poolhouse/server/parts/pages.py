"""The hosted pages: sign-in, sign-up, recovery, consent, and the choice between accounts."""

from __future__ import annotations

from aiohttp import web

from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.services.oauth import OAuthServices
from poolhouse.flows.services.user_pools import Services
from poolhouse.server.cookies import Cookies
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.requests import sorted_out
from poolhouse.server.oidc.responses import ToClient
from poolhouse.server.pages import accounts, add_factor, add_passkey, confirm_link, consent, places, recovery, sign_up
from poolhouse.server.pages.accounts import AccountPages
from poolhouse.server.pages.add_factor import AddFactorPages
from poolhouse.server.pages.add_passkey import AddPasskeyPages
from poolhouse.server.pages.confirm_link import ConfirmLinkPages
from poolhouse.server.pages.consent import ConsentPages
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.error import ErrorPages
from poolhouse.server.pages.offer import PasskeyOffer
from poolhouse.server.pages.onward import Onward
from poolhouse.server.pages.recovery import RecoveryPages
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.sign_in import SignInPages
from poolhouse.server.pages.sign_up import SignUpPages
from poolhouse.server.pages.visits import Visits
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds
from poolhouse.server.routes import Audience, Handler, Route


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of user pools and of OAuth. Gives what renders pages, shows errors on them, and
    leads to clients."""
    world, services, oauth = ground.world, built.one(Services), built.one(OAuthServices)
    server = ground.settings.server
    renderer = Renderer(world.clock, server.base_url)
    errors = ErrorPages(renderer)
    to_client = ToClient(errors.form)
    csrf, cookies = Csrf(world.secrets, server.base_url), Cookies(server.base_url)
    visits = Visits(
        oauth.authorization,
        renderer,
        errors,
        csrf,
        cookies,
        source=lambda request: source_address(request.remote, request.headers, server.trusted_proxies),
        request_id=RequestIds(ground.surroundings.chance).of,
        to_client=to_client,
    )
    offer = PasskeyOffer(visits, services)
    onward = Onward(visits, services, offer)
    signing_in = SignInPages(visits, services, onward, offer)
    signing_up = SignUpPages(visits, services, onward)
    recovering = RecoveryPages(visits, services, onward)
    choosing = AccountPages(visits, services.sessions)
    linked = ConfirmLinkPages(services, renderer, errors, csrf, cookies, world.chance, visits.begin)
    agreeing = ConsentPages(visits, services.sessions, services.resource_servers)
    adding = AddPasskeyPages(visits, oauth.passkey_errand, cookies, _asked)
    enrolling = AddFactorPages(visits, oauth.factor_errand, cookies, _asked)
    return Part(
        routes=(
            *renderer.routes,
            *_page(places.PAGE, visits.get(signing_in.show), visits.post(signing_in.answer)),
            *_page(sign_up.PAGE, visits.get(signing_up.show), visits.post(signing_up.answer)),
            *_page(sign_up.CONFIRM, visits.get(signing_up.show_confirm), visits.post(signing_up.answer_confirm)),
            *_page(recovery.PAGE, visits.get(recovering.show), visits.post(recovering.answer)),
            *_page(recovery.RESET, visits.get(recovering.show_reset), visits.post(recovering.answer_reset)),
            *_page(accounts.PAGE, visits.get(choosing.show), visits.post(choosing.answer)),
            *_page(add_passkey.PAGE, adding.look, visits.post(adding.answer)),
            *_page(add_factor.PAGE, enrolling.look, visits.post(enrolling.answer)),
            *_page(confirm_link.PAGE, linked.show, linked.answer),
            *_page(consent.PAGE, visits.get(agreeing.show), visits.post(agreeing.answer)),
        ),
        gives=(renderer, errors, to_client),
    )


def _page(name: str, show: Handler, answer: Handler) -> tuple[Route, ...]:
    """Its routes: looking, and answering. What a page is asked by another method is refused, and changes nothing
    (security row 24). Clients of the field lead their users to pages with an authorization request."""
    path, label = f"{POOL}/{name}", f"page_{name.replace('/', '_')}"
    return (
        Route("GET", path, show, Audience.ANYBODY, label, is_long=True),
        Route("POST", path, answer, Audience.ANYBODY, label),
        Route("*", path, _not_allowed, Audience.ANYBODY, label),
    )


def _asked(request: web.Request) -> Asked:
    query = request.rel_url.raw_query_string.encode("utf-8", "surrogateescape")
    return Asked(request.match_info["pool_id"], *sorted_out(query))


async def _not_allowed(request: web.Request) -> web.StreamResponse:
    raise web.HTTPMethodNotAllowed(request.method, ("GET", "POST"))
