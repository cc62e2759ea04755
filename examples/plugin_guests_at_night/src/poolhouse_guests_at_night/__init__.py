"""At night, when nobody looks, guests only read, and not for long."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from poolhouse import NarrowCredentials, PluginContext, SettingInvalid, hookimpl

QUARTER_OF_AN_HOUR = 900


class GuestsAtNight:
    """Settings: ``begins`` and ``ends`` are full hours of UTC, ``actions`` what guests may still do."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("begins", "ends", "actions")
        self._begins, self._ends = _hour(settings.get("begins", 22), "begins"), _hour(settings.get("ends", 6), "ends")
        actions = settings.get("actions", ["s3:Get*", "s3:List*"])
        if not isinstance(actions, list) or not actions:
            raise SettingInvalid("The setting 'actions' is a list of actions.")
        self._policy: dict[str, Any] = {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "AtNight", "Effect": "Allow", "Action": actions, "Resource": "*"}],
        }
        self._clock = context.clock

    @hookimpl
    async def narrow_credentials(self, event: NarrowCredentials) -> NarrowCredentials | None:
        if not event.is_guest or not self._is_night():
            return None
        return dataclasses.replace(
            event, policies=(*event.policies, self._policy), seconds=min(event.seconds, QUARTER_OF_AN_HOUR)
        )

    def _is_night(self) -> bool:
        hour = datetime.fromtimestamp(self._clock.now(), UTC).hour
        if self._begins <= self._ends:
            return self._begins <= hour < self._ends
        return hour >= self._begins or hour < self._ends


def _hour(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 24:
        raise SettingInvalid(f"The setting {name!r} is an hour, from 0 to 23.")
    return value
