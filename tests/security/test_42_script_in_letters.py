"""Row 42: what a stranger types is text in a letter, whoever gets it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.hooks.context import PluginContext, PluginSettings
from poolhouse.hooks.events.messages import ComposeMessage
from poolhouse.hooks.kinds import hookimpl
from poolhouse.plugins.smtp import SmtpPlugin, SmtpSender, _recipient
from poolhouse.records.messages import Message
from poolhouse.records.pools import MessageTemplate
from tests.support.house import PASSWORD, House, opened_house

MARKUP = "<a/href=//evil.example>x</a>"
ESCAPED = "&lt;a/href=//evil.example&gt;x&lt;/a&gt;"
HTML = MessageTemplate(email="<p>Dear {username}, it is <b>{####}</b></p>", subject="{username}: {####}")


class Clock:
    def now(self) -> float:
        return 1_700_000_000.0


def letter(message: Message, content: str) -> str:
    """The body as it goes over the wire."""
    nothing: Any = None
    settings = {"host": "localhost", "from": "auth@example.com", "content": content}
    context = PluginContext("smtp", PluginSettings(settings), Clock(), nothing, nothing, nothing, nothing)
    (sender,) = SmtpPlugin(context).register_message_senders()
    assert isinstance(sender, SmtpSender)
    made = sender.letter(message, _recipient(message.to))
    part = made.get_body(("html",) if content == "html" else ("plain",))
    assert part is not None
    text: str = part.get_content()
    return text.rstrip()


async def test_a_name_is_text_in_an_invitation(house: House) -> None:
    pool = await house.pool(invitation=HTML)
    given = {"email": "victim@example.com"}
    await house.services.users.invite(
        pool,
        Invitation(username=MARKUP, password="<B>&amp;b4d-h0rse", attributes=given, mediums=("EMAIL",)),
    )

    message = house.messages[-1]

    assert f"<p>Dear {ESCAPED}, it is <b>&lt;B&gt;&amp;amp;b4d-h0rse</b></p>" == letter(message, "html")
    assert f"<p>Dear {MARKUP}, it is <b><B>&amp;b4d-h0rse</b></p>" == letter(message, "text")
    assert f"{MARKUP}: <B>&amp;b4d-h0rse" == message.subject


async def test_a_verification_letter_names_nobody(house: House) -> None:
    """The name counts in invitations only, as the reference has it."""
    pool = await house.pool(verification=HTML)
    client = await house.client(pool)
    await house.sign_up(client, MARKUP, email="victim@example.com")

    message = house.messages[-1]

    assert f"<p>Dear {{username}}, it is <b>{message.code}</b></p>" == letter(message, "html")
    assert f"{{username}}: {message.code}" == message.subject


class Greeting:
    """Writes letters as the page of hooks says."""

    @hookimpl
    async def compose_message(self, event: ComposeMessage) -> ComposeMessage | None:
        return dataclasses.replace(event, subject="{username}", body="<p>{username} &amp; {####}</p>")


async def test_what_is_put_into_a_plugins_words_is_text() -> None:
    async with opened_house(plugins=[("greeting", Greeting())]) as house:
        invitation = Invitation(
            username=MARKUP, password=PASSWORD, attributes={"email": "victim@example.com"}, mediums=("EMAIL",)
        )
        await house.services.users.invite(await house.pool(), invitation)

        message = house.messages[-1]

        assert f"<p>{ESCAPED} &amp; {PASSWORD}</p>" == letter(message, "html")
        assert MARKUP == message.subject


@pytest.mark.parametrize("address", ["ada@straße.example", "nikos@βόλος.example", "ada@Straße.Example"])
async def test_a_letter_goes_to_the_domain_that_was_typed(address: str, house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(username_attributes=("email",)))
    client = await house.client(pool)

    await house.services.sign_up.sign_up(client, SignUpRequest(username=address, password=PASSWORD))

    recipient = _recipient(house.messages[-1].to)
    assert recipient.domain == {"n": "xn--nxasmm1c.example", "a": "xn--strae-oqa.example"}[address[0]]
