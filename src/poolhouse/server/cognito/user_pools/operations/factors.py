"""Second factors: which there are in a pool, how users set them up, and what is asked for."""

from __future__ import annotations

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.pools.mfa import TOTP
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools import challenges
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import factors as shapes

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
