"""Second factors, passkeys and recovery codes go with a user: out of one pool, and into another."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.flows.transfer.factors import Form
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.running import Count, Source, Told
from poolhouse.records.factors import Passkey
from poolhouse.records.pools import Pool
from tests.support.factors import TOTP, App, asked, with_factors
from tests.support.house import House, opened_house
from tests.support.recovery_codes import recovered, with_codes
from tests.support.sign_in import SignedIn

SUB = "11111111-2222-4333-8444-555555555555"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEALED: Mapping[str, Any] = {"factor": TOTP, "id": "1", "sealed": "v1.0.AA"}


async def written(house: House, pool: Pool, form: Form = "sealed") -> list[dict[str, Any]]:
    lines: list[bytes] = []
    await house.services.exports.run(pool, lines.append, hashes=True, form=form)
    return [json.loads(line) for line in lines]


async def put(house: House, pool: Pool, *lines: Any, manner: Manner | None = None) -> tuple[Count, list[str]]:
    said: list[str] = []
    told = Told(wrong=lambda _, text: said.append(text))
    source = Source(lines=[json.dumps(line).encode() for line in lines])
    return await house.services.imports.run(pool, source, manner or Manner(), told), said


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


class Left:
    """Jane has an app, recovery codes and a passkey, and went to another pool."""

    def __init__(self, house: House, pool: Pool, app: App, codes: tuple[str, ...]) -> None:
        self.house, self.pool, self.app, self.codes = house, pool, app, codes


@pytest.fixture
async def left(house: House) -> Left:
    pool = await with_factors(house, await house.pool())
    client = await house.client(pool)
    user = await house.user(client)
    app, codes = await with_codes(house, client)
    await house.built.ports.passkeys.add(
        Passkey(
            pool_id=pool.id,
            user_sub=user.sub,
            id="cGFzc2tleQ",
            rp_id="example.com",
            key="a2V5",
            created=house.clock.now(),
            name="Bitwarden",
            sign_count=7,
            transports=("internal",),
        )
    )
    return Left(house, pool, app, codes)


@pytest.mark.parametrize("form", ["sealed", "clear"])
async def test_who_moved_signs_in_by_the_same_app_code_and_passkey(left: Left, form: Form) -> None:
    house = left.house
    lines = await written(house, left.pool, form)
    pool = await with_factors(house, await house.pool())
    client = await house.client(pool)

    count, said = await put(house, pool, *lines)
    house.clock.advance(60)
    by_app = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=left.app.code())
    by_code = await recovered(house, client, asked(await house.begin(client)), left.codes[0])

    assert (Count(imported=1), []) == (count, said)
    assert isinstance(by_app, SignedIn)
    assert isinstance(by_code, SignedIn)
    (before,) = await written(house, left.pool)
    (after,) = await written(house, pool)
    assert before["passkeys"] == after["passkeys"]
    assert (before["mfa"], before["sub"]) == (after["mfa"], after["sub"])


@pytest.mark.parametrize("form", ["sealed", "none"])
async def test_the_file_has_no_secret_in_the_clear_that_nobody_asked_for(left: Left, form: Form) -> None:
    text = json.dumps(await written(left.house, left.pool, form))

    assert left.app.secret not in text
    assert [] == [code for code in left.codes if code in text or code.replace("-", "") in text]
    assert ("sealed" in text, "digests" in text) == ((True, True) if form == "sealed" else (False, False))


async def test_in_the_clear_recovery_codes_are_digests_all_the_same(left: Left) -> None:
    text = json.dumps(await written(left.house, left.pool, "clear"))

    assert left.app.secret in text
    assert [] == [code for code in left.codes if code in text or code.replace("-", "") in text]


async def test_what_was_only_begun_stays(left: Left) -> None:
    jane = await left.house.services.users.require(left.pool, "jane")
    begun = tuple(replace(one, confirmed=False) for one in jane.factors)
    await left.house.built.ports.users.save(left.pool, replace(jane, factors=begun))

    (line,) = await written(left.house, left.pool)

    assert "factors" not in line


async def test_with_another_master_key_a_seal_opens_nothing_and_a_clear_secret_works(left: Left) -> None:
    house = left.house
    (sealed,) = await written(house, left.pool, "sealed")
    (clear,) = await written(house, left.pool, "clear")
    pool = await with_factors(house, await house.pool())
    elsewhere = {"password_hash": None, "password_key": None, "factor_key": "0" * 12}
    foreign = {**sealed["factors"][0], "sealed": f"v1.{'0' * 12}.{sealed['factors'][0]['sealed'].rpartition('.')[2]}"}

    count, said = await put(
        house,
        pool,
        {**sealed, **elsewhere, "factors": [foreign], "recovery_codes": None},
        {**clear, **elsewhere},
        {**clear, **elsewhere, "recovery_codes": None},
    )

    assert Count(imported=1, wrong=2) == count
    assert ["another master key" in text for text in said] == [True, True]


async def test_a_secret_from_elsewhere_is_an_app_here(house: House) -> None:
    pool = await with_factors(house, await house.pool())
    client = await house.client(pool)
    line = {"username": "joe", "mfa": [TOTP], "factors": [{"factor": TOTP, "kept": {"secret": SECRET}}]}

    count, _ = await put(house, pool, line)
    await house.services.users.set_password(pool, "joe", "Corr3ct-Horse!", permanent=True)
    asking = await house.begin(client, "joe")

    assert Count(imported=1) == count
    code = App(house, SECRET).code()
    assert isinstance(await house.answer(client, asking, "joe", SOFTWARE_TOKEN_MFA_CODE=code), SignedIn)


@pytest.mark.parametrize(
    "line",
    [
        {"factors": [SEALED]},
        {"sub": SUB, "factors": [SEALED]},
        {"factors": [{"factor": TOTP}]},
        {"factors": [{"factor": TOTP, "kept": {}}]},
        {"factors": [{"factor": TOTP, "kept": {"secret": "not base32!"}}]},
        {"factors": [{"factor": TOTP, "kept": {"secret": SECRET}}] * 2},
        {"factors": [{"factor": "lower", "kept": {"secret": SECRET}}]},
        {"factors": [{"factor": TOTP, "kept": {"secret": SECRET}, "label": "x" * 101}]},
        {"factors": [{"factor": TOTP, "kept": {"secret": SECRET}, "created": 1e12}]},
        {"preferred_mfa": TOTP},
        {"passkeys": [{"id": "aWQ", "rp_id": "example.com", "key": "a2V5"}]},
        {"sub": SUB, "passkeys": [{"id": "a/Q", "rp_id": "example.com", "key": "a2V5"}]},
        {"sub": SUB, "passkeys": [{"id": "aWQ", "rp_id": "com", "key": "a2V5"}]},
        {"sub": SUB, "passkeys": [{"id": "aWQ", "rp_id": "example.com", "key": "a2V5", "sign_count": -1}]},
        {"sub": SUB, "recovery_codes": {"id": "1", "digests": ["00"], "created": 1}},
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_line_that_cannot_be_meant_is_told_and_nobody_comes_of_it(
    house: House, line: dict[str, Any], dry_run: bool
) -> None:
    pool = await house.pool()

    count, said = await put(house, pool, {"username": "joe", **line}, manner=Manner(dry_run=dry_run))

    assert Count(wrong=1) == count
    assert SECRET not in " ".join(said)
    assert [] == await written(house, pool)


async def test_the_passkey_of_another_user_is_not_taken(left: Left) -> None:
    (line,) = await written(left.house, left.pool)
    stolen = {"username": "joe", "sub": SUB, "passkeys": [{**line["passkeys"][0], "id": "bmV3"}, line["passkeys"][0]]}

    count, said = await put(left.house, left.pool, stolen)

    assert (Count(wrong=1), ["another user has a passkey of this id"]) == (count, said)
    held = left.house.built.ports.passkeys
    assert await held.get(left.pool.id, "bmV3") is None
    kept = await held.get(left.pool.id, line["passkeys"][0]["id"])
    assert kept is not None
    assert line["sub"] == kept.user_sub


async def test_a_line_of_somebody_who_is_here_takes_nothing_away(left: Left) -> None:
    (line,) = await written(left.house, left.pool)

    count, _ = await put(left.house, left.pool, line)

    assert Count(skipped=1) == count
    assert [line["passkeys"]] == [one["passkeys"] for one in await written(left.house, left.pool)]
