"""The trail."""

from __future__ import annotations

from typing import Literal

from poolhouse.records.base import StoredRecord

Action = Literal[
    "access_key.created",
    "access_key.deleted",
    "attributes.deleted",
    "attributes.updated",
    "authorization.code_refused",
    "client.created",
    "client.deleted",
    "client.refused",
    "client.secret_added",
    "client.secret_deleted",
    "client.updated",
    "code.refused",
    "code.requested",
    "consent.given",
    "consent.withdrawn",
    "contact.verified",
    "credentials.issued",
    "device.confirmed",
    "device.forgotten",
    "device.updated",
    "domain.created",
    "domain.deleted",
    "domain.updated",
    "factor.changed",
    "factor.deleted",
    "factor.enrolled",
    "factor.refused",
    "factor.requested",
    "grants.refused",
    "grants.reused",
    "grants.revoked",
    "group.created",
    "group.deleted",
    "group.joined",
    "group.left",
    "group.updated",
    "identity.created",
    "identity.deleted",
    "identity.linked",
    "identity.merged",
    "identity.refused",
    "identity.unlinked",
    "identity_pool.created",
    "identity_pool.deleted",
    "identity_pool.principal_tags_set",
    "identity_pool.roles_set",
    "identity_pool.tagged",
    "identity_pool.untagged",
    "identity_pool.updated",
    "job.cancelled",
    "job.cancelling",
    "job.failed",
    "job.failing",
    "job.retried",
    "keys.rotated",
    "login.refused",
    "message.dropped",
    "message.retried",
    "oidc_provider.created",
    "oidc_provider.deleted",
    "oidc_provider.updated",
    "password.change_refused",
    "password.changed",
    "password.chosen",
    "password.recovered",
    "password.reset_required",
    "password.set",
    "policy.created",
    "policy.deleted",
    "policy.updated",
    "pool.attributes_added",
    "pool.created",
    "pool.deleted",
    "pool.tagged",
    "pool.untagged",
    "pool.updated",
    "recovery_code.used",
    "recovery_codes.made",
    "resource_server.created",
    "resource_server.deleted",
    "resource_server.updated",
    "role.created",
    "role.deleted",
    "role.policy_attached",
    "role.policy_deleted",
    "role.policy_detached",
    "role.policy_put",
    "role.sessions_revoked",
    "role.trust_changed",
    "role.updated",
    "saml_provider.created",
    "saml_provider.deleted",
    "saml_provider.updated",
    "session.ended",
    "sign_in.failed",
    "sign_in.succeeded",
    "sign_up",
    "sign_up.confirmed",
    "signature.refused",
    "user.deleted",
    "user.disabled",
    "user.enabled",
    "user.imported",
    "user.invited",
    "user.invited_again",
    "user.migrated",
    "user.signed_out",
    "users.exported",
]
"""Everything that is noted. Released words stay: operators search for them."""


class AuditEntry(StoredRecord, frozen=True, kw_only=True):
    """Something happened that an auditor asks for. What the fields hold, and must not hold, the event of plugins says
    (``hooks.events.audit.Audit``). Without ``pool_id`` it is of the server as a whole."""

    id: str
    action: str
    at: float
    expires: float
    pool_id: str | None = None
    client_id: str | None = None
    subject: str | None = None
    actor: str | None = None
    source: str = ""
    request_id: str = ""
    facts: dict[str, str] = {}
