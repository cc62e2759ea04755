"""A service is asked about the address of whoever signs in. Whom it takes for a fraud is refused.

Settings, with their defaults::

    [plugins.fraud-check]
    url = "https://risk.example/score"   # required; it answers {"score": 0 to 100}
    highest = 80                         # the highest score that is let in
    when_away = "let-in"                 # or "refuse": what happens while the service does not answer
"""

from __future__ import annotations

import json

from poolhouse import HttpFailed, Origin, PluginContext, PreAuthentication, Refused, hookimpl


class FraudCheck:
    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("url", "highest", "when_away")
        self._url = settings.text("url")
        self._highest = settings.number("highest", 80)
        self._lets_in = settings.choice("when_away", ["let-in", "refuse"]) == "let-in"
        self._http = context.http
        self._logger = context.logger

    @hookimpl
    async def pre_authentication(self, event: PreAuthentication) -> None:
        score = await self._score(event.origin)
        if score is None and self._lets_in:
            return
        if score is None or score > self._highest:
            raise Refused("This sign-in is not possible from here")

    async def _score(self, origin: Origin) -> float | None:
        """None where the service has no answer."""
        asked = {"address": _address(origin), "user_agent": origin.user_agent}
        try:
            answer = await self._http.request(
                "POST",
                self._url,
                headers={"Content-Type": "application/json"},
                body=json.dumps(asked).encode(),
                time_limit=2.0,
            )
            return float(answer.json()["score"])
        except (HttpFailed, ValueError, KeyError, TypeError) as error:
            self._logger.warning("The fraud check has no answer: %s.", type(error).__name__)
            return None


def _address(origin: Origin) -> str:
    """The user's: a back end that signs its calls says it, an app is at it."""
    return origin.context_data.get("ip_address", "") if origin.actor else origin.source
