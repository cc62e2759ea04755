"""The operations on pools, clients and groups, called as the endpoint calls them: model in, model out, no HTTP."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest

from poolhouse.errors import ClientNotFound, InvalidParameter, PoolNotFound, UserNotFound
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.output import compile_output
from poolhouse.server.cognito.engine.validation import compile_input
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.model import user_pools_model
from poolhouse.server.cognito.user_pools.operations import clients, domains, groups, pools
from poolhouse.server.cognito.user_pools.shapes import users as shapes
from tests.support.small_world import NOON, REGION, World

ACCOUNT = "000000000000"
SECRET = "x" * 24

HANDLERS = {
    handler.poolhouse_operation: handler
    for module in (pools, clients, domains, groups)
    for handler in vars(module).values()
    if hasattr(handler, "poolhouse_operation")
}


@functools.cache
def model() -> ServiceModel:
    return user_pools_model()


class Api:
    """Asks an operation as the endpoint does, with results checked strictly against the model."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, name: str, **given: Any) -> Any:
        operation = model().operations[name]
        services: Any = SimpleNamespace(
            pools=self.world.pools,
            domains=self.world.domains,
            clients=self.world.clients,
            groups=self.world.groups,
            users=SimpleNamespace(require=self._require),
        )
        call = Call(
            input=compile_input(model(), operation.input)(given),
            services=services,
            region=REGION,
            account=ACCOUNT,
            request_id="r",
            caller=None,
            source_ip="127.0.0.1",
        )
        result = await HANDLERS[name](call)
        if operation.output is None:
            assert {} == result
            return None
        return compile_output(model(), operation.output, strict=True)(result)

    async def _require(self, pool: Pool, username: str) -> User:
        page = await self.world.user_records.page(pool.id, None, 60, None)
        for user in page.items:
            if user.username == username:
                return user  # type: ignore[no-any-return]
        raise UserNotFound


@pytest.fixture
def ask(world: World) -> Api:
    return Api(world)


@pytest.fixture
async def pool_id(ask: Api) -> str:
    created = await ask("CreateUserPool", PoolName="people")
    return str(created["UserPool"]["Id"])


# --- pools -----------------------------------------------------------------------------------------------------------


async def test_a_new_pool_is_described_with_its_defaults(ask: Api) -> None:
    created = (await ask("CreateUserPool", PoolName="people"))["UserPool"]

    described = (await ask("DescribeUserPool", UserPoolId=created["Id"]))["UserPool"]
    attributes = described.pop("SchemaAttributes")
    expected = {
        "Id": created["Id"],
        "Name": "people",
        "EstimatedNumberOfUsers": 0,
        "Arn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{created['Id']}",
        "CreationDate": NOON,
        "LastModifiedDate": NOON,
        "DeletionProtection": "INACTIVE",
        "UserPoolTier": "ESSENTIALS",
        "MfaConfiguration": "OFF",
        "LambdaConfig": {},
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "UserPoolTags": {},
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]
        },
    }
    assert expected == described
    assert {**expected, "SchemaAttributes": attributes} == created
    assert 20 == len(attributes)
    assert {
        "Name": "sub",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": True,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
    } == attributes[0]
    assert {
        "Name": "updated_at",
        "AttributeDataType": "Number",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
        "NumberAttributeConstraints": {"MinValue": "0"},
    } == attributes[-1]


