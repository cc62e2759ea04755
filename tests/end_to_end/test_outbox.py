"""What becomes of messages when mail servers hang or are away, and when the server is killed while it sends: with real
SMTP and a real kill."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from poolhouse.crypto.vault import Vault
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.hooks.dispatch import Hooks
from poolhouse.plugins.smtp import Server, SmtpSender
from poolhouse.records.messages import Message
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.testing.clock import FakeClock
from tests.support import server_process
from tests.support.live import PASSWORD, Live, attributes, eventually, unique
from tests.support.mongodb import free_port
from tests.support.server_process import ServerProcess


@dataclass
class Mailbox:
    """What the mail server was given. With ``hangs`` it takes what comes after DATA and never says so."""

    hangs: bool = False
    recipients: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        if self.hangs:
            await asyncio.Event().wait()
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, port: int) -> Iterator[None]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop(no_assert=True)


@contextmanager
def mute_server() -> Iterator[socket.socket]:
    """Takes connections, and never greets."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def settings(folder: Path, port: int) -> None:
    (folder / "poolhouse.toml").write_text(
        f'[messages.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nfrom = "no-reply@example.com"\n'
    )


def entries(database: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return [json.loads(value) for (value,) in connection.execute("SELECT value FROM c_outbox")]


def let_the_leases_run_out(database: Path) -> None:
    """The time is over for which the dead process had its messages to itself: nobody waits for that here. How long it
    is, and that it is kept, is shown in ``tests/unit/flows/messages``."""
    now = time.time()
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for key, value, place in connection.execute("SELECT key, value, i_due FROM c_outbox").fetchall():
            entry = json.loads(value)
            if entry.get("state") == "sending" and place is not None:
                words = place.rpartition(" ")[0]
                connection.execute(
                    "UPDATE c_outbox SET value = ?, i_due = ? WHERE key = ?",
                    (json.dumps({**entry, "until": now}).encode(), f"{words} {now:017.6f}", key),
                )


@contextmanager
def signed_up(folder: Path, port: int) -> Iterator[tuple[ServerProcess, str]]:
    """A server that sends by this mail server, and the address of somebody who just signed up there."""
    settings(folder, port)
    server = server_process.start(f"sqlite:{folder / 'mail.db'}", folder, "server")
    try:
        live = Live(server.base_url, server.outbox, "sqlite")
        name = unique()
        address = f"{name}@example.com"
        client = live.client(live.pool())
        live.aws.sign_up(ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(email=address))
        yield server, address
    finally:
        server.end()


@contextmanager
def restarted(folder: Path, before: ServerProcess) -> Iterator[ServerProcess]:
    server = server_process.start(f"sqlite:{folder / 'mail.db'}", folder, "server", port=before.port)
    try:
        yield server
    finally:
        server.end()


def test_what_the_mail_server_did_not_greet_when_the_server_was_killed_is_sent_after_the_restart(
    tmp_path: Path,
) -> None:
    database, mailbox = tmp_path / "mail.db", Mailbox()
    with mute_server() as mute:
        port = mute.getsockname()[1]
        with signed_up(tmp_path, port) as (server, address):
            connection, _ = mute.accept()
            server.kill()
            connection.close()
    let_the_leases_run_out(database)

    with mail_server(mailbox, port), restarted(tmp_path, server):
        eventually("the message arrives", lambda: mailbox.recipients, within=20)
        eventually("it is written down", lambda: [e["state"] for e in entries(database)] == ["sent"], within=20)

    assert [address] == mailbox.recipients


def test_what_was_handed_over_when_the_server_was_killed_is_unclear_and_comes_no_second_time(tmp_path: Path) -> None:
    database, mailbox = tmp_path / "mail.db", Mailbox(hangs=True)
    port = free_port()
    with mail_server(mailbox, port), signed_up(tmp_path, port) as (server, address):
        eventually("the message is handed over", lambda: mailbox.recipients, within=20)
        server.kill()
    let_the_leases_run_out(database)
    mailbox.hangs = False

    with mail_server(mailbox, port), restarted(tmp_path, server) as again:
        eventually("it is told", lambda: "may have arrived" in again.written(), within=20)
        states = [entry["state"] for entry in entries(database)]

    assert (["unclear"], [address]) == (states, mailbox.recipients)


# --- in one process, on a clock of the test --------------------------------------------------------------------------


class Received:
    """A sender of text messages that takes them."""

    name = "received"
    channels = frozenset({"sms"})

    def __init__(self) -> None:
        self.came = asyncio.Event()

    async def send(self, message: Message) -> Sent:
        self.came.set()
        return Sent(self.name)


@asynccontextmanager
async def outbox(port: int, clock: FakeClock, *senders: Sender) -> AsyncIterator[OutboxService]:
    """An outbox that sends by this mail server, and by these."""
    store = MemoryStore(collections.ALL, clock)
    await store.start()
    vault = Vault([bytes(32)], SystemChance())
    server = Server(host="127.0.0.1", port=port, tls="none")
    mail = SmtpSender(server, clock=clock, sender=Address("", "no-reply", "example.com"))
    yield OutboxService(OutboxRepository(store, Cursors(vault, clock)), vault, clock, Hooks(), [mail, *senders])
    await store.close()


def message(number: int, channel: str = "email") -> Message:
    to = f"jane-{number}@example.com" if channel == "email" else "+15550100"
    return Message(id=f"{channel}-{number}", channel=channel, to=to, purpose="x", subject="Hello", body="It is 123456")


async def test_a_mail_server_that_hangs_holds_up_no_text_message() -> None:
    received, stop = Received(), asyncio.Event()
    with mute_server() as mute:
        async with outbox(mute.getsockname()[1], FakeClock(), received) as box:
            for number in range(20):
                await box.put(message(number))
            worker = asyncio.create_task(box.run(stop))
            hanging, _ = await asyncio.to_thread(mute.accept)

            await box.put(message(1, "sms"))

            async with asyncio.timeout(5):
                await received.came.wait()
            hanging.close()
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


async def test_a_mail_server_that_is_away_for_seven_minutes_costs_no_message() -> None:
    port, clock, mailbox = free_port(), FakeClock(), Mailbox()
    async with outbox(port, clock) as box:
        for number in range(20):
            await box.put(message(number), life=3600)
        for _ in range(42):
            await box.drain()
            clock.advance(10)

        with mail_server(mailbox, port):
            for _ in range(40):
                await box.drain()
                clock.advance(10)
        await box.kept.count()

    assert sorted(f"jane-{number}@example.com" for number in range(20)) == sorted(mailbox.recipients)
    assert (0, 0) == (box.kept.tally.waiting, box.kept.tally.failed)
