"""What senders need no server for: their settings, the letter, the signature, the file, the terminal."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
import textwrap
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest

from poolhouse.errors import DeliveryFailed
from poolhouse.hooks import specs
from poolhouse.hooks.answers.messages import Sender
from poolhouse.hooks.context import HttpAnswer, HttpFailed, HttpNotSent, PluginContext, PluginSettings
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.manager import PluginError, PluginManager
from poolhouse.plugins import SENDERS
from poolhouse.plugins.console import ConsolePlugin, ConsoleSender
from poolhouse.plugins.file import FilePlugin, OutboxFile
from poolhouse.plugins.smtp import Server, SmtpPlugin, SmtpSender
from poolhouse.plugins.twilio_sms import TwilioPlugin
from poolhouse.plugins.webhook import WebhookPlugin, WebhookUnclear, sign
from poolhouse.records.messages import Message

MESSAGE = Message(
    id="m-1",
    channel="email",
    to="ada@example.com",
    purpose="sign_up",
    subject="Welcome",
    body="Your code is 123456.",
    code="123456",
    pool_id="eu-central-1_Abc",
    username="ada",
)
SECRET = "s" * 32


class Clock:
    def now(self) -> float:
        return 1_700_000_000.0


class Answers:
    """An outbound client that gives one answer, and keeps what it was asked."""

    def __init__(self, answer: int | Exception) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    async def request(
        self, method: str, url: str, *, headers: Any = None, body: Any = None, time_limit: float | None = None
    ) -> HttpAnswer:
        self.asked.append((method, url, dict(headers), body))
        if isinstance(self._answer, Exception):
            raise self._answer
        return HttpAnswer(self._answer, {}, b"")


def context(name: str, settings: dict[str, Any], http: Any = None) -> PluginContext:
    nothing: Any = None
    return PluginContext(name, PluginSettings(settings), Clock(), nothing, http, nothing, nothing)


async def sender_of(plugin: type, settings: dict[str, Any], http: Any = None) -> Sender:
    manager = PluginManager(context=lambda name: context(name, settings, http))
    manager.register(plugin, "it")
    ((sender,),) = await manager.freeze().all(specs.register_message_senders, Register())
    return sender


# --- settings --------------------------------------------------------------------------------------------------------

SMTP = {"host": "mail.example.com", "from": "Poolhouse <no-reply@example.com>"}
TWILIO = {"account_sid": "AC1", "auth_token": "token", "from": "+15550001"}


@pytest.mark.parametrize(
    ("plugin", "settings", "told"),
    [
        (SmtpPlugin, {}, "'host' is missing"),
        (SmtpPlugin, {"host": "h"}, "'from' is missing"),
        (SmtpPlugin, {**SMTP, "from": "nobody"}, "'from' is an e-mail address"),
        (SmtpPlugin, {**SMTP, "from": "a@b.example, c@d.example"}, "'from' is an e-mail address"),
        (SmtpPlugin, {**SMTP, "reply_to": "a@b\r\nBcc: c@d"}, "'reply_to' is an e-mail address"),
        (SmtpPlugin, {**SMTP, "tls": "opportunistic"}, "'tls' is one of starttls, implicit, none"),
        (SmtpPlugin, {**SMTP, "tls": "none", "username": "u", "password": "p"}, "readable on the way"),
        (SmtpPlugin, {**SMTP, "username": "u"}, "'password' is missing"),
        (SmtpPlugin, {**SMTP, "prot": 25}, "no setting 'prot'"),
        (TwilioPlugin, {**TWILIO, "messaging_service_sid": "MG1"}, "Exactly one of"),
        (TwilioPlugin, {"account_sid": "AC1", "auth_token": "t"}, "Exactly one of"),
        (TwilioPlugin, {"account_sid": "AC1", "from": "+1"}, "'auth_token' is missing"),
        (WebhookPlugin, {"url": "https://example.com"}, "'secret' is missing"),
        (WebhookPlugin, {"url": "https://example.com", "secret": "short"}, "at least 32 characters"),
        (WebhookPlugin, {"url": "https://example.com", "secret": SECRET, "channels": ["fax"]}, "email, sms"),
        (FilePlugin, {}, "'path' is missing"),
        (ConsolePlugin, {"colour": "red"}, "no setting 'colour'"),
    ],
)
async def test_a_wrong_setting_stops_the_start_and_is_named(plugin: type, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(PluginError, match=told):
        await sender_of(plugin, settings)


async def test_every_sender_says_what_it_takes(tmp_path: Path) -> None:
    webhook = {"url": "https://example.com", "secret": SECRET}

    assert {"email"} == (await sender_of(SmtpPlugin, SMTP)).channels
    assert {"sms"} == (await sender_of(TwilioPlugin, TWILIO)).channels
    assert {"email", "sms"} == (await sender_of(WebhookPlugin, webhook)).channels
    assert {"sms"} == (await sender_of(WebhookPlugin, {**webhook, "channels": ["sms"]})).channels
    assert {"email", "sms"} == (await sender_of(FilePlugin, {"path": str(tmp_path / "outbox")})).channels
    assert {"email", "sms"} == (await sender_of(ConsolePlugin, {})).channels


def test_no_password_is_shown() -> None:
    assert "hunter2!" not in repr(Server("h", 25, "starttls", "u", "hunter2!"))


# --- the letter ------------------------------------------------------------------------------------------------------


def letter(message: Message, **more: Any) -> Any:
    sender = SmtpSender(
        Server("h", 25, "none"), clock=Clock(), sender=Address("Poolhouse", addr_spec="no-reply@example.com"), **more
    )
    return sender.letter(message, Address(addr_spec=message.to))


def changed(**fields: Any) -> Message:
    return Message(**{name: getattr(MESSAGE, name) for name in MESSAGE.__struct_fields__} | fields)


def test_the_letter_has_all_that_a_letter_needs() -> None:
    made = letter(MESSAGE, reply_to=Address(addr_spec="help@example.com"))

    assert "Poolhouse <no-reply@example.com>" == str(made["From"])
    assert "ada@example.com" == str(made["To"])
    assert "help@example.com" == str(made["Reply-To"])
    assert "Welcome" == str(made["Subject"])
    assert "Tue, 14 Nov 2023 22:13:20 +0000" == str(made["Date"])
    assert "auto-generated" == str(made["Auto-Submitted"])
    assert "text/plain" == made.get_content_type()
    assert "Your code is 123456.\n" == made.get_content().replace("\r\n", "\n")


def test_the_message_id_is_the_same_for_the_same_message_and_another_for_another() -> None:
    odd = [letter(changed(id=identifier))["Message-ID"] for identifier in ("a b>\r\nBcc: x@y", "a b>\r\nBcc: x@z")]

    assert "<m-1@example.com>" == letter(MESSAGE)["Message-ID"]
    assert 2 == len(set(odd))
    assert all(len(identifier) == 64 + len("<@example.com>") for identifier in odd)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00"])
def test_no_text_becomes_a_header(end: str) -> None:
    made = letter(
        changed(subject=f"Welcome{end}Bcc: eve@example.com{end}{end}body", body=f"x{end}Bcc: eve@example.com")
    )

    head, _, _ = made.as_bytes().partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert b"Bcc" not in names
    assert "Welcome Bcc: eve@example.com body" == str(made["Subject"])


def test_a_letter_is_ascii_on_the_wire_and_utf_8_to_the_reader() -> None:
    made = letter(changed(subject="Grüße 🏠", body="Ihr Schlüssel: 123456\n.\nEnde"))

    assert made.as_bytes().isascii()
    assert "Grüße 🏠" == str(made["Subject"])
    assert "Ihr Schlüssel: 123456\n.\nEnde\n" == made.get_content().replace("\r\n", "\n")


def test_bodies_may_be_html_where_the_operator_says_so() -> None:
    page = (
        "<html><head><title>T</title><style>p {color: red}</style></head><body><h1>Hello  Ada</h1>"
        "<p>Your code is\n<b>123456</b> &amp; more.<br/>Go <a href='https://example.com/go'>there</a>, or to "
        "<a href='https://example.com'>https://example.com</a></p><ul><li>one<li>two</ul>5 < 6 &lt; 7</body></html>"
    )

    sent = letter(changed(body=page), html=True)

    assert "multipart/alternative" == sent.get_content_type()
    plain, html = sent.iter_parts()
    assert ("text/plain", "text/html") == (plain.get_content_type(), html.get_content_type())
    assert page == html.get_content().rstrip("\n")
    assert [
        "Hello Ada",
        "Your code is 123456 & more.",
        "Go there (https://example.com/go), or to https://example.com",
        "one",
        "two",
        "5 < 6 < 7",
    ] == [line for line in plain.get_content().splitlines() if line]


@pytest.mark.parametrize("page", ["", "123456", "<b>123456", "a < b", "</p></p>", "<a>", "<![x", "<!--", "<script>1"])
def test_whatever_the_page_is_it_has_a_plain_part(page: str) -> None:
    plain, html = letter(changed(body=page), html=True).iter_parts()

    assert page == html.get_content().rstrip("\n")
    assert ("123456" in page) == ("123456" in plain.get_content())


@pytest.mark.parametrize(
    "to", ["", "ada", "a@b, c@d", "a@b\r\nRCPT TO:<eve@example.com>", "ada@example.com\x00", "Ada <ada@example.com>"]
)
async def test_a_recipient_is_one_address_and_nothing_else(to: str) -> None:
    sender = await sender_of(SmtpPlugin, SMTP)

    with pytest.raises(DeliveryFailed, match="not an e-mail address") as failed:
        await sender.send(changed(to=to))

    assert failed.value.final


async def test_our_own_domain_may_be_international() -> None:
    sender: Any = await sender_of(SmtpPlugin, {**SMTP, "from": "Poolhouse <no-reply@straße.example>"})

    made = sender.letter(MESSAGE, Address(addr_spec=MESSAGE.to))

    assert "Poolhouse <no-reply@xn--strae-oqa.example>" == str(made["From"])


# --- webhook ---------------------------------------------------------------------------------------------------------


async def webhook(answer: int | Exception) -> tuple[Sender, Answers]:
    http = Answers(answer)
    return await sender_of(WebhookPlugin, {"url": "https://example.com/hook", "secret": SECRET}, http), http


async def test_a_webhook_gets_signed_json_with_an_idempotency_key() -> None:
    sender, http = await webhook(202)

    await sender.send(MESSAGE)

    ((method, url, headers, body),) = http.asked
    assert ("POST", "https://example.com/hook") == (method, url)
    assert "ada@example.com" == json.loads(body)["to"]
    assert "123456" == json.loads(body)["code"]
    assert "m-1" == headers["Idempotency-Key"]
    assert "1700000000" == headers["Poolhouse-Timestamp"]
    assert sign(SECRET, "1700000000", body) == headers["Poolhouse-Signature"]


def test_the_signature_is_the_documented_one() -> None:
    """Computed once with ``openssl dgst -sha256 -hmac``."""
    expected = "v1=a310a22550afadcf5036b675cce7a8d6be874bf11ebd68c62717ac6145fdd927"

    assert expected == sign(SECRET, "1700000000", b'{"id":"m-1"}')


@pytest.mark.parametrize(
    ("answer", "expected", "is_final"),
    [
        (HttpNotSent("x"), DeliveryFailed, False),
        (429, DeliveryFailed, False),
        (503, DeliveryFailed, False),
        (400, DeliveryFailed, True),
        (302, DeliveryFailed, False),
        (401, DeliveryFailed, False),
        (422, DeliveryFailed, True),
        (500, WebhookUnclear, None),
        (504, WebhookUnclear, None),
        (HttpFailed("x"), HttpFailed, None),
    ],
)
async def test_a_webhooks_answer_says_whether_to_try_again(
    answer: int | Exception, expected: type[Exception], is_final: bool | None
) -> None:
    sender, _ = await webhook(answer)

    with pytest.raises(expected) as raised:
        await sender.send(MESSAGE)

    assert is_final == getattr(raised.value, "final", None)


# --- file and terminal -----------------------------------------------------------------------------------------------


def test_the_outbox_file_has_a_line_of_json_for_each_message(tmp_path: Path) -> None:
    file = OutboxFile(tmp_path / "outbox.jsonl")

    file.record(MESSAGE)
    file.record(changed(to="bob@example.com", link="https://example.com/x", code=None, body="two\nlines"))

    first, second = (json.loads(line) for line in (tmp_path / "outbox.jsonl").read_text().splitlines())
    assert {
        "to": "ada@example.com",
        "channel": "email",
        "purpose": "sign_up",
        "code": "123456",
        "link": None,
        "subject": "Welcome",
        "body": "Your code is 123456.",
    } == first
    assert ("bob@example.com", None, "https://example.com/x", "two\nlines") == (
        second["to"],
        second["code"],
        second["link"],
        second["body"],
    )


def test_the_outbox_file_is_its_owners(tmp_path: Path) -> None:
    OutboxFile(tmp_path / "outbox.jsonl").record(MESSAGE)

    assert 0o600 == stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode)


async def test_the_file_sender_writes_what_it_sends(tmp_path: Path) -> None:
    sender = await sender_of(FilePlugin, {"path": str(tmp_path / "outbox.jsonl")})

    await sender.send(MESSAGE)

    assert "ada@example.com" == json.loads((tmp_path / "outbox.jsonl").read_text())["to"]


async def test_the_terminal_shows_the_message() -> None:
    stream = io.StringIO()

    await ConsoleSender(stream).send(MESSAGE)

    assert "--- email to ada@example.com (sign_up)\nWelcome\nYour code is 123456.\n---\n" == stream.getvalue()


# --- what we ship ----------------------------------------------------------------------------------------------------


def test_our_own_senders_are_loaded_as_a_strangers_are(tmp_path: Path) -> None:
    settings: dict[str, dict[str, Any]] = {
        "smtp": SMTP,
        "twilio": TWILIO,
        "webhook": {"url": "https://example.com", "secret": SECRET},
        "file": {"path": str(tmp_path / "outbox")},
    }
    manager = PluginManager(context=lambda name: context(name, settings.get(name, {})))

    manager.load(SENDERS)

    assert ("console", "file", "smtp", "twilio", "webhook") == manager.names()
    assert {
        "register_message_senders": ("console", "file", "smtp", "twilio", "webhook"),
    } == {
        hook.name: tuple(name for name, _ in hook.implementations)
        for hook in manager.describe()
        if hook.implementations
    }


def test_a_plugin_is_imported_only_where_it_is_used() -> None:
    program = """
        import sys
        import poolhouse.plugins, poolhouse.hooks.manager, poolhouse.flows.messages.outbox
        import poolhouse.plugins.twilio_sms, poolhouse.plugins.webhook
        print(sorted({"twilio", "aiosmtplib", "aiohttp", "requests"} & set(sys.modules)))
    """

    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)

    assert "[]\n" == shown.stdout