FULL = {
    "PoolName": "people",
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 12,
            "RequireUppercase": True,
            "RequireLowercase": False,
            "RequireNumbers": False,
            "RequireSymbols": False,
            "PasswordHistorySize": 3,
            "TemporaryPasswordValidityDays": 2,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "DeletionProtection": "ACTIVE",
    "AutoVerifiedAttributes": ["email"],
    "VerificationMessageTemplate": {
        "SmsMessage": "code {####}",
        "EmailMessage": "your code {####}",
        "EmailSubject": "Hello",
        "EmailMessageByLink": "click {##here##}",
        "EmailSubjectByLink": "Click",
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
    },
    "SmsAuthenticationMessage": "login {####}",
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT", "ReplyToEmailAddress": "a@example.com"},
    "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"},
    "UserPoolTags": {"team": "a"},
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "UnusedAccountValidityDays": 2,
        "InviteMessageTemplate": {"SMSMessage": "{username} {####}", "EmailSubject": "Welcome"},
    },
    "AccountRecoverySetting": {
        "RecoveryMechanisms": [
            {"Priority": 1, "Name": "verified_phone_number"},
            {"Priority": 2, "Name": "verified_email"},
        ]
    },
    "UserPoolTier": "PLUS",
    "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
}


async def test_what_is_set_is_shown_and_can_be_sent_back_unchanged(ask: Api) -> None:
    created = (await ask("CreateUserPool", **FULL, UsernameConfiguration={"CaseSensitive": False}))["UserPool"]
    shown = {member: created[member] for member in FULL if member != "PoolName"}

    await ask("UpdateUserPool", UserPoolId=created["Id"], **shown)
    described = (await ask("DescribeUserPool", UserPoolId=created["Id"]))["UserPool"]

    assert {**shown, "PoolName": "people"} == FULL
    assert shown == {member: described[member] for member in shown}
    assert ("code {####}", "your code {####}", "Hello") == (
        described["SmsVerificationMessage"],
        described["EmailVerificationMessage"],
        described["EmailVerificationSubject"],
    )
    assert {"CaseSensitive": False} == described["UsernameConfiguration"]


async def test_an_update_that_says_nothing_resets_everything_but_name_tier_tags_and_foundation(ask: Api) -> None:
    created = (await ask("CreateUserPool", **FULL, AliasAttributes=["email"]))["UserPool"]
    blank = (await ask("CreateUserPool", PoolName="people", AliasAttributes=["email"]))["UserPool"]

    await ask("UpdateUserPool", UserPoolId=created["Id"])
    described = (await ask("DescribeUserPool", UserPoolId=created["Id"]))["UserPool"]

    kept = {"UserPoolTier": "PLUS", "UserPoolTags": {"team": "a"}}
    assert {**blank, "Id": created["Id"], "Arn": created["Arn"], **kept} == described


