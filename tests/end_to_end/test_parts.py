"""A server offers what it was started for: identity pools without user pools, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.command import MASTER_KEY, ROOT, run
from tests.support.served import Served, serving

KEY = {"POOLHOUSE_MASTER_KEY": MASTER_KEY, "POOLHOUSE_STORE": "sqlite:served.db", **ROOT}


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    code: str = caught.value.response["Error"]["Code"]
    return code


def has_identity_pools(server: Served) -> bool:
    identity = server.sdk("cognito-identity")
    made = identity.create_identity_pool(IdentityPoolName="pool", AllowUnauthenticatedIdentities=False)
    identity.describe_identity_pool(IdentityPoolId=made["IdentityPoolId"])
    identity.delete_identity_pool(IdentityPoolId=made["IdentityPoolId"])
    return True


def test_a_server_of_identity_pools_knows_nothing_else(tmp_path: Path) -> None:
    with serving(tmp_path, "--parts", "identities") as server:
        assert has_identity_pools(server)
        assert "UnknownOperationException" == refused(server.sdk().list_user_pools, MaxResults=1)
        statuses = [server.status(path) for path in ("/healthz", "/readyz", "/eu-west-1_aaaaaaaaa/oauth2/authorize")]
        assert [200, 200, 404] == statuses


def test_a_server_of_user_pools_knows_nothing_else(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_SERVER_PARTS="user_pools") as server:
        assert [] == server.sdk().list_user_pools(MaxResults=1)["UserPools"]
        assert "UnknownOperationException" == refused(server.sdk("cognito-identity").list_identity_pools, MaxResults=1)


def test_two_servers_of_a_part_each_share_a_store(tmp_path: Path) -> None:
    both = "user_pools,identities"
    with serving(tmp_path, "--parts", "identities") as one, serving(tmp_path, "--parts", both) as other:
        made = one.sdk("cognito-identity").create_identity_pool(
            IdentityPoolName="pool", AllowUnauthenticatedIdentities=True
        )
        other.sdk().create_user_pool(PoolName="people")

        assert has_identity_pools(other)
        listed = other.sdk("cognito-identity").list_identity_pools(MaxResults=1)["IdentityPools"]
        assert [made["IdentityPoolId"]] == [pool["IdentityPoolId"] for pool in listed]


@pytest.mark.parametrize("parts", ["pools", "identities,identities", ","])
def test_a_part_that_is_none_keeps_the_server_from_starting(tmp_path: Path, parts: str) -> None:
    ended = run("serve", "--parts", parts, folder=tmp_path, env=KEY)

    assert 2 == ended.returncode
    assert "server.parts (from the command line): expected some of user_pools, identities" in ended.stderr


def test_a_command_that_needs_what_is_left_out_says_so(tmp_path: Path) -> None:
    env = {**KEY, "POOLHOUSE_SERVER_PARTS": "identities"}
    with serving(tmp_path, "--parts", "identities"):
        pass

    ended = run("users", "list", "eu-west-1_aaaaaaaaa", folder=tmp_path, env=env)

    assert 2 == ended.returncode
    assert "This needs user_pools, and the setting server.parts leaves it out." in ended.stderr
