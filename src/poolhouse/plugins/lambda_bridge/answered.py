"""What functions answer: the ``response`` of each occasion, read into the answer of its hook. What cannot be meant is
an ``OutputUnusable``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse import (
    Asked,
    ChallengeDecision,
    ComposeMessage,
    Directory,
    MigratedUser,
    MigrateUser,
    OutputUnusable,
    SignUpDecision,
)
from poolhouse.plugins.lambda_bridge.said import CODE, USERNAME, is_invitation

_LONGEST: Final = {"smsMessage": 140, "emailMessage": 20_000, "emailSubject": 140}
_MEDIUMS: Final = {"EMAIL": "email", "SMS": "sms"}


class Response:
    """A ``response`` of which each member is asked for by its type. Absent is None."""

    def __init__(self, trigger: str, values: Mapping[str, Any], path: str = "") -> None:
        self.trigger = trigger
        self._values = values
        self._path = path

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        return False if value is None else self._typed(name, value, bool, "a boolean")

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else self._typed(name, value, str, "a text")

    def texts(self, name: str) -> list[str] | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(f"{self._path}{name} is not a list of texts")
        return value

    def strings(self, name: str) -> dict[str, str] | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise self.wrong(f"{self._path}{name} is not a map of texts")
        return value

    def inside(self, name: str) -> Response | None:
        value = self._values.get(name)
        if value is None:
            return None
        return Response(self.trigger, self._typed(name, value, dict, "an object"), f"{self._path}{name}.")

    def has(self, name: str) -> bool:
        """Whether it was said, if only as null."""
        return name in self._values

    def values(self) -> Mapping[str, Any]:
        return self._values

    def wrong(self, detail: str) -> OutputUnusable:
        return OutputUnusable(self.trigger, detail=detail)

    def _typed(self, name: str, value: Any, kind: type[Any], meant: str) -> Any:
        if not isinstance(value, kind):
            raise self.wrong(f"{self._path}{name} is not {meant}")
        return value


def pre_sign_up(response: Response) -> SignUpDecision:
    return SignUpDecision(
        confirm=response.flag("autoConfirmUser"),
        verify_email=response.flag("autoVerifyEmail"),
        verify_phone=response.flag("autoVerifyPhone"),
    )


def define_challenge(response: Response) -> ChallengeDecision:
    challenge = response.text("challengeName")
    tokens, fail = response.flag("issueTokens"), response.flag("failAuthentication")
    if sum((bool(challenge), tokens, fail)) != 1:
        raise response.wrong("it is to be exactly one of challengeName, issueTokens, failAuthentication")
    return ChallengeDecision(challenge=challenge or None, issue_tokens=tokens, fail=fail)


def create_challenge(response: Response) -> Asked:
    return Asked(
        public=response.strings("publicChallengeParameters") or {},
        private=response.strings("privateChallengeParameters") or {},
        metadata=response.text("challengeMetadata"),
    )


def verify_challenge(response: Response) -> bool:
    return response.flag("answerCorrect")


def compose_message(response: Response, event: ComposeMessage) -> ComposeMessage | None:
    said = {name: response.text(name) for name in _LONGEST}
    for name, text in said.items():
        if text is None:
            continue
        if len(text) > _LONGEST[name]:
            raise response.wrong(f"{name} is longer than {_LONGEST[name]} characters")
        if name != "emailSubject" and not all(part in text for part in _parameters(event)):
            raise response.wrong(f"{name} lacks the code parameter, or that of the name")
    if event.channel == "sms":
        body, subject = said["smsMessage"], None
    else:
        body, subject = said["emailMessage"], said["emailSubject"]
    if body is None and subject is None:
        return None
    return dataclasses.replace(event, body=body or event.body, subject=subject or event.subject)


def _parameters(event: ComposeMessage) -> Sequence[str]:
    return (CODE, USERNAME) if is_invitation(event) else (CODE,)


def migrate_user(response: Response, event: MigrateUser, pool: Directory) -> MigratedUser | None:
    attributes = response.strings("userAttributes")
    if not attributes:
        return None
    username = attributes.pop("username", None)
    if username not in (None, event.username) and not pool.alias_attributes:
        raise response.wrong("username is another one than was submitted, and no alias")
    status, action = response.text("finalUserStatus"), response.text("messageAction")
    if status not in (None, "CONFIRMED", "RESET_REQUIRED"):
        raise response.wrong("finalUserStatus is neither CONFIRMED nor RESET_REQUIRED")
    if action not in (None, "SUPPRESS", "RESEND"):
        raise response.wrong("messageAction is neither SUPPRESS nor absent")
    mediums = response.texts("desiredDeliveryMediums") or ["SMS"]
    if not set(mediums) <= _MEDIUMS.keys():
        raise response.wrong("desiredDeliveryMediums are EMAIL and SMS")
    if response.flag("enableSMSMFA"):
        raise response.wrong("enableSMSMFA needs a pool with second factors, which this server does not offer yet")
    return MigratedUser(
        attributes=attributes,
        confirmed=status == "CONFIRMED",
        username=username,
        force_alias=response.flag("forceAliasCreation"),
        # Unsaid, it is to be sent.
        welcome=() if action == "SUPPRESS" else tuple(_MEDIUMS[medium] for medium in mediums),
    )
