"""Settings of clients that the field's API has no words for."""

from __future__ import annotations

import pytest

from poolhouse.errors import ClientNotFound, InvalidParameter
from poolhouse.flows.clients.own import OwnSettings
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import House

BACK = "https://app.example.com/backchannel_logout"
FRONT = "https://app.example.com/frontchannel_logout"
CALLBACK = "https://app.example.com/callback"


@pytest.fixture
async def app(house: House, pool: Pool) -> Client:
    return await house.client(pool, callback_urls=(CALLBACK,))


async def test_what_is_not_said_stays_and_none_takes_it_away(house: House, app: Client) -> None:
    clients = house.services.clients

    await clients.update_own(app.id, OwnSettings(backchannel_logout_uri=BACK, frontchannel_logout_uri=FRONT))
    changed = await clients.update_own(app.id, OwnSettings(frontchannel_session=False))
    assert (BACK, FRONT, False) == _own(changed)
    changed = await clients.update_own(
        app.id, OwnSettings(backchannel_logout_uri=None, asks_consent=True, requires_pkce=False)
    )
    assert (True, False) == (changed.asks_consent, changed.requires_pkce)
    changed = await clients.update_own(app.id, OwnSettings(requires_pkce=None))
    assert (True, None) == (changed.asks_consent, changed.requires_pkce)

    assert (None, FRONT, False) == _own(changed)
    assert (None, FRONT, False) == _own(await clients.get(app.id))


async def test_a_client_can_be_somebody_elses_and_be_held_to_pkce(house: House, pool: Pool, app: Client) -> None:
    clients = house.services.clients

    changed = await clients.update_own(app.id, OwnSettings(asks_consent=True, requires_pkce=True))
    assert (True, True) == (changed.asks_consent, changed.requires_pkce)
    await clients.update_own(app.id, OwnSettings(requires_pkce=None))
    await clients.update(pool.id, app.id, ClientSettings(name="other"))

    kept = await clients.get(app.id)
    assert (True, None) == (kept.asks_consent, kept.requires_pkce)


async def test_an_update_in_the_fields_own_words_leaves_them(house: House, pool: Pool, app: Client) -> None:
    await house.services.clients.update_own(app.id, OwnSettings(backchannel_logout_uri=BACK))

    await house.services.clients.update(pool.id, app.id, ClientSettings(name="other"))

    assert BACK == (await house.services.clients.get(app.id)).backchannel_logout_uri


@pytest.mark.parametrize(
    "uri", ["backchannel_logout", "http://app.example.com/out", f"{BACK}#f", "com.example.app:/out", "javascript:1"]
)
async def test_the_servers_of_clients_are_told_on_the_web_only(uri: str, house: House, app: Client) -> None:
    with pytest.raises(InvalidParameter):
        await house.services.clients.update_own(app.id, OwnSettings(backchannel_logout_uri=uri))

    assert None is (await house.services.clients.get(app.id)).backchannel_logout_uri


@pytest.mark.parametrize("uri", ["https://evil.example.com/out", "https://app.example.com:8443/out", "x:/out"])
async def test_the_browser_loads_nothing_of_another_origin_than_the_apps(uri: str, house: House, app: Client) -> None:
    with pytest.raises(InvalidParameter):
        await house.services.clients.update_own(app.id, OwnSettings(frontchannel_logout_uri=uri))


async def test_a_client_that_is_not_there_is_not_changed(house: House) -> None:
    with pytest.raises(ClientNotFound):
        await house.services.clients.update_own("n0such", OwnSettings(frontchannel_session=False))


def _own(client: Client) -> tuple[str | None, str | None, bool]:
    return client.backchannel_logout_uri, client.frontchannel_logout_uri, client.frontchannel_session
