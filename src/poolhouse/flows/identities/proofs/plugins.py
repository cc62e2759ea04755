"""Logins of a kind that a plugin knows."""

from __future__ import annotations

from poolhouse.errors import LoginRefused, PluginAnswerInvalid
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.proofs.kind import LONGEST_SUBJECT, Entry, is_sound
from poolhouse.hooks import specs
from poolhouse.hooks.answers.identities import ProvenLogin
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.identities import ValidateLogin
from poolhouse.ports.identities import Proven


class PluginLogins:
    """Of providers that a pool has an app id for, and none of ours knows. What plugins answer is looked at: a subject
    is a text that is not empty, whatever they say (FED-502)."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    async def prove(self, entry: Entry, value: str) -> Proven:
        app = next(iter(entry.apps), None)
        if app is None or not self._hooks.implements(specs.validate_login):
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        answer: ProvenLogin | None = await self._hooks.first(
            specs.validate_login, ValidateLogin(pool_id=entry.pool.id, provider=entry.key, app=app, value=value)
        )
        if answer is None:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        if not is_sound(answer.subject, LONGEST_SUBJECT):
            raise PluginAnswerInvalid("ValidateLogin", entry.key, detail="no usable subject")
        return Proven(
            provider=entry.key,
            subject=answer.subject,
            app=app,
            kind="plugin",
            names=(entry.key,),
            claims={**answer.claims, "iss": entry.key, "aud": app, "sub": answer.subject},
            amr=(entry.key,),
        )
