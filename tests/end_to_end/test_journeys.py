"""What people do with the AWS SDK for Python, from the first call to the last, over a socket and a real store."""

from __future__ import annotations

import jwt
import pytest

from poolhouse.testing.made import MadeClient, MadePool
from tests.support.live import (
    OTHER_PASSWORD,
    PASSWORD,
    Live,
    Stranger,
    attributes,
    refused,
    unique,
    values,
)


@pytest.fixture
def pool(live: Live) -> MadePool:
    return live.pool()


@pytest.fixture
def client(live: Live, pool: MadePool) -> MadeClient:
    return live.client(pool)


# --- sign-up ---------------------------------------------------------------------------------------------------------


def test_a_user_signs_up_confirms_and_signs_in(live: Live, client: MadeClient) -> None:
    name = unique()
    address = f"{name}@example.com"

    signed_up = live.aws.sign_up(
        ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(email=address)
    )
    too_early = refused("UserNotConfirmedException", live.sign_in, client, name)
    wrong = refused(
        "CodeMismatchException",
        live.aws.confirm_sign_up,
        ClientId=client.id,
        Username=name,
        ConfirmationCode="x" + live.code(address),
    )
    live.aws.confirm_sign_up(ClientId=client.id, Username=name, ConfirmationCode=live.code(address))
    shown = live.aws.get_user(AccessToken=live.sign_in(client, name)["AccessToken"])

    assert False is signed_up["UserConfirmed"]
    assert {"Destination": f"{name[0]}***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"} == signed_up[
        "CodeDeliveryDetails"
    ]
    assert "User is not confirmed." == too_early
    assert "Invalid verification code provided, please try again." == wrong
    assert name == shown["Username"]
    assert {"sub": signed_up["UserSub"], "email": address, "email_verified": "true"} == values(shown["UserAttributes"])


def test_a_second_code_replaces_the_first(live: Live, client: MadeClient) -> None:
    name = unique()
    address = f"{name}@example.com"
    live.aws.sign_up(ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(email=address))
    first = live.code(address)

    live.aws.resend_confirmation_code(ClientId=client.id, Username=name)
    second = live.code(address)
    if first != second:
        refused(
            "CodeMismatchException",
            live.aws.confirm_sign_up,
            ClientId=client.id,
            Username=name,
            ConfirmationCode=first,
        )
    live.aws.confirm_sign_up(ClientId=client.id, Username=name, ConfirmationCode=second)

    assert 2 == len(live.messages(address))
    assert live.sign_in(client, name)["AccessToken"]


def test_a_taken_name_a_weak_password_and_a_missing_client_are_refused(live: Live, client: MadeClient) -> None:
    name = live.user(client)

    taken = refused("UsernameExistsException", live.user, client, name)
    weak = refused(
        "InvalidPasswordException", live.aws.sign_up, ClientId=client.id, Username=unique(), Password="short"
    )
    refused("ResourceNotFoundException", live.aws.sign_up, ClientId="a" * 26, Username=unique(), Password=PASSWORD)

    assert "User already exists" == taken
    assert "Password did not conform with policy: Password not long enough" == weak


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_stranger_verifies_the_tokens_by_the_issuer_alone(live: Live, pool: MadePool, client: MadeClient) -> None:
    name = live.user(client)
    sub = values(live.aws.admin_get_user(UserPoolId=pool.id, Username=name)["UserAttributes"])["sub"]
    stranger = Stranger(f"{live.base_url}/{pool.id}")

    tokens = live.sign_in(client, name)
    access = stranger.verified(tokens["AccessToken"])
    identity = stranger.verified(tokens["IdToken"], audience=client.id)

    assert {"kid", "alg"} == jwt.get_unverified_header(tokens["IdToken"]).keys()
    assert ("access", client.id, name, sub) == tuple(access[c] for c in ("token_use", "client_id", "username", "sub"))
    assert "aws.cognito.signin.user.admin" == access["scope"]
    assert ("id", name, sub) == tuple(identity[c] for c in ("token_use", "cognito:username", "sub"))
    assert (f"{name}@example.com", True) == (identity["email"], identity["email_verified"])
    assert 3600 == access["exp"] - access["iat"] == int(tokens["ExpiresIn"])
    assert access["origin_jti"] == identity["origin_jti"] != access["jti"]


