"""Whole numbers of any size: as bounds of an attribute, and as its values."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.flows.directory.definitions import LARGEST, Bounds, Declaration, extended, found
from poolhouse.flows.directory.values import check_values
from poolhouse.records.pools import Pool
from tests.support.small_world import World
from tests.unit.server.cognito.user_pools.operations.test_directory_operations import Api

BOUNDS = (
    "0",
    "-0",
    "7",
    "007",
    "-9007199254740991",
    "9007199254740991",
    str(2**63 - 1),
    str(-(2**63)),
    str(2**63),
    str(LARGEST),
    str(-LARGEST),
    "0" * 131_071 + "5",
)


def pool(bounds: Bounds) -> Pool:
    schema = extended(found(()), (Declaration(name="n", type="Number", value=bounds),))
    return Pool(id="eu-west-1_abcdefghi", name="p", created=0.0, modified=0.0, schema=schema)


def fits(holder: Pool, value: str) -> bool:
    try:
        return {"custom:n": value} == check_values(holder, {"custom:n": value}, on="update", who="admin")
    except InvalidParameter:
        return False


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda text: text[:24])
@pytest.mark.parametrize("which", ["MinValue", "MaxValue"])
async def test_a_bound_is_read_back_as_it_was_written(world: World, bound: str, which: str) -> None:
    ask = Api(world)
    entry: dict[str, Any] = {"Name": "n", "AttributeDataType": "Number", "NumberAttributeConstraints": {which: bound}}
    pool_id = (await ask("CreateUserPool", PoolName="p", Schema=[entry]))["UserPool"]["Id"]

    shown = (await ask("DescribeUserPool", UserPoolId=pool_id))["UserPool"]["SchemaAttributes"][-1]

    assert {which: bound} == shown["NumberAttributeConstraints"]


@pytest.mark.parametrize("bound", [bound for bound in BOUNDS if len(bound) < 1000])
def test_values_are_compared_exactly_with_a_bound_of_any_size(bound: str) -> None:
    at, above, below = (str(int(bound) + step) for step in (0, 1, -1))

    assert [True, False, True] == [fits(pool(Bounds(maximum=bound)), value) for value in (at, above, below)]
    assert [True, True, False] == [fits(pool(Bounds(minimum=bound)), value) for value in (at, above, below)]


@pytest.mark.parametrize(
    "value", ["1234567890123456789", "-1234567890123456789", "0", "-0", "000", "0007", "9" * 2048, "-" + "9" * 2047]
)
def test_a_whole_number_is_a_number_however_long_it_is(value: str) -> None:
    assert fits(pool(Bounds()), value)


@pytest.mark.parametrize("value", ["", "-", "+1", "1.0", "1e3", " 1", "1 ", "1_000", "٣", "0x1", "--1", "1\n"])
def test_what_is_no_whole_number_is_neither_a_value_nor_a_bound(value: str) -> None:
    assert value == "" or not fits(pool(Bounds()), value)
    with pytest.raises(InvalidParameter):
        pool(Bounds(minimum=value))


def test_bounds_that_no_document_could_hold_as_numbers_can_cross() -> None:
    with pytest.raises(InvalidParameter) as refused:
        pool(Bounds(str(2**70), str(2**69)))

    assert "user.n: Max value cannot be less than min value." == str(refused.value)
