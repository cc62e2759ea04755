"""Sign-up and forgotten passwords: what anybody may call."""

from __future__ import annotations

from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import users as shapes


@operation("SignUp")
async def sign_up(call: Call) -> Result:
    given = call.input
    signed_up = await call.services.sign_up.sign_up(
        await call.client(),
        SignUpRequest(
            username=given["Username"],
            password=given.get("Password") or "",
            attributes=shapes.attributes_in(given.get("UserAttributes", ())),
            validation_data=shapes.attributes_in(given.get("ValidationData", ())),
            metadata=given.get("ClientMetadata", {}),
            secret_hash=given.get("SecretHash"),
        ),
    )
    result = {"UserConfirmed": signed_up.user.status == "CONFIRMED", "UserSub": signed_up.user.sub}
    if signed_up.delivery is not None:
        result["CodeDeliveryDetails"] = shapes.delivery_structure(signed_up.delivery)
    if signed_up.session is not None:
        result["Session"] = signed_up.session
    return result


@operation("ConfirmSignUp")
async def confirm_sign_up(call: Call) -> Result:
    given = call.input
    session = await call.services.sign_up.confirm(
        await call.client(),
        given["Username"],
        given["ConfirmationCode"],
        force_alias=given.get("ForceAliasCreation", False),
        metadata=given.get("ClientMetadata", {}),
        secret_hash=given.get("SecretHash"),
        session=given.get("Session"),
    )
    return {"Session": session} if session is not None else {}


@operation("ResendConfirmationCode")
async def resend_confirmation_code(call: Call) -> Result:
    given = call.input
    delivery = await call.services.sign_up.resend(
        await call.client(),
        given["Username"],
        metadata=given.get("ClientMetadata", {}),
        secret_hash=given.get("SecretHash"),
    )
    return {"CodeDeliveryDetails": shapes.delivery_structure(delivery)}


@operation("ForgotPassword")
async def forgot_password(call: Call) -> Result:
    given = call.input
    delivery = await call.services.recovery.start(
        await call.client(),
        given["Username"],
        metadata=given.get("ClientMetadata", {}),
        secret_hash=given.get("SecretHash"),
    )
    return {"CodeDeliveryDetails": shapes.delivery_structure(delivery)}


@operation("ConfirmForgotPassword")
async def confirm_forgot_password(call: Call) -> Result:
    given = call.input
    await call.services.recovery.confirm(
        await call.client(),
        given["Username"],
        given["ConfirmationCode"],
        given["Password"],
        metadata=given.get("ClientMetadata", {}),
        secret_hash=given.get("SecretHash"),
    )
    return {}