async def test_custom_attributes_are_shown_with_their_prefix_and_bounds(ask: Api, pool_id: str) -> None:
    await ask(
        "AddCustomAttributes",
        UserPoolId=pool_id,
        CustomAttributes=[
            {"Name": "shoe", "AttributeDataType": "String"},
            {"Name": "score", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}},
            {"Name": "on", "AttributeDataType": "Boolean", "Mutable": False, "DeveloperOnlyAttribute": True},
        ],
    )
    attributes = (await ask("DescribeUserPool", UserPoolId=pool_id))["UserPool"]["SchemaAttributes"]

    common = {"DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
    assert [
        {"Name": "custom:shoe", "AttributeDataType": "String", **common, "StringAttributeConstraints": {}},
        {
            "Name": "custom:score",
            "AttributeDataType": "Number",
            **common,
            "NumberAttributeConstraints": {"MaxValue": "9"},
        },
        {
            "Name": "dev:custom:on",
            "AttributeDataType": "Boolean",
            "DeveloperOnlyAttribute": True,
            "Mutable": False,
            "Required": False,
        },
    ] == attributes[20:]


async def test_pools_are_listed_page_by_page(ask: Api) -> None:
    ids = {(await ask("CreateUserPool", PoolName="people"))["UserPool"]["Id"] for _ in range(3)}

    first = await ask("ListUserPools", MaxResults=2)
    second = await ask("ListUserPools", MaxResults=2, NextToken=first["NextToken"])

    listed = [*first["UserPools"], *second["UserPools"]]
    assert ids == {pool["Id"] for pool in listed}
    assert {"Id", "Name", "LambdaConfig", "CreationDate", "LastModifiedDate"} == listed[0].keys()
    assert "NextToken" not in second


async def test_a_deleted_pool_is_not_found(ask: Api, pool_id: str) -> None:
    await ask("DeleteUserPool", UserPoolId=pool_id)

    with pytest.raises(PoolNotFound):
        await ask("DescribeUserPool", UserPoolId=pool_id)


async def test_a_domain_that_is_not_there_has_an_empty_description(ask: Api) -> None:
    assert {"DomainDescription": {}} == await ask("DescribeUserPoolDomain", Domain="people")


async def test_domains_are_described_as_they_were_made_and_the_pool_names_them(ask: Api, pool_id: str) -> None:
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/one"
    custom = {"CertificateArn": certificate, "SecurityPolicy": "TLS_V1_2_2021"}
    assert {"Domain", "CustomDomain"}.isdisjoint((await ask("DescribeUserPool", UserPoolId=pool_id))["UserPool"])

    prefix = await ask("CreateUserPoolDomain", UserPoolId=pool_id, Domain="people")
    own = await ask(
        "CreateUserPoolDomain",
        UserPoolId=pool_id,
        Domain="login.example.org",
        CustomDomainConfig=custom,
        ManagedLoginVersion=2,
    )

    assert {"ManagedLoginVersion": 1} == prefix
    assert {"ManagedLoginVersion": 2, "CloudFrontDomain": "localhost"} == own
    alike = {
        "UserPoolId": pool_id,
        "AWSAccountId": ACCOUNT,
        "CloudFrontDistribution": "localhost",
        "Version": str(int(NOON)),
        "Status": "ACTIVE",
    }
    described = [
        (await ask("DescribeUserPoolDomain", Domain=name))["DomainDescription"]
        for name in ("people", "login.example.org")
    ]
    assert [
        {**alike, "Domain": "people", "ManagedLoginVersion": 1},
        {**alike, "Domain": "login.example.org", "ManagedLoginVersion": 2, "CustomDomainConfig": custom},
    ] == described
    pool = (await ask("DescribeUserPool", UserPoolId=pool_id))["UserPool"]
    assert ("people", "login.example.org") == (pool["Domain"], pool["CustomDomain"])

    await ask("UpdateUserPoolDomain", UserPoolId=pool_id, Domain="people", ManagedLoginVersion=2)
    changed = (await ask("DescribeUserPoolDomain", Domain="people"))["DomainDescription"]
    assert 2 == changed["ManagedLoginVersion"]
    await ask("DeleteUserPoolDomain", UserPoolId=pool_id, Domain="people")
    assert {"DomainDescription": {}} == await ask("DescribeUserPoolDomain", Domain="people")


async def test_failover_of_domains_is_refused(ask: Api, pool_id: str) -> None:
    check = "00000000-0000-4000-8000-000000000000"
    routing = {"Failover": {"SecondaryRegion": "us-east-1", "PrimaryRoute53HealthCheckId": check}}

    with pytest.raises(InvalidParameter, match="Routing"):
        await ask("CreateUserPoolDomain", UserPoolId=pool_id, Domain="people", Routing=routing)


async def test_an_import_file_has_a_column_for_every_attribute_that_can_be_imported(ask: Api, pool_id: str) -> None:
    await ask(
        "AddCustomAttributes",
        UserPoolId=pool_id,
        CustomAttributes=[
            {"Name": "shoe", "AttributeDataType": "String"},
            {"Name": "note", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )

    header = await ask("GetCSVHeader", UserPoolId=pool_id)

    assert pool_id == header["UserPoolId"]
    assert 22 == len(header["CSVHeader"])
    assert ["name", "given_name"] == header["CSVHeader"][:2]
    assert ["updated_at", "custom:shoe", "cognito:mfa_enabled", "cognito:username"] == header["CSVHeader"][-4:]


async def test_tags_are_changed_by_the_name_of_the_resource(ask: Api, pool_id: str) -> None:
    arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool_id}"

    await ask("TagResource", ResourceArn=arn, Tags={"team": "a", "env": "dev"})
    await ask("UntagResource", ResourceArn=arn, TagKeys=["env"])

    assert {"Tags": {"team": "a"}} == await ask("ListTagsForResource", ResourceArn=arn)


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("arn:aws:cognito-idp:{region}:999999999999:userpool/{pool}", PoolNotFound),
        ("arn:aws:cognito-idp:us-east-1:{account}:userpool/{pool}", PoolNotFound),
        ("arn:aws:cognito-idp:{region}:{account}:userpool/{region}_absent", PoolNotFound),
        ("arn:aws:cognito-identity:{region}:{account}:userpool/{pool}", InvalidParameter),
        ("arn:aws:cognito-idp:{region}:{account}:identitypool/{pool}", InvalidParameter),
    ],
)
async def test_tags_of_what_is_not_our_pool_are_refused(
    ask: Api, pool_id: str, arn: str, error: type[Exception]
) -> None:
    named = arn.format(region=REGION, account=ACCOUNT, pool=pool_id)

    with pytest.raises(error):
        await ask("TagResource", ResourceArn=named, Tags={"team": "a"})
    with pytest.raises(error):
        await ask("UntagResource", ResourceArn=named, TagKeys=["team"])
    with pytest.raises(error):
        await ask("ListTagsForResource", ResourceArn=named)


