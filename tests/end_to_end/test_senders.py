"""Senders against real servers on this machine: SMTP with TLS, Twilio's wire format, a webhook's receiver."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed
from poolhouse.hooks import specs
from poolhouse.hooks.answers.messages import Sender, StepwiseSender
from poolhouse.hooks.context import HttpFailed, PluginContext, PluginSettings
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.manager import PluginManager
from poolhouse.plugins.smtp import SmtpPlugin, SmtpUnclear
from poolhouse.plugins.twilio_sms import TwilioPlugin, TwilioUnclear
from poolhouse.plugins.webhook import WebhookPlugin, WebhookUnclear, sign
from poolhouse.records.messages import Message
from poolhouse.server.http_client import HttpClient
from tests.support.certificates import Certificate, made_certificate

MAIL = Message(
    id="m-1",
    channel="email",
    to="ada@example.com",
    purpose="sign_up",
    subject="Willkommen, Ada 🏠",
    body="Ihr Schlüssel ist 123456.\n.\nEnde",
    code="123456",
)
TEXT = Message(id="m-2", channel="sms", to="+15550100", purpose="sign_up", body="Dein Code: 654321 ✓", code="654321")


class Clock:
    def now(self) -> float:
        return 1_700_000_000.0


async def sender_of(plugin: type, settings: dict[str, Any], http: HttpClient | None = None) -> Sender:
    nothing: Any = None

    def context(name: str) -> PluginContext:
        return PluginContext(name, PluginSettings(settings), Clock(), nothing, http or nothing, nothing, nothing)

    manager = PluginManager(context=context)
    manager.register(plugin, "it")
    ((sender,),) = await manager.freeze().all(specs.register_message_senders, Register())
    return sender


# --- SMTP ------------------------------------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """What the server was given, and what it answers at which step (None: it takes everything)."""

    answers: dict[str, str] = field(default_factory=dict)
    hangs_up_after_data: bool = False
    taken: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.senders.append(address)
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.recipients.append(address)
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        self.over_tls.append(session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None)
        if self.hangs_up_after_data:
            server.transport.abort()
        return self.answers.get("data", "250 OK")

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"hunter2!", handled=False)

    def letter(self) -> Any:
        return email.message_from_bytes(self.taken[-1], policy=email.policy.default)


@asynccontextmanager
async def smtp_server(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        with warnings.catch_warnings():
            # aiosmtpd finds fault with authentication without STARTTLS, where TLS was there from the start.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                mailbox,
                hostname="mail.localhost",
                loop=loop,
                enable_SMTPUTF8=True,
                tls_context=None if implicit else tls,
                authenticator=mailbox.authenticate,
                auth_require_tls=not implicit,
            )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if implicit else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return made_certificate(tmp_path_factory.mktemp("certificate"))


async def mailer(port: int, **settings: Any) -> Sender:
    return await sender_of(
        SmtpPlugin,
        {"host": "127.0.0.1", "port": port, "from": "Poolhouse <no-reply@poolhouse.example>", "timeout": 5, **settings},
    )


async def test_mail_goes_out_over_starttls_with_a_password(certificate: Certificate) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, tls=certificate.context) as port:
        sender = await mailer(port, username="poolhouse", password="hunter2!", ca_file=str(certificate.file))
        sent = await sender.send(MAIL)

    assert [True] == mailbox.over_tls
    assert ["poolhouse"] == mailbox.users
    assert (["no-reply@poolhouse.example"], ["ada@example.com"]) == (mailbox.senders, mailbox.recipients)
    assert "Willkommen, Ada 🏠" == mailbox.letter()["Subject"]
    assert "Ihr Schlüssel ist 123456.\n.\nEnde\n" == mailbox.letter().get_content().replace("\r\n", "\n")
    assert "<m-1@poolhouse.example>" == mailbox.letter()["Message-ID"] == sent.reference


async def test_mail_goes_out_over_implicit_tls(certificate: Certificate) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, tls=certificate.context, implicit=True) as port:
        sender = await mailer(
            port, tls="implicit", username="poolhouse", password="hunter2!", ca_file=str(certificate.file)
        )
        await sender.send(MAIL)

    assert ([True], ["poolhouse"]) == (mailbox.over_tls, mailbox.users)


async def test_mail_goes_out_in_clear_text_only_where_the_operator_says_so() -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port:
        with pytest.raises(DeliveryFailed, match="No connection"):
            await (await mailer(port)).send(MAIL)
        assert [] == mailbox.taken

        await (await mailer(port, tls="none")).send(MAIL)

    assert [False] == mailbox.over_tls


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Certificate, tls: str) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, tls=certificate.context, implicit=tls == "implicit") as port:
        with pytest.raises(DeliveryFailed, match="No connection") as failed:
            await (await mailer(port, tls=tls, username="poolhouse", password="hunter2!")).send(MAIL)

    assert not failed.value.final
    assert ([], []) == (mailbox.taken, mailbox.users)


async def test_a_wrong_password_is_our_fault_and_worth_another_try(certificate: Certificate) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, tls=certificate.context) as port:
        sender = await mailer(port, username="poolhouse", password="wrong", ca_file=str(certificate.file))
        with pytest.raises(DeliveryFailed, match=r"refused us \(535\)") as failed:
            await sender.send(MAIL)

    assert (False, True) == (failed.value.final, failed.value.ours)
    assert [] == mailbox.taken


@pytest.mark.parametrize(
    ("step", "answer", "is_final", "is_ours"),
    [
        ("mail", "451 ada@example.com is busy", False, False),
        ("rcpt", "451 ada@example.com is busy", False, False),
        ("data", "451 ada@example.com is busy", False, False),
        ("mail", "550 no ada may send here", False, True),
        ("mail", "530 5.7.0 ada first says who she is", False, True),
        ("rcpt", "550 no such ada", True, False),
        ("rcpt", "550 5.1.1 no such ada", True, False),
        ("rcpt", "550 5.7.1 nobody relays to ada", False, True),
        ("rcpt", "530 ada first says who she is", False, True),
        ("data", "550 no such letter for ada", True, False),
        ("data", "554 5.7.1 the letter to ada is spam", True, False),
        ("data", "535 ada is gone", False, True),
    ],
)
async def test_a_refusal_at_any_step_is_for_now_or_final_or_of_us(
    step: str, answer: str, is_final: bool, is_ours: bool
) -> None:
    mailbox = Mailbox(answers={step: answer})
    async with smtp_server(mailbox) as port:
        with pytest.raises(DeliveryFailed) as failed:
            await (await mailer(port, tls="none")).send(MAIL)

    assert (is_final, is_ours) == (failed.value.final, failed.value.ours)
    assert answer[:3] in str(failed.value)
    assert "ada" not in str(failed.value)


async def test_mail_is_handed_over_once_it_has_a_recipient_and_before_the_server_has_it() -> None:
    mailbox, then = Mailbox(), list[tuple[int, int]]()

    async def hand_over() -> None:
        then.append((len(mailbox.recipients), len(mailbox.taken)))

    async with smtp_server(mailbox) as port:
        sender = await mailer(port, tls="none")
        assert isinstance(sender, StepwiseSender)
        await sender.send_stepwise(MAIL, hand_over)

    assert ([(1, 0)], 1) == (then, len(mailbox.taken))


async def test_mail_whose_hand_over_cannot_be_written_down_is_not_sent() -> None:
    mailbox = Mailbox()

    async def hand_over() -> None:
        raise LookupError

    async with smtp_server(mailbox) as port:
        sender = await mailer(port, tls="none")
        assert isinstance(sender, StepwiseSender)
        with pytest.raises(LookupError):
            await sender.send_stepwise(MAIL, hand_over)

    assert [] == mailbox.taken


async def test_a_connection_that_breaks_after_the_message_leaves_it_open_whether_it_arrived() -> None:
    mailbox = Mailbox(hangs_up_after_data=True)
    async with smtp_server(mailbox) as port:
        with pytest.raises(SmtpUnclear):
            await (await mailer(port, tls="none")).send(MAIL)

    assert 1 == len(mailbox.taken)


async def test_no_mail_server_at_all_is_worth_another_try(unused_port: int) -> None:
    with pytest.raises(DeliveryFailed, match="No connection") as failed:
        await (await mailer(unused_port, tls="none")).send(MAIL)

    assert not failed.value.final


async def test_an_address_beyond_ascii_goes_where_the_server_takes_it() -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port:
        await (await mailer(port, tls="none")).send(replace(MAIL, to="jörg@example.com"))

        await (await mailer(port, tls="none")).send(replace(MAIL, to="ada@bücher.example"))

        await (await mailer(port, tls="none")).send(replace(MAIL, to="ada@straße.example"))
        await (await mailer(port, tls="none")).send(replace(MAIL, to="nikos@βόλος.example"))

    assert [
        "jörg@example.com",
        "ada@xn--bcher-kva.example",
        "ada@xn--strae-oqa.example",
        "nikos@xn--nxasmm1c.example",
    ] == mailbox.recipients
    assert "To: jörg@example.com".encode() in mailbox.taken[0]


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


# --- over HTTP -------------------------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def http_server(handler: Handler) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def way_out(*allowed: str) -> AsyncIterator[HttpClient]:
    client = HttpClient(allowed=allowed, time_limit=5)
    try:
        yield client
    finally:
        await client.close()


@dataclass
class Twilio:
    """The one call of Twilio's that is used, as it is on the wire."""

    error: tuple[int, int] | None = None
    taken: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        assert "POST" == request.method
        assert "/2010-04-01/Accounts/AC1/Messages.json" == request.path
        assert "application/x-www-form-urlencoded" == request.content_type
        if request.headers.get("Authorization") != "Basic " + base64.b64encode(b"AC1:token").decode():
            return self._error(401, 20003)
        form = {name: str(value) for name, value in (await request.post()).items()}
        if self.error is not None:
            return self._error(*self.error)
        self.taken.append(form)
        return web.json_response(
            {"sid": "SM1", "status": "queued", "to": form["To"], "body": form["Body"], "num_segments": "1"}, status=201
        )

    def _error(self, status: int, code: int) -> web.Response:
        body = {"code": code, "message": "The number +15550100 is not good.", "status": status}
        return web.json_response(body, status=status)


