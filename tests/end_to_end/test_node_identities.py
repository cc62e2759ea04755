"""Guests and users by the vendor's clients for JavaScript, by endpoint URL alone: the credentials that they get open a
folder of their own behind the gateway, and no other. A journey is a program in ``node/`` that checks what it sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Servers
from tests.end_to_end.test_node_clients import journey
from tests.support.identities import USERS, Identities, identities

pytestmark = pytest.mark.requires_node


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mongodb", marks=pytest.mark.requires_mongodb)])
def made(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Identities]:
    folder = tmp_path_factory.mktemp("identities")
    with identities(servers.store(request.param), folder) as made:
        yield made


@pytest.mark.parametrize("program", ["identities-v3.mjs", "identities-v2.mjs", "amplify-identities.mjs"])
def test_guests_and_users_reach_their_own_and_nothing_else(made: Identities, program: str) -> None:
    name = made.live.user(made.client)
    another = made.live.client(made.live.pool())
    told = {
        "IDENTITY_POOL_ID": made.pool,
        "LOGIN": made.login,
        "ID_TOKEN": made.token(name),
        "STRANGERS_TOKEN": made.live.sign_in(another, made.live.user(another))["IdToken"],
        "ROLE_ARN": USERS,
    }

    ended = journey(made.live, made.client, name, program, **told)

    # The identity of the one who signed in is that of the guest who was there before.
    assert ended["user"] == ended["guest"]
    assert (
        ended["user"]
        == made.public.get_id(IdentityPoolId=made.pool, Logins={made.login: made.token(name)})["IdentityId"]
    )
    assert [made.login] == made.aws.describe_identity(IdentityId=ended["user"])["Logins"]
