"""Identity pools as administrators set them up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.config.settings import Identities
from poolhouse.errors import (
    ConcurrentModification,
    IdentityPoolNotFound,
    InvalidParameter,
    LimitExceeded,
)
from poolhouse.flows.identities.pools import ATTEMPTS, PEPPER, PEPPER_BYTES, IdentityPoolAdministration
from poolhouse.flows.identities.settings import PUBLIC_PROVIDERS, IdentityPoolSettings
from poolhouse.flows.services.access import AccessServices
from poolhouse.records.identities import IdentityPool, PrincipalTags, RoleMapping, RoleRule, UserPoolProvider
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Query, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house

OIDC = "arn:aws:iam::000000000000:oidc-provider/login.example.com"
SAML = "arn:aws:iam::000000000000:saml-provider/corporate"
ROLE = "arn:aws:iam::000000000000:role/path/member"
FULL = IdentityPoolSettings(
    name="full",
    allows_guests=True,
    allows_classic=False,
    social={"accounts.google.com": "app"},
    developer_provider="login.mycompany.myapp",
    oidc_provider_arns=(OIDC,),
    user_pools=(UserPoolProvider(name="idp/a", client_id="one", asks_server=True),),
    saml_provider_arns=(SAML,),
    tags={"team": "apps"},
)
PLAIN = IdentityPoolSettings(name="plain", allows_guests=False)


def administration(house: House) -> IdentityPoolAdministration:
    return house.built.identities.pools


async def made(house: House, settings: IdentityPoolSettings = PLAIN) -> IdentityPool:
    return await administration(house).create("eu-north-1", settings)


def said(pool: IdentityPool) -> IdentityPoolSettings:
    return IdentityPoolSettings(
        **{name: getattr(pool, name) for name in IdentityPoolSettings.__struct_fields__},
    )


async def test_a_pool_is_what_was_said_and_its_id_says_its_region_and_nothing_else() -> None:
    async with opened_house() as house:
        pool, other = await made(house, FULL), await made(house, FULL)

        assert FULL == said(await administration(house).get(pool.id))
        assert "eu-north-1" == pool.region
        assert pool.id != other.id


async def test_each_pool_has_a_pepper_of_its_own_that_is_sealed() -> None:
    async with opened_house() as house:
        pools = [await made(house), await made(house)]

        opened = {house.built.world.secrets.open(PEPPER, pool.id, pool.sealed_pepper) for pool in pools}

        assert [PEPPER_BYTES] * 2 == [len(pepper) for pepper in opened]
        with pytest.raises(ValueError):
            house.built.world.secrets.open(PEPPER, pools[0].id, pools[1].sealed_pepper)


async def test_the_secret_behind_an_app_id_is_sealed_where_it_is_stored_and_in_no_log() -> None:
    clock = FakeClock()
    store = MemoryStore(collections.ALL, clock)
    social = {"api.twitter.com": "consumer;the-secret-of-it", "www.amazon.com": "amzn1"}
    async with opened_house(store, clock) as house, opened_house(store, clock) as elsewhere:
        pools = administration(house)
        made_so = await made(house, replace(PLAIN, social=social))
        tagged = await pools.tag(made_so.id, {"a": "1"})
        page = await store.find(collections.IDENTITY_POOLS, Query())

        assert [social] * 3 == [
            made_so.social,
            tagged.social,
            (await administration(elsewhere).get(made_so.id)).social,
        ]
        assert [social] == [pool.social for pool in (await pools.page(None, 10, None)).items]
        assert "amzn1" in str(page.entries)
        assert "the-secret-of-it" not in f"{page.entries}{made_so!r}"


@pytest.mark.parametrize("region", ["", "EU", "eu north", "eu_north", "-eu", "e" * 19])
async def test_a_region_that_cannot_be_a_part_of_an_id_makes_no_pool(region: str) -> None:
    async with opened_house() as house:
        with pytest.raises(InvalidParameter):
            await administration(house).create(region, PLAIN)


async def test_an_update_replaces_everything_but_tags_and_the_developers_name() -> None:
    async with opened_house() as house:
        pool = await made(house, FULL)
        await administration(house).set_roles(pool.id, {"authenticated": ROLE}, ())
        house.clock.advance(7)

        changed = await administration(house).update(pool.id, PLAIN)

        assert replace(PLAIN, developer_provider=FULL.developer_provider, tags=FULL.tags) == said(changed)
        assert (pool.created, pool.sealed_pepper) == (changed.created, changed.sealed_pepper)
        assert changed.modified == pool.modified + 7
        # Roles are set apart.
        assert {"authenticated": ROLE} == changed.roles


@pytest.mark.parametrize("tags", [{}, {"other": "1"}])
async def test_tags_that_are_said_replace_those_of_before(tags: dict[str, str]) -> None:
    async with opened_house() as house:
        pool = await made(house, FULL)

        changed = await administration(house).update(pool.id, replace(FULL, tags=tags))

        assert tags == changed.tags


async def test_the_developers_name_can_be_given_later_but_never_be_another() -> None:
    async with opened_house() as house:
        pool = await made(house)
        named = replace(PLAIN, developer_provider="mine")

        assert "mine" == (await administration(house).update(pool.id, named)).developer_provider
        assert "mine" == (await administration(house).update(pool.id, named)).developer_provider
        with pytest.raises(InvalidParameter, match="cannot be changed"):
            await administration(house).update(pool.id, replace(PLAIN, developer_provider="other"))


@pytest.mark.parametrize("classic", [None, True, False])
async def test_the_classic_flow_has_three_states(classic: bool | None) -> None:
    async with opened_house() as house:
        pool = await made(house, replace(PLAIN, allows_classic=classic))
        assert pool.allows_classic is classic

        changed = await administration(house).update(pool.id, PLAIN)

        assert changed.allows_classic is None


def arns(of: str, count: int) -> tuple[str, ...]:
    return tuple(f"{of}{number}" for number in range(count))


USER_POOL = UserPoolProvider(name="idp/a", client_id="one")
REFUSED: dict[str, dict[str, Any]] = {
    "a user pool and client twice": {"user_pools": (USER_POOL, replace(USER_POOL, asks_server=True))},
    "an OpenID Connect provider twice": {"oidc_provider_arns": (OIDC, OIDC)},
    "a SAML provider twice": {"saml_provider_arns": (SAML, SAML)},
    "no ARN of an OpenID Connect provider": {"oidc_provider_arns": (SAML,)},
    "no ARN of a SAML provider": {"saml_provider_arns": (OIDC,)},
    "too many user pools": {
        "user_pools": tuple(UserPoolProvider(name="idp/a", client_id=f"c{number}") for number in range(51))
    },
    "too many OpenID Connect providers": {"oidc_provider_arns": arns(OIDC, 51)},
    "too many SAML providers": {"saml_provider_arns": arns(SAML, 51)},
    "too many tags": {"tags": {f"t{number}": "" for number in range(51)}},
    "a reserved tag": {"tags": {"AWS:x": ""}},
    "the developer called as an OpenID Connect provider": {
        "oidc_provider_arns": (OIDC,),
        "developer_provider": "login.example.com",
    },
    "the developer called as a social provider of the pool": {
        "social": {"games.example.com": "app"},
        "developer_provider": "games.example.com",
    },
    **{f"the developer called {name}": {"developer_provider": name} for name in sorted(PUBLIC_PROVIDERS)},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
async def test_settings_that_cannot_be_meant_make_and_change_nothing(changes: dict[str, Any]) -> None:
    async with opened_house() as house:
        pool = await made(house)
        with pytest.raises(InvalidParameter):
            await administration(house).create("eu-north-1", replace(PLAIN, **changes))
        with pytest.raises(InvalidParameter):
            await administration(house).update(pool.id, replace(PLAIN, **changes))

        assert pool == await administration(house).get(pool.id)
        assert [pool] == list((await administration(house).page(None, 60, None)).items)


async def test_a_provider_cannot_take_the_name_that_the_developer_has() -> None:
    async with opened_house() as house:
        pool = await made(house, replace(PLAIN, developer_provider="login.example.com"))

        with pytest.raises(InvalidParameter, match="public provider"):
            await administration(house).update(pool.id, replace(PLAIN, oidc_provider_arns=(OIDC,)))


async def test_as_many_as_the_bounds_allow_are_taken() -> None:
    async with opened_house() as house:
        many = replace(PLAIN, oidc_provider_arns=arns(OIDC, 50), saml_provider_arns=arns(SAML, 50))

        assert many == replace(said(await made(house, many)), tags=None)


async def test_there_are_no_more_pools_than_the_settings_allow() -> None:
    async with opened_house(identities=Identities(pools=2)) as house:
        first, _ = await made(house), await made(house)
        with pytest.raises(LimitExceeded, match="There are 2 identity pools"):
            await made(house)

        await administration(house).delete(first.id)

        assert await made(house)


async def test_pools_are_paged_by_region() -> None:
    async with opened_house() as house:
        here = sorted([(await made(house)).id for _ in range(5)])
        elsewhere = (await administration(house).create("us-east-1", PLAIN)).id

        found, cursor, pages = [], None, 0
        while True:
            page = await administration(house).page("eu-north-1", 2, cursor)
            found += [pool.id for pool in page.items]
            cursor, pages = page.cursor, pages + 1
            if cursor is None:
                break

        assert (here, 3) == (found, pages)
        assert [elsewhere] == [pool.id for pool in (await administration(house).page("us-east-1", 2, None)).items]
        assert 6 == len((await administration(house).page(None, 60, None)).items)


class RivalStore(MemoryStore):
    """Before a pool is changed somebody else changes it, so many times."""

    rivals = 0
    rival: Callable[[], Awaitable[object]] | None = None

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        if collection is collections.IDENTITY_POOLS and self.rival is not None and self.rivals:
            self.rivals, rival, self.rival = self.rivals - 1, self.rival, None
            await rival()
            self.rival = rival
        return await super().replace(collection, entry)


Change = Callable[[IdentityPoolAdministration, str], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "settings": lambda pools, pool_id: pools.update(pool_id, replace(PLAIN, name="changed")),
    "roles": lambda pools, pool_id: pools.set_roles(pool_id, {"authenticated": ROLE}, ()),
    "principal tags": lambda pools, pool_id: pools.set_principal_tags(
        pool_id, PrincipalTags(provider="p", use_defaults=True)
    ),
    "tag": lambda pools, pool_id: pools.tag(pool_id, {"a": "1"}),
    "untag": lambda pools, pool_id: pools.untag(pool_id, ["b"]),
}
RIVALS: dict[str, Change] = {
    "settings": lambda pools, pool_id: pools.update(pool_id, replace(PLAIN, allows_guests=True)),
    "roles": lambda pools, pool_id: pools.set_roles(pool_id, {"unauthenticated": ROLE}, ()),
    "principal tags": lambda pools, pool_id: pools.set_principal_tags(
        pool_id, PrincipalTags(provider="q", use_defaults=True)
    ),
    "tag": lambda pools, pool_id: pools.tag(pool_id, {"c": "3"}),
    "untag": lambda pools, pool_id: pools.untag(pool_id, ["d"]),
}
HINDERED = {("settings", "settings"), ("roles", "roles")}


@pytest.mark.parametrize("other", RIVALS)
@pytest.mark.parametrize("one", CHANGES)
async def test_of_two_changes_at_the_same_moment_both_are_made_or_one_is_told_to_try_again(
    one: str, other: str
) -> None:
    clock = FakeClock()
    store = RivalStore(collections.ALL, clock)
    async with opened_house(store, clock) as house, opened_house(store, clock) as elsewhere:
        pools = administration(house)
        pool = await made(house, replace(PLAIN, tags={"b": "2", "d": "4"}))
        expected = await made(house, replace(PLAIN, tags={"b": "2", "d": "4"}))
        await RIVALS[other](pools, expected.id)
        if (one, other) not in HINDERED:
            await CHANGES[one](pools, expected.id)
        store.rivals, store.rival = 1, lambda: RIVALS[other](administration(elsewhere), pool.id)

        if (one, other) in HINDERED:
            with pytest.raises(ConcurrentModification):
                await CHANGES[one](pools, pool.id)
        else:
            await CHANGES[one](pools, pool.id)

        left, wanted = await pools.get(pool.id), await pools.get(expected.id)
        if {one, other} == {"settings"}:
            assert left.allows_guests
        assert wanted == replace(left, id=wanted.id, sealed_pepper=wanted.sealed_pepper, version=wanted.version)


async def test_a_pool_that_others_change_all_the_time_is_given_up_with_a_word() -> None:
    clock = FakeClock()
    store = RivalStore(collections.ALL, clock)
    async with opened_house(store, clock) as house, opened_house(store, clock) as elsewhere:
        pool = await made(house)
        store.rivals, store.rival = ATTEMPTS, lambda: administration(elsewhere).tag(pool.id, {"a": "1"})

        with pytest.raises(ConcurrentModification):
            await administration(house).tag(pool.id, {"b": "2"})
        await administration(house).tag(pool.id, {"b": "2"})

        assert {"a": "1", "b": "2"} == (await administration(house).get(pool.id)).tags


async def test_what_another_process_changed_is_seen_by_administrators_at_once() -> None:
    clock = FakeClock()
    store = MemoryStore(collections.ALL, clock)
    async with opened_house(store, clock) as house, opened_house(store, clock) as elsewhere:
        pool = await made(house)
        assert pool == await administration(elsewhere).get(pool.id)

        await administration(house).update(pool.id, replace(PLAIN, name="changed"))

        assert "changed" == (await administration(elsewhere).get(pool.id)).name
        await administration(elsewhere).update(pool.id, replace(PLAIN, name="again"))
        assert "again" == (await administration(house).get(pool.id)).name


async def test_tags_are_added_replaced_and_taken_away() -> None:
    async with opened_house() as house:
        pool = await made(house, replace(PLAIN, tags={"a": "1", "b": "2"}))

        await administration(house).tag(pool.id, {"b": "3", "c": "4"})
        await administration(house).untag(pool.id, ["a", "not there"])

        assert {"b": "3", "c": "4"} == (await administration(house).get(pool.id)).tags


@pytest.mark.parametrize("tags", [{f"t{number}": "" for number in range(50)}, {"aws:x": ""}])
async def test_tags_beyond_the_bound_and_reserved_ones_are_refused(tags: dict[str, str]) -> None:
    async with opened_house() as house:
        pool = await made(house, replace(PLAIN, tags={"a": "1"}))

        with pytest.raises(InvalidParameter):
            await administration(house).tag(pool.id, tags)

        assert {"a": "1"} == (await administration(house).get(pool.id)).tags


# --- roles -----------------------------------------------------------------------------------------------------------


def rules(count: int, arn: str = ROLE) -> tuple[RoleRule, ...]:
    return tuple(RoleRule(claim="c", match="Equals", value=str(number), role_arn=arn) for number in range(count))


def mapping(**changes: Any) -> RoleMapping:
    return RoleMapping(**{"provider": "p", "kind": "Rules", "ambiguous": "Deny", "rules": rules(1), **changes})


async def test_roles_and_mappings_replace_those_of_before() -> None:
    async with opened_house() as house:
        pool = await made(house)
        roles = {"authenticated": ROLE, "unauthenticated": f"{ROLE}2"}
        mappings = (mapping(rules=rules(25)), mapping(provider="q", kind="Token", rules=()))

        await administration(house).set_roles(pool.id, roles, mappings)
        first = await administration(house).get(pool.id)
        await administration(house).set_roles(pool.id, {"authenticated": ROLE}, ())
        second = await administration(house).get(pool.id)

        assert (roles, mappings) == (first.roles, first.mappings)
        assert ({"authenticated": ROLE}, ()) == (second.roles, second.mappings)


WRONG_MAPPINGS = {
    "no word about ambiguity": mapping(ambiguous=None),
    "no rules": mapping(rules=()),
    "by token, with rules": mapping(kind="Token"),
    "too many rules": mapping(rules=rules(26)),
    "a rule whose role is none": mapping(rules=rules(1, "arn:aws:iam::000000000000:user/jane")),
}


@pytest.mark.parametrize("wrong", WRONG_MAPPINGS.values(), ids=WRONG_MAPPINGS)
async def test_a_mapping_that_lacks_something_is_refused_with_all_the_others(wrong: RoleMapping) -> None:
    async with opened_house() as house:
        pool = await made(house)

        with pytest.raises(InvalidParameter):
            await administration(house).set_roles(pool.id, {"authenticated": ROLE}, (mapping(provider="q"), wrong))

        assert pool == await administration(house).get(pool.id)


@pytest.mark.parametrize("arn", ["arn:aws:iam::000000000000:user/jane", "a" * 30, f"{ROLE} x", f"{ROLE}\n", "*"])
async def test_what_is_no_role_is_refused(arn: str) -> None:
    async with opened_house() as house:
        pool = await made(house)

        with pytest.raises(InvalidParameter, match="not the ARN of a role"):
            await administration(house).set_roles(pool.id, {"authenticated": arn}, ())


def trust(*conditions: tuple[str, str]) -> dict[str, Any]:
    """Who may take a role: identities, under these conditions."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    if conditions:
        statement["Condition"] = {"StringEquals": dict(conditions)}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("by_rule", [False, True])
