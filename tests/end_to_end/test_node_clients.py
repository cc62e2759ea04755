"""The vendor's clients for JavaScript against a real server. Each journey is a program in ``node/`` that checks what it
sees; the tokens it was given are checked here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from poolhouse.testing.made import MadeClient
from tests.end_to_end.conftest import Servers
from tests.support.live import OTHER_PASSWORD, PASSWORD, Live, Stranger, unique
from tests.support.server_process import REGION, ROOT

NODE = Path(__file__).parent / "node"

pytestmark = pytest.mark.requires_node


def journey(live: Live, client: MadeClient, name: str, program: str, **more: str) -> dict[str, str]:
    """What the program printed in the end; it knows ``more`` as well. Fails with what it complained of. Skips without
    node or its packages."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: install Node.js 20 or newer, then run npm ci in tests/end_to_end/node")
    if not (NODE / "node_modules").is_dir():
        pytest.skip("no packages for node: run npm ci in tests/end_to_end/node")
    known = {
        "ENDPOINT": live.base_url,
        "OUTBOX": str(live.outbox),
        "REGION": REGION,
        "ACCESS_KEY_ID": ROOT[0],
        "SECRET_ACCESS_KEY": ROOT[1],
        "POOL_ID": client.pool_id,
        "CLIENT_ID": client.id,
        "NAME": name,
        "PASSWORD": PASSWORD,
        "OTHER_PASSWORD": OTHER_PASSWORD,
        **more,
    }
    done = subprocess.run(
        [node, "--unhandled-rejections=strict", str(NODE / program)],
        env={"PATH": os.environ["PATH"], **known},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return printed


@pytest.mark.parametrize("program", ["identity.mjs", "amplify.mjs", "sdk.mjs"])
def test_a_journey_in_javascript_works_and_its_tokens_are_good(servers: Servers, program: str) -> None:
    live = servers.get("sqlite")
    client = live.client(live.pool())
    name = unique()

    tokens = journey(live, client, name, program)

    stranger = Stranger(f"{live.base_url}/{client.pool_id}")
    assert name == stranger.verified(tokens["access"])["username"]
    assert f"{name}@example.com" == stranger.verified(tokens["id"], audience=client.id)["email"]


def test_the_standards_own_libraries_find_everything_and_agree_with_it(servers: Servers) -> None:
    live = servers.get("sqlite")
    pool = live.pool()
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "burn")]
    live.aws.create_resource_server(UserPoolId=pool.id, Identifier="notes", Name="notes", Scopes=scopes)
    oauth = {"AllowedOAuthFlowsUserPoolClient": True, "GenerateSecret": True}
    machine = live.client(pool, AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["notes/read"], **oauth)
    web = live.client(
        pool,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=["https://app.example.com/callback"],
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        **oauth,
    )
    name = live.user(live.client(pool))

    printed = journey(
        live,
        web,
        name,
        "oauth.mjs",
        MACHINE_ID=machine.id,
        MACHINE_SECRET=machine.secret or "",
        CLIENT_SECRET=web.secret or "",
        REFRESH_TOKEN=live.sign_in(web, name)["RefreshToken"],
    )

    stranger = Stranger(f"{live.base_url}/{pool.id}")
    assert machine.id == stranger.verified(printed["machine"])["sub"]
