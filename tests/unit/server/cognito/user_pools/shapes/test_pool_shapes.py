from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.flows.directory.definitions import Bounds, Declaration
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.pools import MessageTemplate, PasswordPolicy, RecoveryOption
from poolhouse.server.cognito.user_pools.shapes.pools import declarations, pool_foundation, pool_settings


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"LambdaConfig": {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:e:1:f"}}},
            "LambdaConfig.InboundFederation.LambdaArn",
        ),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}, "UserPoolAddOns.AdvancedSecurityMode"),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, "UserPoolAddOns.AdvancedSecurityMode"),
        (
            {"UserPoolAddOns": {"AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"}}},
            "UserPoolAddOns.AdvancedSecurityAdditionalFlows.CustomAuthMode",
        ),
        ({"DcrConfiguration": {"EnableStatus": "Enabled"}}, "DcrConfiguration.EnableStatus"),
        ({"DcrConfiguration": {"OpenDcrEnabled": True}}, "DcrConfiguration.OpenDcrEnabled"),
        ({"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}, "KeyConfiguration.KeyType"),
        ({"KeyConfiguration": {"KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}}, "KeyConfiguration.KmsKeyArn"),
        ({"IssuerConfiguration": {"Type": "UPDATED"}}, "IssuerConfiguration.Type"),
        ({"AcrConfiguration": {"Level1": "low"}}, "AcrConfiguration.Level1"),
    ],
)
def test_what_is_not_offered_is_refused_by_its_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        pool_settings(given)

    assert str(refused.value).startswith(f"{named} is not offered by this server")


def test_a_pool_can_confirm_by_a_link() -> None:
    said = pool_settings(
        {
            "VerificationMessageTemplate": {
                "DefaultEmailOption": "CONFIRM_WITH_LINK",
                "EmailMessageByLink": "{##here##}",
                "EmailSubjectByLink": "Hello",
            }
        }
    ).verification

    assert (True, "{##here##}", "Hello") == (said.by_link, said.link_email, said.link_subject)


def test_what_is_not_offered_may_be_switched_off_in_so_many_words() -> None:
    settings = pool_settings(
        {
            "MfaConfiguration": "OFF",
            "LambdaConfig": {},
            "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
            "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}},
            "DcrConfiguration": {"EnableStatus": "Disabled"},
            "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
            "IssuerConfiguration": {"Type": "ORIGINAL"},
            "AcrConfiguration": {},
        }
    )

    kept = {
        "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
        "DcrConfiguration": {"EnableStatus": "Disabled"},
        "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        "IssuerConfiguration": {"Type": "ORIGINAL"},
    }
    assert PoolSettings(kept=kept) == settings


def test_nothing_said_is_the_default() -> None:
    assert PoolSettings() == pool_settings({})
    assert PoolFoundation() == pool_foundation({})


def test_a_password_policy_asks_for_what_it_says_and_no_more() -> None:
    settings = pool_settings({"Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}}})

    expected = PasswordPolicy(
        minimum_length=12,
        require_uppercase=False,
        require_lowercase=False,
        require_numbers=True,
        require_symbols=False,
    )
    assert expected == settings.password_policy


@pytest.mark.parametrize(
    ("days", "legacy_days", "expected"),
    [(None, None, 7), (0, None, 0), (30, None, 30), (None, 5, 5), (30, 30, 30), (0, 5, 5), (30, 0, 30)],
)
def test_the_life_of_a_temporary_password_has_two_names(
    days: int | None, legacy_days: int | None, expected: int
) -> None:
    given: dict[str, Any] = {"Policies": {"PasswordPolicy": {}}, "AdminCreateUserConfig": {}}
    if days is not None:
        given["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] = days
    if legacy_days is not None:
        given["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = legacy_days

    assert expected == pool_settings(given).password_policy.temporary_days


def test_two_names_of_one_setting_cannot_say_different_things() -> None:
    for given in (
        {
            "Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}},
            "AdminCreateUserConfig": {"UnusedAccountValidityDays": 4},
        },
        {"EmailVerificationSubject": "a", "VerificationMessageTemplate": {"EmailSubject": "b"}},
        {"EmailVerificationMessage": "a{####}", "VerificationMessageTemplate": {"EmailMessage": "b{####}"}},
        {"SmsVerificationMessage": "a{####}", "VerificationMessageTemplate": {"SmsMessage": "b{####}"}},
    ):
        with pytest.raises(InvalidParameter):
            pool_settings(given)


def test_messages_are_taken_from_either_place() -> None:
    above = pool_settings({"EmailVerificationSubject": "a", "SmsVerificationMessage": "b"})
    below = pool_settings({"VerificationMessageTemplate": {"EmailSubject": "a", "SmsMessage": "b"}})
    invited = pool_settings({"AdminCreateUserConfig": {"InviteMessageTemplate": {"EmailSubject": "a"}}})

    assert MessageTemplate(subject="a", sms="b") == above.verification == below.verification
    assert MessageTemplate(subject="a") == invited.invitation


def test_recovery_is_read_in_its_order() -> None:
    settings = pool_settings(
        {"AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}}
    )

    assert (RecoveryOption(name="verified_email", priority=1),) == settings.recovery


def test_what_is_said_once_is_read_for_the_foundation() -> None:
    foundation = pool_foundation(
        {
            "UsernameAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "Schema": [
                {"Name": "shoe", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1"}},
                {
                    "Name": "hat",
                    "AttributeDataType": "String",
                    "DeveloperOnlyAttribute": True,
                    "StringAttributeConstraints": {"MaxLength": "9"},
                },
            ],
        }
    )

    expected = PoolFoundation(
        declarations=(
            Declaration(name="shoe", type="Number", value=Bounds("1")),
            Declaration(name="hat", type="String", developer_only=True, length=Bounds(None, "9")),
        ),
        username_attributes=("email",),
        case_sensitive=False,
        case_stated=True,
    )
    assert expected == foundation


def test_an_attribute_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        declarations([{"AttributeDataType": "String"}])
