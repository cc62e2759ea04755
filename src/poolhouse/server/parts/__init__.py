"""The parts of the server, in the order in which they are built: a module each, of the same name. One that the settings
turn off is never imported.

Each builds what it needs on the ground, with what the parts before it give, and says what it adds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from poolhouse.config.settings import Settings
    from poolhouse.server.ground import Ground
    from poolhouse.server.part import Built, Part

    Build = Callable[[Ground, Built], Awaitable[Part]]


def _always(_: Settings) -> bool:
    return True


def _of(offered: str) -> Callable[[Settings], bool]:
    """It belongs to what the server offers under this name (``server.parts``)."""
    return lambda settings: offered in settings.server.parts


_of_user_pools: Final = _of("user_pools")

PARTS: Final[Mapping[str, Callable[[Settings], bool]]] = {
    "access": _always,
    "user_pools": _of_user_pools,
    "discovery": _of_user_pools,
    "oauth": _of_user_pools,
    "pages": _of_user_pools,
    "authorize": _of_user_pools,
    "sign_out": _of_user_pools,
    "account": _of_user_pools,
    "issuer": _of("identities"),
    "logins": _of("identities"),
    "identities": _of("identities"),
    "sts": _of("identities"),
    "gateway": _of("gateway"),
    "operation": _always,
    "outbox_page": lambda settings: settings.dev.enabled and settings.dev.outbox_page,
    "front_page": lambda settings: settings.dev.enabled,
    # The last: it answers for the APIs of all the others, and for every path that none of them has.
    "json_api": _always,
}


def load(settings: Settings) -> tuple[Build, ...]:
    """How the parts that are on are built, in their order. Their modules are imported."""
    return tuple(import_module(f"{__name__}.{name}").build for name, is_on in PARTS.items() if is_on(settings))
