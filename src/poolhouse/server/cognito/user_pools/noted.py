"""What each operation leaves in the audit trail; of the others, why they leave nothing.

An operation that writes or checks a credential, a contact, the state of a user, a membership, a setting or a key has
its line here. ``docs/operations.md`` shows both lists, and tests hold the operations to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.records.audit import Action

_SIGN_IN: Final[tuple[Action, ...]] = ("sign_in.succeeded", "sign_in.failed")
_ANSWER: Final[tuple[Action, ...]] = (
    *_SIGN_IN,
    "password.chosen",
    "factor.requested",
    "factor.refused",
    "factor.enrolled",
    "code.requested",
    "code.refused",
    "contact.verified",
    "recovery_code.used",
)
_OPENING: Final[tuple[Action, ...]] = (*_SIGN_IN, "code.requested", "user.migrated", "grants.refused", "grants.reused")

NOTED: Final[Mapping[str, tuple[Action, ...]]] = {
    "AddCustomAttributes": ("pool.attributes_added",),
    "AddUserPoolClientSecret": ("client.secret_added",),
    "AdminAddUserToGroup": ("group.joined",),
    "AdminConfirmSignUp": ("sign_up.confirmed",),
    "AdminCreateUser": ("user.invited", "user.invited_again"),
    "AdminDeleteSoftwareToken": ("factor.deleted",),
    "AdminDeleteUser": ("user.deleted",),
    "AdminDeleteUserAttributes": ("attributes.deleted",),
    "AdminDisableUser": ("user.disabled",),
    "AdminEnableUser": ("user.enabled",),
    "AdminForgetDevice": ("device.forgotten",),
    "AdminInitiateAuth": _OPENING,
    "AdminRemoveUserFromGroup": ("group.left",),
    "AdminResetUserPassword": ("password.reset_required", "code.requested"),
    "AdminRespondToAuthChallenge": _ANSWER,
    "AdminSetUserMFAPreference": ("factor.changed",),
    "AdminSetUserPassword": ("password.set",),
    "AdminSetUserSettings": ("factor.changed",),
    "AdminUpdateDeviceStatus": ("device.updated",),
    "AdminUpdateUserAttributes": ("attributes.updated", "code.requested"),
    "AdminUserGlobalSignOut": ("user.signed_out",),
    "AssociateSoftwareToken": ("factor.requested",),
    "ChangePassword": ("password.changed", "password.change_refused"),
    "CompleteWebAuthnRegistration": ("factor.enrolled", "factor.refused"),
    "ConfirmDevice": ("device.confirmed",),
    "ConfirmForgotPassword": ("password.recovered", "code.refused", "client.refused"),
    "ConfirmSignUp": ("sign_up.confirmed", "code.refused", "client.refused"),
    "CreateGroup": ("group.created",),
    "CreateResourceServer": ("resource_server.created",),
    "CreateUserPool": ("pool.created",),
    "CreateUserPoolClient": ("client.created",),
    "CreateUserPoolDomain": ("domain.created",),
    "DeleteGroup": ("group.deleted",),
    "DeleteResourceServer": ("resource_server.deleted",),
    "DeleteUser": ("user.deleted",),
    "DeleteUserAttributes": ("attributes.deleted",),
    "DeleteUserPool": ("pool.deleted",),
    "DeleteUserPoolClient": ("client.deleted",),
    "DeleteUserPoolClientSecret": ("client.secret_deleted",),
    "DeleteUserPoolDomain": ("domain.deleted",),
    "DeleteWebAuthnCredential": ("factor.deleted",),
    "ForgetDevice": ("device.forgotten",),
    "ForgotPassword": ("code.requested", "user.migrated", "client.refused"),
    "GetTokensFromRefreshToken": ("grants.refused", "grants.reused"),
    "GetUserAttributeVerificationCode": ("code.requested",),
    "GlobalSignOut": ("user.signed_out",),
    "InitiateAuth": _OPENING,
    "ResendConfirmationCode": ("code.requested", "client.refused"),
    "RespondToAuthChallenge": _ANSWER,
    "RevokeToken": ("grants.revoked", "client.refused"),
    "SetUserMFAPreference": ("factor.changed",),
    "SetUserPoolMfaConfig": ("pool.updated",),
    "SetUserSettings": ("factor.changed",),
    "SignUp": ("sign_up", "code.requested", "client.refused"),
    "StartWebAuthnRegistration": ("factor.requested",),
    "TagResource": ("pool.tagged",),
    "UntagResource": ("pool.untagged",),
    "UpdateDeviceStatus": ("device.updated",),
    "UpdateGroup": ("group.updated",),
    "UpdateResourceServer": ("resource_server.updated",),
    "UpdateUserAttributes": ("attributes.updated", "code.requested"),
    "UpdateUserPool": ("pool.updated",),
    "UpdateUserPoolClient": ("client.updated",),
    "UpdateUserPoolDomain": ("domain.updated",),
    "VerifySoftwareToken": ("factor.enrolled", "factor.refused"),
    "VerifyUserAttribute": ("contact.verified", "code.refused"),
}
"""New tokens for a good refresh token are not noted: the sign-in that gave it is."""

SILENT: Final[Mapping[str, tuple[str, ...]]] = {
    "reads what an administrator may see, and changes nothing": (
        "AdminGetDevice",
        "AdminGetUser",
        "AdminGetUserAuthFactors",
        "AdminListDevices",
        "AdminListGroupsForUser",
        "DescribeResourceServer",
        "DescribeUserPool",
        "DescribeUserPoolClient",
        "DescribeUserPoolDomain",
        "GetCSVHeader",
        "GetGroup",
        "GetUserPoolMfaConfig",
        "ListGroups",
        "ListResourceServers",
        "ListTagsForResource",
        "ListUserPoolClientSecrets",
        "ListUserPoolClients",
        "ListUserPools",
        "ListUsers",
        "ListUsersInGroup",
    ),
    "reads the user's own record; the token that is shown is signed, and cannot be guessed": (
        "GetDevice",
        "GetUser",
        "GetUserAuthFactors",
        "ListDevices",
        "ListWebAuthnCredentials",
    ),
}
"""Operations that leave nothing, by the reason why."""

ELSEWHERE: Final[Mapping[str, tuple[Action, ...]]] = {
    "addresses of an account": ("recovery_codes.made",),
    "authorization": ("authorization.code_refused", "consent.given", "consent.withdrawn"),
    "commands": ("access_key.created", "access_key.deleted", "keys.rotated", "user.imported", "users.exported"),
    "logins at identity pools": ("login.refused",),
    "registrations of providers": (
        "oidc_provider.created",
        "oidc_provider.deleted",
        "oidc_provider.updated",
        "saml_provider.created",
        "saml_provider.deleted",
        "saml_provider.updated",
    ),
    "jobs": ("job.cancelled", "job.cancelling", "job.failed", "job.failing", "job.retried"),
    "messages": ("message.dropped", "message.retried"),
    "sessions": ("session.ended",),
    "roles and policies": (
        "policy.created",
        "policy.deleted",
        "policy.updated",
        "role.created",
        "role.deleted",
        "role.policy_attached",
        "role.policy_deleted",
        "role.policy_detached",
        "role.policy_put",
        "role.sessions_revoked",
        "role.trust_changed",
        "role.updated",
    ),
    "signatures": ("signature.refused",),
}
"""What is noted of what is no operation."""
