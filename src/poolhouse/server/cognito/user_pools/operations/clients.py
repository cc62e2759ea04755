"""App clients and their secrets."""

from __future__ import annotations

from typing import Any

from poolhouse.records.clients import Client
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import clients as client_shapes
from poolhouse.server.cognito.user_pools.shapes import users as shapes


@operation("CreateUserPoolClient")
async def create_user_pool_client(call: Call) -> Result:
    client = await call.services.clients.create(
        call.input["UserPoolId"],
        call.input["ClientName"],
        client_shapes.client_settings(call.input),
        generates_secret=call.input.get("GenerateSecret", False),
        secret=call.input.get("ClientSecret"),
    )
    return _shown(call, client)


@operation("DescribeUserPoolClient")
async def describe_user_pool_client(call: Call) -> Result:
    client = await call.services.clients.describe(call.input["UserPoolId"], call.input["ClientId"])
    return _shown(call, client)


@operation("UpdateUserPoolClient")
async def update_user_pool_client(call: Call) -> Result:
    client = await call.services.clients.update(
        call.input["UserPoolId"], call.input["ClientId"], client_shapes.client_settings(call.input)
    )
    return _shown(call, client)


@operation("DeleteUserPoolClient")
async def delete_user_pool_client(call: Call) -> Result:
    await call.services.clients.delete(call.input["UserPoolId"], call.input["ClientId"])
    return {}


@operation("ListUserPoolClients")
async def list_user_pool_clients(call: Call) -> Result:
    page = await call.services.clients.page(
        call.input["UserPoolId"], shapes.page_size(call.input, "MaxResults"), call.input.get("NextToken")
    )
    return shapes.page_structure("UserPoolClients", page, client_shapes.client_description)


@operation("AddUserPoolClientSecret")
async def add_user_pool_client_secret(call: Call) -> Result:
    given = call.input.get("ClientSecret")
    secret, plain = await call.services.clients.add_secret(call.input["UserPoolId"], call.input["ClientId"], given)
    return {"ClientSecretDescriptor": client_shapes.secret_descriptor(secret, plain if given is None else None)}


@operation("DeleteUserPoolClientSecret")
async def delete_user_pool_client_secret(call: Call) -> Result:
    await call.services.clients.delete_secret(
        call.input["UserPoolId"], call.input["ClientId"], call.input["ClientSecretId"]
    )
    return {}


@operation("ListUserPoolClientSecrets")
async def list_user_pool_client_secrets(call: Call) -> Result:
    """There are two at most, so there is one page."""
    client = await call.services.clients.describe(call.input["UserPoolId"], call.input["ClientId"])
    return {"ClientSecrets": [client_shapes.secret_descriptor(secret) for secret in client.secrets]}


def _shown(call: Call, client: Client) -> dict[str, Any]:
    return {"UserPoolClient": client_shapes.client_structure(client, call.services.clients.secrets_of(client))}
