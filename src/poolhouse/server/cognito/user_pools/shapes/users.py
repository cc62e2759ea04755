"""Users, groups, tokens and pages in both spellings. Pools and clients have their own modules.

Structures hold None for what is not set: it is left out on the way to the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.ports.paging import Slice
from poolhouse.records.groups import Group
from poolhouse.records.messages import Delivery
from poolhouse.records.users import User

DEFAULT_PAGE = 60


# --- users -----------------------------------------------------------------------------------------------------------


def attributes_in(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """A list of AttributeType; no value is the empty one. Raises ``InvalidParameter`` for a name given twice."""
    result: dict[str, str] = {}
    for entry in given:
        if entry["Name"] in result:
            raise InvalidParameter(Reason.ATTRIBUTE_GIVEN_TWICE, attribute=entry["Name"])
        result[entry["Name"]] = entry.get("Value") or ""
    return result


def attribute_list(sub: str, attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """A list of AttributeType that begins with ``sub``."""
    return [
        {"Name": "sub", "Value": sub},
        *({"Name": name, "Value": value} for name, value in attributes.items()),
    ]


def user_structure(user: User) -> dict[str, Any]:
    """UserType."""
    return {
        "Username": user.username,
        "Attributes": attribute_list(user.sub, user.attributes),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
        "MFAOptions": mfa_options(user),
    }


def mfa_options(user: User) -> list[dict[str, str]] | None:
    """A list of MFAOptionType, which knows SMS alone; None where it is not asked for."""
    return [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}] if "SMS_MFA" in user.mfa else None


# --- sign-in ---------------------------------------------------------------------------------------------------------


def delivery_structure(delivery: Delivery) -> dict[str, str]:
    """CodeDeliveryDetailsType."""
    return {
        "Destination": delivery.destination,
        "DeliveryMedium": delivery.medium,
        "AttributeName": delivery.attribute,
    }


def authentication_result(tokens: TokenSet) -> dict[str, Any]:
    """AuthenticationResultType."""
    return {
        "AccessToken": tokens.access,
        "ExpiresIn": tokens.expires_in,
        "TokenType": "Bearer",
        "RefreshToken": tokens.refresh,
        "IdToken": tokens.id,
        "NewDeviceMetadata": None
        if tokens.device is None
        else {"DeviceKey": tokens.device.key, "DeviceGroupKey": tokens.device.group},
    }


# --- groups ----------------------------------------------------------------------------------------------------------


def group_settings(given: Mapping[str, Any]) -> GroupSettings:
    return GroupSettings(
        description=given.get("Description"), role_arn=given.get("RoleArn"), precedence=given.get("Precedence")
    )


def group_structure(group: Group) -> dict[str, Any]:
    """GroupType."""
    return {
        "GroupName": group.name,
        "UserPoolId": group.pool_id,
        "Description": group.description,
        "RoleArn": group.role_arn,
        "Precedence": group.precedence,
        "CreationDate": group.created,
        "LastModifiedDate": group.modified,
    }


# --- pages -----------------------------------------------------------------------------------------------------------


def page_size(given: Mapping[str, Any], member: str = "Limit") -> int:
    """How many are asked for. 0 means the default."""
    return given.get(member) or DEFAULT_PAGE


def page_structure(
    member: str, page: Slice, structure: Callable[[Any], dict[str, Any]], *, named: str = "NextToken"
) -> dict[str, Any]:
    """A page of structures; and the cursor of the next one, under the name that it has here."""
    return {member: [structure(item) for item in page.items], named: page.cursor}
