"""How much a browser is sent for the page on which somebody signs in."""

from __future__ import annotations

import pytest

from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy
from tests.support.pages import first_factors, site
from tests.support.passkeys import RP_ID

MOST = 10_000
"""Bytes of a page, with its head."""


@pytest.mark.parametrize("factors", [("PASSWORD",), ("PASSWORD", WEB_AUTHN)])
async def test_the_sign_in_page_is_under_ten_kilobytes(factors: tuple[str, ...]) -> None:
    async with site() as at:
        pool = await first_factors(at, *factors)
        await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id=RP_ID)))

        first = await at.start()
        wrong = await at.robot.send(first, username="j" * 128, password="not-it-Wr0ng!")

        assert ("login", 200) == (first.page, first.status)
        assert (WEB_AUTHN in factors) == ("data-conditional" in first.text)
        for screen in (first, wrong):
            head = sum(len(f"{name}: {value}\r\n".encode()) for name, value in screen.headers.items())
            assert 1_000 < head + len(screen.text.encode()) < MOST
