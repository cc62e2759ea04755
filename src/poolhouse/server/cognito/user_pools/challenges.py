"""Sign-ins in the field's encodings: parameters in, challenge parameters out, and what clients call a challenge.

Texts in JSON within texts, ``SECRET_BLOCK``, ``USER_ID_FOR_SRP``, ``userAttributes.`` and CUSTOM_CHALLENGE for what
SDKs have no word for are known here and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from poolhouse.errors import InvalidParameter, InvalidSession, MissingParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.sign_in.begin import Answer
from poolhouse.flows.sign_in.handles import decode_handle
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import (
    AnswerPlugin,
    AnswerStranger,
    BeginDeviceSrp,
    ChooseChallenge,
    ChooseFactor,
    ChooseNewPassword,
    Chosen,
    CodeGiven,
    FactorSetUp,
    Fields,
    GiveCode,
    Given,
    PasswordChosen,
    PasswordGiven,
    ProveDevice,
    ProvePassword,
    Recovering,
    SetUpFactor,
    SrpBegun,
    SrpProof,
    UsePasskey,
)
from poolhouse.flows.sign_in.steps import Opening
from poolhouse.records.factors import RECOVERY_CODE, WEB_AUTHN
from poolhouse.records.names import LONGEST
from poolhouse.server.passkey_options import request_options

Strings = Mapping[str, str]

CUSTOM: Final = "CUSTOM_CHALLENGE"
_VERIFIER: Final = "PASSWORD_VERIFIER"
_DEVICE_VERIFIER: Final = "DEVICE_PASSWORD_VERIFIER"
_SET_UP: Final = "MFA_SETUP"
_PREFIX: Final = "userAttributes."

KNOWN: Final = frozenset(
    {
        CUSTOM,
        "ADMIN_NO_SRP_AUTH",
        _DEVICE_VERIFIER,
        "DEVICE_SRP_AUTH",
        "EMAIL_OTP",
        "MFA_SETUP",
        "NEW_PASSWORD_REQUIRED",
        "PASSWORD",
        "PASSWORD_SRP",
        _VERIFIER,
        "SELECT_CHALLENGE",
        "SELECT_MFA_TYPE",
        "SMS_MFA",
        "SMS_OTP",
        "SOFTWARE_TOKEN_MFA",
        WEB_AUTHN,
    }
)
"""Challenges that the field's clients know by name."""
_SECONDS: Final = frozenset({"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE"})
"""Those of them that ask for a second factor. A plugin's is a custom challenge, whose fields go in as they are."""
_CONTACTS: Final = {"EMAIL": "EMAIL_OTP", "PHONE_NUMBER": "SMS_MFA"}
_RECOVERABLE: Final = "CAN_USE_RECOVERY_CODE"

_LONGEST_TIMESTAMP: Final = 32
_LONGEST_DEVICE_KEY: Final = 55
"""Where a device's key is a member of its own, the model has this bound."""
_MONTHS: Final = {
    name: n
    for n, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_TIMESTAMP: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    r"(?:UTC|GMT) ([0-9]{4})"
)


# --- in --------------------------------------------------------------------------------------------------------------


def opening(flow: str, parameters: Strings, metadata: Strings, handle: str | None = None, *, by_admin: bool) -> Opening:
    """The first request of a sign-in. Raises ``InvalidParameter`` for what is too long to be a device's key."""
    return Opening(
        flow=flow,
        username=parameters.get("USERNAME"),
        password=parameters.get("PASSWORD"),
        srp_a=parameters.get("SRP_A"),
        begins_with_srp=parameters.get("CHALLENGE_NAME") == "SRP_A",
        preferred=parameters.get("PREFERRED_CHALLENGE"),
        device_key=_device_key(parameters),
        handle=handle,
        secret_hash=parameters.get("SECRET_HASH"),
        metadata=metadata,
        by_admin=by_admin,
    )


def answer(challenge: str, handle: str | None, responses: Strings, metadata: Strings) -> Answer:
    """The answer to a challenge. The secret block of SRP stands for a session that was not sent.

    Raises ``InvalidParameter`` for what is missing or unreadable, ``InvalidSession``.
    """
    username = _required(responses, "USERNAME")
    # The model bounds the texts of this map by twice the size of a body, and names are compared by what they mean.
    if len(username) > LONGEST:
        raise InvalidParameter(Reason.USERNAME_TOO_LONG)
    if challenge in (_VERIFIER, _DEVICE_VERIFIER):
        block = _required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
        handle = block if handle is None else handle
    if handle is None:
        raise MissingParameter("Session")
    if challenge == _SET_UP:
        handle, _ = session(handle)
    read = _READ.get(challenge)
    if challenge in _SECONDS and responses.get(RECOVERY_CODE):
        read = _recovering
    return Answer(
        meant=_meant(challenge, responses),
        handle=handle,
        username=username,
        given=Fields(responses) if read is None else read(responses),
        srp_a=responses.get("SRP_A"),
        device_key=_device_key(responses),
        secret_hash=responses.get("SECRET_HASH"),
        metadata=metadata,
    )


