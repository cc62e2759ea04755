"""Credentials for identities."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.identity_pools.call import Call


@operation("GetCredentialsForIdentity")
async def get_credentials_for_identity(call: Call) -> Result:
    given = await call.services.credentials.of_identity(
        call.input["IdentityId"], call.input.get("Logins", {}), call.input.get("CustomRoleArn")
    )
    made = given.credentials
    return {
        "IdentityId": given.identity_id,
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "SecretKey": made.secret,
            "SessionToken": made.session_token,
            "Expiration": made.expires,
        },
    }
