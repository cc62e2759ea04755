"""Hands messages to an HTTP endpoint, as signed JSON.

The signature is the HMAC-SHA256 of ``<timestamp>.<body>`` under the shared secret: a receiver computes it over the
bytes that came, compares in constant time, and refuses an old timestamp. ``Idempotency-Key`` is the message's id:
whoever gets the same one twice has the same message twice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from poolhouse import (
    Clock,
    DeliveryFailed,
    Http,
    HttpNotSent,
    Message,
    PluginContext,
    Sender,
    Sent,
    SettingInvalid,
    hookimpl,
)

_FIELDS = ("id", "channel", "to", "purpose", "pool_id", "username", "subject", "body", "as_html", "code", "link")
_SPELLED = {"as_html": "html"}
_SHORTEST_SECRET = 32
_COME_BACK = frozenset({408, 425, 429, 503})
"""The receiver says that it did not take the message, and that it may later."""
_ABOUT_THE_MESSAGE = frozenset({400, 413, 422})
"""All other refusals are of us: a wrong secret, a wrong address, a receiver that moved."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the header ``Poolhouse-Signature``."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookUnclear(Exception):  # noqa: N818 - read as a statement
    """The receiver failed; whether it took the message, nobody knows."""


class WebhookSender:
    name = "webhook"

    def __init__(
        self, url: str, secret: str, *, http: Http, clock: Clock, channels: frozenset[str], time_limit: float
    ) -> None:
        self.channels = channels
        self._url = url
        self._secret = secret
        self._http = http
        self._clock = clock
        self._time_limit = time_limit

    async def send(self, message: Message) -> Sent:
        body = msgspec.json.encode({_SPELLED.get(name, name): getattr(message, name) for name in _FIELDS})
        timestamp = str(int(self._clock.now()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            "Poolhouse-Timestamp": timestamp,
            "Poolhouse-Signature": sign(self._secret, timestamp, body),
        }
        try:
            answer = await self._http.request(
                "POST", self._url, headers=headers, body=body, time_limit=self._time_limit
            )
        except HttpNotSent as error:
            raise DeliveryFailed(f"The webhook could not be reached: {error}") from error
        if 200 <= answer.status < 300:
            return Sent(self.name)
        if answer.status in _COME_BACK:
            raise DeliveryFailed(f"The webhook did not take the message now ({answer.status}).")
        if answer.status in _ABOUT_THE_MESSAGE:
            raise DeliveryFailed(f"The webhook did not take the message ({answer.status}).", final=True)
        if answer.status < 500:
            raise DeliveryFailed(f"The webhook refused us ({answer.status}).", ours=True)
        raise WebhookUnclear(f"The webhook failed ({answer.status}).")


class WebhookPlugin:
    """Settings: ``url``, ``secret`` (at least 32 characters), ``channels`` (default: both), ``timeout`` in seconds."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("url", "secret", "channels", "timeout")
        secret = settings.text("secret")
        if len(secret) < _SHORTEST_SECRET:
            raise SettingInvalid(f"The setting 'secret' has at least {_SHORTEST_SECRET} characters.")
        channels = settings.get("channels", ["email", "sms"])
        if not isinstance(channels, list) or not channels or not set(channels) <= {"email", "sms"}:
            raise SettingInvalid("The setting 'channels' is a list of email, sms.")
        self._sender = WebhookSender(
            settings.text("url"),
            secret,
            http=context.http,
            clock=context.clock,
            channels=frozenset(channels),
            time_limit=settings.number("timeout", 10.0),
        )

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [self._sender]
