"""docs/signing-in.md: its calls run as they are printed, with the codes that are asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from poolhouse.testing import VirtualAuthenticator
from poolhouse.testing.made import MadeClient, MadePool
from tests.docs.pages import Block, blocks
from tests.end_to_end.test_factors import App
from tests.support.live import Live, attributes, unique

PAGE = "docs/signing-in.md"
PASSWORD = "Corr3ct-Horse!"
NOT_RUN = {
    "text": "a drawing",
    "js": "the first is that of docs/from-javascript.md, which is run; the second names the callbacks of a library; "
    "a browser runs the third in test_passkeys.py",
}


def block(holds: str, language: str = "python") -> Block:
    (found,) = [each for each in blocks(PAGE) if each.language == language and holds in each.text]
    return found


class Reader:
    """Types what the page says: ``jane`` is a name of theirs, ``123456`` the code that they see."""

    def __init__(self, live: Live, name: str, **known: Any) -> None:
        self.live = live
        self.name = name
        self.known = {"cognito": live.aws, **known}

    def type(self, holds: str, *codes: str, factor: str = "CHAT_PUSH") -> Any:
        text = block(holds).text.replace('"jane"', repr(self.name)).replace("CHAT_PUSH", factor)
        for code in codes:
            text = text.replace('"123456"', repr(code), 1)
        exec(compile(text, PAGE, "exec"), self.known)
        return self.known.get("reply")

    def curl(self, holds: str, code: str = "", *, factor: str = "CHAT_PUSH", **variables: str) -> Any:
        text = block(holds, "sh").text.replace("http://127.0.0.1:8080", self.live.base_url)
        text = text.replace("CHAT_PUSH", factor)
        text = text.replace('"jane"', json.dumps(self.name)).replace('"123456"', json.dumps(code))
        ended = subprocess.run(
            ["sh", "-c", text], env={**os.environ, **variables}, capture_output=True, text=True, check=True, timeout=60
        )
        return json.loads(ended.stdout)


def made(live: Live, **settings: Any) -> tuple[Reader, MadeClient]:
    """A reader with a pool, and their name in it."""
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = live.client(live.pool(Policies=allowed, **settings), ExplicitAuthFlows=flows)
    name = unique()
    live.aws.admin_create_user(
        UserPoolId=client.pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=attributes(email=f"{name}@example.com", email_verified="true"),
    )
    live.aws.admin_set_user_password(UserPoolId=client.pool_id, Username=name, Password=PASSWORD, Permanent=True)
    return Reader(live, name, client_id=client.id, pool_id=client.pool_id), client


def test_every_block_of_the_page_is_typed_below() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    typed = [match[2] for match in re.finditer(r"\.(?:type|curl)\(([\"'])(.*?)\1", source)]

    assert [] == [
        str(each)
        for each in blocks(PAGE)
        if each.language not in NOT_RUN and not any(holds in each.text for holds in typed)
    ]


def test_an_app_is_set_up_asked_for_lost_and_set_up_in_a_sign_in(live: Live) -> None:
    reader, client = made(live)
    reader.type("SmsMfaConfiguration")
    reader.known["token"] = reader.type('AuthFlow="USER_PASSWORD_AUTH"')["AuthenticationResult"]["AccessToken"]
    app: list[App] = []
    associate = live.aws.associate_software_token

    class Seen:
        """The code is read off the app that the secret was typed into."""

        def __getattr__(self, name: str) -> Any:
            return getattr(live.aws, name)

        def associate_software_token(self, **given: Any) -> Any:
            answer = associate(**given)
            app[:] = [App(answer["SecretCode"])]
            return answer

        def verify_software_token(self, **given: Any) -> Any:
            return live.aws.verify_software_token(**{**given, "UserCode": app[0].code()})

    reader.known["cognito"] = Seen()
    reader.type("associate_software_token(AccessToken=token)")

    asked = reader.type('AuthFlow="USER_PASSWORD_AUTH"')
    assert "SOFTWARE_TOKEN_MFA" == asked["ChallengeName"]
    assert "AuthenticationResult" in reader.type('ChallengeName="SOFTWARE_TOKEN_MFA"', app[0].code())
    asked = reader.curl("Corr3ct-Horse!", CLIENT=client.id)
    answers = {"CLIENT": client.id, "SESSION": asked["Session"]}
    assert "AuthenticationResult" in reader.curl("Service.RespondToAuthChallenge", app[0].code(), **answers)

    live.aws.set_user_pool_mfa_config(
        UserPoolId=client.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    reader.type("admin_set_user_mfa_preference")
    reader.type("admin_delete_software_token")
    assert "MFA_SETUP" == reader.type('AuthFlow="USER_PASSWORD_AUTH"')["ChallengeName"]
    assert "AuthenticationResult" in reader.type("associate_software_token(Session=")


def test_a_number_is_given_where_the_second_factor_needs_one(live: Live) -> None:
    reader, client = made(live)
    live.aws.set_user_pool_mfa_config(
        UserPoolId=client.pool_id,
        MfaConfiguration="ON",
        SmsMfaConfiguration={"SmsAuthenticationMessage": "Your code is {####}."},
    )

    assert "MFA_SETUP" == reader.type('AuthFlow="USER_PASSWORD_AUTH"')["ChallengeName"]
    assert "SMS_MFA" == reader.type('"PHONE_NUMBER": "+491701234567"')["ChallengeName"]


def test_a_recovery_code_stands_in_for_a_lost_app(live: Live) -> None:
    reader, client = made(live)
    reader.type("SmsMfaConfiguration")
    token = live.sign_in(client, reader.name)["AccessToken"]
    app = App(live.aws.associate_software_token(AccessToken=token)["SecretCode"])
    live.aws.verify_software_token(AccessToken=token, UserCode=app.code())
    live.aws.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})

    made_codes = reader.curl("account/recovery-codes", POOL=client.pool_id, TOKEN=token)["codes"]
    asked = reader.type('AuthFlow="USER_PASSWORD_AUTH"')
    assert "true" == asked["ChallengeParameters"]["CAN_USE_RECOVERY_CODE"]
    reader.known["cognito"] = Instead(live, {"7KQM-2FXR": made_codes[0]})

    assert "AuthenticationResult" in reader.type('"RECOVERY_CODE": "7KQM-2FXR"')


class Instead:
    """What a reader has in place of what the page says."""

    def __init__(self, live: Live, words: dict[str, str]) -> None:
        self._live, self._words = live, words

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> Any:
            answers = {key: self._words.get(value, value) for key, value in given["ChallengeResponses"].items()}
            return getattr(self._live.aws, name)(**{**given, "ChallengeResponses": answers})

        return call


def test_the_factor_of_a_plugin_is_set_up_in_a_sign_in_and_with_a_token(live: Live) -> None:
    """An app in its place: this server has no plugin, and ours is registered in the same way."""
    factor = "SOFTWARE_TOKEN_MFA"
    reader, client = made(live)

    class Offering:
        """That an app is offered is no matter of tags."""

        def __getattr__(self, name: str) -> Any:
            return getattr(live.aws, name)

        def set_user_pool_mfa_config(self, **given: Any) -> Any:
            return live.aws.set_user_pool_mfa_config(**given, SoftwareTokenMfaConfiguration={"Enabled": True})

        def respond_to_auth_challenge(self, **given: Any) -> Any:
            answers = given["ChallengeResponses"]
            if "ANSWER" in answers:
                answers["ANSWER"] = App(shown["secret"]).code()
            answer = live.aws.respond_to_auth_challenge(**given)
            shown.update(answer["ChallengeParameters"])
            return answer

    shown: dict[str, str] = {}
    pool = live.aws.describe_user_pool(UserPoolId=client.pool_id)["UserPool"]
    reader.known |= {"cognito": Offering(), "pool_arn": pool["Arn"]}
    token = live.sign_in(client, reader.name)["AccessToken"]
    reader.type("tag_resource", factor=factor)
    assert "MFA_SETUP" == reader.type('AuthFlow="USER_PASSWORD_AUTH"')["ChallengeName"]
    assert "AuthenticationResult" in reader.type('"FACTOR": "CHAT_PUSH", "ANSWER": "123456"', factor=factor)

    known = {"POOL": client.pool_id, "TOKEN": token, "factor": factor}
    begun = reader.curl("-X POST http://127.0.0.1:8080/$POOL/account/factors", **known)
    done = reader.curl("data-urlencode answer", App(begun["shown"]["secret"]).code(), **known)
    assert {"factor": factor, "enabled": True} == done


def test_a_sign_up_without_a_password_goes_on_into_the_app(live: Live) -> None:
    reader, client = made(live, AutoVerifiedAttributes=["email"])
    reader.name = unique()
    reader.known["client_id"] = client.id

    class Waiting:
        """The letter is read before its code is typed."""

        def __getattr__(self, name: str) -> Any:
            return getattr(live.aws, name)

        def sign_up(self, **given: Any) -> Any:
            return live.aws.sign_up(**{**given, "UserAttributes": attributes(email=f"{reader.name}@example.com")})

        def confirm_sign_up(self, **given: Any) -> Any:
            return live.aws.confirm_sign_up(**{**given, "ConfirmationCode": live.code(f"{reader.name}@example.com")})

    reader.known["cognito"] = Waiting()

    assert "AuthenticationResult" in reader.type("signed_up = cognito.sign_up")


def test_a_code_by_mail_begins_a_sign_in(live: Live) -> None:
    reader, _ = made(live)

    class Waiting:
        """Answers once the letter is there."""

        def __getattr__(self, name: str) -> Any:
            return getattr(live.aws, name)

        def respond_to_auth_challenge(self, **given: Any) -> Any:
            code = live.code(f"{reader.name}@example.com")
            answers = {**given["ChallengeResponses"], "EMAIL_OTP_CODE": code}
            return live.aws.respond_to_auth_challenge(**{**given, "ChallengeResponses": answers})

    reader.known["cognito"] = Waiting()

    assert "AuthenticationResult" in reader.type('"PREFERRED_CHALLENGE": "EMAIL_OTP"')


def test_a_passkey_is_registered_and_begins_a_sign_in(live: Live) -> None:
    reader, _ = made(live)
    key, origin = VirtualAuthenticator(), "https://app.example.com"
    reader.known |= {
        "json": json,
        "create": lambda options: key.create(options, origin),
        "get": lambda options: key.get(options, origin),
    }
    reader.type('"RelyingPartyId": "example.com"')
    pool = MadePool(reader.known["pool_id"], "people")
    client = live.client(pool)
    live.aws.admin_create_user(UserPoolId=pool.id, Username=reader.name, MessageAction="SUPPRESS")
    live.aws.admin_set_user_password(UserPoolId=pool.id, Username=reader.name, Password=PASSWORD, Permanent=True)
    reader.known |= {"client_id": client.id, "token": live.sign_in(client, reader.name)["AccessToken"]}

    reader.type("start_web_authn_registration")

    assert "AuthenticationResult" in reader.type('"PREFERRED_CHALLENGE": "WEB_AUTHN"')
    assert "WEB_AUTHN" == reader.curl('"PREFERRED_CHALLENGE": "WEB_AUTHN"', CLIENT=client.id)["ChallengeName"]