TWILIO = {"account_sid": "AC1", "auth_token": "token", "from": "+15550001"}


@asynccontextmanager
async def texter(twilio: Handler, **settings: Any) -> AsyncIterator[Sender]:
    async with http_server(twilio) as base_url, way_out(base_url) as http:
        yield await sender_of(TwilioPlugin, {**TWILIO, "base_url": base_url, **settings}, http)


async def test_a_text_goes_out_through_twilio() -> None:
    twilio = Twilio()
    async with texter(twilio) as sender:
        sent = await sender.send(TEXT)

    assert [{"To": "+15550100", "From": "+15550001", "Body": "Dein Code: 654321 ✓"}] == twilio.taken
    assert ("twilio", "SM1") == (sent.sender, sent.reference)


async def test_twilio_may_choose_the_number_by_a_messaging_service() -> None:
    twilio = Twilio()
    async with texter(twilio, **{"from": "", "messaging_service_sid": "MG1"}) as sender:
        await sender.send(TEXT)

    assert [("MG1", None)] == [(form["MessagingServiceSid"], form.get("From")) for form in twilio.taken]


@pytest.mark.parametrize(
    ("error", "is_final", "is_ours"),
    [
        ((400, 21211), True, False),
        ((400, 21610), True, False),
        ((400, 21606), False, True),
        ((401, 20003), False, True),
        ((403, 20005), False, True),
        ((404, 20404), False, True),
        ((429, 20429), False, False),
        ((503, 20503), False, False),
    ],
)
async def test_twilios_refusals_are_for_now_or_final_or_of_us(
    error: tuple[int, int], is_final: bool, is_ours: bool
) -> None:
    async with texter(Twilio(error=error)) as sender:
        with pytest.raises(DeliveryFailed, match=f"{error[0]}.*{error[1]}") as failed:
            await sender.send(TEXT)

    assert (is_final, is_ours) == (failed.value.final, failed.value.ours)
    assert "+15550100" not in str(failed.value)


