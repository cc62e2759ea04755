"""A second factor that sends codes is set up on the hosted pages, by who has no contact that they could go to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.records.users import User
from tests.support.factors import EMAIL, SMS, TOTP, App, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, site
from tests.support.robot import Screen

PHONE = "+491701234567"
OTHER = "+491707654321"


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def first_page(at: Site, *factors: str, **changes: Any) -> Screen:
    """Jane has an e-mail address and no telephone number; everybody needs one of these factors."""
    await with_factors(at.house, at.oauth.pool, "ON", *factors)
    client = await at.client(**changes) if changes else None
    return await at.robot.send(await at.start(client), username="jane", password=PASSWORD)


async def jane(at: Site) -> User:
    found = await at.house.built.ports.users.get(at.oauth.pool.id, at.oauth.user.sub)
    assert found is not None
    return found


async def test_who_has_no_number_is_asked_for_one_and_signs_in_by_the_code_that_goes_there(at: Site) -> None:
    asked = await first_page(at, SMS)
    assert "Add your phone number" == asked.heading
    assert "tel" == asked.form.inputs["phone_number"]["autocomplete"]

    code = await at.robot.send(asked, phone_number=PHONE)
    assert "4567" in code.text
    assert PHONE == at.house.messages[-1].to
    wrong = await at.robot.send(code, code="000000" if at.house.last_code() != "000000" else "000001")
    assert 422 == wrong.status
    codes = await at.robot.send(wrong, code=at.house.last_code())
    arrived = await at.robot.send(codes, kept="1")

    claims = claims_of((await at.redeem(arrived)).json["id_token"])
    assert {"pwd", "sms", "mfa"} <= set(claims["amr"])
    user = await jane(at)
    assert (PHONE, "true", (SMS,)) == (
        user.attributes["phone_number"],
        user.attributes["phone_number_verified"],
        user.mfa,
    )


async def test_a_number_that_is_none_comes_back_to_the_page_with_what_was_typed(at: Site) -> None:
    asked = await first_page(at, SMS)

    for typed in ("0170 12345", ""):
        wrong = await at.robot.send(asked, phone_number=typed)
        assert (422, "Add your phone number") == (wrong.status, wrong.heading)
        assert typed == wrong.form.fields["phone_number"]
    assert "code" in (await at.robot.send(wrong, phone_number=PHONE)).form.inputs


async def test_a_code_that_did_not_come_is_sent_again_and_another_number_can_be_given(at: Site) -> None:
    code = await at.robot.send(await first_page(at, SMS), phone_number=OTHER)
    sent = len(at.house.messages)

    again = await at.robot.send(code, "resend-form")
    assert again.notice.startswith("We sent a new code.")
    assert sent + 1 == len(at.house.messages)
    asked = await at.robot.follow(again, "change")
    assert "Add your phone number" == asked.heading
    wrong = await at.robot.send(asked, phone_number="no number")
    assert 422 == wrong.status
    code = await at.robot.send(wrong, phone_number=PHONE)
    assert PHONE == at.house.messages[-1].to
    await at.robot.send(code, code=at.house.last_code())

    assert PHONE == (await jane(at)).attributes["phone_number"]


async def test_who_was_shown_one_way_to_set_up_a_factor_can_take_another(at: Site) -> None:
    choice = await first_page(at, SMS, TOTP)
    asked = await at.robot.send(choice, press=SMS)
    code = await at.robot.send(asked, phone_number=PHONE)

    ways = await at.robot.follow(code, "other")
    assert {SMS, TOTP} == {value for _, value in ways.form.buttons}
    app = await at.robot.send(ways, press=TOTP)
    back = await at.robot.send(await at.robot.follow(app, "other"), press=SMS)
    assert "Add your phone number" == back.heading
    app = await at.robot.send(await at.robot.follow(back, "other"), press=TOTP)
    secret = app.text.partition('id="secret"')[2].partition(">")[2].partition("<")[0].replace(" ", "")
    codes = await at.robot.send(app, code=App(at.house, secret).code())

    assert "code" in (await at.robot.send(codes, kept="1")).answer
    assert "phone_number" not in (await jane(at)).attributes


async def test_an_address_is_asked_for_where_the_factor_is_a_code_by_mail(at: Site) -> None:
    user = await jane(at)
    left = {name: value for name, value in user.attributes.items() if not name.startswith("email")}
    await at.house.built.ports.users.save(at.oauth.pool, replace(user, attributes=left))

    asked = await first_page(at, EMAIL)
    assert "Add your e-mail address" == asked.heading
    code = await at.robot.send(asked, email="jane@example.org")
    codes = await at.robot.send(code, code=at.house.last_code())

    assert "code" in (await at.robot.send(codes, kept="1")).answer
    assert "jane@example.org" == (await jane(at)).attributes["email"]


async def test_where_nothing_can_be_set_up_a_page_says_what_to_do_and_leads_out(at: Site) -> None:
    stuck = await first_page(at, SMS, write_attributes=("email",))

    assert "You need a second step to sign in" == stuck.heading
    assert "restart" in stuck.links
    for sent in ({"choice": SMS}, {"phone_number": PHONE}, {}):
        told = await at.robot.send(stuck, without=("do",), **sent)
        assert (stuck.heading, None) == (told.heading, told.left)
    out = await at.robot.send(stuck, press="leave")

    assert "access_denied" == out.answer["error"]
    assert {} == (await jane(at)).pending


async def test_row_24_the_page_of_a_contact_is_no_way_around_the_code(at: Site) -> None:
    asked = await first_page(at, SMS)
    code = await at.robot.send(asked, phone_number=PHONE)

    for form in ({}, {"phone_number": ""}, {"choice": SMS}, {"kept": "1"}, {"do": "leave"}):
        for page in (code.address, f"{code.address}&at=contact", f"{code.address}&at=ways"):
            told = await at.robot.post(page, {"_csrf": code.form.fields["_csrf"], **form})
            assert told.left is None
    assert "phone_number" not in (await jane(at)).attributes
