from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.errors import (
    ClientNotFound,
    InvalidOAuthFlow,
    InvalidParameter,
    LimitExceeded,
    NotAuthorized,
    NotFound,
    PoolNotFound,
    ScopeNotFound,
)
from poolhouse.flows.clients.permitted import permits
from poolhouse.flows.clients.secrets import MOST_OPENED, PURPOSE, ClientSecrets
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.clients.validity import Span, Validity
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.records.clients import Client, ClientSecret, Rotation
from poolhouse.records.pools import Pool
from tests.support.small_world import NOON, World

GIVEN = "a-secret-that-was-given-by-them".replace("-", "x")


@pytest.fixture
async def pool(world: World) -> Pool:
    return await world.pool(
        declarations=(
            Declaration(name="email", required=True),
            Declaration(name="shoe", type="String"),
            Declaration(name="note", type="String", developer_only=True),
        )
    )


def hash_of(secret: str, name: str, client: Client) -> str:
    mac = hmac.new(secret.encode(), (name + client.id).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


# --- life ------------------------------------------------------------------------------------------------------------


async def test_a_new_client_is_public_and_has_the_defaults(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings())

    expected = Client(id=client.id, pool_id=pool.id, name="app", created=NOON, modified=NOON, version=client.version)
    assert expected == client
    assert re.fullmatch("[0-9a-z]{26}", client.id)
    assert () == world.clients.secrets_of(client)
    assert client == await world.clients.describe(pool.id, client.id) == await world.clients.get(client.id)


async def test_the_default_lives_are_an_hour_thirty_days_and_three_minutes(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings())

    assert (3600, 3600, 2_592_000, 180) == (
        client.access_validity,
        client.id_validity,
        client.refresh_validity,
        client.session_validity,
    )
    assert (True, False) == (client.revocable, client.hides_users)


async def test_an_update_resets_what_it_does_not_say_but_name_and_secrets(world: World, pool: Pool) -> None:
    client = await world.clients.create(
        pool.id,
        "app",
        ClientSettings(
            flows=("ALLOW_USER_PASSWORD_AUTH",),
            read_attributes=("email",),
            write_attributes=("email",),
            validity=Validity(access=Span(10, "minutes"), step_minutes=15),
            rotation=Rotation(enabled=True, grace=10),
            hides_users=True,
            revocable=False,
            callback_urls=("https://app.example/cb",),
            default_redirect_uri="https://app.example/cb",
            logout_urls=("https://app.example/out",),
            oauth_enabled=True,
            oauth_flows=("code",),
            oauth_scopes=("openid",),
            identity_providers=("COGNITO",),
            kept={"x": 1},
        ),
        generates_secret=True,
    )
    world.clock.at += 60

    updated = await world.clients.update(pool.id, client.id, ClientSettings(hides_users=True))

    expected = Client(
        id=client.id,
        pool_id=pool.id,
        name="app",
        created=NOON,
        modified=NOON + 60,
        secrets=client.secrets,
        hides_users=True,
        version=updated.version,
    )
    assert expected == updated
    assert updated == await world.clients.describe(pool.id, client.id)


async def test_a_client_is_only_to_be_found_in_its_own_pool(world: World, pool: Pool) -> None:
    other = await world.pool()
    client = await world.clients.create(pool.id, "app", ClientSettings(), generates_secret=True)

    for attempt in (
        world.clients.describe(other.id, client.id),
        world.clients.update(other.id, client.id, ClientSettings(name="mine now")),
        world.clients.delete(other.id, client.id),
        world.clients.add_secret(other.id, client.id),
        world.clients.delete_secret(other.id, client.id, client.secrets[0].id),
        world.clients.describe(pool.id, "nobody"),
    ):
        with pytest.raises(ClientNotFound):
            await attempt

    assert client == await world.clients.describe(pool.id, client.id)


async def test_a_pool_that_is_not_there_has_no_clients(world: World) -> None:
    for attempt in (
        world.clients.create("eu-west-1_absent", "app", ClientSettings()),
        world.clients.describe("eu-west-1_absent", "nobody"),
        world.clients.page("eu-west-1_absent", 10, None),
    ):
        with pytest.raises(PoolNotFound):
            await attempt


async def test_a_deleted_client_is_gone(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings())

    await world.clients.delete(pool.id, client.id)

    with pytest.raises(ClientNotFound) as refused:
        await world.clients.describe(pool.id, client.id)
    assert f"User pool client {client.id} does not exist." == str(refused.value)


async def test_clients_are_listed_in_pages(world: World, pool: Pool) -> None:
    ids = {(await world.clients.create(pool.id, "app", ClientSettings())).id for _ in range(3)}

    first = await world.clients.page(pool.id, 2, None)
    second = await world.clients.page(pool.id, 2, first.cursor)

    assert ids == {client.id for client in (*first.items, *second.items)}
    assert second.cursor is None


# --- secrets ---------------------------------------------------------------------------------------------------------


async def test_a_generated_secret_is_sealed_and_can_be_shown_again(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings(), generates_secret=True)

    (secret,) = world.clients.secrets_of(client)

    assert re.fullmatch("[0-9a-z]{51}", secret)
    assert f"{client.id}--{int(NOON)}" == client.secrets[0].id
    assert secret not in client.secrets[0].sealed
    assert secret not in repr(client) + repr(vars(world.clients))


async def test_a_secret_is_generated_or_given_but_not_both(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings(), secret=GIVEN)

    with pytest.raises(InvalidParameter):
        await world.clients.create(pool.id, "app", ClientSettings(), generates_secret=True, secret=GIVEN)

    assert (GIVEN,) == world.clients.secrets_of(client)


async def test_a_secret_can_be_replaced_without_a_moment_between(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings(), secret=GIVEN)

    added, plain = await world.clients.add_secret(pool.id, client.id)
    both = await world.clients.get(client.id)
    for secret in (GIVEN, plain):
        world.secrets.check(both, secret)
        world.secrets.check_hash(both, hash_of(secret, "jane", both), ("jane",))
    await world.clients.delete_secret(pool.id, client.id, client.secrets[0].id)
    after = await world.clients.get(client.id)

    assert (added,) == after.secrets
    assert added.id != client.secrets[0].id
    world.secrets.check(after, plain)
    with pytest.raises(NotAuthorized):
        world.secrets.check(after, GIVEN)
    with pytest.raises(NotAuthorized):
        world.secrets.check_hash(after, hash_of(GIVEN, "jane", after), ("jane",))


async def test_a_client_has_one_or_two_secrets_or_none_for_ever(world: World, pool: Pool) -> None:
    public = await world.clients.create(pool.id, "app", ClientSettings())
    client = await world.clients.create(pool.id, "app", ClientSettings(), secret=GIVEN)

    with pytest.raises(InvalidParameter):
        await world.clients.add_secret(pool.id, public.id)
    with pytest.raises(InvalidParameter):
        await world.clients.delete_secret(pool.id, client.id, client.secrets[0].id)
    with pytest.raises(NotFound):
        await world.clients.delete_secret(pool.id, client.id, "unknown")
    with pytest.raises(InvalidParameter):
        await world.clients.add_secret(pool.id, client.id, GIVEN)
    await world.clients.add_secret(pool.id, client.id, f"{GIVEN}2")
    with pytest.raises(LimitExceeded):
        await world.clients.add_secret(pool.id, client.id)

    assert (GIVEN, f"{GIVEN}2") == world.clients.secrets_of(await world.clients.get(client.id))


async def test_the_hash_is_the_one_that_clients_compute(world: World) -> None:
    client = _sealed(world, "client456", "secret123")

    world.secrets.check_hash(client, "H15rJq52oNyXjMwRMcJfm4s2b2PAZ6dDDKc/cFLCF20=", ("jane",))


async def test_a_hash_over_any_of_the_names_is_good(world: World) -> None:
    client = _sealed(world, "client456", "secret123")

    world.secrets.check_hash(client, hash_of("secret123", "jane@example.com", client), ("jane", "jane@example.com"))
    with pytest.raises(NotAuthorized) as refused:
        world.secrets.check_hash(client, hash_of("secret123", "joe", client), ("jane", "jane@example.com"))

    assert "Unable to verify secret hash for client client456" == str(refused.value)


@pytest.mark.parametrize("given", [None, ""])
async def test_a_client_with_a_secret_must_prove_it(world: World, given: str | None) -> None:
    client = _sealed(world, "client456", "secret123")

    with pytest.raises(NotAuthorized) as hashed:
        world.secrets.check_hash(client, given, ("jane",))
    with pytest.raises(NotAuthorized):
        world.secrets.check(client, given)

    assert "Client client456 is configured with secret but SECRET_HASH was not received" == str(hashed.value)


async def test_a_client_without_a_secret_proves_nothing(world: World) -> None:
    client = Client(id="client456", pool_id="p", name="app", created=NOON, modified=NOON)

    world.secrets.check_hash(client, None, ("jane",))
    world.secrets.check(client, None)
    with pytest.raises(NotAuthorized) as hashed:
        world.secrets.check_hash(client, "H15rJq52oNyXjMwRMcJfm4s2b2PAZ6dDDKc/cFLCF20=", ("jane",))
    with pytest.raises(NotAuthorized):
        world.secrets.check(client, "secret123")

    assert "Unable to verify secret hash for client client456" == str(hashed.value)


@pytest.mark.parametrize(
    "given", ["x", "é", "\ud800", "secret12", "secret1234", "H15rJq52oNyXjMwRMcJfm4s2b2PAZ6dDDKc/cFLCF20"]
)
async def test_what_is_almost_right_is_wrong(world: World, given: str) -> None:
    client = _sealed(world, "client456", "secret123")

    with pytest.raises(NotAuthorized) as plain:
        world.secrets.check(client, given)
    with pytest.raises(NotAuthorized) as hashed:
        world.secrets.check_hash(client, given, ("jane",))

    assert "secret123" not in str(plain.value) + str(hashed.value)


async def test_a_sealed_secret_of_one_client_is_worth_nothing_for_another(world: World) -> None:
    mine = _sealed(world, "mine", "secret123")
    world.secrets.check(mine, "secret123")
    stolen = replace(mine, id="yours")

    with pytest.raises(ValueError, match="context"):
        world.secrets.check(stolen, "secret123")


async def test_no_more_than_a_bounded_number_of_opened_secrets_is_held(world: World) -> None:
    vault = _CountingVault(world.vault)
    secrets = ClientSecrets(vault, world.chance)  # type: ignore[arg-type]
    clients = [_sealed(world, f"c{number}", f"s{number}") for number in range(MOST_OPENED + 1)]

    for client in clients:
        secrets.of(client)
        secrets.of(client)
    opened_once = vault.opened
    secrets.of(clients[-1])
    still_held = vault.opened
    secrets.of(clients[0])

    assert (len(clients), len(clients), len(clients) + 1) == (opened_once, still_held, vault.opened)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"flows": ("USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH")},
        {"flows": ("ALLOW_EVERYTHING",)},
        {"flows": ("ALLOW_REFRESH_TOKEN_AUTH",), "rotation": Rotation(enabled=True)},
        {"rotation": Rotation(enabled=True, grace=61)},
        {"validity": Validity(access=Span(299, "seconds"))},
        {"validity": Validity(access=Span(25, "hours"))},
        {"validity": Validity(id=Span(4, "minutes"))},
        {"validity": Validity(id=Span(2, "days"))},
        {"validity": Validity(refresh=Span(59, "minutes"))},
        {"validity": Validity(refresh=Span(3651, "days"))},
        {"validity": Validity(access=Span(2, "hours"), refresh=Span(1, "hours"))},
        {"validity": Validity(id=Span(2, "hours"), refresh=Span(1, "hours"))},
        {"validity": Validity(step_minutes=2)},
        {"validity": Validity(step_minutes=16)},
        {"read_attributes": ("custom:hat",)},
        {"read_attributes": ("dev:custom:note",)},
        {"write_attributes": ("email", "custom:hat")},
        {"write_attributes": ("email", "email_verified")},
        {"write_attributes": ("email", "sub")},
        {"write_attributes": ("email", "dev:custom:note")},
        {"write_attributes": ("custom:shoe",)},
        {"callback_urls": tuple(f"https://app.example/{number}" for number in range(101))},
        {"logout_urls": ("http://app.example/",)},
        {"callback_urls": ("https://app.example/cb",), "default_redirect_uri": "https://app.example/other"},
        {"oauth_scopes": ("openid",) * 51},
        {"oauth_enabled": True},
        {"oauth_enabled": True, "oauth_flows": ("code",)},
        {"oauth_enabled": True, "oauth_scopes": ("openid",)},
        {"identity_providers": ("COGNITO", "Nobody")},
        {"propagates_context": True},
    ],
)
async def test_settings_that_do_not_fit_are_refused_at_creation_and_at_update(
    world: World, pool: Pool, settings: dict[str, Any]
) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings())

    with pytest.raises(InvalidParameter):
        await world.clients.create(pool.id, "other", ClientSettings(**settings))
    with pytest.raises(InvalidParameter):
        await world.clients.update(pool.id, client.id, ClientSettings(**settings))

    assert [client] == list((await world.clients.page(pool.id, 10, None)).items)


