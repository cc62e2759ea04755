"""What each operation leaves in the audit trail; of the others, why they leave nothing.

``docs/operations.md`` shows both lists, and tests hold the operations to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.records.audit import Action

_LINKED: Final[tuple[Action, ...]] = ("identity.linked", "identity.merged")

NOTED: Final[Mapping[str, tuple[Action, ...]]] = {
    "CreateIdentityPool": ("identity_pool.created",),
    "DeleteIdentities": ("identity.deleted",),
    "DeleteIdentityPool": ("identity_pool.deleted",),
    "GetCredentialsForIdentity": ("credentials.issued", *_LINKED, "identity.refused"),
    "GetId": ("identity.created", *_LINKED, "identity.refused"),
    "GetOpenIdToken": (*_LINKED, "identity.refused"),
    "GetOpenIdTokenForDeveloperIdentity": ("identity.created", *_LINKED),
    "MergeDeveloperIdentities": ("identity.merged",),
    "SetIdentityPoolRoles": ("identity_pool.roles_set",),
    "SetPrincipalTagAttributeMap": ("identity_pool.principal_tags_set",),
    "TagResource": ("identity_pool.tagged",),
    "UnlinkDeveloperIdentity": ("identity.unlinked",),
    "UnlinkIdentity": ("identity.unlinked", "identity.refused"),
    "UntagResource": ("identity_pool.untagged",),
    "UpdateIdentityPool": ("identity_pool.updated",),
}

SILENT: Final[Mapping[str, tuple[str, ...]]] = {
    "reads what an administrator may see, and changes nothing": (
        "DescribeIdentity",
        "DescribeIdentityPool",
        "GetIdentityPoolRoles",
        "GetPrincipalTagAttributeMap",
        "ListIdentities",
        "ListIdentityPools",
        "ListTagsForResource",
        "LookupDeveloperIdentity",
    ),
}
"""Operations that leave nothing, by the reason why."""
