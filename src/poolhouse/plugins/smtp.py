"""E-mail by SMTP, over TLS that is required and checked, unless the operator says "none"."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html.parser import HTMLParser

import aiosmtplib

from poolhouse import (
    Clock,
    DeliveryFailed,
    HandOver,
    Message,
    PluginContext,
    Sender,
    Sent,
    SettingInvalid,
    ascii_domain,
    hookimpl,
)

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN_LOCAL = re.compile(r"[^\s\"(),.:;<>@\[\\\]]+(\.[^\s\"(),.:;<>@\[\\\]]+)*")
_WORD = re.compile(r"[A-Za-z0-9-]{1,64}")
_ABOUT_US = frozenset({530, 534, 535, 538})
"""No key, or a wrong one (RFC 4954 section 6)."""
_POLICY = re.compile(r"5\.7\.[0-9]+\b")
"""RFC 3463 section 3.8: security or policy, as where nobody may relay. It comes with the refusal of the recipient, whom
other classes are about."""
_BREAKS = frozenset({"br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "table", "tr", "ul"})
_UNSEEN = frozenset({"head", "script", "style", "title"})
_TIME_TO_PART = 2.0
"""Seconds for the farewell, once the message is delivered."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where e-mail goes. ``tls`` is ``starttls``, ``implicit`` or ``none``."""

    host: str
    port: int
    tls: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout: float = 20.0


class SmtpUnclear(Exception):  # noqa: N818 - read as a statement
    """The connection broke while the message was handed over: whether it was taken, nobody knows."""


class SmtpSender:
    """One connection per message. ``html`` says what the bodies are. The hand-over counts from DATA on: before it, a
    mail server has nothing that it could deliver."""

    name = "smtp"
    channels = frozenset({"email"})

    def __init__(
        self, server: Server, *, clock: Clock, sender: Address, reply_to: Address | None = None, html: bool = False
    ) -> None:
        self._server = server
        self._clock = clock
        self._sender = sender
        self._reply_to = reply_to
        self._html = html
        self._tls: ssl.SSLContext | None = None

    async def send(self, message: Message) -> Sent:
        return await self.send_stepwise(message, _unwritten)

    async def send_stepwise(self, message: Message, hand_over: HandOver) -> Sent:
        recipient = _recipient(message.to)
        letter = self.letter(message, recipient)
        async with self._connected() as smtp:
            await self._address(smtp, recipient.addr_spec)
            await hand_over()
            # From here on the server may have the message without our knowing.
            try:
                await smtp.data(letter.as_bytes())
            except aiosmtplib.SMTPDataError as error:
                raise _refusal(error) from None
            except (aiosmtplib.SMTPException, OSError) as error:
                raise SmtpUnclear(f"The connection broke during the message: {type(error).__name__}.") from None
        return Sent(self.name, str(letter["Message-ID"]))

    def letter(self, message: Message, recipient: Address) -> EmailMessage:
        """The message as it goes over the wire. Its ``Message-ID`` comes from the message's id, so that a receiver
        recognises it. No text of the message can become a header."""
        letter = EmailMessage(policy=SMTP if recipient.addr_spec.isascii() else SMTPUTF8)
        letter["From"] = self._sender
        letter["To"] = recipient
        if self._reply_to is not None:
            letter["Reply-To"] = self._reply_to
        letter["Subject"] = _CONTROL.sub(" ", message.subject).strip()
        letter["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now(), UTC))
        letter["Message-ID"] = f"<{_word(message.id)}@{self._sender.domain}>"
        # RFC 3834: answering machines leave this alone.
        letter["Auto-Submitted"] = "auto-generated"
        if self._html:
            # The plainest part first (RFC 2046 section 5.1.4).
            letter.set_content(as_plain(message.as_html), cte="quoted-printable")
            letter.add_alternative(message.as_html, subtype="html", cte="quoted-printable")
        else:
            letter.set_content(message.body, cte="quoted-printable")
        return letter

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = self._server
        if server.tls != "none" and self._tls is None:
            # Reads the certificates of all authorities: not on the event loop.
            self._tls = await asyncio.to_thread(ssl.create_default_context, cafile=server.ca_file)
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._tls,
            username=server.username,
            password=server.password,
            timeout=server.timeout,
            # Without it the library asks the DNS who we are.
            local_hostname=self._sender.domain,
        )
        try:
            try:
                await smtp.connect()
            except aiosmtplib.SMTPResponseException as error:
                raise _refusal(error, of="us") from None
            except (aiosmtplib.SMTPException, OSError) as error:
                raise DeliveryFailed(f"No connection to the mail server: {type(error).__name__}.") from None
            yield smtp
            with suppress(aiosmtplib.SMTPException, OSError):
                await smtp.quit(timeout=_TIME_TO_PART)
        finally:
            smtp.close()

    async def _address(self, smtp: aiosmtplib.SMTP, recipient: str) -> None:
        try:
            if recipient.isascii():
                await smtp.mail(self._sender.addr_spec)
                await smtp.rcpt(recipient)
                return
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
            if smtp.supports_extension("smtputf8"):
                await smtp.mail(self._sender.addr_spec, options=["SMTPUTF8", "BODY=8BITMIME"], encoding="utf-8")
                await smtp.rcpt(recipient, encoding="utf-8")
            else:
                raise DeliveryFailed("The mail server takes ASCII addresses only.", final=True)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _refusal(error, of="us" if _POLICY.match(error.message) else "the message") from None
        except aiosmtplib.SMTPResponseException as error:
            # Before the recipient is named, all that can be refused is the sender.
            raise _refusal(error, of="us") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"The mail server broke off: {type(error).__name__}.") from None