def test_a_token_that_was_changed_is_nobodys(live: Live, pool: MadePool, client: MadeClient) -> None:
    token = live.sign_in(client, live.user(client))["AccessToken"]
    head, claims, signature = token.split(".")
    changed = f"{head}.{claims}.{'A' * len(signature)}"

    said = refused("NotAuthorizedException", live.aws.get_user, AccessToken=changed)

    assert "Invalid Access Token" == said
    with pytest.raises(jwt.InvalidSignatureError):
        Stranger(f"{live.base_url}/{pool.id}").verified(changed)


def test_an_id_token_opens_nothing(live: Live, client: MadeClient) -> None:
    tokens = live.sign_in(client, live.user(client))

    assert "Invalid Access Token" == refused("NotAuthorizedException", live.aws.get_user, AccessToken=tokens["IdToken"])


def test_both_refreshes_give_new_tokens_of_the_same_sign_in(live: Live, pool: MadePool, client: MadeClient) -> None:
    first = live.sign_in(client, live.user(client))
    stranger = Stranger(f"{live.base_url}/{pool.id}")

    by_auth = live.refresh(client, first["RefreshToken"])
    by_token = live.aws.get_tokens_from_refresh_token(ClientId=client.id, RefreshToken=first["RefreshToken"])[
        "AuthenticationResult"
    ]

    kept = ("sub", "origin_jti", "event_id", "auth_time")
    claims = [stranger.verified(tokens["AccessToken"]) for tokens in (first, by_auth, by_token)]
    assert 1 == len({tuple(said[name] for name in kept) for said in claims})
    assert 3 == len({said["jti"] for said in claims})
    assert "RefreshToken" not in by_auth
    assert "RefreshToken" not in by_token


