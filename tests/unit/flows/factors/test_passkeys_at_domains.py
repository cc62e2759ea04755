"""Passkeys of a pool that names no domain for them are good for the pool's own: the custom one, or the prefix's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.config.settings import Server
from poolhouse.flows.pools.domains import DomainSettings
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasskeyPolicy, Pool
from tests.support.factors import asked
from tests.support.house import House, opened_house
from tests.support.passkeys import FLOWS, WEB_AUTHN, answered, begun, options_of, registered
from tests.support.sign_in import SignedIn

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
CUSTOM = DomainSettings(certificate=CERTIFICATE)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house(
        server=Server(base_url="https://auth.example.com", domain_suffix="pools.example.com")
    ) as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    return await house.pool(first_factors=("PASSWORD", WEB_AUTHN))


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool, flows=FLOWS)
    await house.user(client)
    return client


async def rp_id(house: House, client: Client) -> str:
    return (await house.services.passkeys.start((await house.sign_in(client)).access)).rp_id


async def test_without_a_domain_and_a_word_there_are_none(house: House, client: Client) -> None:
    with pytest.raises(errors.PasskeysNotConfigured):
        await rp_id(house, client)


async def test_they_are_good_for_the_domain_of_the_pool(house: House, pool: Pool, client: Client) -> None:
    await house.services.domains.create(pool.id, "people", DomainSettings())
    tokens = await house.sign_in(client)

    key = await registered(house, tokens, origin="https://people.pools.example.com")
    asking = await begun(house, client)
    credential = key.get(options_of(asking), "https://people.pools.example.com")

    assert "people.pools.example.com" == options_of(asking)["rpId"]
    assert isinstance(await answered(house, client, asking, credential), SignedIn)


async def test_a_custom_domain_goes_before_a_prefix_and_what_was_said_before_both(
    house: House, pool: Pool, client: Client
) -> None:
    await house.services.domains.create(pool.id, "people", DomainSettings())
    by_prefix = await rp_id(house, client)
    await house.services.domains.create(pool.id, "login.tidewater.example", CUSTOM)
    by_custom = await rp_id(house, client)
    said = PasskeyPolicy(rp_id="example.org", verification="required")
    await house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=said))
    by_word = await rp_id(house, client)

    assert ("people.pools.example.com", "login.tidewater.example", "example.org") == (by_prefix, by_custom, by_word)


async def test_with_the_domain_they_go(house: House, pool: Pool, client: Client) -> None:
    for name, settings in (("people", DomainSettings()), ("login.tidewater.example", CUSTOM)):
        await house.services.domains.create(pool.id, name, settings)

    await house.services.domains.delete(pool.id, "login.tidewater.example")
    left = await rp_id(house, client)
    await house.services.domains.delete(pool.id, "people")

    assert "people.pools.example.com" == left
    with pytest.raises(errors.PasskeysNotConfigured):
        await rp_id(house, client)


async def test_what_was_said_beside_the_domain_counts(house: House, pool: Pool, client: Client) -> None:
    await house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(verification="required")))
    await house.services.domains.create(pool.id, "people", DomainSettings())

    options = await house.services.passkeys.start((await house.sign_in(client)).access)

    assert ("people.pools.example.com", "required") == (options.rp_id, options.verification)


async def test_a_passkey_of_the_prefix_is_not_asked_for_at_the_custom_domain(
    house: House, pool: Pool, client: Client
) -> None:
    await house.services.domains.create(pool.id, "people", DomainSettings())
    await registered(house, await house.sign_in(client), origin="https://people.pools.example.com")
    before = asked(await house.begin(client, flow="USER_AUTH"))
    await house.services.domains.create(pool.id, "login.tidewater.example", CUSTOM)

    after = asked(await house.begin(client, flow="USER_AUTH"))

    assert (True, False) == (WEB_AUTHN in before.available, WEB_AUTHN in after.available)


async def test_a_server_without_a_name_has_none_that_browsers_take() -> None:
    async with opened_house(server=Server(base_url="http://127.0.0.1:8080")) as house:
        pool = await house.pool(first_factors=("PASSWORD", WEB_AUTHN))
        await house.services.domains.create(pool.id, "people", DomainSettings())

        assert (await house.services.pools.get(pool.id)).host is None


async def test_where_somebody_died_before_it_was_written_the_next_word_writes_it(
    house: House, pool: Pool, client: Client
) -> None:
    await house.services.domains.create(pool.id, "people", DomainSettings())
    pools = house.built.ports.pools
    await pools.save(replace(await pools.get(pool.id), host=None))

    await house.services.domains.update(pool.id, "people", DomainSettings())

    assert "people.pools.example.com" == await rp_id(house, client)
