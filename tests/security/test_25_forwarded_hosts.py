"""Row 25: a host that somebody says was asked for chooses no pool, unless a proxy that the operator named says so."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from poolhouse.config.settings import Server
from poolhouse.flows.pools.domains import DomainSettings
from tests.support.oauth import OAuth, oauth_served

OWN = "auth.example.com"
DOMAIN = "login.example.org"
SAID = ({"X-Forwarded-Host": DOMAIN}, {"Forwarded": f"host={DOMAIN}"})


async def pool_at(at: OAuth, host: str, said: dict[str, str]) -> str | None:
    """Whose discovery is at the root of this host: a pool's, or (None) the server's own."""
    headers = {"Host": host, **said}
    async with at.api.session.get(f"{at.api.url}.well-known/openid-configuration", headers=headers) as answer:
        assert 200 == answer.status
        issuer: str = (await answer.json())["issuer"]
    return issuer.removeprefix(f"https://{OWN}").removeprefix("/") or None


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("host", ["inside", OWN])
async def test_a_stranger_chooses_no_pool(host: str, said: dict[str, str]) -> None:
    elsewhere = (ip_network("192.0.2.0/24"),)
    for trusted in ((), elsewhere):
        async with oauth_served(server=Server(base_url=f"https://{OWN}", trusted_proxies=trusted)) as at:
            certificate = "arn:aws:acm:us-east-1:000000000000:certificate/one"
            await at.house.services.domains.create(at.pool.id, DOMAIN, DomainSettings(certificate=certificate))

            assert at.pool.id == await pool_at(at, DOMAIN, {})
            assert None is await pool_at(at, host, said)
