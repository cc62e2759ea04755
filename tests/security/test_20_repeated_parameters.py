"""Row 20: an attribute that is named twice is an error too, not the first or the last of two."""

from __future__ import annotations

import pytest

from tests.security.served import served
from tests.support.house import PASSWORD


@pytest.mark.parametrize("values", [("a@example.com", "b@example.com"), ("a@example.com", "a@example.com")])
async def test_an_attribute_given_twice_makes_no_user(values: tuple[str, str]) -> None:
    async with served() as (house, api):
        client = await house.client(await house.pool())
        given = {
            "ClientId": client.id,
            "Username": "jane",
            "Password": PASSWORD,
            "UserAttributes": [{"Name": "email", "Value": value} for value in values],
        }

        answer = await api.call("SignUp", given)

    assert "InvalidParameterException" == answer.error
    assert [] == house.messages
