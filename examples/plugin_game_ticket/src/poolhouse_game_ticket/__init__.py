"""Logins at identity pools by the ticket of a game platform, which is asked over HTTP whose it is.

``[plugins.game-ticket]`` has ``url`` and ``key``, both required, and ``provider``: the key of the logins
(``games.example.com``). The platform is asked ``GET {url}?app={app}&ticket={ticket}`` with the header ``X-Api-Key``,
and answers 200 with ``{"result": "OK", "player": "7656119...", "app": "480", "banned": false}``; otherwise 4xx.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from poolhouse import InvocationFailed, PluginContext, ProvenLogin, Refused, ValidateLogin, hookimpl

_TICKET: Final = re.compile(r"[0-9A-Fa-f]{16,4096}")
_PLAYER: Final = re.compile(r"[0-9]{1,20}")


class GameTicket:
    def __init__(self, context: PluginContext) -> None:
        context.settings.only("url", "key", "provider")
        self._url = context.settings.text("url")
        self._key = context.settings.text("key")
        self._provider = context.settings.text("provider", "games.example.com")
        self._http = context.http

    @hookimpl
    async def validate_login(self, event: ValidateLogin) -> ProvenLogin | None:
        if event.provider != self._provider:
            return None
        # What cannot be a ticket costs no call.
        if not _TICKET.fullmatch(event.value):
            raise Refused("The ticket is not valid")
        said = await self._asked(event.app, event.value)
        # Made for this game, and not for another: its maker could be anybody.
        if said.get("app") != event.app:
            raise Refused("The ticket is for another game")
        player = said.get("player")
        if said.get("result") != "OK" or not isinstance(player, str) or not _PLAYER.fullmatch(player):
            raise Refused("The ticket is not valid")
        return ProvenLogin(subject=player, claims={"banned": "yes" if said.get("banned") is not False else "no"})

    async def _asked(self, app: str, ticket: str) -> Mapping[str, Any]:
        query = urlencode({"app": app, "ticket": ticket})
        answer = await self._http.request("GET", f"{self._url}?{query}", headers={"X-Api-Key": self._key})
        if 400 <= answer.status < 500:
            raise Refused("The ticket is not valid")
        try:
            said = answer.json() if answer.status == 200 else None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise InvocationFailed("ValidateLogin", f"status {answer.status}")
        return said