# --- clients ---------------------------------------------------------------------------------------------------------


async def test_a_new_client_is_described_with_its_defaults(ask: Api, pool_id: str) -> None:
    created = (await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app"))["UserPoolClient"]

    described = await ask("DescribeUserPoolClient", UserPoolId=pool_id, ClientId=created["ClientId"])

    assert {
        "UserPoolId": pool_id,
        "ClientId": created["ClientId"],
        "ClientName": "app",
        "CreationDate": NOON,
        "LastModifiedDate": NOON,
        "RefreshTokenValidity": 30,
        "AuthSessionValidity": 3,
        "PreventUserExistenceErrors": "LEGACY",
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AllowedOAuthFlowsUserPoolClient": False,
    } == created
    assert {"UserPoolClient": created} == described


CLIENT = {
    "ClientName": "app",
    "RefreshTokenValidity": 90,
    "AccessTokenValidity": 10,
    "IdTokenValidity": 900,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "hours"},
    "ReadAttributes": ["email", "name"],
    "WriteAttributes": ["name"],
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://app.example/cb"],
    "LogoutURLs": ["https://app.example/out"],
    "DefaultRedirectURI": "https://app.example/cb",
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AnalyticsConfiguration": {"ApplicationId": "abc123"},
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": False,
    "EnablePropagateAdditionalUserContextData": True,
    "AuthSessionValidity": 15,
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 30},
}


async def test_what_is_set_on_a_client_is_shown_and_can_be_sent_back_unchanged(ask: Api, pool_id: str) -> None:
    created = (await ask("CreateUserPoolClient", UserPoolId=pool_id, GenerateSecret=True, **CLIENT))["UserPoolClient"]
    shown = {member: created[member] for member in CLIENT}

    updated = (await ask("UpdateUserPoolClient", UserPoolId=pool_id, ClientId=created["ClientId"], **shown))[
        "UserPoolClient"
    ]

    assert shown == CLIENT
    assert created == updated
    assert 51 == len(created["ClientSecret"])


async def test_an_update_that_says_nothing_resets_the_client_but_its_name_and_secret(ask: Api, pool_id: str) -> None:
    blank = (await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app"))["UserPoolClient"]
    created = (await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientSecret=SECRET, **CLIENT))["UserPoolClient"]

    updated = await ask("UpdateUserPoolClient", UserPoolId=pool_id, ClientId=created["ClientId"])

    assert {**blank, "ClientId": created["ClientId"], "ClientSecret": SECRET} == updated["UserPoolClient"]