def test_a_rotated_refresh_token_is_replaced_and_refused_afterwards(live: Live, pool: MadePool) -> None:
    client = live.client(
        pool,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    first = live.sign_in(client, live.user(client))["RefreshToken"]
    refresh = live.aws.get_tokens_from_refresh_token

    second = refresh(ClientId=client.id, RefreshToken=first)["AuthenticationResult"]["RefreshToken"]
    refused("RefreshTokenReuseException", refresh, ClientId=client.id, RefreshToken=first)
    third = refresh(ClientId=client.id, RefreshToken=second)["AuthenticationResult"]

    assert 3 == len({first, second, third["RefreshToken"]})
    assert live.aws.get_user(AccessToken=third["AccessToken"])


def test_a_rotated_refresh_token_gives_the_same_successor_within_the_grace(live: Live, pool: MadePool) -> None:
    client = live.client(
        pool,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
    )
    first = live.sign_in(client, live.user(client))["RefreshToken"]
    refresh = live.aws.get_tokens_from_refresh_token

    successors = {
        refresh(ClientId=client.id, RefreshToken=first)["AuthenticationResult"]["RefreshToken"] for _ in range(3)
    }

    assert 1 == len(successors - {first})
    refused("UnsupportedOperationException", live.refresh, client, first)


def test_revocation_ends_one_sign_in_and_no_other(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    ended, other = live.sign_in(client, name), live.sign_in(client, name)

    live.aws.revoke_token(ClientId=client.id, Token=ended["RefreshToken"])
    live.aws.revoke_token(ClientId=client.id, Token=ended["RefreshToken"])

    assert "Access Token has been revoked" == refused(
        "NotAuthorizedException", live.aws.get_user, AccessToken=ended["AccessToken"]
    )
    assert "Refresh Token has been revoked" == refused(
        "NotAuthorizedException", live.refresh, client, ended["RefreshToken"]
    )
    assert live.aws.get_user(AccessToken=other["AccessToken"])
    assert live.refresh(client, other["RefreshToken"])["AccessToken"]
    refused("UnsupportedTokenTypeException", live.aws.revoke_token, ClientId=client.id, Token=other["AccessToken"])


# --- the own record --------------------------------------------------------------------------------------------------


def test_a_changed_address_is_verified_by_a_code(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]
    address = f"{name}@example.org"

    updated = live.aws.update_user_attributes(
        AccessToken=token, UserAttributes=attributes(email=address, given_name="Jane")
    )
    between = values(live.aws.get_user(AccessToken=token)["UserAttributes"])
    live.aws.verify_user_attribute(AccessToken=token, AttributeName="email", Code=live.code(address))
    after = values(live.aws.get_user(AccessToken=token)["UserAttributes"])

    assert ["email"] == [sent["AttributeName"] for sent in updated["CodeDeliveryDetailsList"]]
    assert (address, "false", "Jane") == (between["email"], between["email_verified"], between["given_name"])
    assert (address, "true", "Jane") == (after["email"], after["email_verified"], after["given_name"])


def test_a_code_for_an_address_can_be_asked_for_again(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]
    address = f"{name}@example.org"
    live.aws.update_user_attributes(AccessToken=token, UserAttributes=attributes(email=address))

    live.aws.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    live.aws.verify_user_attribute(AccessToken=token, AttributeName="email", Code=live.code(address))

    assert 2 == len(live.messages(address))
    assert "true" == values(live.aws.get_user(AccessToken=token)["UserAttributes"])["email_verified"]


def test_with_verification_before_update_the_old_address_stays_until_the_code_came(live: Live) -> None:
    pool = live.pool(UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]})
    client = live.client(pool)
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]
    address = f"{name}@example.org"

    live.aws.update_user_attributes(AccessToken=token, UserAttributes=attributes(email=address))
    between = values(live.aws.get_user(AccessToken=token)["UserAttributes"])
    live.aws.verify_user_attribute(AccessToken=token, AttributeName="email", Code=live.code(address))
    after = values(live.aws.get_user(AccessToken=token)["UserAttributes"])

    assert (f"{name}@example.com", "true") == (between["email"], between["email_verified"])
    assert (address, "true") == (after["email"], after["email_verified"])


def test_a_changed_password_replaces_the_old_one_and_keeps_the_tokens(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]

    live.aws.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)

    assert "Incorrect username or password." == refused("NotAuthorizedException", live.sign_in, client, name)
    assert live.sign_in(client, name, OTHER_PASSWORD)
    assert live.aws.get_user(AccessToken=token)