async def test_a_wrong_token_is_our_fault_and_worth_another_try() -> None:
    twilio = Twilio()
    async with texter(twilio, auth_token="wrong") as sender:
        with pytest.raises(DeliveryFailed, match="401") as failed:
            await sender.send(TEXT)

    assert (False, True) == (failed.value.final, failed.value.ours)
    assert [] == twilio.taken


async def test_a_failure_of_twilio_leaves_it_open_whether_the_text_went_out() -> None:
    async with texter(Twilio(error=(500, 20500))) as sender:
        with pytest.raises(TwilioUnclear):
            await sender.send(TEXT)


async def test_twilio_that_cannot_be_reached_is_worth_another_try(unused_port: int) -> None:
    address = f"http://127.0.0.1:{unused_port}"
    async with way_out(address) as http:
        sender = await sender_of(TwilioPlugin, {**TWILIO, "base_url": address}, http)
        with pytest.raises(DeliveryFailed, match="could not be reached") as failed:
            await sender.send(TEXT)

    assert not failed.value.final


async def test_a_connection_that_breaks_during_a_request_leaves_it_open() -> None:
    async def hangs_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with texter(hangs_up) as sender:
        with pytest.raises(HttpFailed):
            await sender.send(TEXT)


SECRET = "0123456789abcdef0123456789abcdef"