@pytest.mark.parametrize(
    ("validity", "seconds"),
    [
        (Validity(refresh=Span(0, "days")), (3600, 3600, 2_592_000)),
        (Validity(access=Span(300, "seconds"), id=Span(5, "minutes")), (300, 300, 2_592_000)),
        (Validity(access=Span(1, "days"), id=Span(24, "hours"), refresh=Span(24, "hours")), (86400, 86400, 86400)),
        (Validity(refresh=Span(3650, "days")), (3600, 3600, 315_360_000)),
        (Validity(refresh=Span(60, "minutes")), (3600, 3600, 3600)),
    ],
)
async def test_lives_are_taken_in_their_units_up_to_the_edges(
    world: World, pool: Pool, validity: Validity, seconds: tuple[int, int, int]
) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings(validity=validity))

    assert seconds == (client.access_validity, client.id_validity, client.refresh_validity)


@pytest.mark.parametrize(
    ("flows", "scopes"),
    [
        (("code", "client_credentials"), ("openid",)),
        (("client_credentials",), ()),
        (("magic",), ("openid",)),
    ],
)
async def test_oauth_flows_that_do_not_fit_together_are_refused(
    world: World, pool: Pool, flows: tuple[str, ...], scopes: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidOAuthFlow):
        await world.clients.create(pool.id, "app", ClientSettings(oauth_flows=flows, oauth_scopes=scopes))


