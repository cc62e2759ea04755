"""Identities: what anybody may ask for, and what developers see of them."""

from __future__ import annotations

from poolhouse.flows.identities.identities import tags_of
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.identity_pools.call import Call
from poolhouse.server.cognito.identity_pools.shapes import identities as shapes


@operation("GetId")
async def get_id(call: Call) -> Result:
    """``AccountId`` is the field's old way to say whose pool it is: the id of the pool says it."""
    identity_id = await call.services.identities.get_id(call.input["IdentityPoolId"], call.input.get("Logins", {}))
    return {"IdentityId": identity_id}


@operation("GetOpenIdToken")
async def get_open_id_token(call: Call) -> Result:
    """The identity may be another than the one that was asked for: it was merged."""
    resolved = await call.services.identities.resolve(
        call.input["IdentityId"], call.input.get("Logins", {}), is_classic=True
    )
    token = await call.services.openid_tokens.make(
        resolved.pool, resolved.identity, resolved.proven, own=resolved.own, tags=tags_of(resolved)
    )
    return {"IdentityId": resolved.identity.id, "Token": token}


@operation("UnlinkIdentity")
async def unlink_identity(call: Call) -> Result:
    await call.services.identities.unlink(call.input["IdentityId"], call.input["Logins"], call.input["LoginsToRemove"])
    return None


@operation("DescribeIdentity")
async def describe_identity(call: Call) -> Result:
    described = await call.services.identity_administration.describe(call.input["IdentityId"])
    return shapes.identity_description(described)


@operation("ListIdentities")
async def list_identities(call: Call) -> Result:
    pool_id = call.input["IdentityPoolId"]
    page = await call.services.identity_administration.page(
        pool_id,
        call.input["MaxResults"],
        call.input.get("NextToken"),
        hides_disabled=call.input.get("HideDisabled", False),
    )
    return {
        "IdentityPoolId": pool_id,
        "Identities": [shapes.identity_description(each) for each in page.items],
        "NextToken": page.cursor,
    }


@operation("DeleteIdentities")
async def delete_identities(call: Call) -> Result:
    """What is not there is done."""
    left = await call.services.identity_administration.delete(call.input["IdentityIdsToDelete"])
    return {"UnprocessedIdentityIds": shapes.unprocessed(left)}
