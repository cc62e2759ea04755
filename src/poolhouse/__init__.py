"""Poolhouse: an asynchronous, plugin-driven auth server. This is the face for plugin authors.

::

    from poolhouse import PreSignUp, Refused, hookimpl

    @hookimpl
    async def pre_sign_up(event: PreSignUp) -> None:
        if not event.attributes.get("email", "").endswith("@example.com"):
            raise Refused("Please use your company address")

All names are here from the start, and loaded when they are first asked for: ``import poolhouse`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poolhouse.errors import (
        CodeExpired,
        CodeMismatch,
        DeliveryFailed,
        InvalidParameter,
        KeyTaken,
        PoolhouseError,
        Refused,
        TooManyRequests,
        VersionConflict,
        WrongCredentials,
    )
    from poolhouse.hooks.answers import (
        Asked,
        Challenge,
        ChallengeDecision,
        ChallengeResult,
        IdentityProviderKind,
        MigratedUser,
        Next,
        Passed,
        PasswordFormat,
        Sender,
        Sent,
        SignInState,
        SignUpDecision,
        Stage,
    )
    from poolhouse.hooks.context import (
        Chance,
        Clock,
        Http,
        HttpAnswer,
        HttpFailed,
        HttpNotSent,
        PluginCollection,
        PluginContext,
        PluginDocument,
        PluginSettings,
        SettingInvalid,
    )
    from poolhouse.hooks.specs import (
        Audit,
        ComposeMessage,
        CreateChallenge,
        DefineChallenge,
        FlowCall,
        Lifespan,
        MigrateUser,
        PostAuthentication,
        PostConfirmation,
        PreAuthentication,
        PreSignUp,
        PreToken,
        Register,
        VerifyChallenge,
        hookimpl,
    )
    from poolhouse.hooks.views import App, Directory, Person
    from poolhouse.records import Client, Message, Pool, User

__all__ = [
    "App",
    "Asked",
    "Audit",
    "Challenge",
    "ChallengeDecision",
    "ChallengeResult",
    "Chance",
    "Client",
    "Clock",
    "CodeExpired",
    "CodeMismatch",
    "ComposeMessage",
    "CreateChallenge",
    "DefineChallenge",
    "DeliveryFailed",
    "Directory",
    "FlowCall",
    "Http",
    "HttpAnswer",
    "HttpFailed",
    "HttpNotSent",
    "IdentityProviderKind",
    "InvalidParameter",
    "KeyTaken",
    "Lifespan",
    "Message",
    "MigrateUser",
    "MigratedUser",
    "Next",
    "Passed",
    "PasswordFormat",
    "Person",
    "PluginCollection",
    "PluginContext",
    "PluginDocument",
    "PluginSettings",
    "Pool",
    "PoolhouseError",
    "PostAuthentication",
    "PostConfirmation",
    "PreAuthentication",
    "PreSignUp",
    "PreToken",
    "Refused",
    "Register",
    "Sender",
    "Sent",
    "SettingInvalid",
    "SignInState",
    "SignUpDecision",
    "Stage",
    "TooManyRequests",
    "User",
    "VerifyChallenge",
    "VersionConflict",
    "WrongCredentials",
    "hookimpl",
]

_HOMES = ("hooks.specs", "hooks.answers", "hooks.context", "hooks.views", "errors", "records")
"""Where the names stand, in the order in which they are looked for: ``hooks.answers`` has a ``Lifespan`` too."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in _HOMES:
            module = importlib.import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
