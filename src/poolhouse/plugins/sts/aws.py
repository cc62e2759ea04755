"""Credentials of AWS for identities: of roles with the back end ``aws``.

AWS trusts the tokens of our own issuer, which is registered there as an OpenID provider: no key of AWS is kept here. It
is asked over HTTP, unsigned, as the service is for everybody who has a token.
"""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse import Credentials, IssueCredentials, PluginContext, SettingInvalid, hookimpl
from poolhouse.plugins.sts.web_identity import WebIdentityStore

_BACKEND = "aws"


class AwsStsPlugin:
    """Settings: ``region`` (whose endpoint is asked), or ``endpoint`` for another; ``roles`` are the ARNs of roles at
    AWS by those of ours (of one that is not there it is the same); ``session_policies`` are ARNs of managed policies of
    AWS that limit guests; ``timeout`` in seconds."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("region", "endpoint", "roles", "session_policies", "timeout")
        region = settings.text("region", "us-east-1")
        if not region.replace("-", "").isalnum():
            raise SettingInvalid("The setting 'region' is the name of a region.")
        arns = settings.get("session_policies", [])
        if not isinstance(arns, list) or not all(isinstance(arn, str) for arn in arns):
            raise SettingInvalid("The setting 'session_policies' is a list of ARNs.")
        roles = settings.get("roles", {})
        if not isinstance(roles, Mapping) or not all(isinstance(arn, str) for arn in roles.values()):
            raise SettingInvalid("The setting 'roles' is a table of ARNs.")
        self._guest_policies = tuple(arns)
        self._store = WebIdentityStore(
            settings.text("endpoint", f"https://sts.{region}.amazonaws.com/"),
            context.http,
            time_limit=settings.number("timeout", 5.0),
            role_of=lambda arn: roles.get(arn, arn),
        )

    @hookimpl
    async def issue_credentials(self, event: IssueCredentials) -> Credentials | None:
        if event.backend != _BACKEND:
            return None
        arns = self._guest_policies if event.is_guest else ()
        return await self._store.ask(event, policy_arns=arns)
