"""Where the pages and endpoints of a pool begin. They are the same under the pool's id and at its domain, so a link is
made from where the request stands, and never from a header of it (security row 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from poolhouse.flows.oauth.interaction import Step

POOL: Final = r"/{pool_id:[\w-]{1,40}_[0-9a-zA-Z]{1,32}}"
"""The path of a pool, as a route has it."""
ROOT: Final = "poolhouse.root"
"""Where the layer of domains says, among the parts of the path, where the pool begins."""
PAGES: Final[Mapping[Step, str]] = {
    Step.SIGN_IN: "login",
    Step.SIGN_UP: "signup",
    Step.CHOOSE_ACCOUNT: "accounts",
    Step.CONSENT: "consent",
    Step.ADD_PASSKEY: "passkeys/add",
    Step.ADD_FACTOR: "factors/add",
}
"""The page of each step, behind what stands before them all."""


def root_of(request: web.Request) -> str:
    """What stands before ``/login``, ``/oauth2/token`` and their like, where this request stands: the pool's own path,
    or nothing at a domain of the pool. It has no slash at its end."""
    root = request.match_info.get(ROOT)
    return f"/{request.match_info['pool_id']}" if root is None else root
