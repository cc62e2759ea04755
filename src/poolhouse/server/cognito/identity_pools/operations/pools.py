"""Identity pools: their settings, roles, principal tags and tags."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.identity_pools.call import Call
from poolhouse.server.cognito.identity_pools.resources import pool_of_arn
from poolhouse.server.cognito.identity_pools.shapes import pools as shapes


@operation("CreateIdentityPool")
async def create_identity_pool(call: Call) -> Result:
    return shapes.pool_structure(await call.services.pools.create(call.region, shapes.pool_settings(call.input)))


@operation("UpdateIdentityPool")
async def update_identity_pool(call: Call) -> Result:
    settings = shapes.pool_settings(call.input)
    return shapes.pool_structure(await call.services.pools.update(call.input["IdentityPoolId"], settings))


@operation("DescribeIdentityPool")
async def describe_identity_pool(call: Call) -> Result:
    return shapes.pool_structure(await call.services.pools.get(call.input["IdentityPoolId"]))


@operation("ListIdentityPools")
async def list_identity_pools(call: Call) -> Result:
    page = await call.services.pools.page(call.region, call.input["MaxResults"], call.input.get("NextToken"))
    return {"IdentityPools": [shapes.pool_description(pool) for pool in page.items], "NextToken": page.cursor}


@operation("DeleteIdentityPool")
async def delete_identity_pool(call: Call) -> Result:
    await call.services.pools.delete(call.input["IdentityPoolId"])
    return None


@operation("SetIdentityPoolRoles")
async def set_identity_pool_roles(call: Call) -> Result:
    """Whoever gives a role to others must be allowed to pass it on."""
    roles, mappings = call.input["Roles"], shapes.role_mappings(call.input.get("RoleMappings", {}))
    for arn in sorted({*roles.values(), *(rule.role_arn for mapping in mappings for rule in mapping.rules)}):
        call.require_passing(arn)
    await call.services.pools.set_roles(call.input["IdentityPoolId"], roles, mappings)
    return None


@operation("GetIdentityPoolRoles")
async def get_identity_pool_roles(call: Call) -> Result:
    return shapes.roles_structure(await call.services.pools.get(call.input["IdentityPoolId"]))


@operation("SetPrincipalTagAttributeMap")
async def set_principal_tag_attribute_map(call: Call) -> Result:
    pool_id = call.input["IdentityPoolId"]
    kept = await call.services.pools.set_principal_tags(pool_id, shapes.principal_tags(call.input))
    return shapes.principal_tags_structure(pool_id, kept)


@operation("GetPrincipalTagAttributeMap")
async def get_principal_tag_attribute_map(call: Call) -> Result:
    pool_id = call.input["IdentityPoolId"]
    kept = await call.services.pools.principal_tags_of(pool_id, call.input["IdentityProviderName"])
    return shapes.principal_tags_structure(pool_id, kept)


@operation("TagResource")
async def tag_resource(call: Call) -> Result:
    await call.services.pools.tag(pool_of_arn(call.input["ResourceArn"], call.account), call.input["Tags"])
    return {}


@operation("UntagResource")
async def untag_resource(call: Call) -> Result:
    await call.services.pools.untag(pool_of_arn(call.input["ResourceArn"], call.account), call.input["TagKeys"])
    return {}


@operation("ListTagsForResource")
async def list_tags_for_resource(call: Call) -> Result:
    pool = await call.services.pools.get(pool_of_arn(call.input["ResourceArn"], call.account))
    return {"Tags": dict(pool.tags)}
