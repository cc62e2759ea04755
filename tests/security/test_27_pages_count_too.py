"""Rows 26 and 27: guesses on the hosted pages count where those by the JSON API do, in one count for both."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.errors import AttemptsExceeded
from poolhouse.flows.protection.lockout import FREE_FAILURES
from tests.support.factors import TOTP, asked, with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.pages import Site, first_factors, site

WRONG = "Wr0ng-Horse!"


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_wrong_passwords_on_the_page_lock_both_doors(at: Site) -> None:
    first = await at.start()
    for _ in range(FREE_FAILURES):
        assert 422 == (await at.robot.send(first, username="jane", password=WRONG)).status

    told = await at.robot.send(first, username="jane", password=PASSWORD)

    assert 429 == told.status
    assert "Let’s pause for a moment" == told.heading
    assert 1 <= int(told.headers["Retry-After"]) <= 2
    with pytest.raises(AttemptsExceeded):
        await at.house.sign_in(at.oauth.app)


async def test_wrong_passwords_by_the_api_lock_the_page_and_time_opens_it(at: Site) -> None:
    for _ in range(FREE_FAILURES):
        with pytest.raises(Exception, match="Incorrect"):
            await at.house.sign_in(at.oauth.app, "jane", WRONG)
    first = await at.start()

    assert 429 == (await at.robot.send(first, username="jane", password=PASSWORD)).status
    at.house.clock.advance(60)
    assert "code" in (await at.robot.send(first, username="jane", password=PASSWORD)).answer


async def test_the_password_page_after_the_name_counts_as_the_first_page_does(at: Site) -> None:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")
    page = await at.robot.send(await at.robot.send(await at.start(), username="jane"), press="PASSWORD")
    for _ in range(FREE_FAILURES):
        assert 422 == (await at.robot.send(page, password=WRONG)).status

    assert 429 == (await at.robot.send(page, password=PASSWORD)).status


async def test_a_name_that_nobody_has_is_locked_as_a_known_one(at: Site) -> None:
    first = await at.start()
    for _ in range(FREE_FAILURES):
        assert 422 == (await at.robot.send(first, username="nobody", password=WRONG)).status

    assert 429 == (await at.robot.send(first, username="nobody", password=WRONG)).status


async def test_wrong_codes_of_a_second_factor_count_over_all_sign_ins_and_both_doors(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    for _ in range(FREE_FAILURES):
        page = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
        assert 422 == (await at.robot.send(page, code=app.wrong())).status

    page = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert 429 == (await at.robot.send(page, code=app.code())).status
    begun = asked(await at.house.begin(at.oauth.app))
    with pytest.raises(AttemptsExceeded):
        await at.house.answer(at.oauth.app, begun, **{f"{TOTP}_CODE": app.code()})


async def test_another_factor_and_back_forgets_no_wrong_code(at: Site) -> None:
    """Each question has a handle of its own; the count is the user's."""
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    page = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    for _ in range(FREE_FAILURES):
        page = await at.robot.send(page, code=app.wrong())
        assert 422 == page.status
        page = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    assert 429 == (await at.robot.send(page, code=app.code())).status


async def test_wrong_codes_of_a_recovery_are_bounded(at: Site) -> None:
    page = await at.robot.send(await at.robot.follow(await at.start(), "forgot"), username="jane")
    right = at.house.last_code()
    wrong = "000000" if right != "000000" else "111111"
    statuses = [(await at.robot.send(page, code=wrong, new_password="A-new-0ne!xyz")).status for _ in range(12)]

    assert 429 in statuses
    assert 429 == (await at.robot.send(page, code=right, new_password="A-new-0ne!xyz")).status


async def test_wrong_codes_of_a_sign_up_are_bounded(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")
    page = await at.robot.send(form, username="ada", email="ada@example.com", password="A-new-0ne!xyz")
    wrong = "000000" if at.house.last_code() != "000000" else "111111"

    statuses = [(await at.robot.send(page, "confirm", code=wrong)).status for _ in range(20)]

    assert 429 == statuses[-1]