def session(text: str) -> tuple[str, str]:
    """The handle and the pool's id, of a session in which a factor is set up: those operations name no client. Raises
    ``InvalidSession``."""
    handle, point, pool_id = text.partition(".")
    if not point or not pool_id:
        raise InvalidSession
    return handle, pool_id


def session_text(handle: str, pool_id: str) -> str:
    return f"{handle}.{pool_id}"


def _meant(said: str, responses: Strings) -> Callable[[str], bool]:
    if said == "SELECT_CHALLENGE" and responses.get("ANSWER") == WEB_AUTHN and responses.get("CREDENTIAL"):
        # The choice together with the answer to what was asked before it (contract: authentication, 7.4).
        return lambda name: name in (said, WEB_AUTHN)
    return lambda name: said in (name, _called(name))


def _called(name: str) -> str:
    """What clients call a challenge: those that they have no word for are custom ones to them."""
    return name if name in KNOWN else CUSTOM


def _proof(responses: Strings) -> Given:
    signature = _required(responses, "PASSWORD_CLAIM_SIGNATURE")
    block = decode_handle(_required(responses, "PASSWORD_CLAIM_SECRET_BLOCK"))
    timestamp = _required(responses, "TIMESTAMP")
    at = _seconds(timestamp)
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        # A wrong signature like any other.
        signed = b""
    return SrpProof(signed, block, timestamp, at)


def _device_proof(responses: Strings) -> Given:
    _required(responses, "DEVICE_KEY")
    return _proof(responses)


def _device_begun(responses: Strings) -> Given:
    _required(responses, "DEVICE_KEY")
    return SrpBegun(_required(responses, "SRP_A"))


def _chosen_password(responses: Strings) -> Given:
    password = _required(responses, "NEW_PASSWORD")
    attributes = {
        key.removeprefix(_PREFIX): value for key, value in responses.items() if key.startswith(_PREFIX) and value
    }
    return PasswordChosen(password, attributes)


def _choice(responses: Strings) -> Given:
    return Chosen(
        _required(responses, "ANSWER"), responses.get("PASSWORD"), responses.get("SRP_A"), responses.get("CREDENTIAL")
    )


def _factor_choice(responses: Strings) -> Given:
    # The model's text says EMAIL_MFA, too.
    answer = _required(responses, "ANSWER")
    if answer == RECOVERY_CODE:
        return Recovering()
    return Chosen("EMAIL_OTP" if answer == "EMAIL_MFA" else answer)


def _recovering(responses: Strings) -> Given:
    """The field has no word for it: a code of ours among the answers to what it has one for."""
    return Recovering(_required(responses, RECOVERY_CODE))


def _set_up(responses: Strings) -> Given:
    """Clients of the field send an e-mail address to set that up by; a telephone number is in our own words."""
    for member, factor in _CONTACTS.items():
        if contact := responses.get(member):
            return FactorSetUp(factor, contact=contact.strip())
    return FactorSetUp(responses.get("FACTOR"), responses.get("ANSWER"), responses.get("FRIENDLY_DEVICE_NAME"))


def _code(member: str) -> Callable[[Strings], Given]:
    return lambda responses: CodeGiven(_required(responses, member).strip())


_READ: Final[Mapping[str, Callable[[Strings], Given]]] = {
    _VERIFIER: _proof,
    _DEVICE_VERIFIER: _device_proof,
    "DEVICE_SRP_AUTH": _device_begun,
    "NEW_PASSWORD_REQUIRED": _chosen_password,
    "PASSWORD": lambda responses: PasswordGiven(_required(responses, "PASSWORD")),
    "PASSWORD_SRP": lambda responses: SrpBegun(_required(responses, "SRP_A")),
    "SELECT_CHALLENGE": _choice,
    "SELECT_MFA_TYPE": _factor_choice,
    WEB_AUTHN: lambda responses: Chosen(WEB_AUTHN, credential=_required(responses, "CREDENTIAL")),
    _SET_UP: _set_up,
    **{name: _code(f"{name}_CODE") for name in ("SMS_MFA", "EMAIL_OTP", "SMS_OTP", "SOFTWARE_TOKEN_MFA")},
}


