"""What each operation leaves in the audit trail; of the others, why they leave nothing.

``docs/operations.md`` shows both lists, and tests hold the operations to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.records.audit import Action

NOTED: Final[Mapping[str, tuple[Action, ...]]] = {
    "CreateIdentityPool": ("identity_pool.created",),
    "DeleteIdentityPool": ("identity_pool.deleted",),
    "SetIdentityPoolRoles": ("identity_pool.roles_set",),
    "SetPrincipalTagAttributeMap": ("identity_pool.principal_tags_set",),
    "TagResource": ("identity_pool.tagged",),
    "UntagResource": ("identity_pool.untagged",),
    "UpdateIdentityPool": ("identity_pool.updated",),
}

SILENT: Final[Mapping[str, tuple[str, ...]]] = {
    "reads what an administrator may see, and changes nothing": (
        "DescribeIdentityPool",
        "GetIdentityPoolRoles",
        "GetPrincipalTagAttributeMap",
        "ListIdentityPools",
        "ListTagsForResource",
    ),
}
"""Operations that leave nothing, by the reason why."""