async def test_row_51_a_role_that_any_pools_identities_could_take_is_not_given(by_rule: bool) -> None:
    async with opened_house() as house:
        pools, access = administration(house), house.built.built.one(AccessServices)
        pool = await made(house)
        of_pool = await access.roles.create("member", trust(("cognito-identity.amazonaws.com:aud", pool.id)))
        of_anybody = await access.roles.create("anybody", trust(("cognito-identity.amazonaws.com:sub", "x")))
        right, wrong = access.roles.arn(of_pool), access.roles.arn(of_anybody)
        roles = {"authenticated": right if by_rule else wrong}

        with pytest.raises(InvalidParameter, match="could be taken by identities of any pool"):
            await pools.set_roles(pool.id, roles, (mapping(rules=rules(1, wrong)),) if by_rule else ())

        assert {} == (await pools.get(pool.id)).roles
        # One that is not here may be somewhere else.
        elsewhere = {"authenticated": right, "unauthenticated": "arn:aws:iam::111111111111:role/elsewhere"}
        await pools.set_roles(pool.id, elsewhere, ())
        assert elsewhere == (await pools.get(pool.id)).roles


# --- principal tags --------------------------------------------------------------------------------------------------


async def test_principal_tags_are_set_for_each_provider_apart() -> None:
    async with opened_house() as house:
        pool = await made(house)
        pools = administration(house)
        own = PrincipalTags(provider="p", claims={"team": "custom:team"})
        usual = PrincipalTags(provider="q", use_defaults=True)

        await pools.set_principal_tags(pool.id, own)
        await pools.set_principal_tags(pool.id, replace(usual, claims={"is": "ignored"}))

        assert own == await pools.principal_tags_of(pool.id, "p")
        assert usual == await pools.principal_tags_of(pool.id, "q")
        assert PrincipalTags(provider="r") == await pools.principal_tags_of(pool.id, "r")


