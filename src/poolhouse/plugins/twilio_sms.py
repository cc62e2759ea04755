"""Text messages through Twilio. Its client is big: it is imported with the first message, away from the event loop."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from poolhouse import DeliveryFailed, Http, HttpNotSent, Message, PluginContext, Sender, Sent, SettingInvalid, hookimpl

_COME_BACK = frozenset({408, 429, 503})
"""Twilio did not take the message, and may later."""
_ABOUT_US = frozenset({401, 402, 403, 404})
"""The token, the account, or the address of the account: nothing is said of the recipient."""
_OUR_ERRORS = frozenset({20003, 20005, 20404, 21408, 21603, 21606, 21659, 21660, 21701, 21705, 30002})
"""Keys, closed accounts, countries that the account may not write to, and numbers to send from that are not ours."""


class TwilioUnclear(Exception):  # noqa: N818 - read as a statement
    """Twilio failed; whether the message went out, nobody knows."""


class _Transport:
    """What Twilio's client sends its requests through: our one way out. ``base_url`` replaces Twilio's own."""

    is_async = True

    def __init__(self, http: Http, base_url: str | None, time_limit: float) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/") if base_url else None
        self._time_limit = time_limit

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's own name for it
        allow_redirects: bool = False,
    ) -> Any:
        from twilio.http.response import Response

        if self._base_url is not None:
            uri = self._base_url + urlsplit(uri).path
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        answer = await self._http.request(
            method,
            f"{uri}?{urlencode(params)}" if params else uri,
            headers=sent,
            body=urlencode(data, doseq=True).encode() if data else None,
            time_limit=timeout or self._time_limit,
        )
        return Response(answer.status, answer.text(), answer.headers)


class TwilioSender:
    """``origin`` is Twilio's ``from_`` or ``messaging_service_sid``, with its value."""

    name = "twilio"
    channels = frozenset({"sms"})

    def __init__(self, account_sid: str, auth_token: str, origin: Mapping[str, str], transport: _Transport) -> None:
        self._account = (account_sid, auth_token)
        self._origin = dict(origin)
        self._transport = transport
        self._loading: asyncio.Task[Any] | None = None

    async def send(self, message: Message) -> Sent:
        messages = await self._messages()
        from twilio.base.exceptions import TwilioException

        try:
            created = await messages.create_async(to=message.to, body=message.body, **self._origin)
        except HttpNotSent as error:
            raise DeliveryFailed(f"Twilio could not be reached: {error}") from error
        except TwilioException as error:
            # Twilio's own words may hold the number: they are not passed on.
            raise _meaning(getattr(error, "status", None), getattr(error, "code", None)) from None
        return Sent(self.name, created.sid)

    async def _messages(self) -> Any:
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        return await asyncio.shield(self._loading)

    def _load(self) -> Any:
        from twilio.rest import Client

        # A given environment keeps the process's own TWILIO_* variables out; an empty one would not.
        nothing = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
        return Client(*self._account, http_client=self._transport, environment=nothing).messages


def _meaning(status: int | None, code: int | None) -> Exception:
    fact = f"({status}, Twilio error {code})" if code else f"({status})"
    if status in _COME_BACK:
        return DeliveryFailed(f"Twilio did not take the message now {fact}.")
    if status in _ABOUT_US or code in _OUR_ERRORS:
        return DeliveryFailed(f"Twilio refused us {fact}.", ours=True)
    if status is not None and 400 <= status < 500:
        return DeliveryFailed(f"Twilio did not take the message {fact}.", final=True)
    return TwilioUnclear(f"Twilio failed {fact}.")


class TwilioPlugin:
    """Settings: ``account_sid``, ``auth_token``, ``from`` or ``messaging_service_sid``, ``timeout`` in seconds, and
    ``base_url`` for an endpoint that speaks Twilio's protocol."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only("account_sid", "auth_token", "from", "messaging_service_sid", "timeout", "base_url")
        origins = {
            "from_": settings.text("from", ""),
            "messaging_service_sid": settings.text("messaging_service_sid", ""),
        }
        chosen = {name: value for name, value in origins.items() if value}
        if len(chosen) != 1:
            raise SettingInvalid("Exactly one of the settings 'from' and 'messaging_service_sid' is needed.")
        transport = _Transport(context.http, settings.text("base_url", "") or None, settings.number("timeout", 10.0))
        self._sender = TwilioSender(settings.text("account_sid"), settings.text("auth_token"), chosen, transport)

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [self._sender]
