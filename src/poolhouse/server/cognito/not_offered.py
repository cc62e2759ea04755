"""Operations that are not answered, by subject, with the reason that a caller is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "lists of a user's sessions are not part of this version": (
        "AdminListUserSessions",
        "AdminRevokeUserSession",
        "GetUserPoolClientSessionConfiguration",
        "GetUserPoolSessionConfiguration",
        "ListUserSessions",
        "RevokeUserSession",
        "SetUserPoolClientSessionConfiguration",
        "SetUserPoolSessionConfiguration",
    ),
    "external identity providers are not part of this version": (
        "AdminDisableProviderForUser",
        "AdminLinkProviderForUser",
        "CreateIdentityProvider",
        "DeleteIdentityProvider",
        "DescribeIdentityProvider",
        "GetIdentityProviderByIdentifier",
        "GetSigningCertificate",
        "ListIdentityProviders",
        "UpdateIdentityProvider",
    ),
    "tokens made from other tokens are not part of this version": (
        "GetClientToken",
        "GetDerivedToken",
    ),
    "branding of the hosted pages is not part of this version": (
        "CreateManagedLoginBranding",
        "DeleteManagedLoginBranding",
        "DescribeManagedLoginBranding",
        "DescribeManagedLoginBrandingByClient",
        "GetUICustomization",
        "SetUICustomization",
        "UpdateManagedLoginBranding",
    ),
    "terms of use on the hosted pages are not part of this version": (
        "CreateTerms",
        "DeleteTerms",
        "DescribeTerms",
        "DescribeTermsByClient",
        "ListTerms",
        "UpdateTerms",
    ),
    "user import jobs are not part of this version": (
        "CreateUserImportJob",
        "DescribeUserImportJob",
        "ListUserImportJobs",
        "StartUserImportJob",
        "StopUserImportJob",
    ),
    "risk scoring of sign-ins is not part of this version": (
        "AdminListUserAuthEvents",
        "AdminUpdateAuthEventFeedback",
        "DescribeRiskConfiguration",
        "SetRiskConfiguration",
        "UpdateAuthEventFeedback",
    ),
    "logs are delivered by the operator's own means, not through the API": (
        "GetLogDeliveryConfiguration",
        "SetLogDeliveryConfiguration",
    ),
    "copies of a pool in other regions are the work of the database's own replication": (
        "CreateUserPoolReplica",
        "DeleteUserPoolReplica",
        "ListUserPoolReplicas",
        "UpdateUserPoolReplica",
    ),
    "request quotas that can be bought do not exist on servers of one's own": (
        "GetProvisionedLimit",
        "UpdateProvisionedLimit",
    ),
}


def reasons() -> dict[str, str]:
    """The reason for each operation that is listed here."""
    return {name: reason for reason, names in SUBJECTS.items() for name in names}
