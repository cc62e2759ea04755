"""Credentials of S3-compatible stores for identities: of roles with the back end ``s3:<name of the store>``.

Such a store has a token service of its own that trusts the tokens of our issuer, as AWS does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse import Credentials, IssueCredentials, PluginContext, PluginSettings, SettingInvalid, hookimpl
from poolhouse.plugins.sts.web_identity import WebIdentityStore

_PREFIX = "s3:"


class S3StsPlugin:
    """Settings: ``stores``, a table for each by its name: ``endpoint``; ``role``: ``same`` (the store's role has the
    ARN of ours), ``none`` (the store finds in the token what somebody may do), or an ARN of the store's own;
    ``timeout`` in seconds."""

    def __init__(self, context: PluginContext) -> None:
        context.settings.only("stores")
        stores = context.settings.get("stores")
        if not isinstance(stores, Mapping) or not stores:
            raise SettingInvalid("The setting 'stores' is a table of stores by their names.")
        self._stores = {name: _store(context, name, said) for name, said in stores.items()}

    @hookimpl
    async def issue_credentials(self, event: IssueCredentials) -> Credentials | None:
        if not event.backend.startswith(_PREFIX):
            return None
        store = self._stores.get(event.backend.removeprefix(_PREFIX))
        return None if store is None else await store.ask(event)


def _store(context: PluginContext, name: str, said: Any) -> WebIdentityStore:
    if not isinstance(said, Mapping):
        raise SettingInvalid(f"The setting 'stores.{name}' is a table.")
    settings = PluginSettings(said)
    settings.only("endpoint", "role", "timeout")
    role = settings.text("role", "same")
    return WebIdentityStore(
        settings.text("endpoint"),
        context.http,
        time_limit=settings.number("timeout", 5.0),
        role_of=lambda arn: {"same": arn, "none": None}.get(role, role),
    )