def _required(values: Strings, name: str) -> str:
    value = values.get(name)
    if not value:
        raise MissingParameter(name)
    return value


def _device_key(values: Strings) -> str | None:
    # It is kept with the question, and anybody can be asked one.
    key = values.get("DEVICE_KEY")
    if key is not None and len(key) > _LONGEST_DEVICE_KEY:
        raise InvalidParameter(Reason.DEVICE_KEY_TOO_LONG)
    return key


def _seconds(timestamp: str) -> float:
    """Epoch seconds of the clients' form ``Tue Sep 5 02:05:06 UTC 2023``. Raises ``InvalidParameter``."""
    match = _TIMESTAMP.fullmatch(timestamp) if len(timestamp) <= _LONGEST_TIMESTAMP else None
    if match is None or match[1] not in _MONTHS or match[6] == "0000":
        raise InvalidParameter(Reason.TIMESTAMP_FORM)
    _, day, hour, minute, second, year = match.groups()
    return float(
        calendar.timegm((int(year), _MONTHS[match[1]], int(day), int(hour), int(minute), int(second), 0, 0, 0))
    )


# --- out -------------------------------------------------------------------------------------------------------------


def asked(asking: Asking) -> dict[str, Any]:
    """The answer of an operation that has to ask something."""
    question = asking.question
    name = asking.challenge
    if isinstance(question, AnswerStranger):
        name = question.public_name or name
    shown: dict[str, Any] = {
        "ChallengeName": _called(name),
        "Session": _session_of(asking),
        "ChallengeParameters": _parameters(asking),
    }
    if isinstance(question, ChooseChallenge):
        shown["AvailableChallenges"] = list(question.available)
    return shown


def _session_of(asking: Asking) -> str:
    question = asking.question
    return session_text(asking.handle, question.pool_id) if isinstance(question, SetUpFactor) else asking.handle


def _parameters(asking: Asking) -> dict[str, str]:
    match asking.question:
        case ProvePassword() as proof:
            return {
                "SALT": proof.salt,
                "SECRET_BLOCK": base64.b64encode(decode_handle(asking.handle)).decode(),
                "SRP_B": proof.big_b,
                "USERNAME": proof.identity,
                "USER_ID_FOR_SRP": proof.identity,
            }
        case BeginDeviceSrp() as begun:
            return {"USERNAME": begun.username, "DEVICE_KEY": begun.device_key}
        case ProveDevice() as device:
            return {
                "SALT": device.salt,
                "SECRET_BLOCK": base64.b64encode(decode_handle(asking.handle)).decode(),
                "SRP_B": device.big_b,
                "USERNAME": device.username,
                "DEVICE_KEY": device.device_key,
            }
        case ChooseNewPassword() as chosen:
            return {
                "USER_ID_FOR_SRP": chosen.username,
                "requiredAttributes": json.dumps([_PREFIX + name for name in chosen.missing]),
                "userAttributes": json.dumps(dict(chosen.attributes)),
            }
        case GiveCode() as code:
            return _code_parameters(code)
        case UsePasskey() as passkey:
            return {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(request_options(passkey))}
        case ChooseFactor() as choice:
            can_choose = json.dumps(choice.factors)
            return {"USER_ID_FOR_SRP": choice.username, "MFAS_CAN_CHOOSE": can_choose, **_recoverable(choice)}
        case SetUpFactor() as set_up:
            needed = {} if set_up.factor is None else {**set_up.shown, "FACTOR": set_up.factor}
            return {**needed, "USER_ID_FOR_SRP": set_up.username, "MFAS_CAN_SETUP": json.dumps(set_up.factors)}
        case AnswerPlugin() as plugin:
            return {"USERNAME": plugin.username, **plugin.shown}
        case AnswerStranger() as stranger:
            return dict(stranger.shown)
        case _:
            return {}


def _code_parameters(code: GiveCode) -> dict[str, str]:
    shown = {**code.shown, **_recoverable(code), "USER_ID_FOR_SRP": code.username}
    if code.label is not None:
        shown["FRIENDLY_DEVICE_NAME"] = code.label
    if code.delivery is not None:
        shown["CODE_DELIVERY_DELIVERY_MEDIUM"] = code.delivery.medium
        shown["CODE_DELIVERY_DESTINATION"] = code.delivery.destination
    return shown


def _recoverable(question: GiveCode | ChooseFactor) -> dict[str, str]:
    return {_RECOVERABLE: "true"} if question.recoverable else {}
