"""Two processes over one store: what ended in one has ended in the other, at once. Nobody waits in these tests but
where the product says that a process may be late."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from poolhouse.store.repositories.pools import FRESH_SECONDS
from poolhouse.testing.made import MadeClient, MadePool
from tests.support.live import (
    OTHER_PASSWORD,
    PASSWORD,
    Live,
    Stranger,
    attributes,
    eventually,
    guesses_within,
    refused,
    unique,
    values,
)

PATIENCE = FRESH_SECONDS + 1.0
"""What a process may be late with pools and clients, and a second for the machine."""


@pytest.fixture
def pool(live: Live) -> MadePool:
    return live.pool()


@pytest.fixture
def client(live: Live, pool: MadePool) -> MadeClient:
    return live.client(pool)


def sign_out(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.global_sign_out(AccessToken=tokens["AccessToken"])


def sign_out_by_admin(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.admin_user_global_sign_out(UserPoolId=client.pool_id, Username=name)


def revoke(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.revoke_token(ClientId=client.id, Token=tokens["RefreshToken"])


def disable(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.admin_disable_user(UserPoolId=client.pool_id, Username=name)


def delete(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.delete_user(AccessToken=tokens["AccessToken"])


def delete_by_admin(live: Live, client: MadeClient, name: str, tokens: dict[str, str]) -> None:
    live.aws.admin_delete_user(UserPoolId=client.pool_id, Username=name)


ENDS = [sign_out, sign_out_by_admin, revoke, disable, delete, delete_by_admin]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_what_ended_in_one_process_is_refused_by_the_other_at_once(
    live: Live,
    other: Live,
    client: MadeClient,
    end: Callable[[Live, MadeClient, str, dict[str, str]], None],
) -> None:
    name = live.user(client)
    tokens = live.sign_in(client, name)
    # The other process has seen the user, so that it could have kept something.
    assert name == other.aws.get_user(AccessToken=tokens["AccessToken"])["Username"]
    assert other.refresh(client, tokens["RefreshToken"])

    end(live, client, name, tokens)

    with pytest.raises((other.errors.NotAuthorizedException, other.errors.UserNotFoundException)):
        other.aws.get_user(AccessToken=tokens["AccessToken"])
    with pytest.raises(other.errors.NotAuthorizedException):
        other.refresh(client, tokens["RefreshToken"])


def test_a_changed_password_counts_in_the_other_process_at_once(live: Live, other: Live, client: MadeClient) -> None:
    name = live.user(client)
    token = other.sign_in(client, name)["AccessToken"]

    live.aws.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)

    refused("NotAuthorizedException", other.sign_in, client, name)
    assert other.sign_in(client, name, OTHER_PASSWORD)


def test_a_journey_goes_on_in_the_other_process(live: Live, other: Live, client: MadeClient) -> None:
    name = unique()
    address = f"{name}@example.com"
    live.aws.sign_up(ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(email=address))
    other.aws.confirm_sign_up(ClientId=client.id, Username=name, ConfirmationCode=live.code(address))
    live.aws.admin_set_user_password(UserPoolId=client.pool_id, Username=name, Password=OTHER_PASSWORD, Permanent=False)

    asked = live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": OTHER_PASSWORD},
    )
    answer = {
        "ClientId": client.id,
        "ChallengeName": asked["ChallengeName"],
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": PASSWORD},
    }
    tokens = other.aws.respond_to_auth_challenge(**answer)["AuthenticationResult"]
    refused("NotAuthorizedException", live.aws.respond_to_auth_challenge, **answer)

    assert "true" == values(live.aws.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"])["email_verified"]
    assert live.refresh(client, tokens["RefreshToken"])


def test_a_rotated_refresh_token_is_spent_in_the_other_process(live: Live, other: Live, pool: MadePool) -> None:
    client = live.client(
        pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], RefreshTokenRotation={"Feature": "ENABLED"}
    )
    first = live.sign_in(client, live.user(client))["RefreshToken"]

    second = live.aws.get_tokens_from_refresh_token(ClientId=client.id, RefreshToken=first)["AuthenticationResult"]

    refused(
        "RefreshTokenReuseException", other.aws.get_tokens_from_refresh_token, ClientId=client.id, RefreshToken=first
    )
    assert other.aws.get_tokens_from_refresh_token(ClientId=client.id, RefreshToken=second["RefreshToken"])


def test_guesses_are_counted_over_both_processes(live: Live, other: Live, client: MadeClient) -> None:
    name = live.user(client)

    began = time.monotonic()

    said = [
        refused("NotAuthorizedException", process.sign_in, client, name, "Wr0ng-Horse!")
        for process in (live, other) * 6
    ]

    assert ["Incorrect username or password."] * 5 == said[:5]
    assert 5 <= said.count("Incorrect username or password.") <= guesses_within(time.monotonic() - began)


def test_both_processes_sign_with_keys_that_both_publish(live: Live, other: Live, client: MadeClient) -> None:
    name = live.user(client)

    by_first = live.sign_in(client, name)["AccessToken"]
    by_second = other.sign_in(client, name)["AccessToken"]

    # Both name the address of the service, which here is the first one's.
    stranger = Stranger(f"{live.base_url}/{client.pool_id}")
    assert name == stranger.verified(by_first)["username"] == stranger.verified(by_second)["username"]
    keys = "/.well-known/jwks.json"
    assert stranger.fetch(stranger.issuer + keys) == stranger.fetch(f"{other.base_url}/{client.pool_id}{keys}")


def test_a_client_deleted_in_one_process_is_gone_from_the_other_within_the_bound(
    live: Live, other: Live, client: MadeClient
) -> None:
    name = live.user(client)
    tokens = other.sign_in(client, name)

    live.aws.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.id)

    def is_gone() -> bool:
        try:
            other.refresh(client, tokens["RefreshToken"])
        except other.errors.ResourceNotFoundException:
            return True
        return False

    refused("ResourceNotFoundException", live.sign_in, client, name)
    eventually("the other process refuses a deleted client", is_gone, within=PATIENCE)
    refused("ResourceNotFoundException", other.sign_in, client, name)
    with pytest.raises((other.errors.NotAuthorizedException, other.errors.ResourceNotFoundException)):
        other.aws.get_user(AccessToken=tokens["AccessToken"])


def test_a_pool_deleted_in_one_process_is_gone_from_the_other_within_the_bound(
    live: Live, other: Live, pool: MadePool, client: MadeClient
) -> None:
    name = live.user(client)
    tokens = other.sign_in(client, name)
    assert other.aws.get_user(AccessToken=tokens["AccessToken"])

    live.aws.delete_user_pool(UserPoolId=pool.id)

    def is_gone() -> bool:
        try:
            other.aws.describe_user_pool(UserPoolId=pool.id)
        except other.errors.ResourceNotFoundException:
            return True
        return False

    # Users and grants are never kept, so their tokens end at once.
    with pytest.raises(other.aws.exceptions.ClientError):
        other.aws.get_user(AccessToken=tokens["AccessToken"])
    with pytest.raises(other.aws.exceptions.ClientError):
        other.sign_in(client, name)
    eventually("the other process refuses a deleted pool", is_gone, within=PATIENCE)


def test_a_changed_client_counts_in_the_other_process_within_the_bound(
    live: Live, other: Live, client: MadeClient
) -> None:
    name = live.user(client)
    assert other.sign_in(client, name)

    live.aws.update_user_pool_client(
        UserPoolId=client.pool_id, ClientId=client.id, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )

    def is_refused() -> bool:
        try:
            other.sign_in(client, name)
        except other.errors.InvalidParameterException:
            return True
        return False

    eventually("the other process knows the client's new flows", is_refused, within=PATIENCE)
