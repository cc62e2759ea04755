"""Groups and who is in them."""

from __future__ import annotations

from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import users as shapes


@operation("CreateGroup")
async def create_group(call: Call) -> Result:
    group = await call.services.groups.create(
        call.input["UserPoolId"], call.input["GroupName"], shapes.group_settings(call.input)
    )
    return {"Group": shapes.group_structure(group)}


@operation("GetGroup")
async def get_group(call: Call) -> Result:
    group = await call.services.groups.get(call.input["UserPoolId"], call.input["GroupName"])
    return {"Group": shapes.group_structure(group)}


@operation("UpdateGroup")
async def update_group(call: Call) -> Result:
    group = await call.services.groups.update(
        call.input["UserPoolId"], call.input["GroupName"], shapes.group_settings(call.input)
    )
    return {"Group": shapes.group_structure(group)}


@operation("DeleteGroup")
async def delete_group(call: Call) -> Result:
    await call.services.groups.delete(call.input["UserPoolId"], call.input["GroupName"])
    return {}


@operation("ListGroups")
async def list_groups(call: Call) -> Result:
    page = await call.services.groups.page(
        call.input["UserPoolId"], shapes.page_size(call.input), call.input.get("NextToken")
    )
    return shapes.page_structure("Groups", page, shapes.group_structure)


@operation("AdminAddUserToGroup")
async def admin_add_user_to_group(call: Call) -> Result:
    user = await call.services.users.require(await call.pool(), call.input["Username"])
    await call.services.groups.join(user, call.input["GroupName"])
    return {}


@operation("AdminRemoveUserFromGroup")
async def admin_remove_user_from_group(call: Call) -> Result:
    user = await call.services.users.require(await call.pool(), call.input["Username"])
    await call.services.groups.leave(user, call.input["GroupName"])
    return {}


@operation("AdminListGroupsForUser")
async def admin_list_groups_for_user(call: Call) -> Result:
    user = await call.services.users.require(await call.pool(), call.input["Username"])
    page = await call.services.groups.of_user(user, shapes.page_size(call.input), call.input.get("NextToken"))
    return shapes.page_structure("Groups", page, shapes.group_structure)


@operation("ListUsersInGroup")
async def list_users_in_group(call: Call) -> Result:
    page = await call.services.groups.members(
        call.input["UserPoolId"],
        call.input["GroupName"],
        shapes.page_size(call.input),
        call.input.get("NextToken"),
    )
    return shapes.page_structure("Users", page, shapes.user_structure)