async def _unwritten() -> None:
    """Nobody wants to know."""


class _Plain(HTMLParser):
    """What of a page is text, with a line for each block and the addresses of its links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self._unseen = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.text += "\n"
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.text += "\n"
        elif tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            if address and not self.text.endswith(address):
                self.text += f" ({address})"

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += re.sub(r"\s+", " ", data)


def as_plain(page: str) -> str:
    """The text of an HTML letter, for whoever reads no HTML."""
    reader = _Plain()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split(" ")).strip() for line in reader.text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _recipient(to: str) -> Address:
    """The one address of the message. Raises ``DeliveryFailed`` for anything else."""
    local, _, domain = to.rpartition("@")
    try:
        if _CONTROL.search(to):
            raise ValueError
        domain = ascii_domain(domain)
        if not local.isascii() and _PLAIN_LOCAL.fullmatch(local):
            # The parser knows ASCII only (RFC 6532 came later).
            return Address(username=local, domain=Address(addr_spec=f"x@{domain}").domain)
        return Address(addr_spec=f"{local}@{domain}")
    except (ValueError, MessageError, IndexError):
        raise DeliveryFailed("The recipient is not an e-mail address.", final=True) from None


def _refusal(error: aiosmtplib.SMTPResponseException, of: str = "the message") -> Exception:
    """What the server's code means. RFC 5321 section 4.2.1: 4 is "not now", 5 is "never"; where it is us who are
    refused, that is no word about the recipient, and never final. The server's words may hold the address: they are not
    passed on."""
    code = error.code
    of = "us" if code in _ABOUT_US else of
    if 400 <= code < 500:
        return DeliveryFailed(f"The mail server refused {of} for now ({code}).")
    if 500 <= code < 600:
        return DeliveryFailed(f"The mail server refused {of} ({code}).", final=True, ours=of == "us")
    return SmtpUnclear(f"The mail server answered with {code}.")


def _word(identifier: str) -> str:
    """The id where it can stand in a ``Message-ID``, else its digest."""
    if _WORD.fullmatch(identifier):
        return identifier
    return hashlib.sha256(identifier.encode()).hexdigest()


def _mailbox(setting: str, text: str) -> Address:
    """The address of a setting as in ``Name <address>``. Raises ``SettingInvalid``."""
    try:
        letter = EmailMessage()
        letter["From"] = text
        (address,) = letter["From"].addresses
        return Address(address.display_name, addr_spec=f"{address.username}@{ascii_domain(address.domain)}")
    except (ValueError, MessageError, IndexError):
        raise SettingInvalid(f"The setting {setting!r} is an e-mail address.") from None


class SmtpPlugin:
    """Settings: ``host``, ``from`` (needed), ``port``, ``tls`` (starttls, implicit, none), ``username``, ``password``,
    ``ca_file``, ``reply_to``, ``content`` (text, html), ``timeout`` in seconds."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only(
            "host", "port", "tls", "username", "password", "ca_file", "from", "reply_to", "content", "timeout"
        )
        tls = settings.choice("tls", ("starttls", "implicit", "none"))
        username = settings.text("username", "") or None
        if username and tls == "none":
            raise SettingInvalid("The setting 'tls' cannot be none with a password: it would be readable on the way.")
        server = Server(
            host=settings.text("host"),
            port=int(settings.number("port", _PORTS[tls])),
            tls=tls,
            username=username,
            password=settings.text("password") if username else None,
            ca_file=settings.text("ca_file", "") or None,
            timeout=settings.number("timeout", 20.0),
        )
        reply_to = settings.text("reply_to", "")
        self._sender = SmtpSender(
            server,
            clock=context.clock,
            sender=_mailbox("from", settings.text("from")),
            reply_to=_mailbox("reply_to", reply_to) if reply_to else None,
            html=settings.choice("content", ("text", "html")) == "html",
        )

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [self._sender]