async def test_machines_get_no_scopes_of_users(world: World, pool: Pool) -> None:
    settings = ClientSettings(oauth_flows=("client_credentials",), oauth_scopes=("openid",))

    with pytest.raises(InvalidOAuthFlow):
        await world.clients.create(pool.id, "app", settings, generates_secret=True)


async def test_a_scope_that_nobody_declared_does_not_exist(world: World, pool: Pool) -> None:
    settings = ClientSettings(oauth_flows=("code",), oauth_scopes=("openid", "shop/read"))

    with pytest.raises(ScopeNotFound):
        await world.clients.create(pool.id, "app", settings)


async def test_a_client_with_a_secret_may_propagate_context(world: World, pool: Pool) -> None:
    settings = ClientSettings(propagates_context=True)

    client = await world.clients.create(pool.id, "app", settings, generates_secret=True)

    assert await world.clients.update(pool.id, client.id, settings)


async def test_every_change_of_a_client_is_in_the_trail_without_its_secrets(world: World, pool: Pool) -> None:
    client = await world.clients.create(pool.id, "app", ClientSettings(), secret=GIVEN)
    await world.clients.update(pool.id, client.id, ClientSettings())
    _, plain = await world.clients.add_secret(pool.id, client.id)
    await world.clients.delete_secret(pool.id, client.id, client.secrets[0].id)
    await world.clients.delete(pool.id, client.id)

    assert [
        "client.created",
        "client.updated",
        "client.secret_added",
        "client.secret_deleted",
        "client.deleted",
    ] == world.trail.actions[1:]
    assert not {GIVEN, plain} & set(re.findall("[0-9A-Za-z]+", repr(world.trail.notes)))


