"""What a signed operation is about, as policies name it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors import IdentityPoolNotFound, InvalidParameter
from poolhouse.errors.reasons import Reason

ANY: Final = "*"
"""The resource of operations that are about no pool in particular, or about all."""

_ARN: Final = re.compile(r"arn:[\w-]+:cognito-identity:([\w-]+):([0-9]*):identitypool/([\w-]+:[0-9a-f-]+)", re.ASCII)


def pool_arn(pool_id: str, account: str) -> str:
    return f"arn:aws:cognito-identity:{pool_id.partition(':')[0]}:{account}:identitypool/{pool_id}"


def pool_of_arn(arn: str, account: str) -> str:
    """The id of the pool that the resource name means. Without an account it is ours: who makes names of ids, as
    Terraform does, may have been told of none. Raises ``InvalidParameter``; ``IdentityPoolNotFound`` where it is not
    ours."""
    match = _ARN.fullmatch(arn)
    if match is None:
        raise InvalidParameter(Reason.ARN_NOT_OF_IDENTITY_POOL)
    region, of, pool_id = match.groups()
    if of not in {account, ""} or not pool_id.startswith(f"{region}:"):
        raise IdentityPoolNotFound(pool_id)
    return pool_id


def resource_of(given: Mapping[str, Any], *, account: str) -> str:
    """The ARN of the pool that the input names, or ``*``.

    It is made from the pool's id alone. A region or account that the caller chose, in the signature or in an ARN of the
    input, must not give the same pool another name: a denial by ARN would not see it.
    """
    pool_id = given.get("IdentityPoolId")
    if pool_id is None and "ResourceArn" in given:
        pool_id = given["ResourceArn"].rpartition("identitypool/")[2]
    return ANY if pool_id is None else pool_arn(pool_id, account)
