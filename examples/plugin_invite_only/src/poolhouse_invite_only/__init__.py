"""Only who has the invitation code may sign up."""

import hmac

from poolhouse import PluginContext, PreSignUp, Refused, hookimpl


class InviteOnly:
    def __init__(self, context: PluginContext) -> None:
        context.settings.only("code")
        self._code = context.settings.text("code").encode()

    @hookimpl
    async def pre_sign_up(self, event: PreSignUp) -> None:
        given = event.validation_data.get("invitation") or event.client_metadata.get("invitation") or ""
        is_own_request = event.source == "PreSignUp_SignUp"
        if is_own_request and not hmac.compare_digest(given.encode("utf-8", "replace"), self._code):
            raise Refused("An invitation is needed to sign up")
