"""What a signed operation is about, as policies name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.server.cognito.user_pools.shapes.pools import pool_arn

ANY: Final = "*"
"""The resource of operations that are about no pool in particular, or about all."""


def resource_of(given: Mapping[str, Any], *, account: str) -> str:
    """The ARN of the pool that the input names, or ``*``.

    It is made from the pool's id alone. A region or account that the caller chose, in the signature or in an ARN of the
    input, must not give the same pool another name: a denial by ARN would not see it.
    """
    pool_id = given.get("UserPoolId")
    if pool_id is None and "ResourceArn" in given:
        pool_id = given["ResourceArn"].rpartition("userpool/")[2]
    if pool_id is None:
        return ANY
    return pool_arn(pool_id.rpartition("_")[0], account, pool_id)
