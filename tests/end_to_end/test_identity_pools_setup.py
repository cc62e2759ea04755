"""Identity pools as an administrator sets them up: by boto3, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.live import Live, boto3_client, unique
from tests.support.server_process import REGION

ACCOUNT = "000000000000"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"
USER_POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abcdefghi"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/members"
GUEST_ROLE = f"arn:aws:iam::{ACCOUNT}:role/guests"


@pytest.fixture
def identity(live: Live) -> Any:
    return live.identity


@pytest.fixture
def made(identity: Any) -> Any:
    """A plain pool, as it was answered."""
    return answered(identity.create_identity_pool)(
        IdentityPoolName=unique("pool"), AllowUnauthenticatedIdentities=False
    )


def answered(operation: Callable[..., Any]) -> Callable[..., Any]:
    """What is in the answer, without what boto3 says of the way it came."""

    def call(**given: Any) -> Any:
        answer = operation(**given)
        answer.pop("ResponseMetadata")
        return answer

    return call


def refused(operation: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        operation(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def arn(pool_id: str) -> str:
    return f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/{pool_id}"


def test_a_pool_is_described_as_it_was_made(identity: Any) -> None:
    settings = {
        "IdentityPoolName": unique("my pool +=,.@-"),
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": False,
        "SupportedLoginProviders": {"graph.facebook.com": "7346241598935552", "api.twitter.com": "key;secret"},
        "DeveloperProviderName": "login.mycompany.myapp",
        "OpenIdConnectProviderARNs": [OIDC],
        "CognitoIdentityProviders": [
            {"ProviderName": USER_POOL, "ClientId": "client1", "ServerSideTokenCheck": True},
            {"ProviderName": USER_POOL, "ClientId": "client2"},
        ],
        "SamlProviderARNs": [SAML],
        "IdentityPoolTags": {"team": "apps", "empty": ""},
    }

    made = answered(identity.create_identity_pool)(**settings)

    assert settings == {name: value for name, value in made.items() if name != "IdentityPoolId"}
    assert made == answered(identity.describe_identity_pool)(IdentityPoolId=made["IdentityPoolId"])
    region, _, rest = made["IdentityPoolId"].partition(":")
    assert (REGION, 36) == (region, len(rest))


def test_a_plain_pool_says_nothing_of_what_was_not_said(identity: Any, made: Any) -> None:
    described = answered(identity.describe_identity_pool)(IdentityPoolId=made["IdentityPoolId"])

    assert made == described
    assert {"IdentityPoolId", "IdentityPoolName", "AllowUnauthenticatedIdentities", "IdentityPoolTags"} == made.keys()
    assert {} == made["IdentityPoolTags"]


def test_an_update_replaces_what_was_and_keeps_tags(identity: Any, made: Any) -> None:
    pool_id = made["IdentityPoolId"]
    name = {"IdentityPoolId": pool_id, "IdentityPoolName": unique("renamed")}
    full = {
        **name,
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": True,
        "SupportedLoginProviders": {"accounts.google.com": "app"},
        "DeveloperProviderName": "mine",
        "IdentityPoolTags": {"a": "1"},
    }

    assert full == answered(identity.update_identity_pool)(**full)
    plain = answered(identity.update_identity_pool)(**name, AllowUnauthenticatedIdentities=False)

    assert {
        **name,
        "AllowUnauthenticatedIdentities": False,
        "DeveloperProviderName": "mine",
        "IdentityPoolTags": {"a": "1"},
    } == plain
    assert plain == answered(identity.describe_identity_pool)(IdentityPoolId=pool_id)


def test_a_client_that_reads_changes_and_writes_back_changes_one_thing(identity: Any, made: Any) -> None:
    described = answered(identity.describe_identity_pool)(IdentityPoolId=made["IdentityPoolId"])

    changed = answered(identity.update_identity_pool)(**{**described, "AllowUnauthenticatedIdentities": True})

    assert {**described, "AllowUnauthenticatedIdentities": True} == changed


def test_the_developers_name_cannot_become_another(identity: Any, made: Any) -> None:
    given = {**made, "DeveloperProviderName": "mine"}
    identity.update_identity_pool(**given)

    told = refused(identity.update_identity_pool, **{**given, "DeveloperProviderName": "yours"})

    assert ("InvalidParameterException", "The developer provider name cannot be changed once it is set.") == told


def test_all_pools_are_listed_page_by_page_by_boto3s_own_paginator(identity: Any) -> None:
    made = [
        identity.create_identity_pool(IdentityPoolName=unique("listed"), AllowUnauthenticatedIdentities=False)
        for _ in range(3)
    ]

    pages = identity.get_paginator("list_identity_pools").paginate(PaginationConfig={"PageSize": 2})
    listed = [pool for page in pages for pool in page["IdentityPools"]]

    expected = [{name: pool[name] for name in ("IdentityPoolId", "IdentityPoolName")} for pool in made]
    assert [] == [pool for pool in expected if pool not in listed]
    assert len(listed) == len({pool["IdentityPoolId"] for pool in listed})


def test_what_breaks_the_model_is_told_in_the_fields_words(identity: Any) -> None:
    said = "1 validation error detected: Value "

    assert (
        "ValidationException",
        f"{said}'61' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60",
    ) == refused(identity.list_identity_pools, MaxResults=61)
    assert (
        "ValidationException",
        f"{said}'no pool' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression "
        r"pattern: [\w-]+:[0-9a-f-]+",
    ) == refused(identity.describe_identity_pool, IdentityPoolId="no pool")


def test_a_deleted_pool_is_not_found_by_any_operation(identity: Any, made: Any) -> None:
    pool_id = made["IdentityPoolId"]
    assert {} == answered(identity.delete_identity_pool)(IdentityPoolId=pool_id)

    named = {"IdentityPoolId": pool_id}
    calls: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "describe": (identity.describe_identity_pool, named),
        "update": (identity.update_identity_pool, made),
        "delete": (identity.delete_identity_pool, named),
        "roles": (identity.get_identity_pool_roles, named),
        "set roles": (identity.set_identity_pool_roles, {**named, "Roles": {}}),
        "tags": (identity.get_principal_tag_attribute_map, {**named, "IdentityProviderName": "p"}),
        "set tags": (identity.set_principal_tag_attribute_map, {**named, "IdentityProviderName": "p"}),
        "tag": (identity.tag_resource, {"ResourceArn": arn(pool_id), "Tags": {"a": "1"}}),
        "untag": (identity.untag_resource, {"ResourceArn": arn(pool_id), "TagKeys": ["a"]}),
        "list tags": (identity.list_tags_for_resource, {"ResourceArn": arn(pool_id)}),
    }

    told = {name: refused(operation, **given) for name, (operation, given) in calls.items()}

    not_found = ("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
    assert dict.fromkeys(calls, not_found) == told


# --- roles -----------------------------------------------------------------------------------------------------------


def test_roles_and_mappings_are_read_as_they_were_set_and_replaced_as_a_whole(identity: Any, made: Any) -> None:
    pool_id = made["IdentityPoolId"]
    roles = {"authenticated": ROLE, "unauthenticated": GUEST_ROLE}
    mappings = {
        f"{USER_POOL}:client1": {"Type": "Token", "AmbiguousRoleResolution": "Deny"},
        "graph.facebook.com": {
            "Type": "Rules",
            "AmbiguousRoleResolution": "AuthenticatedRole",
            "RulesConfiguration": {
                "Rules": [
                    {"Claim": "isAdmin", "MatchType": "Contains", "Value": "paid", "RoleARN": ROLE},
                    {"Claim": "custom:dept", "MatchType": "NotEqual", "Value": "none", "RoleARN": GUEST_ROLE},
                ]
            },
        },
    }

    assert {} == answered(identity.set_identity_pool_roles)(IdentityPoolId=pool_id, Roles=roles, RoleMappings=mappings)
    first = answered(identity.get_identity_pool_roles)(IdentityPoolId=pool_id)
    identity.set_identity_pool_roles(IdentityPoolId=pool_id, Roles={"authenticated": GUEST_ROLE})
    second = answered(identity.get_identity_pool_roles)(IdentityPoolId=pool_id)

    assert {"IdentityPoolId": pool_id, "Roles": roles, "RoleMappings": mappings} == first
    assert {"IdentityPoolId": pool_id, "Roles": {"authenticated": GUEST_ROLE}} == second


def test_a_pool_has_no_roles_at_first(identity: Any, made: Any) -> None:
    pool_id = made["IdentityPoolId"]

    assert {"IdentityPoolId": pool_id, "Roles": {}} == answered(identity.get_identity_pool_roles)(
        IdentityPoolId=pool_id
    )


def test_a_mapping_without_rules_or_ambiguity_is_refused(identity: Any, made: Any) -> None:
    def told(mapping: dict[str, Any]) -> tuple[str, str]:
        return refused(
            identity.set_identity_pool_roles,
            IdentityPoolId=made["IdentityPoolId"],
            Roles={"authenticated": ROLE},
            RoleMappings={"graph.facebook.com": mapping},
        )

    rule = {"Claim": "c", "MatchType": "Equals", "Value": "v", "RoleARN": ROLE}
    invalid = "InvalidParameterException"
    of = "The role mapping of graph.facebook.com"
    assert (invalid, f"{of} needs AmbiguousRoleResolution.") == told({"Type": "Token"})
    assert (invalid, f"{of} needs rules.") == told({"Type": "Rules", "AmbiguousRoleResolution": "Deny"})
    assert (invalid, f"{of} has more than 25 rules.") == told(
        {"Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": {"Rules": [rule] * 26}}
    )


# --- principal tags and tags -----------------------------------------------------------------------------------------


def test_principal_tags_are_read_as_they_were_set_for_each_provider(identity: Any, made: Any) -> None:
    named = {"IdentityPoolId": made["IdentityPoolId"], "IdentityProviderName": f"{USER_POOL}:client1"}
    own = {**named, "UseDefaults": False, "PrincipalTags": {"team": "custom:team"}}
    usual = {**named, "UseDefaults": True, "PrincipalTags": {}}
    read = answered(identity.get_principal_tag_attribute_map)

    assert {**usual, "UseDefaults": False} == read(**named)
    assert own == answered(identity.set_principal_tag_attribute_map)(**own)
    assert own == read(**named)
    assert usual == answered(identity.set_principal_tag_attribute_map)(**{**own, "UseDefaults": True})
    assert usual == read(**named)


def test_tags_are_added_listed_and_taken_away_by_the_pools_arn(identity: Any, made: Any) -> None:
    name = {"ResourceArn": arn(made["IdentityPoolId"])}

    assert {} == answered(identity.tag_resource)(**name, Tags={"team": "apps", "empty": ""})
    assert {} == answered(identity.tag_resource)(**name, Tags={"team": "people"})
    assert {"Tags": {"team": "people", "empty": ""}} == answered(identity.list_tags_for_resource)(**name)
    assert {} == answered(identity.untag_resource)(**name, TagKeys=["empty"])
    assert {"team": "people"} == identity.describe_identity_pool(IdentityPoolId=made["IdentityPoolId"])[
        "IdentityPoolTags"
    ]


def test_an_arn_that_leaves_the_account_out_is_of_this_one(identity: Any, made: Any) -> None:
    named = arn(made["IdentityPoolId"]).replace(ACCOUNT, "")

    assert {"Tags": {}} == answered(identity.list_tags_for_resource)(ResourceArn=named)


@pytest.mark.parametrize(
    ("changed", "then"),
    [
        (lambda named: named.replace("identitypool", "userpool"), "InvalidParameterException"),
        (lambda named: named.replace(ACCOUNT, "111111111111"), "ResourceNotFoundException"),
        (lambda named: named.replace(f":{REGION}:{ACCOUNT}", f":us-east-1:{ACCOUNT}"), "ResourceNotFoundException"),
    ],
    ids=["of a user pool", "of another account", "of another region"],
)
def test_an_arn_that_is_not_the_pools_finds_nothing(
    identity: Any, made: Any, changed: Callable[[str], str], then: str
) -> None:
    code, _ = refused(identity.list_tags_for_resource, ResourceArn=changed(arn(made["IdentityPoolId"])))

    assert then == code


# --- over the wire ---------------------------------------------------------------------------------------------------


def test_answers_bear_the_headers_that_sdks_and_browsers_look_for(live: Live, identity: Any, made: Any) -> None:
    good = identity.describe_identity_pool(IdentityPoolId=made["IdentityPoolId"])["ResponseMetadata"]["HTTPHeaders"]
    with pytest.raises(ClientError) as caught:
        identity.describe_identity_pool(IdentityPoolId="eu-west-1:0")
    bad = caught.value.response["ResponseMetadata"]["HTTPHeaders"]

    assert ("application/x-amz-json-1.1", "*") == (good["content-type"], good["access-control-allow-origin"])
    assert "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" == good["access-control-expose-headers"]
    assert "ResourceNotFoundException:" == bad["x-amzn-errortype"]
    assert "IdentityPool 'eu-west-1:0' not found." == bad["x-amzn-errormessage"]
    assert good["x-amzn-requestid"] != bad["x-amzn-requestid"]


def test_what_nobody_signed_sets_nothing_up(live: Live, made: Any) -> None:
    public = boto3_client(live.base_url, "cognito-identity")

    code, _ = refused(public.describe_identity_pool, IdentityPoolId=made["IdentityPoolId"])

    assert "MissingAuthenticationTokenException" == code


def test_a_change_is_seen_by_a_second_process_at_once(live: Live, other: Live, made: Any) -> None:
    pool_id = made["IdentityPoolId"]
    assert made == answered(other.identity.describe_identity_pool)(IdentityPoolId=pool_id)

    live.identity.update_identity_pool(**{**made, "IdentityPoolName": "changed"})

    assert "changed" == other.identity.describe_identity_pool(IdentityPoolId=pool_id)["IdentityPoolName"]
    other.identity.update_identity_pool(**{**made, "IdentityPoolName": "second"})
    assert "second" == live.identity.describe_identity_pool(IdentityPoolId=pool_id)["IdentityPoolName"]


def test_changes_of_different_things_at_the_same_moment_are_all_made(live: Live, other: Live, made: Any) -> None:
    pool_id = made["IdentityPoolId"]

    def tag(number: int) -> None:
        client = (live, other)[number % 2].identity
        client.tag_resource(ResourceArn=arn(pool_id), Tags={f"t{number}": "x"})

    with ThreadPoolExecutor(4) as several:
        list(several.map(tag, range(8)))

    assert {f"t{number}" for number in range(8)} == set(
        live.identity.list_tags_for_resource(ResourceArn=arn(pool_id))["Tags"]
    )