async def test_a_refresh_validity_is_shown_in_its_unit(ask: Api, pool_id: str) -> None:
    hours = await ask(
        "CreateUserPoolClient",
        UserPoolId=pool_id,
        ClientName="app",
        RefreshTokenValidity=0,
        TokenValidityUnits={"RefreshToken": "hours"},
    )

    assert 720 == hours["UserPoolClient"]["RefreshTokenValidity"]


async def test_secrets_are_rotated_and_their_values_shown_only_once(ask: Api, pool_id: str) -> None:
    created = (await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app", ClientSecret=SECRET))[
        "UserPoolClient"
    ]
    named = {"UserPoolId": pool_id, "ClientId": created["ClientId"]}

    generated = (await ask("AddUserPoolClientSecret", **named))["ClientSecretDescriptor"]
    listed = (await ask("ListUserPoolClientSecrets", **named))["ClientSecrets"]
    shown = (await ask("DescribeUserPoolClient", **named))["UserPoolClient"]["ClientSecret"]
    await ask("DeleteUserPoolClientSecret", **named, ClientSecretId=listed[0]["ClientSecretId"])
    shown_later = (await ask("DescribeUserPoolClient", **named))["UserPoolClient"]["ClientSecret"]
    given = (await ask("AddUserPoolClientSecret", **named, ClientSecret=SECRET))["ClientSecretDescriptor"]

    assert (SECRET, generated["ClientSecretValue"]) == (shown, shown_later)
    assert [{"ClientSecretId", "ClientSecretCreateDate"}] * 2 == [secret.keys() for secret in listed]
    assert {"ClientSecretId", "ClientSecretCreateDate"} == given.keys()


async def test_clients_are_listed_without_their_secrets(ask: Api, pool_id: str) -> None:
    created = (await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app", GenerateSecret=True))[
        "UserPoolClient"
    ]

    listed = await ask("ListUserPoolClients", UserPoolId=pool_id)

    expected = {"ClientId": created["ClientId"], "UserPoolId": pool_id, "ClientName": "app"}
    assert {"UserPoolClients": [expected]} == listed


async def test_a_client_of_another_pool_is_not_found(ask: Api, pool_id: str) -> None:
    other = (await ask("CreateUserPool", PoolName="other"))["UserPool"]["Id"]
    client = await ask("CreateUserPoolClient", UserPoolId=other, ClientName="app", GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["UserPoolClient"]["ClientId"]}

    for name, more in (
        ("DescribeUserPoolClient", {}),
        ("UpdateUserPoolClient", {}),
        ("DeleteUserPoolClient", {}),
        ("AddUserPoolClientSecret", {}),
        ("ListUserPoolClientSecrets", {}),
        ("DeleteUserPoolClientSecret", {"ClientSecretId": "x"}),
    ):
        with pytest.raises(ClientNotFound):
            await ask(name, **named, **more)


async def test_a_deleted_client_is_not_found(ask: Api, pool_id: str) -> None:
    client = await ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app")
    named = {"UserPoolId": pool_id, "ClientId": client["UserPoolClient"]["ClientId"]}

    await ask("DeleteUserPoolClient", **named)

    with pytest.raises(ClientNotFound):
        await ask("DescribeUserPoolClient", **named)


# --- groups ----------------------------------------------------------------------------------------------------------


async def test_a_group_is_shown_as_it_was_made_and_changed(ask: Api, pool_id: str) -> None:
    named = {"UserPoolId": pool_id, "GroupName": "staff"}

    created = await ask("CreateGroup", **named, Description="All", Precedence=0)
    updated = await ask("UpdateGroup", **named, RoleArn="arn:aws:iam::000000000000:role/staff")

    dates = {"CreationDate": NOON, "LastModifiedDate": NOON}
    assert {"Group": {**named, "Description": "All", "Precedence": 0, **dates}} == created
    assert {"Group": {**created["Group"], "RoleArn": "arn:aws:iam::000000000000:role/staff"}} == updated
    assert updated == await ask("GetGroup", **named)
    assert {"Groups": [updated["Group"]]} == await ask("ListGroups", UserPoolId=pool_id)


