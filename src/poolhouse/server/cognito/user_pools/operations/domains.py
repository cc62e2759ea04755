"""Domains of user pools."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import domains as shapes


@operation("CreateUserPoolDomain")
async def create_user_pool_domain(call: Call) -> Result:
    domains = call.services.domains
    made = await domains.create(call.input["UserPoolId"], call.input["Domain"], shapes.domain_settings(call.input))
    return shapes.domain_made(made, domains.surroundings)


@operation("DescribeUserPoolDomain")
async def describe_user_pool_domain(call: Call) -> Result:
    """Of one that is not there the field answers an empty description."""
    domains = call.services.domains
    found = await domains.find(call.input["Domain"])
    if found is None:
        return {"DomainDescription": {}}
    return {"DomainDescription": shapes.domain_structure(found, domains.surroundings, call.account)}


@operation("UpdateUserPoolDomain")
async def update_user_pool_domain(call: Call) -> Result:
    domains = call.services.domains
    changed = await domains.update(call.input["UserPoolId"], call.input["Domain"], shapes.domain_settings(call.input))
    return shapes.domain_made(changed, domains.surroundings)


@operation("DeleteUserPoolDomain")
async def delete_user_pool_domain(call: Call) -> Result:
    await call.services.domains.delete(call.input["UserPoolId"], call.input["Domain"])
    return {}
