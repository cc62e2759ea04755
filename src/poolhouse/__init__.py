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
        InvocationFailed,
        KeyTaken,
        OutputUnusable,
        PoolhouseError,
        Refused,
        TooManyRequests,
        VersionConflict,
        WrongCredentials,
    )
    from poolhouse.hooks.answers.accounts import MigratedUser, SignUpDecision
    from poolhouse.hooks.answers.factors import Enrolling, Factor, Fits, Holder
    from poolhouse.hooks.answers.identities import ProvenLogin
    from poolhouse.hooks.answers.messages import HandOver, Sender, Sent, StepwiseSender
    from poolhouse.hooks.answers.sign_in import (
        Asked,
        Challenge,
        ChallengeDecision,
        ChallengeResult,
        Next,
        Passed,
        SignInState,
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
        PluginSettings,
        SettingInvalid,
    )
    from poolhouse.hooks.events.accounts import MigrateUser, PostConfirmation, PreSignUp
    from poolhouse.hooks.events.audit import Audit
    from poolhouse.hooks.events.grants import PreToken
    from poolhouse.hooks.events.identities import (
        IdentitiesMerged,
        IdentityCreated,
        IdentityDeleted,
        IssueCredentials,
        NarrowCredentials,
        ValidateLogin,
    )
    from poolhouse.hooks.events.messages import ComposeMessage
    from poolhouse.hooks.events.protection import OverLimit
    from poolhouse.hooks.events.server import FlowCall, Lifespan, Register
    from poolhouse.hooks.events.sign_in import (
        CreateChallenge,
        DefineChallenge,
        PostAuthentication,
        PreAuthentication,
        VerifyChallenge,
    )
    from poolhouse.hooks.kinds import hookimpl
    from poolhouse.hooks.messages import Messages
    from poolhouse.hooks.views import App, Directory, Person, TriggerFunction
    from poolhouse.ports.access import Credentials
    from poolhouse.ports.origin import Origin
    from poolhouse.ports.passwords import Fit, PasswordFormat
    from poolhouse.ports.plugins import PluginDocument
    from poolhouse.records.messages import Message
    from poolhouse.records.names import ascii_domain

__all__ = [
    "App",
    "Asked",
    "Audit",
    "Challenge",
    "ChallengeDecision",
    "ChallengeResult",
    "Chance",
    "Clock",
    "CodeExpired",
    "CodeMismatch",
    "ComposeMessage",
    "CreateChallenge",
    "Credentials",
    "DefineChallenge",
    "DeliveryFailed",
    "Directory",
    "Enrolling",
    "Factor",
    "Fit",
    "Fits",
    "FlowCall",
    "HandOver",
    "Holder",
    "Http",
    "HttpAnswer",
    "HttpFailed",
    "HttpNotSent",
    "IdentitiesMerged",
    "IdentityCreated",
    "IdentityDeleted",
    "InvalidParameter",
    "InvocationFailed",
    "IssueCredentials",
    "KeyTaken",
    "Lifespan",
    "Message",
    "Messages",
    "MigrateUser",
    "MigratedUser",
    "NarrowCredentials",
    "Next",
    "Origin",
    "OutputUnusable",
    "OverLimit",
    "Passed",
    "PasswordFormat",
    "Person",
    "PluginCollection",
    "PluginContext",
    "PluginDocument",
    "PluginSettings",
    "PoolhouseError",
    "PostAuthentication",
    "PostConfirmation",
    "PreAuthentication",
    "PreSignUp",
    "PreToken",
    "ProvenLogin",
    "Refused",
    "Register",
    "Sender",
    "Sent",
    "SettingInvalid",
    "SignInState",
    "SignUpDecision",
    "Stage",
    "StepwiseSender",
    "TooManyRequests",
    "TriggerFunction",
    "ValidateLogin",
    "VerifyChallenge",
    "VersionConflict",
    "WrongCredentials",
    "ascii_domain",
    "hookimpl",
]

_HOMES = (
    "errors",
    "hooks.answers.accounts",
    "hooks.answers.factors",
    "hooks.answers.identities",
    "hooks.answers.messages",
    "hooks.answers.sign_in",
    "hooks.context",
    "hooks.events.accounts",
    "hooks.events.audit",
    "hooks.events.identities",
    "hooks.events.messages",
    "hooks.events.protection",
    "hooks.events.server",
    "hooks.events.sign_in",
    "hooks.events.grants",
    "hooks.kinds",
    "hooks.messages",
    "hooks.views",
    "ports.access",
    "ports.origin",
    "ports.passwords",
    "ports.plugins",
    "records.messages",
    "records.names",
)
"""Where the names stand, in the order in which they are looked for."""


if not TYPE_CHECKING:  # a type checker would take it as a word for every name, and let a mistyped one pass

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
