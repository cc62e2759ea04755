"""User pools: their settings, attributes and tags."""

from __future__ import annotations

import re

from poolhouse.errors import InvalidParameter, PoolNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.records.domains import CUSTOM, PREFIX
from poolhouse.records.pools import Pool
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import pools as pool_shapes
from poolhouse.server.cognito.user_pools.shapes import users as shapes

_POOL_ARN = re.compile(r"arn:[\w-]+:cognito-idp:([\w-]+):([0-9]+):userpool/([\w-]+_[0-9a-zA-Z]+)")


@operation("CreateUserPool")
async def create_user_pool(call: Call) -> Result:
    pool = await call.services.pools.create(
        call.region,
        call.input["PoolName"],
        pool_shapes.pool_settings(call.input),
        pool_shapes.pool_foundation(call.input),
    )
    return await _described(call, pool)


@operation("DescribeUserPool")
async def describe_user_pool(call: Call) -> Result:
    return await _described(call, await call.pool())


@operation("UpdateUserPool")
async def update_user_pool(call: Call) -> Result:
    await call.services.pools.update(call.input["UserPoolId"], pool_shapes.pool_settings(call.input))
    return {}


@operation("DeleteUserPool")
async def delete_user_pool(call: Call) -> Result:
    await call.services.pools.delete(call.input["UserPoolId"])
    return {}


@operation("ListUserPools")
async def list_user_pools(call: Call) -> Result:
    page = await call.services.pools.page(
        call.region, shapes.page_size(call.input, "MaxResults"), call.input.get("NextToken")
    )
    return shapes.page_structure("UserPools", page, pool_shapes.pool_description)


@operation("AddCustomAttributes")
async def add_custom_attributes(call: Call) -> Result:
    await call.services.pools.add_attributes(
        call.input["UserPoolId"], pool_shapes.declarations(call.input["CustomAttributes"])
    )
    return {}


@operation("GetCSVHeader")
async def get_csv_header(call: Call) -> Result:
    pool = await call.pool()
    return {"UserPoolId": pool.id, "CSVHeader": pool_shapes.csv_header(pool)}


@operation("TagResource")
async def tag_resource(call: Call) -> Result:
    await call.services.pools.tag(_pool_of_arn(call), call.input["Tags"])
    return {}


@operation("UntagResource")
async def untag_resource(call: Call) -> Result:
    await call.services.pools.untag(_pool_of_arn(call), call.input["TagKeys"])
    return {}


@operation("ListTagsForResource")
async def list_tags_for_resource(call: Call) -> Result:
    pool = await call.services.pools.get(_pool_of_arn(call))
    return {"Tags": dict(pool.tags)}


async def _described(call: Call, pool: Pool) -> Result:
    users = await call.services.pools.users_of(pool)
    domains = await call.services.domains.of_pool(pool.id)
    return {
        "UserPool": {
            **pool_shapes.pool_structure(pool, call.account),
            "EstimatedNumberOfUsers": users,
            "Domain": domains[PREFIX].name if PREFIX in domains else None,
            "CustomDomain": domains[CUSTOM].name if CUSTOM in domains else None,
        }
    }


def _pool_of_arn(call: Call) -> str:
    """The pool that the resource name means. Raises ``InvalidParameter``; ``PoolNotFound`` where it is not ours."""
    match = _POOL_ARN.fullmatch(call.input["ResourceArn"])
    if match is None:
        raise InvalidParameter(Reason.ARN_NOT_OF_POOL)
    region, account, pool_id = match.groups()
    if account != call.account or not pool_id.startswith(f"{region}_"):
        raise PoolNotFound(pool_id)
    return pool_id
