"""Providers that operators register: what is taken, under which name, and what the trail has of it."""

from __future__ import annotations

import pytest

from poolhouse.crypto.saml import XmlSamlResponses
from poolhouse.errors import InvalidParameter, NotFound, Taken
from poolhouse.flows.access.providers import ProviderAdministration
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.access import OidcProviderRepository, SamlProviderRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.saml_provider import FakeSamlProvider
from tests.support.logins import AtOnce, Noted
from tests.unit.crypto.world import vault

ISSUER = "https://login.example.org/tenant"
NAME = "login.example.org/tenant"


class World:
    def __init__(self) -> None:
        self.clock, self.noted = FakeClock(), Noted()
        store = MemoryStore(collections.ALL, self.clock)
        cursors = Cursors(vault(), self.clock)
        self.providers = ProviderAdministration(
            OidcProviderRepository(store, cursors),
            SamlProviderRepository(store, cursors),
            XmlSamlResponses(AtOnce()),
            self.clock,
            self.noted,
            "123456789012",
        )

    @property
    def trail(self) -> list[tuple[str, str]]:
        return [(action, facts["provider"]) for action, _, facts in self.noted.entries]


@pytest.fixture(name="at")
def _at() -> World:
    return World()


async def test_an_openid_provider_is_found_by_its_issuer_without_the_scheme(at: World) -> None:
    made = await at.providers.add_oidc(ISSUER, ["b", "a", "b"])

    assert ("b", "a") == (await at.providers.oidc(NAME)).client_ids
    assert f"arn:aws:iam::123456789012:oidc-provider/{NAME}" == at.providers.oidc_arn(made)
    assert [made] == list((await at.providers.oidc_page(10, None)).items)


async def test_one_issuer_is_one_provider(at: World) -> None:
    await at.providers.add_oidc(ISSUER, ["a"])

    with pytest.raises(Taken):
        await at.providers.add_oidc(ISSUER, ["b"])
    assert ("a",) == (await at.providers.oidc(NAME)).client_ids


async def test_the_slash_at_the_end_belongs_to_the_issuer(at: World) -> None:
    await at.providers.add_oidc(f"{ISSUER}/", ["a"])

    with pytest.raises(NotFound):
        await at.providers.oidc(NAME)
    assert (await at.providers.oidc(f"{NAME}/")).issuer == f"{ISSUER}/"


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        NAME,
        "http://login.example.org",
        "ftp://login.example.org",
        "https://",
        "https://user@login.example.org",
        "https://login.example.org?x",
        "https://login.example.org/#x",
        "https://Login.example.org",
        "https://login.example.org:port",
        "https://login.example.org/a b",
        "https://login.example.org/a\\b",
        "https://login.exämple.org",
        "https://login.example.org/\n",
        "https://login.example.org/" + "x" * 128,
        "https://[::1",
    ],
)
async def test_an_issuer_is_a_plain_https_address(at: World, issuer: str) -> None:
    with pytest.raises(InvalidParameter):
        await at.providers.add_oidc(issuer, ["a"])


async def test_a_provider_of_this_machine_may_speak_http(at: World) -> None:
    assert "http://127.0.0.1:9000" == (await at.providers.add_oidc("http://127.0.0.1:9000", ["a"])).issuer


@pytest.mark.parametrize("clients", [[], [""], ["x" * 256], ["a\n"], [str(number) for number in range(101)]])
async def test_a_provider_has_clients(at: World, clients: list[str]) -> None:
    with pytest.raises(InvalidParameter):
        await at.providers.add_oidc(ISSUER, clients)
    await at.providers.add_oidc(ISSUER, ["a"])
    with pytest.raises(InvalidParameter):
        await at.providers.set_clients(NAME, clients)
    assert ("a",) == (await at.providers.oidc(NAME)).client_ids


async def test_what_operators_do_with_providers_is_in_the_trail(at: World) -> None:
    idp = FakeSamlProvider("https://idp.example.org/entity", at.clock)
    await at.providers.add_oidc(ISSUER, ["a"])
    await at.providers.set_clients(NAME, ["b"])
    await at.providers.remove_oidc(NAME)
    await at.providers.add_saml("corp", idp.metadata)
    await at.providers.set_metadata("corp", idp.metadata)
    await at.providers.remove_saml("corp")

    assert [
        ("oidc_provider.created", NAME),
        ("oidc_provider.updated", NAME),
        ("oidc_provider.deleted", NAME),
        ("saml_provider.created", "corp"),
        ("saml_provider.updated", "corp"),
        ("saml_provider.deleted", "corp"),
    ] == at.trail


async def test_what_is_not_there_cannot_be_changed_or_removed(at: World) -> None:
    idp = FakeSamlProvider("https://idp.example.org/entity", at.clock)
    for call in (
        at.providers.oidc(NAME),
        at.providers.set_clients(NAME, ["a"]),
        at.providers.remove_oidc(NAME),
        at.providers.saml("corp"),
        at.providers.set_metadata("corp", idp.metadata),
        at.providers.remove_saml("corp"),
    ):
        with pytest.raises(NotFound):
            await call
    assert [] == at.trail


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 129, "a\n", ":"])
async def test_a_saml_provider_has_a_name_that_can_end_an_arn(at: World, name: str) -> None:
    idp = FakeSamlProvider("https://idp.example.org/entity", at.clock)

    with pytest.raises(InvalidParameter):
        await at.providers.add_saml(name, idp.metadata)


async def test_new_metadata_changes_keys_and_never_the_provider(at: World) -> None:
    idp = FakeSamlProvider("https://idp.example.org/entity", at.clock)
    rolled = FakeSamlProvider(idp.entity, at.clock, number=2)
    other = FakeSamlProvider("https://evil.example.org/entity", at.clock)
    made = await at.providers.add_saml("corp", idp.metadata)

    await at.providers.set_metadata("corp", rolled.metadata)
    with pytest.raises(InvalidParameter, match="another provider"):
        await at.providers.set_metadata("corp", other.metadata)
    with pytest.raises(InvalidParameter):
        await at.providers.set_metadata("corp", "rubbish")

    assert rolled.metadata == (await at.providers.saml("corp")).metadata
    assert "arn:aws:iam::123456789012:saml-provider/corp" == at.providers.saml_arn(made)
    assert idp.entity == await at.providers.entity_of(made)
