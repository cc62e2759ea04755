"""A machine at the endpoints of OAuth: a token, and what one is worth."""

from __future__ import annotations

from base64 import b64encode
from uuid import uuid4

from benchmarks.load import Connection, Prepared, form, in_turn
from benchmarks.pool import BenchPool, administer


async def client_credentials(port: int, pool: BenchPool) -> Prepared:
    return await in_turn(port, [await _token_request(port, pool)])


async def introspection(port: int, pool: BenchPool) -> Prepared:
    request = await _token_request(port, pool)
    connection = await Connection.open(port)
    token = (await connection.ask(request)).json()["access_token"]
    connection.close()
    # The head of the other request, which proves the client, for another path and another body.
    proof = next(line for line in request.decode().split("\r\n") if line.startswith("Authorization: "))
    proven = {"Authorization": proof.partition(": ")[2]}
    return await in_turn(port, [form(f"/{pool.id}/oauth2/introspect", {"token": token}, proven)])


async def _token_request(port: int, pool: BenchPool) -> bytes:
    """Of a new client, for a scope of the pool's resource server."""
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    # Other works of the same pool have their own.
    name = f"notes-{uuid4().hex}"
    await administer(port, "CreateResourceServer", UserPoolId=pool.id, Identifier=name, Name="notes", Scopes=scopes)
    made = await administer(
        port,
        "CreateUserPoolClient",
        UserPoolId=pool.id,
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[f"{name}/read"],
    )
    client = made["UserPoolClient"]
    proof = b64encode(f"{client['ClientId']}:{client['ClientSecret']}".encode()).decode()
    proven = {"Authorization": f"Basic {proof}"}
    return form(f"/{pool.id}/oauth2/token", {"grant_type": "client_credentials"}, proven)
