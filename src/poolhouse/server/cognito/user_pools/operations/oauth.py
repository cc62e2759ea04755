"""Resource servers."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import oauth as oauth_shapes
from poolhouse.server.cognito.user_pools.shapes import users as shapes


@operation("CreateResourceServer")
async def create_resource_server(call: Call) -> Result:
    server = await call.services.resource_servers.create(
        call.input["UserPoolId"], call.input["Identifier"], call.input["Name"], oauth_shapes.resource_scopes(call.input)
    )
    return {"ResourceServer": oauth_shapes.resource_server_structure(server)}


@operation("DescribeResourceServer")
async def describe_resource_server(call: Call) -> Result:
    server = await call.services.resource_servers.get(call.input["UserPoolId"], call.input["Identifier"])
    return {"ResourceServer": oauth_shapes.resource_server_structure(server)}


@operation("UpdateResourceServer")
async def update_resource_server(call: Call) -> Result:
    server = await call.services.resource_servers.update(
        call.input["UserPoolId"], call.input["Identifier"], call.input["Name"], oauth_shapes.resource_scopes(call.input)
    )
    return {"ResourceServer": oauth_shapes.resource_server_structure(server)}


@operation("DeleteResourceServer")
async def delete_resource_server(call: Call) -> Result:
    await call.services.resource_servers.delete(call.input["UserPoolId"], call.input["Identifier"])
    return {}


@operation("ListResourceServers")
async def list_resource_servers(call: Call) -> Result:
    page = await call.services.resource_servers.page(
        call.input["UserPoolId"], shapes.page_size(call.input, "MaxResults"), call.input.get("NextToken")
    )
    return shapes.page_structure("ResourceServers", page, oauth_shapes.resource_server_structure)
