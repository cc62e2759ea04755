"""Beyond the rows: passwords as NIST SP 800-63B-4 has them. Every character counts, and none is cut off."""

from __future__ import annotations

import time
from collections.abc import Sequence

import bcrypt
import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.directory.passwords import require_policy
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.passwords import PasswordFormat
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasswordPolicy
from poolhouse.records.users import Credential
from tests.support.house import House, opened_house
from tests.support.srp_client import SrpClient

LOOSE = PasswordPolicy(
    require_uppercase=False, require_lowercase=False, require_numbers=False, require_symbols=False, minimum_length=8
)
PASSWORDS = [
    "correct horse battery staple",
    "        ",
    "пароль пароль",
    "密码密码密码密码",
    "\U0001f40e\U0001f50b\U0001f4ce" * 8,
    "a\u0301" * 20,
    "tab\tand\nline",
    "nul\x00in the middle",
    "x" * 72 + "tail beyond bcrypt",
    "é" * 256,
    "\U0001f40e" * 256,
]


async def sign_up(house: House, client: Client, password: str) -> None:
    await house.services.sign_up.sign_up(
        client, SignUpRequest(username="jane", password=password, attributes={"email": "jane@example.com"})
    )
    await house.confirm(client)


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
async def test_every_character_counts(password: str, house: House) -> None:
    client = await house.client(await house.pool(password_policy=LOOSE))
    await sign_up(house, client, password)

    for wrong in (password[:-1], password + password[-1], password[:-1] + "?", password.strip() + "!", password * 2):
        with pytest.raises(errors.NotAuthorized):
            await house.sign_in(client, password=wrong)
        house.clock.advance(3600)

    assert (await house.sign_in(client, password=password)).access
    srp = SrpClient(house, client)
    assert await srp.answer(await srp.begin("jane"), password)


async def test_256_are_allowed_and_one_more_is_refused_and_not_cut(house: House) -> None:
    client = await house.client(await house.pool(password_policy=LOOSE))

    with pytest.raises(errors.PasswordPolicyViolation, match="too long"):
        await sign_up(house, client, "x" * 257)

    await sign_up(house, client, "x" * 256)
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password="x" * 257)


async def test_the_same_text_from_another_keyboard_is_the_same_password(house: House) -> None:
    client = await house.client(await house.pool(password_policy=LOOSE))
    await sign_up(house, client, "cafe\u0301 cafe\u0301")

    assert (await house.sign_in(client, password="caf\u00e9 caf\u00e9")).access


async def test_characters_that_only_look_alike_are_different_passwords(house: House) -> None:
    client = await house.client(await house.pool(password_policy=LOOSE))
    await sign_up(house, client, "\uff50\uff41\uff53\uff53word")

    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password="password")


def test_code_points_are_counted_and_not_bytes() -> None:
    with pytest.raises(errors.PasswordPolicyViolation, match="not long enough"):
        require_policy(LOOSE, "密码密码密码密")
    require_policy(LOOSE, "密码密码密码密码")


MONSTER = "a" + "\u0301" * 14_000 + "\u0316" * 14_000


async def test_a_monstrous_password_is_not_normalised(house: House, client: Client) -> None:
    """It would take seconds, in which nothing else is answered."""
    await house.user(client)

    started = time.process_time()
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password=MONSTER)
    with pytest.raises(errors.PasswordPolicyViolation, match="too long"):
        require_policy(LOOSE, MONSTER)

    assert 0.5 > time.process_time() - started


class CarelessBcrypt:
    """A stranger's format that says yes to what fits as far as bcrypt looks."""

    name = "bcrypt"

    @hookimpl
    def register_password_formats(self) -> Sequence[PasswordFormat]:
        return [self]

    def recognises(self, encoded: str) -> bool:
        return encoded.startswith("$2b$")

    def verify(self, encoded: str, password: str) -> bool:
        return bcrypt.checkpw(password.encode()[:72], encoded.encode())


LONG = "Real-Horse-1!" * 8
CUT = bcrypt.hashpw(LONG.encode()[:72], bcrypt.gensalt(4)).decode()
STRANGERS = LONG[:72] + "SOMETHING-ELSE!"


class OldSystem:
    """Brings the hash that it stored."""

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        return MigratedUser(attributes={"email": "jane@example.com"}, password_hash=CUT)


@pytest.mark.parametrize("plugins", [[], [("careless", CarelessBcrypt())]], ids=["ours", "a stranger's"])
async def test_a_hash_that_was_cut_lets_nobody_choose_the_password(plugins: list[tuple[str, object]]) -> None:
    async with opened_house(plugins=plugins) as house:
        pool = await house.pool(password_policy=LOOSE)
        client = await house.client(pool)
        user = await house.user(client)
        await house.built.ports.users.save(pool, replace(user, credential=Credential(hash=CUT, set_at=0.0)))

        # The old system could not tell them apart either.
        assert (await house.sign_in(client, password=STRANGERS)).access

        assert (await house.sign_in(client, password=LONG)).access
        kept = (await house.services.users.require(pool, "jane")).credential
        assert kept is not None
        assert (CUT, None, None) == (kept.hash, kept.srp, kept.verifier)


async def test_who_comes_over_with_a_hash_that_was_cut_keeps_it() -> None:
    async with opened_house(plugins=[("old", OldSystem())]) as house:
        client = await house.client(await house.pool(password_policy=LOOSE))

        assert (await house.sign_in(client, password=STRANGERS)).access

        assert (await house.sign_in(client, password=LONG)).access


async def test_a_hash_that_saw_the_whole_password_is_replaced_by_ours(house: House) -> None:
    pool = await house.pool(password_policy=LOOSE)
    client = await house.client(pool)
    user = await house.user(client)
    whole = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    await house.built.ports.users.save(pool, replace(user, credential=Credential(hash=whole, set_at=0.0)))

    await house.sign_in(client, password="x" * 72)

    kept = (await house.services.users.require(pool, "jane")).credential
    assert kept is not None
    assert kept.hash.startswith("$ph$")
    srp = SrpClient(house, client)
    assert await srp.answer(await srp.begin("jane"), "x" * 72)
