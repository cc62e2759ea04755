"""Users in the hands of administrators."""

from __future__ import annotations

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import factors as factor_shapes
from poolhouse.server.cognito.user_pools.shapes import users as shapes
from poolhouse.server.cognito.user_pools.user_filter import read_filter


@operation("AdminCreateUser")
async def admin_create_user(call: Call) -> Result:
    given = call.input
    pool = await call.pool()
    action = given.get("MessageAction")
    invitation = Invitation(
        username=given["Username"],
        attributes=shapes.attributes_in(given.get("UserAttributes", ())),
        validation_data=shapes.attributes_in(given.get("ValidationData", ())),
        metadata=given.get("ClientMetadata", {}),
        password=given.get("TemporaryPassword"),
        mediums=given.get("DesiredDeliveryMediums", ()),
        silent=action == "SUPPRESS",
        force_alias=given.get("ForceAliasCreation", False),
    )
    users = call.services.users
    user = await (users.invite_again if action == "RESEND" else users.invite)(pool, invitation)
    return {"User": shapes.user_structure(user)}


@operation("AdminGetUser")
async def admin_get_user(call: Call) -> Result:
    user = await call.services.users.require(await call.pool(), call.input["Username"])
    structure = shapes.user_structure(user)
    structure["UserAttributes"] = structure.pop("Attributes")
    return {**structure, **factor_shapes.settings_structure(user)}


@operation("ListUsers")
async def list_users(call: Call) -> Result:
    given = call.input
    page = await call.services.users.page(
        await call.pool(), read_filter(given.get("Filter")), shapes.page_size(given), given.get("PaginationToken")
    )
    result = shapes.page_structure("Users", page, shapes.user_structure, named="PaginationToken")
    wanted = given.get("AttributesToGet")
    if wanted:  # an empty list asks for nothing in particular
        for user in result["Users"]:
            user["Attributes"] = [attribute for attribute in user["Attributes"] if attribute["Name"] in wanted]
    return result


@operation("AdminConfirmSignUp")
async def admin_confirm_sign_up(call: Call) -> Result:
    await call.services.sign_up.confirm_by_admin(
        await call.pool(), call.input["Username"], call.input.get("ClientMetadata", {})
    )
    return {}


@operation("AdminSetUserPassword")
async def admin_set_user_password(call: Call) -> Result:
    await call.services.users.set_password(
        await call.pool(),
        call.input["Username"],
        call.input["Password"],
        permanent=call.input.get("Permanent", False),
    )
    return {}


@operation("AdminResetUserPassword")
async def admin_reset_user_password(call: Call) -> Result:
    await call.services.recovery.require(
        await call.pool(), call.input["Username"], call.input.get("ClientMetadata", {})
    )
    return {}


@operation("AdminUpdateUserAttributes")
async def admin_update_user_attributes(call: Call) -> Result:
    await call.services.users.update(
        await call.pool(),
        call.input["Username"],
        shapes.attributes_in(call.input["UserAttributes"]),
        call.input.get("ClientMetadata", {}),
    )
    return {}


@operation("AdminDeleteUserAttributes")
async def admin_delete_user_attributes(call: Call) -> Result:
    await call.services.users.remove(await call.pool(), call.input["Username"], call.input["UserAttributeNames"])
    return {}


@operation("AdminEnableUser")
async def admin_enable_user(call: Call) -> Result:
    await call.services.users.enable(await call.pool(), call.input["Username"])
    return {}


@operation("AdminDisableUser")
async def admin_disable_user(call: Call) -> Result:
    await call.services.users.disable(await call.pool(), call.input["Username"])
    return {}


@operation("AdminUserGlobalSignOut")
async def admin_user_global_sign_out(call: Call) -> Result:
    await call.services.users.sign_out_everywhere(await call.pool(), call.input["Username"])
    return {}


@operation("AdminDeleteUser")
async def admin_delete_user(call: Call) -> Result:
    await call.services.users.delete(await call.pool(), call.input["Username"])
    return {}