async def test_members_are_added_listed_and_removed(world: World, ask: Api, pool_id: str) -> None:
    user = await world.user(await world.pools.get(pool_id))
    await ask("CreateGroup", UserPoolId=pool_id, GroupName="staff")

    await ask("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="staff", Username="jane")
    joined = await ask("AdminListGroupsForUser", UserPoolId=pool_id, Username="jane", Limit=0)
    members = await ask("ListUsersInGroup", UserPoolId=pool_id, GroupName="staff")
    await ask("AdminRemoveUserFromGroup", UserPoolId=pool_id, GroupName="staff", Username="jane")
    left = await ask("AdminListGroupsForUser", UserPoolId=pool_id, Username="jane")

    assert ["staff"] == [group["GroupName"] for group in joined["Groups"]]
    assert {
        "Username": "jane",
        "Attributes": [{"Name": "sub", "Value": user.sub}, {"Name": "email", "Value": "jane@example.com"}],
        "UserCreateDate": NOON,
        "UserLastModifiedDate": NOON,
        "Enabled": True,
        "UserStatus": "CONFIRMED",
    } == members["Users"][0]
    assert {"Groups": []} == left


async def test_an_unknown_user_joins_nothing(ask: Api, pool_id: str) -> None:
    await ask("CreateGroup", UserPoolId=pool_id, GroupName="staff")

    with pytest.raises(UserNotFound):
        await ask("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="staff", Username="nobody")
    with pytest.raises(PoolNotFound):
        await ask("AdminAddUserToGroup", UserPoolId=f"{REGION}_absent", GroupName="staff", Username="nobody")


async def test_a_deleted_group_is_not_listed(ask: Api, pool_id: str) -> None:
    await ask("CreateGroup", UserPoolId=pool_id, GroupName="staff")

    await ask("DeleteGroup", UserPoolId=pool_id, GroupName="staff")

    assert {"Groups": []} == await ask("ListGroups", UserPoolId=pool_id)


# --- shapes that others use ------------------------------------------------------------------------------------------


def strict(shape: str, value: Any) -> Any:
    return compile_output(model(), shape, strict=True)(value)


def test_attributes_are_read_as_a_mapping_and_each_name_once() -> None:
    given = [{"Name": "email", "Value": "jane@example.com"}, {"Name": "nickname"}, {"Name": "name", "Value": None}]

    assert {"email": "jane@example.com", "nickname": "", "name": ""} == shapes.attributes_in(given)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter):
        shapes.attributes_in([{"Name": "email", "Value": "a"}, {"Name": "email", "Value": "b"}])


def test_a_delivery_tells_where_by_what_and_for_which_attribute() -> None:
    delivery = Delivery(destination="j***@e***", medium="EMAIL", attribute="email")

    assert {"Destination": "j***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"} == strict(
        "CodeDeliveryDetailsType", shapes.delivery_structure(delivery)
    )


def test_tokens_are_bearer_tokens_and_an_old_refresh_token_is_not_repeated() -> None:
    first = shapes.authentication_result(TokenSet(access="a", id="i", refresh="r", expires_in=3600))
    again = shapes.authentication_result(TokenSet(access="a", id="i", refresh=None, expires_in=3600))

    common = {"AccessToken": "a", "IdToken": "i", "ExpiresIn": 3600, "TokenType": "Bearer"}
    assert {**common, "RefreshToken": "r"} == strict("AuthenticationResultType", first)
    assert common == strict("AuthenticationResultType", again)
