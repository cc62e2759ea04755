"""The request classes of the field's quotas: which operations share one figure of requests a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CLASSES: Final[Mapping[str, str]] = {
    "UserAuthentication": "InitiateAuth AdminInitiateAuth",
    "UserAuthenticationResponse": "RespondToAuthChallenge AdminRespondToAuthChallenge",
    "UserCreation": "SignUp ConfirmSignUp AdminCreateUser AdminConfirmSignUp",
    "UserAccountRecovery": "ForgotPassword ConfirmForgotPassword AdminResetUserPassword AdminSetUserPassword "
    "ChangePassword",
    "UserRead": "GetUser AdminGetUser",
    "UserUpdate": "UpdateUserAttributes DeleteUserAttributes VerifyUserAttribute DeleteUser GlobalSignOut "
    "AdminUpdateUserAttributes AdminDeleteUserAttributes AdminDeleteUser AdminEnableUser AdminDisableUser "
    "AdminUserGlobalSignOut AdminAddUserToGroup AdminRemoveUserFromGroup AdminLinkProviderForUser "
    "AdminDisableProviderForUser",
    "UserToken": "GetTokensFromRefreshToken RevokeToken GetClientToken GetDerivedToken",
    "UserResourceRead": "ResendConfirmationCode GetUserAttributeVerificationCode AdminListGroupsForUser GetDevice "
    "ListDevices AdminGetDevice AdminListDevices AdminListUserAuthEvents GetUserAuthFactors AdminGetUserAuthFactors "
    "ListWebAuthnCredentials ListUserSessions AdminListUserSessions",
    "UserResourceUpdate": "ConfirmDevice ForgetDevice UpdateDeviceStatus AdminForgetDevice AdminUpdateDeviceStatus "
    "AssociateSoftwareToken VerifySoftwareToken SetUserMFAPreference SetUserSettings AdminSetUserMFAPreference "
    "AdminSetUserSettings UpdateAuthEventFeedback AdminUpdateAuthEventFeedback StartWebAuthnRegistration "
    "CompleteWebAuthnRegistration DeleteWebAuthnCredential AdminDeleteSoftwareToken RevokeUserSession "
    "AdminRevokeUserSession",
    "UserList": "ListUsers ListUsersInGroup",
    "UserPoolRead": "DescribeUserPool ListUserPools",
    "UserPoolUpdate": "CreateUserPool UpdateUserPool DeleteUserPool",
    "UserPoolResourceRead": "GetGroup ListGroups DescribeIdentityProvider GetIdentityProviderByIdentifier "
    "ListIdentityProviders DescribeResourceServer ListResourceServers DescribeUserImportJob ListUserImportJobs "
    "GetCSVHeader DescribeUserPoolDomain GetSigningCertificate GetUICustomization GetUserPoolMfaConfig "
    "GetLogDeliveryConfiguration DescribeRiskConfiguration DescribeManagedLoginBranding "
    "DescribeManagedLoginBrandingByClient DescribeTerms DescribeTermsByClient "
    "ListTerms ListTagsForResource ListUserPoolReplicas GetUserPoolSessionConfiguration GetProvisionedLimit",
    "UserPoolResourceUpdate": "CreateGroup UpdateGroup DeleteGroup AddCustomAttributes CreateIdentityProvider "
    "UpdateIdentityProvider DeleteIdentityProvider CreateResourceServer UpdateResourceServer DeleteResourceServer "
    "CreateUserImportJob StartUserImportJob StopUserImportJob CreateUserPoolDomain UpdateUserPoolDomain "
    "DeleteUserPoolDomain SetUICustomization SetUserPoolMfaConfig SetLogDeliveryConfiguration SetRiskConfiguration "
    "CreateManagedLoginBranding UpdateManagedLoginBranding DeleteManagedLoginBranding CreateTerms UpdateTerms "
    "DeleteTerms TagResource UntagResource SetUserPoolSessionConfiguration UpdateProvisionedLimit "
    "CreateUserPoolReplica DeleteUserPoolReplica UpdateUserPoolReplica",
    "UserPoolClientRead": "DescribeUserPoolClient ListUserPoolClients ListUserPoolClientSecrets "
    "GetUserPoolClientSessionConfiguration",
    "UserPoolClientUpdate": "CreateUserPoolClient UpdateUserPoolClient DeleteUserPoolClient AddUserPoolClientSecret "
    "DeleteUserPoolClientSecret SetUserPoolClientSessionConfiguration",
}

CLASS_OF: Final[Mapping[str, str]] = {
    operation: name for name, operations in CLASSES.items() for operation in operations.split()
}
