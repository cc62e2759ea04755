"""LambdaConfig in both spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.records.pools import Pool, Trigger

_PLAIN: Final = (
    "PreSignUp",
    "CustomMessage",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
)
"""Members that are an ARN."""
_VERSIONED: Final = ("CustomSMSSender", "CustomEmailSender")
"""Members that are an ARN and the version of its events."""
_TOKENS: Final = "PreTokenGeneration"
"""Is said in both ways; the one with the version counts, and both have to name the same function."""


def triggers(config: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """What a LambdaConfig names. Raises ``InvalidParameter`` where it names two functions for one occasion."""
    plain = [Trigger(name=name, function=config[name]) for name in _PLAIN if config.get(name)]
    versioned = [_versioned(name, config[name]) for name in _VERSIONED if config.get(name)]
    return (*plain, *_of_tokens(config), *versioned)


def _of_tokens(config: Mapping[str, Any]) -> tuple[Trigger, ...]:
    function, with_version = config.get(_TOKENS), config.get(f"{_TOKENS}Config")
    if not with_version:
        return (Trigger(name=_TOKENS, function=function),) if function else ()
    if function and function != with_version["LambdaArn"]:
        raise InvalidParameter(
            Reason.SETTINGS_DIFFER, setting=f"LambdaConfig.{_TOKENS}", same=f"LambdaConfig.{_TOKENS}Config.LambdaArn"
        )
    return (_versioned(_TOKENS, with_version),)


def _versioned(name: str, given: Mapping[str, str]) -> Trigger:
    return Trigger(name=name, function=given["LambdaArn"], events=given["LambdaVersion"])


def lambda_config(pool: Pool) -> dict[str, Any]:
    """The pool's LambdaConfig; empty where it has no triggers."""
    config: dict[str, Any] = {}
    for trigger in pool.triggers:
        if trigger.name not in _VERSIONED:
            config[trigger.name] = trigger.function
        if trigger.name in _VERSIONED or trigger.name == _TOKENS:
            member = trigger.name if trigger.name in _VERSIONED else f"{trigger.name}Config"
            config[member] = {"LambdaVersion": trigger.events, "LambdaArn": trigger.function}
    if pool.sender_key is not None:
        config["KMSKeyID"] = pool.sender_key
    return config
