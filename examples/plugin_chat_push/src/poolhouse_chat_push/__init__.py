"""A second factor: a code is pushed to the chat of the company, to the address that the user has there.

``[plugins.chat-push]`` has ``url``, required: it is sent ``{"to": address, "text": words}``, and answers 2xx.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from poolhouse import Asked, CodeMismatch, Enrolling, Factor, Fits, Holder, HttpFailed, PluginContext, hookimpl


class ChatPush:
    name, proof = "CHAT_PUSH", "chat"

    def __init__(self, context: PluginContext) -> None:
        context.settings.only("url")
        self._url, self._http, self._chance = context.settings.text("url"), context.http, context.chance

    @hookimpl
    def register_factors(self) -> Sequence[Factor]:
        return [self]

    async def offer(self, holder: Holder) -> bool:
        return holder.user.has_verified("email")

    async def enrol(self, holder: Holder) -> Enrolling:
        # The address of now: who changes that of the account later does not change where codes go.
        to, key = holder.user.attributes["email"], self._chance.token()
        return Enrolling(kept={"to": to, "key": key, "digest": await self._push(to, key)})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked(public={"medium": "CHAT"}, private={"digest": await self._push(kept["to"], kept["key"])})

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        # Nothing was asked yet where the factor is being set up: that code came with the set-up.
        expected = private.get("digest", kept["digest"])
        if not hmac.compare_digest(_digest(kept["key"], answers.get("ANSWER", "")), expected):
            raise CodeMismatch
        return Fits(once=expected)

    async def _push(self, to: str, key: str) -> str:
        code = self._chance.digits(6)
        body = json.dumps({"to": to, "text": f"Your code is {code}. Nobody will ever ask you for it."}).encode()
        answer = await self._http.request("POST", self._url, headers={"Content-Type": "application/json"}, body=body)
        if answer.status // 100 != 2:
            raise HttpFailed(f"the chat answered {answer.status}")
        return _digest(key, code)


def _digest(key: str, code: str) -> str:
    return hmac.digest(key.encode(), code.encode("utf-8", "replace"), "sha256").hex()
