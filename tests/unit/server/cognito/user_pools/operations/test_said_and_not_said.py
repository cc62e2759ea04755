"""What was not said is not shown, an empty list says nothing, and what was said is read back: for every member that the
model has. Infrastructure tools compare what they wrote with what they read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.server.cognito.engine.model import Shape
from tests.support.small_world import World
from tests.unit.server.cognito.user_pools.operations.test_directory_operations import Api, model

Path = tuple[str, ...]

FOUNDED = {"PoolName": "people"}
MADE_ONLY = {"Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration"}


@pytest.fixture
def ask(world: World) -> Api:
    return Api(world)


# --- what the model has ----------------------------------------------------------------------------------------------


def members(operation: str, *types: str) -> list[tuple[Path, Shape]]:
    """All members of these types that an input can have, at any depth, but not within lists."""
    return list(_members(model().operations[operation].input, (), types))


def _members(name: str, path: Path, types: tuple[str, ...]) -> Iterator[tuple[Path, Shape]]:
    for member, reference in model().shapes[name].members.items():
        shape = model().shapes[reference.shape]
        if shape.type in types:
            yield (*path, member), shape
        if shape.type == "structure":
            yield from _members(reference.shape, (*path, member), types)


def named(value: Any) -> str:
    return value.type if isinstance(value, Shape) else "/".join(value) if isinstance(value, tuple) else str(value)


def nested(path: Path, value: Any) -> dict[str, Any]:
    for member in reversed(path):
        value = {member: value}
    return dict(value)


def at(path: Path, value: Any) -> Any:
    for member in path:
        value = value.get(member, {}) if isinstance(value, dict) else {}
    return value


def without_identity(structure: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in structure.items() if name not in ("Id", "Arn", "ClientId")}


async def pool(ask: Api, **given: Any) -> dict[str, Any]:
    """What DescribeUserPool says of a pool that was made with this, and that its creation said the same."""
    created: dict[str, Any] = (await ask("CreateUserPool", **{**FOUNDED, **given}))["UserPool"]
    described: dict[str, Any] = (await ask("DescribeUserPool", UserPoolId=created["Id"]))["UserPool"]
    assert described.items() <= created.items()
    return described


async def client(ask: Api, **given: Any) -> dict[str, Any]:
    pool_id = (await ask("CreateUserPool", **FOUNDED))["UserPool"]["Id"]
    made = {"ClientName": "app", "ClientSecret": "x" * 24, **given}
    created: dict[str, Any] = (await ask("CreateUserPoolClient", UserPoolId=pool_id, **made))["UserPoolClient"]
    found = {"UserPoolId": pool_id, "ClientId": created["ClientId"]}
    assert {"UserPoolClient": created} == await ask("DescribeUserPoolClient", **found)
    updated = await ask("UpdateUserPoolClient", **found, **given)
    assert {"UserPoolClient": created} == updated
    return {name: value for name, value in created.items() if name != "UserPoolId"}


# --- empty lists -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path, _ in members("CreateUserPoolClient", "list", "map")], ids=named)
async def test_an_empty_list_of_a_client_says_nothing(ask: Api, path: Path) -> None:
    unsaid, empty = await client(ask), await client(ask, **nested(path, []))

    assert without_identity(unsaid) == without_identity(empty)
    assert path[0] not in empty


@pytest.mark.parametrize(("path", "shape"), members("CreateUserPool", "list", "map"), ids=named)
async def test_an_empty_list_of_a_pool_says_nothing_or_is_refused_by_the_model(
    ask: Api, path: Path, shape: Shape
) -> None:
    given = nested(path, [] if shape.type == "list" else {})
    if shape.min:
        with pytest.raises(InvalidParameter):
            await ask("CreateUserPool", **{**FOUNDED, **given})
        return
    unsaid, empty = await pool(ask), await pool(ask, **given)
    if path[0] not in MADE_ONLY:
        full = (await ask("CreateUserPool", **FOUNDED, AutoVerifiedAttributes=["email"]))["UserPool"]["Id"]
        await ask("UpdateUserPool", UserPoolId=full, **given)
        assert without_identity(empty) == without_identity((await ask("DescribeUserPool", UserPoolId=full))["UserPool"])
    # Settings that are kept for whoever wrote them are given back as they came.
    empty.pop("DcrConfiguration", None)

    assert without_identity(unsaid) == without_identity(empty)


# --- what was said ---------------------------------------------------------------------------------------------------

OFF = ("OFF", "INACTIVE", "DISABLED", "Disabled", "LEGACY", "COGNITO_DEFAULT", "CONFIRM_WITH_CODE", "ORIGINAL")
CHANGED = {("RefreshTokenValidity",)}
"""A refresh validity of 0 is the default, the reference says."""
NOT_SETTINGS = {"GenerateSecret", "DeviceConfiguration"}
"""Whoever says anything of devices switches them on, the reference says: that is not the same as to say nothing."""
NEEDED = {
    "RefreshTokenRotation": {"Feature": "DISABLED"},
    "KeyConfiguration": {},
    "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
}


def said(operation: str) -> list[tuple[Path, Any]]:
    """Every switch that is off, every number that is 0, and every word that says "without it"."""
    found: list[tuple[Path, Any]] = []
    for path, shape in members(operation, "boolean", "integer", "string"):
        if shape.type == "boolean":
            found.append((path, False))
        elif shape.type == "integer" and (shape.min or 0) <= 0:
            found.append((path, 0))
        elif shape.type == "string":
            found += [(path, word) for word in OFF if word in shape.enum]
    return [(path, value) for path, value in found if path not in CHANGED and path[0] not in NOT_SETTINGS]


def filled(path: Path, value: Any) -> dict[str, Any]:
    whole = nested(path, value)
    if path[0] in NEEDED:
        whole[path[0]] = {**NEEDED[path[0]], **whole[path[0]]}
    return whole


@pytest.mark.parametrize(("path", "value"), said("CreateUserPoolClient"), ids=named)
async def test_what_is_said_of_a_client_is_read_back_where_it_is_the_default_too(
    ask: Api, path: Path, value: Any
) -> None:
    described = await client(ask, **filled(path, value))

    assert value == at(path, described)


@pytest.mark.parametrize(("path", "value"), said("CreateUserPool"), ids=named)
async def test_what_is_said_of_a_pool_is_read_back_where_it_is_the_default_too(
    ask: Api, path: Path, value: Any
) -> None:
    described = await pool(ask, **filled(path, value))

    assert value == at(path, described)
    if path[0] not in MADE_ONLY:
        changed = (await ask("CreateUserPool", **FOUNDED))["UserPool"]["Id"]
        await ask("UpdateUserPool", UserPoolId=changed, **filled(path, value))
        assert value == at(path, (await ask("DescribeUserPool", UserPoolId=changed))["UserPool"])


@pytest.mark.parametrize(("feature", "grace"), list(itertools.product(("ENABLED", "DISABLED"), (None, 0, 30))))
async def test_rotation_is_read_back_as_it_was_said(ask: Api, feature: str, grace: int | None) -> None:
    rotation = {"Feature": feature, **({} if grace is None else {"RetryGracePeriodSeconds": grace})}

    described = await client(ask, RefreshTokenRotation=rotation, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])

    assert rotation == described["RefreshTokenRotation"]
