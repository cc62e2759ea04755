"""Users who come over are told, where the plugin that knows them wants it: once, and of no password that is not."""

from __future__ import annotations

import pytest

from poolhouse.errors import PasswordResetRequired
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.pools import MessageTemplate
from tests.support.house import PASSWORD, opened_house

EMAIL = {"email": "jane@example.com", "email_verified": "true"}


class OldSite:
    def __init__(self, *welcome: str, confirmed: bool = True) -> None:
        self._welcome = welcome
        self._confirmed = confirmed

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> MigratedUser:
        return MigratedUser(EMAIL, confirmed=self._confirmed, welcome=self._welcome)


async def test_who_keeps_the_password_is_told_so_once() -> None:
    async with opened_house(plugins=[("old", OldSite("email", "sms"))]) as house:
        client = await house.client(await house.pool())

        await house.sign_in(client)
        await house.sign_in(client)

    (message,) = house.messages
    assert ("jane@example.com", "email", "invitation") == (message.to, message.channel, message.purpose)
    assert "Your username is jane, and your password is the one that you had. " == message.body
    assert PASSWORD not in message.body


async def test_who_has_to_choose_a_new_password_is_told_so() -> None:
    async with opened_house(plugins=[("old", OldSite("email", confirmed=False))]) as house:
        client = await house.client(await house.pool())

        with pytest.raises(PasswordResetRequired):
            await house.sign_in(client)

    (message,) = house.messages
    assert "Your username is jane, and your password is to be chosen anew. " == message.body


async def test_the_pools_own_words_are_used() -> None:
    words = MessageTemplate(email="Hello {username}, password: {####}", subject="Hello")
    async with opened_house(plugins=[("old", OldSite("email"))]) as house:
        client = await house.client(await house.pool(invitation=words))

        await house.sign_in(client)

    (message,) = house.messages
    assert ("Hello", "Hello jane, password: the one that you had") == (message.subject, message.body)


@pytest.mark.parametrize("welcome", [(), ("sms",)])
async def test_without_a_word_or_an_address_nobody_is_told(welcome: tuple[str, ...]) -> None:
    async with opened_house(plugins=[("old", OldSite(*welcome))]) as house:
        client = await house.client(await house.pool())

        await house.sign_in(client)

    assert [] == house.messages