def test_a_forgotten_password_is_replaced_by_a_code(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    address = f"{name}@example.com"

    sent = live.aws.forgot_password(ClientId=client.id, Username=name)
    still = live.sign_in(client, name)
    confirm = {"ClientId": client.id, "Username": name, "ConfirmationCode": live.code(address)}
    refused("InvalidPasswordException", live.aws.confirm_forgot_password, **confirm, Password="short1")
    live.aws.confirm_forgot_password(**confirm, Password=OTHER_PASSWORD)
    spent = refused("ExpiredCodeException", live.aws.confirm_forgot_password, **confirm, Password=PASSWORD)

    assert "email" == sent["CodeDeliveryDetails"]["AttributeName"]
    assert still["AccessToken"]
    assert "Invalid code provided, please request a code again." == spent
    refused("NotAuthorizedException", live.sign_in, client, name)
    assert live.sign_in(client, name, OTHER_PASSWORD)


def test_global_sign_out_ends_every_sign_in_and_not_the_next(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    before = [live.sign_in(client, name) for _ in range(2)]

    live.aws.global_sign_out(AccessToken=before[0]["AccessToken"])

    for tokens in before:
        assert "Access Token has been revoked" == refused(
            "NotAuthorizedException", live.aws.get_user, AccessToken=tokens["AccessToken"]
        )
        assert "Refresh Token has been revoked" == refused(
            "NotAuthorizedException", live.refresh, client, tokens["RefreshToken"]
        )
    assert live.aws.get_user(AccessToken=live.sign_in(client, name)["AccessToken"])


def test_a_deleted_user_is_gone_and_the_name_is_free(live: Live, client: MadeClient) -> None:
    name = live.user(client)
    tokens = live.sign_in(client, name)

    live.aws.delete_user(AccessToken=tokens["AccessToken"])

    assert "User does not exist." == refused(
        "UserNotFoundException", live.aws.get_user, AccessToken=tokens["AccessToken"]
    )
    refused("NotAuthorizedException", live.refresh, client, tokens["RefreshToken"])
    assert live.sign_in(client, live.user(client, name))


# --- administration --------------------------------------------------------------------------------------------------


def test_groups_are_claims_of_the_next_tokens(live: Live, pool: MadePool, client: MadeClient) -> None:
    name = live.user(client)
    role = "arn:aws:iam::123456789012:role/crew"
    live.aws.create_group(UserPoolId=pool.id, GroupName="crew", Precedence=1, RoleArn=role)
    live.aws.create_group(UserPoolId=pool.id, GroupName="guests", Precedence=2)
    stranger = Stranger(f"{live.base_url}/{pool.id}")
    without = live.sign_in(client, name)

    for group in ("guests", "crew", "crew"):
        live.aws.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName=group)
    tokens = live.refresh(client, without["RefreshToken"])
    listed = live.aws.admin_list_groups_for_user(UserPoolId=pool.id, Username=name)["Groups"]
    members = live.aws.list_users_in_group(UserPoolId=pool.id, GroupName="crew")["Users"]
    live.aws.delete_group(UserPoolId=pool.id, GroupName="crew")
    after = stranger.verified(live.refresh(client, without["RefreshToken"])["AccessToken"])

    identity = stranger.verified(tokens["IdToken"], audience=client.id)
    assert "cognito:groups" not in stranger.verified(without["AccessToken"])
    assert ["crew", "guests"] == stranger.verified(tokens["AccessToken"])["cognito:groups"]
    assert ["crew", "guests"] == identity["cognito:groups"]
    assert ([role], role) == (identity["cognito:roles"], identity["cognito:preferred_role"])
    assert {"crew", "guests"} == {group["GroupName"] for group in listed}
    assert [name] == [user["Username"] for user in members]
    assert ["guests"] == after["cognito:groups"]


def test_users_are_listed_by_filter_and_by_page(live: Live, pool: MadePool) -> None:
    names = [f"user-{number}" for number in range(7)]
    for name in names:
        live.aws.admin_create_user(
            UserPoolId=pool.id,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=attributes(email=f"{name}@example.com", given_name="Ann" if name < "user-3" else "Bob"),
        )

    def found(text: str) -> set[str]:
        return {user["Username"] for user in live.aws.list_users(UserPoolId=pool.id, Filter=text)["Users"]}

    pages = list(live.aws.get_paginator("list_users").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 3}))
    by_page = [user["Username"] for page in pages for user in page["Users"]]
    narrow = live.aws.list_users(UserPoolId=pool.id, AttributesToGet=["email"], Limit=1)["Users"][0]

    assert sorted(names) == sorted(by_page)
    assert [3, 3, 1] == [len(page["Users"]) for page in pages]
    assert {"user-5"} == found('username = "user-5"')
    assert {"user-5"} == found('email = "USER-5@example.com"')
    assert {"user-0", "user-1", "user-2"} == found('given_name ^= "a"')
    assert set(names) == found('cognito:user_status = "force_change_password"') == found('status = "Enabled"')
    assert set() == found('email = "nobody@example.com"')
    assert {"email"} == values(narrow["Attributes"]).keys()
    refused("InvalidParameterException", found, "email ~ 5")
    assert "Invalid search attribute: shoe_size" == refused("InvalidParameterException", found, 'shoe_size = "9"')


