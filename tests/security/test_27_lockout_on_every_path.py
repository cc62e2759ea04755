"""Row 27: every path to the check of a password leads through the one lockout."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import poolhouse
from poolhouse import errors
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from tests.support.house import PASSWORD, House, opened_house
from tests.support.srp_client import SrpClient

WRONG = "Wr0ng-Horse!"
Guess = Callable[[House, Client, TokenSet, str], Awaitable[object]]


async def by_password(house: House, client: Client, tokens: TokenSet, password: str) -> object:
    return await house.begin(client, password=password)


async def by_administrator(house: House, client: Client, tokens: TokenSet, password: str) -> object:
    return await house.begin(client, password=password, flow="ADMIN_USER_PASSWORD_AUTH")


async def by_administrator_in_old_words(house: House, client: Client, tokens: TokenSet, password: str) -> object:
    return await house.begin(client, password=password, flow="ADMIN_NO_SRP_AUTH")


async def by_srp(house: House, client: Client, tokens: TokenSet, password: str) -> object:
    srp = SrpClient(house, client)
    return await srp.answer(await srp.begin("jane"), password)


async def by_changing_it(house: House, client: Client, tokens: TokenSet, password: str) -> object:
    await house.services.profile.change_password(tokens.access, password, "An0ther-Horse!")
    return None


PATHS: dict[str, Guess] = {
    path.__name__.replace("_", " "): path
    for path in (by_password, by_administrator, by_administrator_in_old_words, by_srp, by_changing_it)
}


@pytest.mark.parametrize("path", PATHS)
async def test_five_wrong_guesses_on_one_path_close_all_of_them(path: str, house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await PATHS[path](house, client, tokens, WRONG)

    for other, guess in PATHS.items():
        if path == other == "by changing it":
            continue  # five changes an hour: it is closed for longer already
        with pytest.raises(errors.AttemptsExceeded):
            await guess(house, client, tokens, PASSWORD)


async def test_every_name_of_a_user_is_the_same_user(house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    user = await house.user(client)
    for name in ("jane", user.sub, "jane", user.sub, "jane"):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(client, name, password=WRONG)

    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(client, user.sub)


async def test_another_client_of_the_pool_gives_no_new_guesses(house: House) -> None:
    pool = await house.pool()
    clients = [await house.client(pool) for _ in range(2)]
    await house.user(clients[0])
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(clients[0], password=WRONG)

    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(clients[1])


class OldDirectory:
    """Knows a bob, and takes its time: meanwhile somebody else becomes bob here."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        if self.meanwhile is None:
            return None
        meanwhile, self.meanwhile = self.meanwhile, None
        await meanwhile()
        return MigratedUser(attributes={"email": "old-bob@example.com"})


async def test_the_word_of_a_plugin_for_one_user_signs_nobody_in_as_another() -> None:
    directory = OldDirectory()
    async with opened_house(plugins=[("old-directory", directory)]) as house:
        pool = await house.pool()
        client = await house.client(pool)
        directory.meanwhile = lambda: house.user(client, "bob", email="new-bob@example.com")

        with pytest.raises(errors.PoolhouseError):
            await house.sign_in(client, "bob", password="0ld-Bobs-Password!")

        assert (await house.sign_in(client, "bob")).access


async def test_a_user_who_comes_over_twice_at_once_is_signed_in_twice() -> None:
    directory = OldDirectory()
    async with opened_house(plugins=[("old-directory", directory)]) as house:
        client = await house.client(await house.pool())

        async def again() -> None:
            directory.meanwhile = nothing
            await house.sign_in(client, "bob")

        async def nothing() -> None:
            """This time nobody comes between."""

        directory.meanwhile = again

        assert (await house.sign_in(client, "bob")).access


# --- the paths are all of them ---------------------------------------------------------------------------------------

CHECKS = {("_passwords", "verify"), ("_srp", "proof"), ("passwords", "verify"), ("srp", "proof")}
GUARDED = {
    ("password.py", "check"): "inside the lockout",
    ("srp.py", "check"): "called by the machine, inside the lockout",
    ("device.py", "check"): "inside the lockout, in a count of the device's own",
    ("profile.py", "_change_password"): "inside the lockout",
    ("migration.py", "_take_over"): "called by PasswordCheck.check, inside the lockout",
    ("migration.py", "_credential"): "called by PasswordCheck.check, inside the lockout",
    ("unfinished.py", "is_begun"): "inside the lockout",
    ("passwords.py", "change"): "the history of a password that was proven, or is set by an administrator",
}


def callers() -> set[tuple[str, str]]:
    """The functions of all flows and faces that check a credential."""
    found = set()
    for path in Path(str(poolhouse.__file__)).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    owner = node.func.value
                    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                    if (name, node.func.attr) in CHECKS:
                        found.add((path.name, function.name))
    return found


def test_no_function_checks_a_credential_but_those_that_are_known_to_be_counted() -> None:
    assert GUARDED.keys() == callers()
