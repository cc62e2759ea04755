"""Second factors: which there are in a pool, how users set them up, and what is asked for. And the devices that users
are remembered on."""

from __future__ import annotations

from poolhouse.errors import InvalidParameter, MissingParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.pools.mfa import TOTP
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools import challenges
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import factors as shapes
from poolhouse.server.cognito.user_pools.shapes.users import page_size, page_structure

# --- of a pool -------------------------------------------------------------------------------------------------------


@operation("GetUserPoolMfaConfig")
async def get_user_pool_mfa_config(call: Call) -> Result:
    return shapes.mfa_structure(await call.pool())


@operation("SetUserPoolMfaConfig")
async def set_user_pool_mfa_config(call: Call) -> Result:
    pool = await call.services.pools.set_mfa(call.input["UserPoolId"], shapes.mfa_settings(call.input))
    return shapes.mfa_structure(pool)


# --- an authenticator app --------------------------------------------------------------------------------------------


@operation("AssociateSoftwareToken")
async def associate_software_token(call: Call) -> Result:
    token, session = _one_of(call)
    if token is not None:
        shown = await call.services.enrolments.begin(token, TOTP)
        return {"SecretCode": shown["secret"]}
    handle, pool_id = challenges.session(session)
    begun = await call.services.factor_set_ups.begin(pool_id, handle, TOTP)
    return {"SecretCode": begun.shown["secret"], "Session": challenges.session_text(begun.handle, pool_id)}


@operation("VerifySoftwareToken")
async def verify_software_token(call: Call) -> Result:
    token, session = _one_of(call)
    code, label = call.input["UserCode"], call.input.get("FriendlyDeviceName")
    if token is not None:
        await call.services.enrolments.confirm(token, TOTP, code, label)
        return {"Status": "SUCCESS"}
    handle, pool_id = challenges.session(session)
    following = await call.services.factor_set_ups.confirm(pool_id, handle, TOTP, code, label)
    return {"Status": "SUCCESS", "Session": challenges.session_text(following, pool_id)}


def _one_of(call: Call) -> tuple[str | None, str]:
    """The access token, or None and the session. Raises ``InvalidParameter``."""
    token, session = call.input.get("AccessToken"), call.input.get("Session")
    if (token is None) == (session is None):
        raise InvalidParameter(Reason.ONE_OF_TOKEN_AND_SESSION)
    return token, session or ""


# --- what is asked for -----------------------------------------------------------------------------------------------


@operation("SetUserMFAPreference")
async def set_user_mfa_preference(call: Call) -> Result:
    await call.services.preferences.set(call.input["AccessToken"], shapes.wishes(call.input))
    return {}


@operation("AdminSetUserMFAPreference")
async def admin_set_user_mfa_preference(call: Call) -> Result:
    await call.services.preferences.set_for(await call.pool(), call.input["Username"], shapes.wishes(call.input))
    return {}


@operation("AdminDeleteSoftwareToken")
async def admin_delete_software_token(call: Call) -> Result:
    await call.services.preferences.take_away(await call.pool(), call.input["Username"], TOTP)
    return {}


@operation("SetUserSettings")
async def set_user_settings(call: Call) -> Result:
    await call.services.preferences.set(call.input["AccessToken"], shapes.legacy_wishes(call.input["MFAOptions"]))
    return {}


@operation("AdminSetUserSettings")
async def admin_set_user_settings(call: Call) -> Result:
    wishes = shapes.legacy_wishes(call.input["MFAOptions"])
    await call.services.preferences.set_for(await call.pool(), call.input["Username"], wishes)
    return {}


@operation("GetUserAuthFactors")
async def get_user_auth_factors(call: Call) -> Result:
    return shapes.factors_structure(await call.services.preferences.show(call.input["AccessToken"]))


@operation("AdminGetUserAuthFactors")
async def admin_get_user_auth_factors(call: Call) -> Result:
    return shapes.factors_structure(await call.services.preferences.show_for(await call.pool(), call.input["Username"]))


# --- devices ---------------------------------------------------------------------------------------------------------


@operation("ConfirmDevice")
async def confirm_device(call: Call) -> Result:
    given = call.input
    secret = shapes.device_secret(given.get("DeviceSecretVerifierConfig") or {})
    asks = await call.services.devices.confirm(
        given["AccessToken"], given["DeviceKey"], given.get("DeviceName"), secret
    )
    return {"UserConfirmationNecessary": asks}


@operation("GetDevice")
async def get_device(call: Call) -> Result:
    return {"Device": shapes.device_structure(await call.services.devices.show(_token(call), call.input["DeviceKey"]))}


@operation("ListDevices")
async def list_devices(call: Call) -> Result:
    page = await call.services.devices.page(_token(call), page_size(call.input), call.input.get("PaginationToken"))
    return page_structure("Devices", page, shapes.device_structure, named="PaginationToken")


@operation("UpdateDeviceStatus")
async def update_device_status(call: Call) -> Result:
    await call.services.devices.remember(_token(call), call.input["DeviceKey"], remembered=_is_remembered(call))
    return {}


@operation("ForgetDevice")
async def forget_device(call: Call) -> Result:
    await call.services.devices.forget(_token(call), call.input["DeviceKey"])
    return {}


@operation("AdminGetDevice")
async def admin_get_device(call: Call) -> Result:
    device = await call.services.devices.show_for(await call.pool(), call.input["Username"], call.input["DeviceKey"])
    return {"Device": shapes.device_structure(device)}


@operation("AdminListDevices")
async def admin_list_devices(call: Call) -> Result:
    page = await call.services.devices.page_for(
        await call.pool(), call.input["Username"], page_size(call.input), call.input.get("PaginationToken")
    )
    return page_structure("Devices", page, shapes.device_structure, named="PaginationToken")


@operation("AdminUpdateDeviceStatus")
async def admin_update_device_status(call: Call) -> Result:
    await call.services.devices.remember_for(
        await call.pool(), call.input["Username"], call.input["DeviceKey"], remembered=_is_remembered(call)
    )
    return {}


@operation("AdminForgetDevice")
async def admin_forget_device(call: Call) -> Result:
    await call.services.devices.forget_for(await call.pool(), call.input["Username"], call.input["DeviceKey"])
    return {}


def _token(call: Call) -> str:
    """The model lets it be left out; nothing could be answered without it. Raises ``MissingParameter``."""
    token: str | None = call.input.get("AccessToken")
    if token is None:
        raise MissingParameter("AccessToken")
    return token


def _is_remembered(call: Call) -> bool:
    status = call.input.get("DeviceRememberedStatus")
    if status is None:
        raise MissingParameter("DeviceRememberedStatus")
    return bool(status == "remembered")
