"""The developer's own users."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.identity_pools.call import Call
from poolhouse.server.cognito.identity_pools.shapes import identities as shapes


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
