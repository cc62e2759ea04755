"""pycognito, a client by people who never heard of us: it knows SRP, and checks every token itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from poolhouse.testing.made import MadeClient
from tests.support.live import OTHER_PASSWORD, PASSWORD, Live, refused, unique
from tests.support.server_process import REGION, ROOT


def pycognito(live: Live, client: MadeClient, username: str) -> Any:
    from pycognito import Cognito

    return Cognito(
        client.pool_id,
        client.id,
        username=username,
        client_secret=client.secret,
        boto3_client_kwargs={
            "endpoint_url": live.base_url,
            "region_name": REGION,
            "aws_access_key_id": ROOT[0],
            "aws_secret_access_key": ROOT[1],
        },
    )


@pytest.fixture(params=["public", "secret"])
def client(live: Live, request: pytest.FixtureRequest) -> MadeClient:
    return live.client(live.pool(), GenerateSecret=request.param == "secret")


def registered(live: Live, client: MadeClient) -> Any:
    """A user of pycognito who signed up, confirmed, and signed in by SRP."""
    name = unique()
    user = pycognito(live, client, name)
    user.set_base_attributes(email=f"{name}@example.com", given_name="Jane")
    user.register(name, PASSWORD)
    user.confirm_sign_up(live.code(f"{name}@example.com"), username=name)
    user = pycognito(live, client, name)
    user.authenticate(password=PASSWORD)
    return user


def test_a_user_registers_and_signs_in_by_srp(live: Live, client: MadeClient) -> None:
    user = registered(live, client)

    shown = user.get_user(attr_map={"given_name": "first_name"})

    # pycognito has verified all of it: signature, issuer, audience and use.
    user.verify_tokens()
    assert ("access", "id") == (user.access_claims["token_use"], user.id_claims["token_use"])
    assert (user.username, "Jane", True) == (shown.username, shown.first_name, shown.email_verified)


def test_a_wrong_password_does_not_pass_srp(live: Live, client: MadeClient) -> None:
    user = registered(live, client)

    assert "Incorrect username or password." == refused(
        "NotAuthorizedException", pycognito(live, client, user.username).authenticate, "Wr0ng-Horse!"
    )
    assert "User does not exist." == refused(
        "UserNotFoundException", pycognito(live, client, unique()).authenticate, PASSWORD
    )


def test_a_token_that_is_good_is_kept_and_an_old_one_is_renewed(live: Live, client: MadeClient) -> None:
    user = registered(live, client)
    first = user.access_token

    kept = user.check_token()
    user.renew_access_token()
    renewed = user.access_token
    user.verify_tokens()

    assert not kept
    assert first != renewed
    claims = jwt.decode(renewed, options={"verify_signature": False})
    assert datetime.fromtimestamp(claims["exp"], UTC) - datetime.now(UTC) > timedelta(minutes=59)


def test_the_password_and_the_profile_are_changed(live: Live, client: MadeClient) -> None:
    user = registered(live, client)

    user.update_profile({"given_name": "Janet", "email": f"{user.username}@example.org"})
    user.validate_verification(live.code(f"{user.username}@example.org"))
    user.change_password(PASSWORD, OTHER_PASSWORD)
    again = pycognito(live, client, user.username)
    again.authenticate(password=OTHER_PASSWORD)

    shown = again.get_user()
    assert (f"{user.username}@example.org", True, "Janet") == (shown.email, shown.email_verified, shown.given_name)
    refused("NotAuthorizedException", pycognito(live, client, user.username).authenticate, PASSWORD)


def test_a_forgotten_password_is_replaced_and_the_new_one_passes_srp(live: Live, client: MadeClient) -> None:
    user = registered(live, client)

    user.initiate_forgot_password()
    user.confirm_forgot_password(live.code(f"{user.username}@example.com"), OTHER_PASSWORD)

    pycognito(live, client, user.username).authenticate(password=OTHER_PASSWORD)
    refused("NotAuthorizedException", pycognito(live, client, user.username).authenticate, PASSWORD)


def test_an_invited_user_chooses_a_password_after_srp(live: Live, client: MadeClient) -> None:
    from pycognito.exceptions import ForceChangePasswordException

    name = unique()
    live.aws.admin_create_user(
        UserPoolId=client.pool_id, Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    user = pycognito(live, client, name)

    with pytest.raises(ForceChangePasswordException):
        user.authenticate(password=PASSWORD)
    user.new_password_challenge(PASSWORD, OTHER_PASSWORD)

    assert name == user.get_user().username
    pycognito(live, client, name).authenticate(password=OTHER_PASSWORD)


def test_after_logout_no_token_works(live: Live, client: MadeClient) -> None:
    user = registered(live, client)
    access, refresh = user.access_token, user.refresh_token

    user.logout()

    assert "Access Token has been revoked" == refused("NotAuthorizedException", live.aws.get_user, AccessToken=access)
    user.access_token, user.refresh_token = access, refresh
    assert "Refresh Token has been revoked" == refused("NotAuthorizedException", user.renew_access_token)


def test_an_administrator_signs_users_in_lists_and_deletes_them(live: Live, client: MadeClient) -> None:
    user = registered(live, client)
    administrator = pycognito(live, client, user.username)

    administrator.admin_authenticate(PASSWORD)
    listed = [found.username for found in administrator.get_users()]
    administrator.admin_delete_user()

    assert [user.username] == listed
    refused("UserNotFoundException", live.aws.get_user, AccessToken=administrator.access_token)
