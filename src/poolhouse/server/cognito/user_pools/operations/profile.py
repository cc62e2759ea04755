"""What a user does with the own record: the access token says who."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import factors as factor_shapes
from poolhouse.server.cognito.user_pools.shapes import users as shapes


@operation("GetUser")
async def get_user(call: Call) -> Result:
    bearer, attributes = await call.services.profile.show(call.input["AccessToken"])
    user = bearer.user
    return {
        "Username": user.username,
        "UserAttributes": shapes.attribute_list(user.sub, attributes),
        **factor_shapes.settings_structure(user),
    }


@operation("UpdateUserAttributes")
async def update_user_attributes(call: Call) -> Result:
    deliveries = await call.services.profile.update(
        call.input["AccessToken"],
        shapes.attributes_in(call.input["UserAttributes"]),
        call.input.get("ClientMetadata", {}),
    )
    return {"CodeDeliveryDetailsList": [shapes.delivery_structure(delivery) for delivery in deliveries]}


@operation("DeleteUserAttributes")
async def delete_user_attributes(call: Call) -> Result:
    await call.services.profile.remove(call.input["AccessToken"], call.input["UserAttributeNames"])
    return {}


@operation("GetUserAttributeVerificationCode")
async def get_user_attribute_verification_code(call: Call) -> Result:
    delivery = await call.services.profile.send_code(
        call.input["AccessToken"], call.input["AttributeName"], call.input.get("ClientMetadata", {})
    )
    return {"CodeDeliveryDetails": shapes.delivery_structure(delivery)}


@operation("VerifyUserAttribute")
async def verify_user_attribute(call: Call) -> Result:
    await call.services.profile.verify(call.input["AccessToken"], call.input["AttributeName"], call.input["Code"])
    return {}


@operation("ChangePassword")
async def change_password(call: Call) -> Result:
    await call.services.profile.change_password(
        call.input["AccessToken"], call.input.get("PreviousPassword"), call.input["ProposedPassword"]
    )
    return {}


@operation("GlobalSignOut")
async def global_sign_out(call: Call) -> Result:
    await call.services.profile.sign_out_everywhere(call.input["AccessToken"])
    return {}


@operation("DeleteUser")
async def delete_user(call: Call) -> Result:
    await call.services.profile.delete(call.input["AccessToken"])
    return {}
