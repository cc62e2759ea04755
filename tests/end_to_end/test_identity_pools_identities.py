"""Identities by boto3, over a real socket: what is public without a signature, what is a developer's with one."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from poolhouse.testing.made import MadeClient
from tests.support.live import Live, boto3_client, refused, unique
from tests.support.server_process import REGION

DEVELOPER = "login.example.com"
OWN = "cognito-identity.amazonaws.com"
NO_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool."


@dataclass
class Scene:
    """An identity pool for the users of two user pools, and for a developer's own. ``open`` signs nothing."""

    live: Live
    open: Any
    pool_id: str
    clients: tuple[MadeClient, MadeClient]

    @property
    def signed(self) -> Any:
        return self.live.identity

    def login(self, number: int = 0) -> dict[str, str]:
        """A login of a new user of one of the user pools."""
        client = self.clients[number]
        tokens = self.live.sign_in(client, self.live.user(client))
        return {key(client.pool_id): tokens["IdToken"]}

    def get_id(self, logins: dict[str, str] | None = None) -> str:
        given = {} if logins is None else {"Logins": logins}
        return str(self.open.get_id(IdentityPoolId=self.pool_id, **given)["IdentityId"])

    def token(self, identity_id: str, logins: dict[str, str] | None = None) -> Any:
        given = {} if logins is None else {"Logins": logins}
        return self.open.get_open_id_token(IdentityId=identity_id, **given)

    def vouched(self, user: str, **given: Any) -> Any:
        logins = {DEVELOPER: user, **given.pop("Logins", {})}
        return self.signed.get_open_id_token_for_developer_identity(IdentityPoolId=self.pool_id, Logins=logins, **given)


def key(pool_id: str) -> str:
    return f"cognito-idp.{REGION}.amazonaws.com/{pool_id}"


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


@pytest.fixture
def at(live: Live) -> Scene:
    clients = live.client(live.pool()), live.client(live.pool())
    providers = [{"ProviderName": key(client.pool_id), "ClientId": client.id} for client in clients]
    made = live.identity.create_identity_pool(
        IdentityPoolName=unique("pool"),
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=providers,
        DeveloperProviderName=DEVELOPER,
    )
    return Scene(live, boto3_client(live.base_url, "cognito-identity"), made["IdentityPoolId"], clients)


# --- public ----------------------------------------------------------------------------------------------------------


def test_a_guest_becomes_a_user_and_keeps_the_id(at: Scene) -> None:
    guest, login = at.get_id(), at.login()
    as_guest = at.token(guest)
    as_user = at.token(guest, login)

    assert {guest} == {as_guest["IdentityId"], as_user["IdentityId"], at.get_id(login)}
    assert ["unauthenticated"] == claims(as_guest["Token"])["amr"]
    assert ["authenticated", *login] == claims(as_user["Token"])["amr"][:2]
    assert (guest, at.pool_id) == (claims(as_user["Token"])["sub"], claims(as_user["Token"])["aud"])
    said = refused("NotAuthorizedException", at.token, guest)
    assert f"Access to Identity '{guest}' is forbidden." == said


def test_a_guest_who_is_somebody_already_becomes_that(at: Scene) -> None:
    login = at.login()
    jane, guest = at.get_id(login), at.get_id()

    assert jane == at.token(guest, login)["IdentityId"]
    assert jane == at.token(guest, login)["IdentityId"]
    listed = at.signed.list_identities(IdentityPoolId=at.pool_id, MaxResults=60)["Identities"]
    hidden = at.signed.list_identities(IdentityPoolId=at.pool_id, MaxResults=60, HideDisabled=True)["Identities"]
    assert ({jane, guest}, [jane]) == ({each["IdentityId"] for each in listed}, [each["IdentityId"] for each in hidden])


def test_fifty_calls_at_once_with_one_login_are_one_identity(at: Scene) -> None:
    login = at.login()

    with ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(lambda _: at.get_id(login), range(50)))

    assert 1 == len(set(ids))
    assert 1 == len(at.signed.list_identities(IdentityPoolId=at.pool_id, MaxResults=60)["Identities"])


