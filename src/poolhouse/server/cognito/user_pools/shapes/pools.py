"""User pools in both spellings: the vendor's members and our settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.definitions import Bounds, Declaration
from poolhouse.flows.pools.settings import RECOVERY, PoolFoundation, PoolSettings
from poolhouse.records.pools import (
    AttributeSchema,
    DeviceTracking,
    MessageTemplate,
    PasswordPolicy,
    Pool,
    RecoveryOption,
)
from poolhouse.server.cognito.user_pools.shapes.triggers import lambda_config, triggers

_NO: Final = Reason.SETTING_NOT_OFFERED
_ONLY: Final = Reason.SETTING_OFFERED_ONLY_AS

Rule: TypeAlias = tuple[str, tuple[object, ...], Reason, Mapping[str, str]]

_NOT_OFFERED: Final[tuple[Rule, ...]] = (
    ("LambdaConfig.InboundFederation", (), _NO, {}),
    ("UserPoolAddOns.AdvancedSecurityMode", ("OFF",), _ONLY, {"only": "OFF"}),
    ("UserPoolAddOns.AdvancedSecurityAdditionalFlows", ({},), _NO, {}),
    ("DcrConfiguration.EnableStatus", ("Disabled",), _ONLY, {"only": "Disabled"}),
    ("DcrConfiguration.OpenDcrEnabled", (False,), _NO, {}),
    ("KeyConfiguration.KeyType", ("AWS_OWNED_KEY",), _ONLY, {"only": "AWS_OWNED_KEY"}),
    ("KeyConfiguration.KmsKeyArn", (), _NO, {}),
    ("IssuerConfiguration.Type", ("ORIGINAL",), _ONLY, {"only": "ORIGINAL"}),
    ("AcrConfiguration", ({},), _NO, {}),
)
"""Members, the values that mean "without it", and what is said of all others, with its facts. They are refused, because
who asks for a protection and gets none is worse off than who is told."""


_KEPT: Final = (
    "EmailConfiguration",
    "SmsConfiguration",
    "UserPoolAddOns",
    "DcrConfiguration",
    "KeyConfiguration",
    "IssuerConfiguration",
)
_BY_LINK: Final = "CONFIRM_WITH_LINK"

_CSV_STANDARD: Final = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
)


# --- in --------------------------------------------------------------------------------------------------------------


def pool_settings(given: Mapping[str, Any]) -> PoolSettings:
    """What CreateUserPool and UpdateUserPool ask for. Raises ``InvalidParameter`` for what is not offered."""
    refuse_not_offered(given, _NOT_OFFERED)
    template = given.get("VerificationMessageTemplate", {})
    admin = given.get("AdminCreateUserConfig", {})
    kept = {member: given[member] for member in _KEPT if member in given}
    recovery = given.get("AccountRecoverySetting", {}).get("RecoveryMechanisms")
    return PoolSettings(
        name=given.get("PoolName"),
        tier=given.get("UserPoolTier"),
        password_policy=_password_policy(given.get("Policies", {}).get("PasswordPolicy"), admin),
        auto_verified=tuple(given.get("AutoVerifiedAttributes", ())),
        verify_before_update=tuple(
            given.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate", ())
        ),
        admin_create_only=admin.get("AllowAdminCreateUserOnly", False),
        verification=MessageTemplate(
            sms=_mirrored(given, "SmsVerificationMessage", template, "SmsMessage"),
            email=_mirrored(given, "EmailVerificationMessage", template, "EmailMessage"),
            subject=_mirrored(given, "EmailVerificationSubject", template, "EmailSubject"),
            by_link=template.get("DefaultEmailOption") == _BY_LINK,
            link_email=template.get("EmailMessageByLink"),
            link_subject=template.get("EmailSubjectByLink"),
        ),
        invitation=_invitation(admin.get("InviteMessageTemplate", {})),
        recovery=RECOVERY
        if recovery is None
        else tuple(RecoveryOption(name=option["Name"], priority=option["Priority"]) for option in recovery),
        deletion_protected=given.get("DeletionProtection") == "ACTIVE",
        tags=given.get("UserPoolTags") or None,
        triggers=triggers(given.get("LambdaConfig", {})),
        sender_key=given.get("LambdaConfig", {}).get("KMSKeyID"),
        mfa=given.get("MfaConfiguration", "OFF"),
        sms_authentication=given.get("SmsAuthenticationMessage"),
        first_factors=_first_factors(given.get("Policies", {}).get("SignInPolicy", {})),
        devices=_tracking(given.get("DeviceConfiguration")),
        kept=kept,
    )


def pool_foundation(given: Mapping[str, Any]) -> PoolFoundation:
    """What CreateUserPool says once and for all."""
    case = given.get("UsernameConfiguration")
    return PoolFoundation(
        declarations=declarations(given.get("Schema", ())),
        username_attributes=tuple(given.get("UsernameAttributes", ())),
        alias_attributes=tuple(given.get("AliasAttributes", ())),
        case_sensitive=True if case is None else case["CaseSensitive"],
        case_stated=case is not None,
    )


def declarations(entries: Sequence[Mapping[str, Any]]) -> tuple[Declaration, ...]:
    """A list of SchemaAttributeType. Raises ``InvalidParameter`` for one without a name."""
    if not all(entry.get("Name") for entry in entries):
        raise InvalidParameter(Reason.ATTRIBUTE_UNNAMED)
    return tuple(
        Declaration(
            name=entry["Name"],
            type=entry.get("AttributeDataType"),
            mutable=entry.get("Mutable"),
            required=entry.get("Required", False),
            developer_only=entry.get("DeveloperOnlyAttribute", False),
            length=_bounds(entry.get("StringAttributeConstraints"), "MinLength", "MaxLength"),
            value=_bounds(entry.get("NumberAttributeConstraints"), "MinValue", "MaxValue"),
        )
        for entry in entries
    )


def refuse_not_offered(given: Mapping[str, Any], table: Sequence[Rule]) -> None:
    """Raises ``InvalidParameter`` for a member of the table with another value than those that mean "without it"."""
    for path, off, reason, facts in table:
        value: Any = given
        for member in path.split("."):
            value = value.get(member) if isinstance(value, Mapping) else None
        if value is not None and value not in off:
            named = f"{path}.{min(value)}" if isinstance(value, Mapping) and value else path
            raise InvalidParameter(reason, setting=named, **facts)


def _first_factors(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given.get("AllowedFirstAuthFactors") or ("PASSWORD",)))


def _password_policy(given: Mapping[str, Any] | None, admin: Mapping[str, Any]) -> PasswordPolicy:
    """Without a policy every class of characters is required; a policy requires what it says and no more."""
    days = (given or {}).get("TemporaryPasswordValidityDays")
    legacy_days = admin.get("UnusedAccountValidityDays")
    if days and legacy_days and days != legacy_days:
        raise InvalidParameter(Reason.PASSWORD_VALIDITY_GIVEN_TWICE)
    stated = [said for said in (days, legacy_days) if said is not None]
    temporary_days = max(stated, default=PasswordPolicy().temporary_days)
    if given is None:
        return PasswordPolicy(temporary_days=temporary_days)
    return PasswordPolicy(
        minimum_length=given.get("MinimumLength", PasswordPolicy().minimum_length),
        require_uppercase=given.get("RequireUppercase", False),
        require_lowercase=given.get("RequireLowercase", False),
        require_numbers=given.get("RequireNumbers", False),
        require_symbols=given.get("RequireSymbols", False),
        history=given.get("PasswordHistorySize", 0),
        history_stated="PasswordHistorySize" in given,
        temporary_days=temporary_days,
    )


def _tracking(given: Mapping[str, Any] | None) -> DeviceTracking | None:
    """None where nothing is said, as the field has it."""
    if given is None:
        return None
    return DeviceTracking(
        instead=given.get("ChallengeRequiredOnNewDevice", False),
        on_prompt=given.get("DeviceOnlyRememberedOnUserPrompt", False),
    )


def _mirrored(given: Mapping[str, Any], member: str, template: Mapping[str, Any], same: str) -> str | None:
    values = {text for text in (given.get(member), template.get(same)) if text is not None}
    if len(values) > 1:
        raise InvalidParameter(Reason.SETTINGS_DIFFER, setting=member, same=f"VerificationMessageTemplate.{same}")
    return values.pop() if values else None


def _invitation(template: Mapping[str, Any]) -> MessageTemplate:
    return MessageTemplate(
        sms=template.get("SMSMessage"), email=template.get("EmailMessage"), subject=template.get("EmailSubject")
    )


def _bounds(given: Mapping[str, str] | None, minimum: str, maximum: str) -> Bounds | None:
    return None if given is None else Bounds(given.get(minimum), given.get(maximum))


# --- out -------------------------------------------------------------------------------------------------------------


def pool_arn(region: str, account: str, pool_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{account}:userpool/{pool_id}"


def pool_structure(pool: Pool, account: str) -> dict[str, Any]:
    """UserPoolType, None for what is not set; without the number of its users."""
    template = pool.verification
    return {
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool_arn(pool.region, account, pool.id),
        "CreationDate": pool.created,
        "LastModifiedDate": pool.modified,
        "DeletionProtection": "ACTIVE" if pool.deletion_protected else "INACTIVE",
        "UserPoolTier": pool.tier,
        "MfaConfiguration": pool.mfa.mode,
        "LambdaConfig": lambda_config(pool),
        "Policies": {
            "PasswordPolicy": _policy_structure(pool.password_policy),
            "SignInPolicy": {"AllowedFirstAuthFactors": list(pool.first_factors)},
        },
        "SchemaAttributes": [attribute_structure(attribute) for attribute in pool.schema],
        "AutoVerifiedAttributes": list(pool.auto_verified) or None,
        "AliasAttributes": list(pool.alias_attributes) or None,
        "UsernameAttributes": list(pool.username_attributes) or None,
        "UsernameConfiguration": {"CaseSensitive": pool.case_sensitive} if pool.case_stated else None,
        "UserAttributeUpdateSettings": {
            "AttributesRequireVerificationBeforeUpdate": list(pool.verify_before_update),
        }
        if pool.verify_before_update
        else None,
        "SmsVerificationMessage": template.sms,
        "SmsAuthenticationMessage": pool.authentication.sms,
        "EmailVerificationMessage": template.email,
        "EmailVerificationSubject": template.subject,
        "AdminCreateUserConfig": _admin_structure(pool),
        "DeviceConfiguration": None
        if pool.devices is None
        else {
            "ChallengeRequiredOnNewDevice": pool.devices.instead,
            "DeviceOnlyRememberedOnUserPrompt": pool.devices.on_prompt,
        },
        "AccountRecoverySetting": None
        if pool.recovery is None
        else {"RecoveryMechanisms": [{"Priority": way.priority, "Name": way.name} for way in pool.recovery]},
        "UserPoolTags": dict(pool.tags),
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        **pool.kept,
        "VerificationMessageTemplate": {
            "SmsMessage": template.sms,
            "EmailMessage": template.email,
            "EmailSubject": template.subject,
            "EmailMessageByLink": template.link_email,
            "EmailSubjectByLink": template.link_subject,
            "DefaultEmailOption": _BY_LINK if template.by_link else "CONFIRM_WITH_CODE",
            **pool.kept.get("VerificationMessageTemplate", {}),
        },
    }


def pool_description(pool: Pool) -> dict[str, Any]:
    """UserPoolDescriptionType."""
    return {
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": lambda_config(pool),
        "CreationDate": pool.created,
        "LastModifiedDate": pool.modified,
    }


def attribute_structure(attribute: AttributeSchema) -> dict[str, Any]:
    """SchemaAttributeType. Text and numbers show their bounds, even where there are none."""
    result: dict[str, Any] = {
        "Name": attribute.name,
        "AttributeDataType": attribute.type,
        "DeveloperOnlyAttribute": attribute.developer_only,
        "Mutable": attribute.mutable,
        "Required": attribute.required,
    }
    least = str(attribute.minimum) if attribute.least is None and attribute.minimum is not None else attribute.least
    most = str(attribute.maximum) if attribute.most is None and attribute.maximum is not None else attribute.most
    if attribute.type == "String":
        result["StringAttributeConstraints"] = {"MinLength": least, "MaxLength": most}
    elif attribute.type == "Number":
        result["NumberAttributeConstraints"] = {"MinValue": least, "MaxValue": most}
    return result


def csv_header(pool: Pool) -> list[str]:
    """The columns of an import file, in the order that the vendor gives them."""
    custom = [attribute.name for attribute in pool.schema if attribute.name.startswith("custom:")]
    return [*_CSV_STANDARD, *custom, "cognito:mfa_enabled", "cognito:username"]


def _policy_structure(policy: PasswordPolicy) -> dict[str, Any]:
    return {
        "MinimumLength": policy.minimum_length,
        "RequireUppercase": policy.require_uppercase,
        "RequireLowercase": policy.require_lowercase,
        "RequireNumbers": policy.require_numbers,
        "RequireSymbols": policy.require_symbols,
        "PasswordHistorySize": policy.history if policy.history or policy.history_stated else None,
        "TemporaryPasswordValidityDays": policy.temporary_days,
    }


def _admin_structure(pool: Pool) -> dict[str, Any]:
    invitation = pool.invitation
    return {
        "AllowAdminCreateUserOnly": pool.admin_create_only,
        "UnusedAccountValidityDays": pool.password_policy.temporary_days,
        "InviteMessageTemplate": {
            "SMSMessage": invitation.sms,
            "EmailMessage": invitation.email,
            "EmailSubject": invitation.subject,
        }
        if invitation != MessageTemplate()
        else None,
    }
