"""A function for every trigger, which writes down what it was told."""

from __future__ import annotations

from typing import Any

TOLD: list[dict[str, Any]] = []


def sources() -> list[str]:
    return [event["triggerSource"] for event in TOLD]


def record(event: dict[str, Any], context: Any) -> dict[str, Any]:
    TOLD.append(event)
    request, response = event["request"], event["response"]
    match event["triggerSource"].partition("_")[0]:
        case "PreSignUp":
            response["autoConfirmUser"] = event["userName"].startswith("auto")
        case "UserMigration":
            if event["userName"].startswith("old"):
                response["userAttributes"] = {"email": "old@example.com", "email_verified": "true"}
                response["finalUserStatus"] = "CONFIRMED"
                response["messageAction"] = "SUPPRESS"
        case "DefineAuthChallenge":
            session = request["session"]
            last = session[-1]["challengeName"] if session else None
            if last == "SRP_A":
                response["challengeName"] = "PASSWORD_VERIFIER"
            elif last == "CUSTOM_CHALLENGE" and session[-1]["challengeResult"]:
                response["issueTokens"] = True
            else:
                response["challengeName"] = "CUSTOM_CHALLENGE"
        case "CreateAuthChallenge":
            response["privateChallengeParameters"] = {"answer": "4"}
        case "VerifyAuthChallengeResponse":
            response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    return event
