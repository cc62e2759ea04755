"""A challenge by functions, alone or after a password that is proven by SRP: one function for its three triggers. The
servers of the tests know it by ``ARN``."""

from __future__ import annotations

from typing import Any

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:riddle"
TRIGGERS = dict.fromkeys(("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"), ARN)
HERE = {ARN: f"python:{__name__}.riddle"}
TRIES = 3

Event = dict[str, Any]


def riddle(event: Event, context: Any) -> Event:
    request, response = event["request"], event["response"]
    match event["triggerSource"]:
        case "DefineAuthChallenge_Authentication":
            response.update(_next(request["session"]))
        case "CreateAuthChallenge_Authentication":
            response["publicChallengeParameters"] = {"question": "How many legs has a spider?"}
            response["privateChallengeParameters"] = {"answer": "8"}
        case _:
            right = request["privateChallengeParameters"]["answer"]
            response["answerCorrect"] = request["challengeAnswer"] == right
    return event


def _next(session: list[dict[str, Any]]) -> dict[str, Any]:
    if session and session[-1]["challengeName"] == "SRP_A":
        return {"challengeName": "PASSWORD_VERIFIER"}
    asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
    if asked and asked[-1]["challengeResult"]:
        return {"issueTokens": True}
    if len(asked) >= TRIES or any(not one["challengeResult"] for one in session if one not in asked):
        return {"failAuthentication": True}
    return {"challengeName": "CUSTOM_CHALLENGE"}
