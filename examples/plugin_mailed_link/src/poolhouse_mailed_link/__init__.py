"""Sign-in by a link in a letter, as a custom sign-in (``CUSTOM_AUTH``) without a password.

The link leads to the application, with a token that it answers the challenge with. Settings, with their defaults::

    [plugins.mailed-link]
    page = "https://app.example/sign-in"   # required; the token is put behind it, as ?token=
    minutes = 10                           # for so long the link is good
"""

from __future__ import annotations

import hashlib
import hmac

from poolhouse import (
    Asked,
    ChallengeDecision,
    CreateChallenge,
    DefineChallenge,
    PluginContext,
    VerifyChallenge,
    hookimpl,
)


class MailedLink:
    def __init__(self, context: PluginContext) -> None:
        context.settings.only("page", "minutes")
        self._page = context.settings.text("page")
        self._minutes = context.settings.number("minutes", 10)
        self._clock, self._chance, self._messages = context.clock, context.chance, context.messages

    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if not event.session:
            return ChallengeDecision(challenge="CUSTOM_CHALLENGE")
        last = event.session[-1]
        passed = last.name == "CUSTOM_CHALLENGE" and last.passed and not event.user_not_found
        return ChallengeDecision(issue_tokens=passed, fail=not passed)

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked:
        token = self._chance.token()
        email = event.attributes.get("email", "")
        # Somebody unknown, or without a verified address, is answered alike, and gets no letter.
        if not event.user_not_found and event.attributes.get("email_verified") == "true":
            link = f"{self._page}?token={token}"
            body = f"Follow this link to sign in: {link}\nIt is good for {self._minutes:g} minutes."
            await self._messages.send(
                email, body, subject="Your link", link=link, pool_id=event.pool_id, username=event.username
            )
        until = self._clock.now() + self._minutes * 60
        return Asked(public={"medium": "EMAIL"}, private={"digest": _digest(token), "until": until})

    @hookimpl
    async def verify_challenge(self, event: VerifyChallenge) -> bool:
        in_time = self._clock.now() < event.private["until"]
        return hmac.compare_digest(_digest(event.answer), event.private["digest"]) and in_time


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