async def test_an_empty_map_takes_the_tags_of_a_provider_away() -> None:
    async with opened_house() as house:
        pool = await made(house)
        pools = administration(house)
        await pools.set_principal_tags(pool.id, PrincipalTags(provider="p", use_defaults=True))

        await pools.set_principal_tags(pool.id, PrincipalTags(provider="p"))

        assert () == (await pools.get(pool.id)).principal_tags


@pytest.mark.parametrize(
    "claims",
    [
        {"a|b": "x"},
        {"a" * 129: "x"},
        {"aws:x": "x"},
        {"team": "a", "Team": "b"},
        {"team": "x" * 457},
        {f"t{number}": "x" * 256 for number in range(2)},
    ],
)
async def test_tags_that_credentials_cannot_bear_are_refused(claims: dict[str, str]) -> None:
    async with opened_house() as house:
        pool = await made(house)

        with pytest.raises(InvalidParameter):
            await administration(house).set_principal_tags(pool.id, PrincipalTags(provider="p", claims=claims))


async def test_a_pool_does_not_grow_without_end_by_providers_with_tags() -> None:
    async with opened_house() as house:
        pools = administration(house)
        pool = await made(house)
        for number in range(100):
            await pools.set_principal_tags(pool.id, PrincipalTags(provider=f"p{number}", use_defaults=True))

        with pytest.raises(InvalidParameter, match="at most 100"):
            await pools.set_principal_tags(pool.id, PrincipalTags(provider="q", use_defaults=True))
        await pools.set_principal_tags(pool.id, PrincipalTags(provider="p7", claims={"a": "b"}))


# --- what is not there -----------------------------------------------------------------------------------------------


async def test_of_a_pool_that_is_not_there_nothing_can_be_asked_or_changed() -> None:
    async with opened_house() as house:
        pools, nobody = administration(house), "eu-north-1:0"
        asked = [
            pools.get(nobody),
            pools.update(nobody, PLAIN),
            pools.set_roles(nobody, {}, ()),
            pools.principal_tags_of(nobody, "p"),
            pools.set_principal_tags(nobody, PrincipalTags(provider="p")),
            pools.tag(nobody, {}),
            pools.untag(nobody, []),
            pools.delete(nobody),
        ]

        for call in asked:
            with pytest.raises(IdentityPoolNotFound, match=r"IdentityPool 'eu-north-1:0' not found\."):
                await call
