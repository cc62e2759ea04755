"""What functions are told: our events in the field's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse import (
    ChallengeResult,
    ComposeMessage,
    CreateChallenge,
    DefineChallenge,
    Directory,
    Message,
    MigrateUser,
    PostAuthentication,
    PostConfirmation,
    PreAuthentication,
    PreSignUp,
    PreToken,
    VerifyChallenge,
)

NO_CLIENT: Final = "CLIENT_ID_NOT_APPLICABLE"
_SDK: Final = "aws-sdk-unknown-unknown"
_VERSIONS: Final = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
CODE: Final = "{####}"
USERNAME: Final = "{username}"
_INVITATION: Final = "CustomMessage_AdminCreateUser"
_ALIASES: Final = {"email": "cognito:email_alias", "phone_number": "cognito:phone_number_alias"}


def envelope(
    pool: Directory,
    source: str,
    username: str,
    client_id: str | None,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    version: str = "V1_0",
) -> dict[str, Any]:
    """The event as a function gets it. What is None in ``request`` was not said, and is left out."""
    return {
        "version": _VERSIONS[version],
        "triggerSource": source,
        "region": pool.id.rpartition("_")[0],
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {"awsSdkVersion": _SDK, "clientId": client_id or NO_CLIENT},
        "request": {name: value for name, value in request.items() if value is not None},
        "response": dict(response),
    }


def pre_sign_up(pool: Directory, event: PreSignUp) -> dict[str, Any]:
    request = {
        "userAttributes": dict(event.attributes),
        "validationData": event.validation_data or None,
        "clientMetadata": event.client_metadata or None,
    }
    response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    return envelope(pool, event.source, event.username, event.client_id, request, response)


def post_confirmation(pool: Directory, event: PostConfirmation) -> dict[str, Any]:
    request = {"userAttributes": _known(pool, event.attributes), "clientMetadata": event.client_metadata or None}
    return envelope(pool, event.source, event.username, event.client_id, request, {})


def pre_authentication(pool: Directory, event: PreAuthentication) -> dict[str, Any]:
    request = {
        "userAttributes": _known(pool, event.attributes),
        "validationData": event.validation_data or None,
        "userNotFound": True if event.user_not_found else None,
    }
    return envelope(pool, "PreAuthentication_Authentication", event.username, event.client_id, request, {})


def post_authentication(pool: Directory, event: PostAuthentication) -> dict[str, Any]:
    request = {
        "userAttributes": _known(pool, event.attributes),
        "newDeviceUsed": event.new_device_used,
        "clientMetadata": event.client_metadata or None,
    }
    return envelope(pool, "PostAuthentication_Authentication", event.username, event.client_id, request, {})


def define_challenge(pool: Directory, event: DefineChallenge) -> dict[str, Any]:
    response = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
    return _challenge(pool, "DefineAuthChallenge", event, {"session": _rounds(event.session)}, response)


def create_challenge(pool: Directory, event: CreateChallenge) -> dict[str, Any]:
    more = {"challengeName": event.challenge, "session": _rounds(event.session)}
    response = {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None}
    return _challenge(pool, "CreateAuthChallenge", event, more, response)


def verify_challenge(pool: Directory, event: VerifyChallenge) -> dict[str, Any]:
    more = {"privateChallengeParameters": dict(event.private), "challengeAnswer": event.answer}
    return _challenge(pool, "VerifyAuthChallengeResponse", event, more, {"answerCorrect": None})


def pre_token(pool: Directory, event: PreToken, version: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "userAttributes": _known(pool, event.attributes),
        "groupConfiguration": {
            "groupsToOverride": list(event.groups),
            "iamRolesToOverride": list(event.roles),
            "preferredRole": event.preferred_role,
        },
        "clientMetadata": event.client_metadata or None,
    }
    if version == "V1_0":
        response: dict[str, Any] = {"claimsOverrideDetails": None}
    else:
        request["scopes"] = list(event.scopes)
        response = {"claimsAndScopeOverrideDetails": None}
    return envelope(pool, event.source, event.username, event.client_id, request, response, version)


def migrate_user(pool: Directory, event: MigrateUser) -> dict[str, Any]:
    request = {
        "password": event.password,
        "validationData": event.validation_data or None,
        "clientMetadata": event.client_metadata or None,
    }
    response = dict.fromkeys(
        (
            "userAttributes",
            "forceAliasCreation",
            "enableSMSMFA",
            "finalUserStatus",
            "messageAction",
            "desiredDeliveryMediums",
        )
    )
    return envelope(pool, event.source, event.username, event.client_id, request, response)


def compose_message(pool: Directory, event: ComposeMessage) -> dict[str, Any]:
    request = {
        "userAttributes": _known(pool, event.attributes),
        "codeParameter": CODE,
        "clientMetadata": event.client_metadata or None,
    }
    response = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    said = envelope(pool, event.source, event.username, event.client_id, request, response)
    # Said even where it is nothing.
    said["request"]["usernameParameter"] = USERNAME if is_invitation(event) else None
    return said


def send_message(pool: Directory, message: Message) -> dict[str, Any]:
    """The code is in the clear (decision 0021). Of what a user is only told, the text stands in its place: functions
    send what they find there."""
    word = "Email" if message.channel == "email" else "SMS"
    code = message.body if message.code is None else message.code
    if message.source == _INVITATION:
        code = code.replace("<", "&lt;").replace(">", "&gt;")
    request = {
        "type": f"custom{word}SenderRequestV1",
        "code": code,
        "userAttributes": _known(pool, message.attributes),
        "clientMetadata": message.client_metadata or None,
    }
    source = f"Custom{word}Sender_{message.source.removeprefix('CustomMessage_')}"
    return envelope(pool, source, message.username, message.client_id, request, {})


def is_invitation(event: ComposeMessage) -> bool:
    return event.source == _INVITATION


def _challenge(
    pool: Directory,
    trigger: str,
    event: DefineChallenge | CreateChallenge | VerifyChallenge,
    more: Mapping[str, Any],
    response: Mapping[str, Any],
) -> dict[str, Any]:
    request = {
        "userAttributes": _known(pool, event.attributes),
        **more,
        "clientMetadata": event.client_metadata or None,
        "userNotFound": event.user_not_found,
    }
    return envelope(pool, f"{trigger}_Authentication", event.username, event.client_id, request, response)


def _rounds(session: Sequence[ChallengeResult]) -> list[dict[str, Any]]:
    return [
        {"challengeName": past.name, "challengeResult": past.passed, "challengeMetadata": past.metadata}
        for past in session
    ]


def _known(pool: Directory, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a user who exists, with the names that they hold in a pool with aliases."""
    aliases = {
        spelled: attributes[name]
        for name, spelled in _ALIASES.items()
        if name in pool.alias_attributes and attributes.get(f"{name}_verified") == "true" and attributes.get(name)
    }
    return {**attributes, **aliases}