def test_an_invited_user_chooses_a_password_at_the_first_sign_in(
    live: Live, pool: MadePool, client: MadeClient
) -> None:
    name = unique()
    address = f"{name}@example.com"
    made = live.aws.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        UserAttributes=attributes(email=address, email_verified="true"),
        DesiredDeliveryMediums=["EMAIL"],
    )["User"]
    temporary = live.code(address)

    asked = live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": temporary},
    )
    answer = {
        "ClientId": client.id,
        "ChallengeName": asked["ChallengeName"],
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": PASSWORD},
    }
    tokens = live.aws.respond_to_auth_challenge(**answer)["AuthenticationResult"]
    refused("NotAuthorizedException", live.aws.respond_to_auth_challenge, **answer)
    refused("NotAuthorizedException", live.sign_in, client, name, temporary)

    assert ("FORCE_CHANGE_PASSWORD", True) == (made["UserStatus"], made["Enabled"])
    assert "NEW_PASSWORD_REQUIRED" == asked["ChallengeName"]
    assert "CONFIRMED" == live.aws.admin_get_user(UserPoolId=pool.id, Username=name)["UserStatus"]
    assert live.aws.get_user(AccessToken=tokens["AccessToken"])
    assert live.sign_in(client, name)


def test_a_user_chooses_how_to_sign_in(live: Live, pool: MadePool) -> None:
    client = live.client(pool, ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    name = live.user(client)

    offered = live.aws.initiate_auth(ClientId=client.id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": name})
    asked = live.aws.respond_to_auth_challenge(
        ClientId=client.id,
        ChallengeName=offered["ChallengeName"],
        Session=offered["Session"],
        ChallengeResponses={"USERNAME": name, "ANSWER": "PASSWORD"},
    )
    tokens = live.aws.respond_to_auth_challenge(
        ClientId=client.id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    preferred = {"USERNAME": name, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}
    at_once = live.aws.initiate_auth(ClientId=client.id, AuthFlow="USER_AUTH", AuthParameters=preferred)

    assert ("SELECT_CHALLENGE", ["PASSWORD", "PASSWORD_SRP"]) == (
        offered["ChallengeName"],
        offered["AvailableChallenges"],
    )
    assert "PASSWORD" == asked["ChallengeName"]
    assert live.aws.get_user(AccessToken=tokens["AccessToken"])
    assert at_once["AuthenticationResult"]["RefreshToken"]


def test_an_administrator_signs_a_user_in_changes_and_disables_and_deletes_them(
    live: Live, pool: MadePool, client: MadeClient
) -> None:
    name = live.user(client)
    user = {"UserPoolId": pool.id, "Username": name}
    tokens = live.aws.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=client.id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]

    live.aws.admin_update_user_attributes(**user, UserAttributes=attributes(nickname="Jay"))
    nickname = values(live.aws.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"])["nickname"]
    live.aws.admin_set_user_password(**user, Password=OTHER_PASSWORD, Permanent=True)
    live.aws.admin_disable_user(**user)
    refused("NotAuthorizedException", live.aws.get_user, AccessToken=tokens["AccessToken"])
    refused("NotAuthorizedException", live.refresh, client, tokens["RefreshToken"])
    disabled = refused("NotAuthorizedException", live.sign_in, client, name, OTHER_PASSWORD)
    live.aws.admin_enable_user(**user)
    again = live.sign_in(client, name, OTHER_PASSWORD)
    live.aws.admin_user_global_sign_out(**user)
    refused("NotAuthorizedException", live.aws.get_user, AccessToken=again["AccessToken"])
    live.aws.admin_delete_user(**user)

    assert "Jay" == nickname
    assert "User is disabled." == disabled
    refused("UserNotFoundException", live.aws.admin_get_user, **user)


def test_a_user_whose_password_was_reset_needs_the_code(live: Live, pool: MadePool, client: MadeClient) -> None:
    name = live.user(client)
    address = f"{name}@example.com"

    live.aws.admin_reset_user_password(UserPoolId=pool.id, Username=name)
    said = refused("PasswordResetRequiredException", live.sign_in, client, name)
    live.aws.confirm_forgot_password(
        ClientId=client.id, Username=name, ConfirmationCode=live.code(address), Password=OTHER_PASSWORD
    )

    assert "Password reset required for the user" == said
    assert live.sign_in(client, name, OTHER_PASSWORD)


def test_a_pool_and_a_client_can_be_changed_listed_and_deleted(live: Live, pool: MadePool) -> None:
    client = live.client(pool)
    name = live.user(client)
    live.aws.update_user_pool_client(
        UserPoolId=pool.id, ClientId=client.id, ClientName="renamed", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )

    described = live.aws.describe_user_pool_client(UserPoolId=pool.id, ClientId=client.id)["UserPoolClient"]
    refused("InvalidParameterException", live.sign_in, client, name)
    pools = [
        found["Id"]
        for page in live.aws.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 5})
        for found in page["UserPools"]
    ]
    live.aws.delete_user_pool_client(UserPoolId=pool.id, ClientId=client.id)
    refused("ResourceNotFoundException", live.sign_in, client, name)
    live.aws.delete_user_pool(UserPoolId=pool.id)

    assert "renamed" == described["ClientName"]
    assert 1 == pools.count(pool.id)
    refused("ResourceNotFoundException", live.aws.describe_user_pool, UserPoolId=pool.id)


# --- other pools and clients -----------------------------------------------------------------------------------------


def test_with_an_alias_one_signs_in_by_address_once_it_is_verified(live: Live) -> None:
    pool = live.pool(AliasAttributes=["email"])
    client = live.client(pool)
    name = unique()
    address = f"{name}@example.com"
    live.aws.sign_up(ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(email=address))

    before = refused("UserNotFoundException", live.sign_in, client, address)
    live.aws.confirm_sign_up(ClientId=client.id, Username=name, ConfirmationCode=live.code(address))
    tokens = live.sign_in(client, address)

    assert "User does not exist." == before
    assert name == Stranger(f"{live.base_url}/{pool.id}").verified(tokens["AccessToken"])["username"]
    assert live.sign_in(client, name)


def test_a_taken_alias_is_refused_at_confirmation_or_moved_by_force(live: Live) -> None:
    pool = live.pool(AliasAttributes=["email"])
    client = live.client(pool)
    first, second = unique(), unique()
    address = f"{first}@example.com"
    live.user(client, first, email=address)
    live.aws.sign_up(ClientId=client.id, Username=second, Password=PASSWORD, UserAttributes=attributes(email=address))
    confirm = {"ClientId": client.id, "Username": second, "ConfirmationCode": live.code(address)}

    taken = refused("AliasExistsException", live.aws.confirm_sign_up, **confirm)
    live.aws.confirm_sign_up(**confirm, ForceAliasCreation=True)

    stranger = Stranger(f"{live.base_url}/{pool.id}")
    assert "An account with the email already exists." == taken
    assert second == stranger.verified(live.sign_in(client, address)["AccessToken"])["username"]
    loser = live.aws.admin_get_user(UserPoolId=pool.id, Username=first)
    assert "false" == values(loser["UserAttributes"])["email_verified"]
    assert live.sign_in(client, first)


def test_where_the_address_is_the_name_it_is_unique_and_the_user_has_an_id_for_a_name(live: Live) -> None:
    pool = live.pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    client = live.client(pool)
    address = f"{unique('Jane')}@Example.com"

    live.user(client, address, email=address.lower())
    tokens = live.sign_in(client, address.upper())
    taken = refused(
        "UsernameExistsException", live.aws.sign_up, ClientId=client.id, Username=address, Password=PASSWORD
    )
    no_address = refused(
        "InvalidParameterException", live.aws.sign_up, ClientId=client.id, Username="jane", Password=PASSWORD
    )

    claims = Stranger(f"{live.base_url}/{pool.id}").verified(tokens["AccessToken"])
    assert claims["sub"] == claims["username"]
    assert "An account with the given email already exists." == taken
    assert "Username should be an email." == no_address


def test_a_client_with_a_secret_proves_it_with_every_call(live: Live, pool: MadePool) -> None:
    client = live.client(pool, GenerateSecret=True)
    name = unique()
    address = f"{name}@example.com"
    proof = {"ClientId": client.id, "SecretHash": client.secret_hash(name), "Username": name}
    sign_up = {"Password": PASSWORD, "UserAttributes": attributes(email=address)}

    refused("NotAuthorizedException", live.aws.sign_up, ClientId=client.id, Username=name, **sign_up)
    refused("NotAuthorizedException", live.aws.sign_up, **{**proof, "SecretHash": "AAAA"}, **sign_up)
    live.aws.sign_up(**proof, **sign_up)
    live.aws.confirm_sign_up(**proof, ConfirmationCode=live.code(address))
    tokens = live.sign_in(client, name)
    refused("NotAuthorizedException", live.refresh, client, tokens["RefreshToken"])
    refreshed = live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"], "SECRET_HASH": client.secret_hash(name)},
    )
    live.aws.forgot_password(**proof)
    live.aws.confirm_forgot_password(**proof, ConfirmationCode=live.code(address), Password=OTHER_PASSWORD)
    refused("UnauthorizedException", live.aws.revoke_token, ClientId=client.id, Token=tokens["RefreshToken"])
    live.aws.revoke_token(ClientId=client.id, ClientSecret=client.secret, Token=tokens["RefreshToken"])

    assert refreshed["AuthenticationResult"]["AccessToken"]
    refused("NotAuthorizedException", live.aws.get_user, AccessToken=tokens["AccessToken"])
    assert live.sign_in(client, name, OTHER_PASSWORD)


