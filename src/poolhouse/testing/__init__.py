"""What plugin authors test with: a running server for one test, fakes of what a plugin is given, and suites.

``docs/testing.md`` tells how. Names are loaded when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poolhouse.testing.challenge_suite import ChallengeSuite
    from poolhouse.testing.clock import FakeClock
    from poolhouse.testing.context import FakeHttp, HttpRequest, plugin_context
    from poolhouse.testing.factor_suite import FactorSuite, factor_holder
    from poolhouse.testing.harness import House, running_house
    from poolhouse.testing.made import MadeClient, MadePool, MadeUser, SignedIn, SignInUnfinished
    from poolhouse.testing.passkeys import VirtualAuthenticator
    from poolhouse.testing.password_format_suite import PasswordFormatSuite
    from poolhouse.testing.sender_suite import SenderSuite
    from poolhouse.testing.store_suite import StoreSuite

__all__ = [
    "ChallengeSuite",
    "FactorSuite",
    "FakeClock",
    "FakeHttp",
    "House",
    "HttpRequest",
    "MadeClient",
    "MadePool",
    "MadeUser",
    "PasswordFormatSuite",
    "SenderSuite",
    "SignInUnfinished",
    "SignedIn",
    "StoreSuite",
    "VirtualAuthenticator",
    "factor_holder",
    "plugin_context",
    "running_house",
]

_HOMES = {
    "ChallengeSuite": "challenge_suite",
    "FactorSuite": "factor_suite",
    "FakeClock": "clock",
    "FakeHttp": "context",
    "House": "harness",
    "HttpRequest": "context",
    "MadeClient": "made",
    "MadePool": "made",
    "MadeUser": "made",
    "PasswordFormatSuite": "password_format_suite",
    "SenderSuite": "sender_suite",
    "SignInUnfinished": "made",
    "SignedIn": "made",
    "StoreSuite": "store_suite",
    "VirtualAuthenticator": "passkeys",
    "factor_holder": "factor_suite",
    "plugin_context": "context",
    "running_house": "harness",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