async def test_a_webhook_hands_over_a_message_that_its_receiver_can_check() -> None:
    received: list[Any] = []

    async def receiver(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        expected = sign(SECRET, request.headers["Poolhouse-Timestamp"], body)
        if request.headers["Poolhouse-Signature"] != expected:
            return web.Response(status=401)
        received.append((request.headers["Idempotency-Key"], json.loads(body)["body"]))
        return web.Response(status=204)

    async with http_server(receiver) as base_url, way_out(base_url) as http:
        sender = await sender_of(WebhookPlugin, {"url": f"{base_url}/hook", "secret": SECRET}, http)
        await sender.send(TEXT)
        other = await sender_of(WebhookPlugin, {"url": f"{base_url}/hook", "secret": SECRET[::-1]}, http)
        with pytest.raises(DeliveryFailed, match="401"):
            await other.send(TEXT)

    assert [("m-2", "Dein Code: 654321 ✓")] == received


async def test_a_webhook_that_fails_leaves_it_open() -> None:
    async def receiver(request: web.Request) -> web.StreamResponse:
        return web.Response(status=502)

    async with http_server(receiver) as base_url, way_out(base_url) as http:
        sender = await sender_of(WebhookPlugin, {"url": base_url, "secret": SECRET}, http)
        with pytest.raises(WebhookUnclear):
            await sender.send(TEXT)


@pytest.mark.parametrize("status", [400, 413, 422, 401, 403, 404, 410])
async def test_what_a_webhook_does_not_say_of_the_message_is_about_us(status: int) -> None:
    async def receiver(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with http_server(receiver) as base_url, way_out(base_url) as http:
        sender = await sender_of(WebhookPlugin, {"url": base_url, "secret": SECRET}, http)
        with pytest.raises(DeliveryFailed) as failed:
            await sender.send(TEXT)

    is_final = status in (400, 413, 422)
    assert (is_final, not is_final) == (failed.value.final, failed.value.ours)