def test_a_client_that_hides_users_says_the_same_of_nobody_as_of_a_wrong_password(live: Live, pool: MadePool) -> None:
    client = live.client(pool, PreventUserExistenceErrors="ENABLED")
    name = live.user(client)

    wrong = refused("NotAuthorizedException", live.sign_in, client, name, "Wr0ng-Horse!")
    nobody = refused("NotAuthorizedException", live.sign_in, client, unique())
    live.aws.forgot_password(ClientId=client.id, Username=unique())

    assert wrong == nobody == "Incorrect username or password."


def test_a_pool_with_all_its_letters_fits_into_a_request(live: Live) -> None:
    letter = "<p>" + "ü" * 19_000 + "</p> {####}"
    template = {
        "EmailMessage": letter,
        "EmailSubject": "s",
        "EmailMessageByLink": letter.replace("{####}", "{##here##}"),
        "EmailSubjectByLink": "s",
    }
    invitation = {"EmailMessage": "{username} " + letter, "EmailSubject": "s"}

    pool = live.pool(
        EmailVerificationMessage=letter,
        EmailVerificationSubject="s",
        VerificationMessageTemplate=template,
        AdminCreateUserConfig={"InviteMessageTemplate": invitation},
    )

    described = live.aws.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert template.items() <= described["VerificationMessageTemplate"].items()
    assert invitation.items() <= described["AdminCreateUserConfig"]["InviteMessageTemplate"].items()


def test_an_empty_list_of_attributes_asks_for_all_of_them(live: Live) -> None:
    pool = live.pool()
    name = live.user(live.client(pool))

    asked = {"UserPoolId": pool.id, "Filter": f'username = "{name}"'}
    (unsaid,) = live.aws.list_users(**asked)["Users"]
    (empty,) = live.aws.list_users(**asked, AttributesToGet=[])["Users"]
    (one,) = live.aws.list_users(**asked, AttributesToGet=["email"])["Users"]

    assert unsaid["Attributes"] == empty["Attributes"]
    assert {"email"} == values(one["Attributes"]).keys()