def test_calls_to_two_processes_at_once_are_one_identity(at: Scene, other: Live) -> None:
    login = at.login()
    elsewhere = boto3_client(other.base_url, "cognito-identity")

    with ThreadPoolExecutor(20) as pool:
        both = [(at.open, elsewhere)[number % 2] for number in range(40)]
        calls = [pool.submit(one.get_id, IdentityPoolId=at.pool_id, Logins=login) for one in both]

    assert 1 == len({call.result()["IdentityId"] for call in calls})


def test_two_guests_are_two(at: Scene) -> None:
    assert at.get_id() != at.get_id({})


def test_without_guests_there_are_none(at: Scene) -> None:
    made = at.signed.create_identity_pool(IdentityPoolName="closed", AllowUnauthenticatedIdentities=False)

    said = refused("NotAuthorizedException", at.open.get_id, IdentityPoolId=made["IdentityPoolId"])

    assert "Unauthenticated access is not supported for this identity pool." == said


def test_a_login_is_linked_and_unlinked(at: Scene) -> None:
    one, two = at.login(0), at.login(1)
    jane = at.get_id(one)
    assert jane == at.token(jane, {**one, **two})["IdentityId"]
    assert jane == at.get_id(two)
    described = at.signed.describe_identity(IdentityId=jane)
    assert sorted([*one, *two]) == described["Logins"]

    at.open.unlink_identity(IdentityId=jane, Logins=one, LoginsToRemove=list(two))

    assert jane != at.get_id(two)
    assert [*one] == at.signed.describe_identity(IdentityId=jane)["Logins"]
    assert described["LastModifiedDate"] >= described["CreationDate"]


def test_somebody_elses_login_opens_nothing(at: Scene) -> None:
    jane, eve = at.get_id(at.login()), at.login(1)
    at.get_id(eve)

    assert NO_MATCH == refused("NotAuthorizedException", at.token, jane, eve)
    assert NO_MATCH == refused(
        "NotAuthorizedException", at.open.unlink_identity, IdentityId=jane, Logins=eve, LoginsToRemove=list(eve)
    )


def test_a_second_user_of_a_provider_is_a_conflict(at: Scene) -> None:
    jane, other = at.login(0), at.login(1)
    both = at.get_id({**jane, **other})

    refused("ResourceConflictException", at.token, both, {**other, **at.login(0)})


def test_what_is_not_there_is_not_found(at: Scene) -> None:
    nobody = f"{REGION}:00000000-0000-4000-8000-000000000000"

    said = refused("ResourceNotFoundException", at.open.get_id, IdentityPoolId=nobody)
    assert f"IdentityPool '{nobody}' not found." == said
    assert f"Identity '{nobody}' not found." == refused("ResourceNotFoundException", at.token, nobody)
    assert f"Identity '{nobody}' not found." == refused(
        "ResourceNotFoundException", at.signed.describe_identity, IdentityId=nobody
    )


def test_the_classic_flow_can_be_off(at: Scene) -> None:
    pool = at.signed.describe_identity_pool(IdentityPoolId=at.pool_id)
    pool.pop("ResponseMetadata")
    guest = at.get_id()
    at.signed.update_identity_pool(**{**pool, "AllowClassicFlow": False})

    said = refused("InvalidParameterException", at.token, guest)

    assert "Basic (classic) flow is not enabled, please use enhanced flow." == said


def test_a_deleted_identity_is_gone_and_its_user_is_new(at: Scene) -> None:
    login = at.login()
    jane = at.get_id(login)

    answer = at.signed.delete_identities(IdentityIdsToDelete=[jane, f"{REGION}:00000000-0000-4000-8000-000000000000"])

    assert [] == answer["UnprocessedIdentityIds"]
    assert f"Identity '{jane}' not found." == refused("ResourceNotFoundException", at.token, jane, login)
    assert jane != at.get_id(login)


def test_identities_come_page_by_page(at: Scene) -> None:
    made = {at.get_id() for _ in range(5)}
    first = at.signed.list_identities(IdentityPoolId=at.pool_id, MaxResults=3)
    second = at.signed.list_identities(IdentityPoolId=at.pool_id, MaxResults=3, NextToken=first["NextToken"])

    assert made == {each["IdentityId"] for each in (*first["Identities"], *second["Identities"])}
    assert "NextToken" not in second


# --- a developer's users ---------------------------------------------------------------------------------------------