# --- permissions -----------------------------------------------------------------------------------------------------

FLOWS = (
    "USER_SRP_AUTH",
    "USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH",
    "CUSTOM_AUTH",
    "USER_AUTH",
    "REFRESH_TOKEN",
    "REFRESH_TOKEN_AUTH",
)
REFRESHES = {"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"}
ADMINS = {"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}


@pytest.mark.parametrize(
    ("listed", "permitted"),
    [
        (None, {"USER_SRP_AUTH", "CUSTOM_AUTH", *REFRESHES}),
        ((), {"USER_SRP_AUTH", "CUSTOM_AUTH", *REFRESHES}),
        (("ALLOW_USER_SRP_AUTH",), {"USER_SRP_AUTH"}),
        (("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"), {"USER_PASSWORD_AUTH", *REFRESHES}),
        (("ALLOW_ADMIN_USER_PASSWORD_AUTH",), ADMINS),
        (("ALLOW_CUSTOM_AUTH",), {"CUSTOM_AUTH"}),
        (("ALLOW_USER_AUTH",), {"USER_AUTH"}),
        (("ADMIN_NO_SRP_AUTH",), {"USER_SRP_AUTH", *ADMINS, *REFRESHES}),
        (("USER_PASSWORD_AUTH",), {"USER_SRP_AUTH", "USER_PASSWORD_AUTH", *REFRESHES}),
        (("CUSTOM_AUTH_FLOW_ONLY",), {"CUSTOM_AUTH", *REFRESHES}),
    ],
)
def test_a_client_permits_the_flows_of_its_list(listed: tuple[str, ...] | None, permitted: set[str]) -> None:
    client = Client(id="c", pool_id="p", name="app", created=NOON, modified=NOON, flows=listed)

    assert permitted == {flow for flow in FLOWS if permits(client, flow)}
    assert not permits(client, "NO_SUCH_FLOW")


@pytest.mark.parametrize("listed", [None, ("ADMIN_NO_SRP_AUTH",), ("ALLOW_REFRESH_TOKEN_AUTH",)])
def test_where_refresh_tokens_rotate_no_flow_leaves_them_as_they_are(listed: tuple[str, ...] | None) -> None:
    client = Client(
        id="c", pool_id="p", name="app", created=NOON, modified=NOON, flows=listed, rotation=Rotation(enabled=True)
    )

    assert not any(permits(client, flow) for flow in REFRESHES)


def _sealed(world: World, client_id: str, *plain: str) -> Client:
    secrets = tuple(
        ClientSecret(
            id=f"{client_id}--{number}",
            sealed=world.vault.seal(PURPOSE, client_id, secret.encode()),
            created=NOON,
        )
        for number, secret in enumerate(plain)
    )
    return Client(id=client_id, pool_id="p", name="app", created=NOON, modified=NOON, secrets=secrets)


class _CountingVault:
    def __init__(self, vault: Any) -> None:
        self._vault = vault
        self.opened = 0

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        self.opened += 1
        plain: bytes = self._vault.open(purpose, context, sealed)
        return plain
