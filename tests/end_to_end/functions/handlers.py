"""In Python, in the way of tutorials. Nothing here knows of Poolhouse."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]


def pre_sign_up(event: Event, context: Any) -> Event:
    if event["request"]["userAttributes"].get("email", "").endswith("@blocked.example"):
        raise Exception("This domain is not welcome")
    event["response"]["autoConfirmUser"] = True
    if "email" in event["request"]["userAttributes"]:
        event["response"]["autoVerifyEmail"] = True
    return event


def custom_message(event: Event, context: Any) -> Event:
    if event["triggerSource"] == "CustomMessage_ForgotPassword":
        code = event["request"]["codeParameter"]
        event["response"]["smsMessage"] = f"Your reset code is {code}"
        event["response"]["emailSubject"] = "Reset your password"
        event["response"]["emailMessage"] = f"Hi {event['userName']}, use {code} to reset your password."
    if event["triggerSource"] == "CustomMessage_AdminCreateUser":
        username, code = event["request"]["usernameParameter"], event["request"]["codeParameter"]
        event["response"]["emailSubject"] = "Welcome"
        event["response"]["emailMessage"] = f"Welcome {username}, your first password is {code}"
    return event


def define_auth_challenge(event: Event, context: Any) -> Event:
    session = event["request"]["session"]
    response = event["response"]
    if session and session[-1]["challengeName"] == "CUSTOM_CHALLENGE" and session[-1]["challengeResult"] is True:
        response["issueTokens"] = True
        response["failAuthentication"] = False
    elif len(session) >= 3:
        response["issueTokens"] = False
        response["failAuthentication"] = True
    else:
        response["issueTokens"] = False
        response["failAuthentication"] = False
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event


def create_auth_challenge(event: Event, context: Any) -> Event:
    if event["request"]["challengeName"] == "CUSTOM_CHALLENGE":
        event["response"]["publicChallengeParameters"] = {"question": "How many legs has a spider?"}
        event["response"]["privateChallengeParameters"] = {"answer": "8"}
        event["response"]["challengeMetadata"] = "SPIDER"
    return event


def verify_auth_challenge(event: Event, context: Any) -> Event:
    expected = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == expected
    return event


def pre_token_v1(event: Event, context: Any) -> Event:
    event["response"] = {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {"plan": "gold", "groups": json.dumps(["a"])},
            "claimsToSuppress": ["email"],
        }
    }
    return event


def pre_token_v2(event: Event, context: Any) -> Event:
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"family_name": "Doe"}, "claimsToSuppress": ["email"]},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": {"id": 7, "admins": ["jane"]}},
            "scopesToAdd": ["orders/read"],
            "scopesToSuppress": ["aws.cognito.signin.user.admin"],
        },
        "groupOverrideDetails": {"groupsToOverride": ["readers"]},
    }
    return event


OLD_USERS = {"old-jane": {"password": "Old-passw0rd", "email": "old-jane@example.com"}}


def user_migration(event: Event, context: Any) -> Event:
    user = OLD_USERS.get(event["userName"])
    if event["triggerSource"] == "UserMigration_Authentication":
        if user and user["password"] == event["request"]["password"]:
            event["response"]["userAttributes"] = {"email": user["email"], "email_verified": "true"}
            event["response"]["finalUserStatus"] = "CONFIRMED"
            event["response"]["messageAction"] = "SUPPRESS"
            return event
        raise Exception("Bad password")
    if event["triggerSource"] == "UserMigration_ForgotPassword" and user:
        event["response"]["userAttributes"] = {"email": user["email"], "email_verified": "true"}
        event["response"]["messageAction"] = "SUPPRESS"
        return event
    raise Exception("User does not exist")


CONFIRMED: list[str] = []


def post_confirmation(event: Event, context: Any) -> Event:
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        CONFIRMED.append(event["request"]["userAttributes"]["sub"])
    return event