def test_a_developers_user_has_a_token_and_the_token_is_a_login(at: Scene) -> None:
    given = at.vouched("jane", TokenDuration=120, PrincipalTags={"team": "red"})
    said = claims(given["Token"])
    jane = given["IdentityId"]

    assert jane == at.vouched("jane")["IdentityId"]
    assert ["authenticated", DEVELOPER, f"{DEVELOPER}:{at.pool_id}:jane"] == said["amr"]
    assert 120 == said["exp"] - said["iat"]
    assert {"team": ["red"]} == said["https://aws.amazon.com/tags"]["principal_tags"]
    # What is given for a token lasts no longer than that does.
    again = at.token(jane, {OWN: given["Token"]})
    assert jane == again["IdentityId"]
    assert claims(again["Token"])["exp"] <= said["exp"]
    assert said["https://aws.amazon.com/tags"] == claims(again["Token"])["https://aws.amazon.com/tags"]


def test_a_social_login_beside_the_developers_is_linked(at: Scene) -> None:
    login = at.login()

    jane = at.vouched("jane", Logins=login)["IdentityId"]

    assert jane == at.get_id(login)
    assert sorted([DEVELOPER, *login]) == at.signed.describe_identity(IdentityId=jane)["Logins"]


def test_a_guest_is_linked_to_the_developers_user(at: Scene) -> None:
    guest, other = at.get_id(), at.get_id()

    assert guest == at.vouched("jane", IdentityId=guest)["IdentityId"]
    refused("DeveloperUserAlreadyRegisteredException", at.vouched, "jane", IdentityId=other)


def test_what_is_no_developers_login_is_refused(at: Scene) -> None:
    for given in ({}, {"login.elsewhere.example": "jane"}):
        refused(
            "InvalidParameterException",
            at.signed.get_open_id_token_for_developer_identity,
            IdentityPoolId=at.pool_id,
            Logins=given,
        )
    said = refused("InvalidParameterException", at.get_id, {DEVELOPER: "jane"})
    assert "Please provide a valid public provider" == said
    refused("InvalidParameterException", at.vouched, "jane", PrincipalTags={"team": "<red>"})


def test_developers_users_are_looked_up_merged_and_unlinked(at: Scene) -> None:
    one, two = at.vouched("one")["IdentityId"], at.vouched("two")["IdentityId"]
    known = {"IdentityPoolId": at.pool_id, "DeveloperProviderName": DEVELOPER}

    merged = at.signed.merge_developer_identities(SourceUserIdentifier="one", DestinationUserIdentifier="two", **known)
    assert two == merged["IdentityId"]
    by_identity = at.signed.lookup_developer_identity(IdentityPoolId=at.pool_id, IdentityId=two)
    by_user = at.signed.lookup_developer_identity(IdentityPoolId=at.pool_id, DeveloperUserIdentifier="one")
    assert ({"one", "two"}, two) == (set(by_identity["DeveloperUserIdentifierList"]), by_user["IdentityId"])
    assert one != two
    page = at.signed.lookup_developer_identity(IdentityPoolId=at.pool_id, IdentityId=two, MaxResults=1)
    rest = at.signed.lookup_developer_identity(
        IdentityPoolId=at.pool_id, IdentityId=two, MaxResults=1, NextToken=page["NextToken"]
    )
    assert {"one", "two"} == {*page["DeveloperUserIdentifierList"], *rest["DeveloperUserIdentifierList"]}

    at.signed.unlink_developer_identity(IdentityId=two, DeveloperUserIdentifier="one", **known)

    assert two != at.vouched("one")["IdentityId"]
    refused(
        "ResourceConflictException",
        at.signed.lookup_developer_identity,
        IdentityPoolId=at.pool_id,
        IdentityId=two,
        DeveloperUserIdentifier="one",
    )
    refused(
        "ResourceNotFoundException",
        at.signed.lookup_developer_identity,
        IdentityPoolId=at.pool_id,
        DeveloperUserIdentifier="nobody",
    )


def test_a_developers_operation_needs_a_signature(at: Scene) -> None:
    for call, given in (
        (at.open.list_identities, {"IdentityPoolId": at.pool_id, "MaxResults": 1}),
        (at.open.get_open_id_token_for_developer_identity, {"IdentityPoolId": at.pool_id, "Logins": {DEVELOPER: "j"}}),
        (at.open.delete_identities, {"IdentityIdsToDelete": [at.pool_id]}),
    ):
        refused("MissingAuthenticationTokenException", call, **given)
