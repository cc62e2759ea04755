"""The developer's own users."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.identities.identities import tags_of
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.identity_pools.call import Call
from poolhouse.server.cognito.identity_pools.shapes import identities as shapes

DEVELOPERS_SECONDS: Final = 900
"""How long a token for a developer's user lives, if nothing is said."""


@operation("GetOpenIdTokenForDeveloperIdentity")
async def get_open_id_token_for_developer_identity(call: Call) -> Result:
    tags = call.input.get("PrincipalTags", {})
    resolved = await call.services.developers.vouch(
        call.input["IdentityPoolId"], call.input.get("IdentityId"), call.input["Logins"], tags
    )
    token = await call.services.openid_tokens.make(
        resolved.pool,
        resolved.identity,
        resolved.proven,
        seconds=call.input.get("TokenDuration", DEVELOPERS_SECONDS),
        tags=tags_of(resolved, tags),
    )
    return {"IdentityId": resolved.identity.id, "Token": token}


@operation("LookupDeveloperIdentity")
async def lookup_developer_identity(call: Call) -> Result:
    known = await call.services.developers.lookup(
        call.input["IdentityPoolId"],
        call.input.get("IdentityId"),
        call.input.get("DeveloperUserIdentifier"),
        call.input.get("MaxResults", shapes.MOST_RESULTS),
        call.input.get("NextToken"),
    )
    return {
        "IdentityId": known.identity_id,
        "DeveloperUserIdentifierList": list(known.developer_ids),
        "NextToken": known.cursor,
    }


@operation("MergeDeveloperIdentities")
async def merge_developer_identities(call: Call) -> Result:
    identity_id = await call.services.developers.merge(
        call.input["IdentityPoolId"],
        call.input["DeveloperProviderName"],
        call.input["SourceUserIdentifier"],
        call.input["DestinationUserIdentifier"],
    )
    return {"IdentityId": identity_id}


@operation("UnlinkDeveloperIdentity")
async def unlink_developer_identity(call: Call) -> Result:
    await call.services.developers.unlink(
        call.input["IdentityPoolId"],
        call.input["IdentityId"],
        call.input["DeveloperProviderName"],
        call.input["DeveloperUserIdentifier"],
    )
    return None
