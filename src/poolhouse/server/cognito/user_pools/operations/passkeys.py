"""Passkeys of the user who holds the access token: registered, listed, deleted."""

from __future__ import annotations

from poolhouse.errors import PasskeyNotSupported
from poolhouse.flows.factors.passkeys import MOST
from poolhouse.server.cognito.engine.registry import Result, operation
from poolhouse.server.cognito.user_pools.call import Call
from poolhouse.server.cognito.user_pools.shapes import passkeys as shapes
from poolhouse.server.cognito.user_pools.shapes.users import page_structure
from poolhouse.server.passkey_options import creation_options


@operation("StartWebAuthnRegistration")
async def start_web_authn_registration(call: Call) -> Result:
    options = await call.services.passkeys.start(call.input["AccessToken"])
    return {"CredentialCreationOptions": creation_options(options)}


@operation("CompleteWebAuthnRegistration")
async def complete_web_authn_registration(call: Call) -> Result:
    credential = call.input["Credential"]
    if not isinstance(credential, dict):
        raise PasskeyNotSupported(detail="form")
    await call.services.passkeys.complete(call.input["AccessToken"], credential)
    return {}


@operation("ListWebAuthnCredentials")
async def list_web_authn_credentials(call: Call) -> Result:
    limit = call.input.get("MaxResults") or MOST
    page = await call.services.passkeys.page(call.input["AccessToken"], limit, call.input.get("NextToken"))
    return page_structure("Credentials", page, shapes.passkey_structure)


@operation("DeleteWebAuthnCredential")
async def delete_web_authn_credential(call: Call) -> Result:
    await call.services.passkeys.delete(call.input["AccessToken"], call.input["CredentialId"])
    return {}
