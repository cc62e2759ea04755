"""A pool chooses its algorithm on the command line while a server runs, and strangers verify what it signs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest

from poolhouse.testing.made import MadeClient
from tests.end_to_end.test_node_clients import journey
from tests.support import server_process
from tests.support.command import run
from tests.support.live import Live, Stranger, eventually

ALGORITHMS = ["ES256", "EdDSA"]


@dataclass(frozen=True)
class Choosing:
    """A server that sees a rotation within a second, and how to rotate so that the new keys sign at once."""

    live: Live
    folder: Path
    store: str

    def rotate(self, *words: str) -> str:
        settings = {
            "POOLHOUSE_STORE": self.store,
            "POOLHOUSE_MASTER_KEY": server_process.MASTER_KEY,
            "POOLHOUSE_BASE_URL": self.live.base_url,
            "POOLHOUSE_TOKENS_ROTATION_LEAD": "0",
        }
        done = run("keys", *words, folder=self.folder, env=settings)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def signed_in(self, client: MadeClient, name: str, algorithm: str) -> dict[str, str]:
        """The tokens of a sign-in, once the server signs so."""
        found: list[dict[str, str]] = []

        def holds() -> bool:
            found.append(self.live.sign_in(client, name))
            return algorithm == jwt.get_unverified_header(found[-1]["IdToken"])["alg"]

        eventually(f"the server signs with {algorithm}", holds, within=10.0)
        return found[-1]


@pytest.fixture(scope="module")
def choosing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Choosing]:
    folder = tmp_path_factory.mktemp("algorithms")
    store = f"sqlite:{folder / 'algorithms.db'}"
    server = server_process.start(store, folder, "algorithms", extra={"POOLHOUSE_TOKENS_KEYS_FRESH": "1"})
    try:
        yield Choosing(Live(server.base_url, server.outbox, "sqlite"), folder, store)
    finally:
        server.end()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_rotation_changes_the_algorithm_and_signs_nobody_out(choosing: Choosing, algorithm: str) -> None:
    live = choosing.live
    client = live.client(live.pool())
    name = live.user(client)
    stranger = Stranger(f"{live.base_url}/{client.pool_id}")
    old = choosing.signed_in(client, name, "RS256")
    document = f"{stranger.issuer}/.well-known/openid-configuration"
    assert ["RS256"] == stranger.fetch(document)["id_token_signing_alg_values_supported"]

    choosing.rotate("rotate", client.pool_id, "--algorithm", algorithm)
    new = choosing.signed_in(client, name, algorithm)

    assert sorted([algorithm, "RS256"]) == stranger.fetch(document)["id_token_signing_alg_values_supported"]
    for tokens in (old, new):
        assert name == stranger.verified(tokens["AccessToken"])["username"]
        assert client.id == stranger.verified(tokens["IdToken"], audience=client.id)["aud"]
        assert name == live.aws.get_user(AccessToken=tokens["AccessToken"])["Username"]
    refreshed = live.refresh(client, old["RefreshToken"])
    assert algorithm == jwt.get_unverified_header(refreshed["AccessToken"])["alg"]
    listed = [line.split() for line in choosing.rotate("list", client.pool_id).splitlines()]
    assert [
        ["access.1", "published", "RS256"],
        ["access.2", "signs", algorithm],
        ["id.1", "published", "RS256"],
        ["id.2", "signs", algorithm],
    ] == [[line[0], line[2], line[3]] for line in listed]


@pytest.mark.requires_node
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_javascript_verifies_both_kinds_of_tokens_during_the_overlap(choosing: Choosing, algorithm: str) -> None:
    live = choosing.live
    client = live.client(live.pool())
    name = live.user(client)
    old = choosing.signed_in(client, name, "RS256")
    choosing.rotate("rotate", client.pool_id, "--algorithm", algorithm)
    new = choosing.signed_in(client, name, algorithm)
    tokens = [each[kind] for each in (old, new) for kind in ("IdToken", "AccessToken")]

    verified = journey(live, client, name, "verify.mjs", TOKENS=json.dumps(tokens))

    assert f"RS256 RS256 {algorithm} {algorithm}" == verified["algorithms"]


def test_an_algorithm_that_is_not_offered_is_a_mistake_of_the_command_line(choosing: Choosing, tmp_path: Path) -> None:
    for algorithm in ("HS256", "none", "RS384"):
        done = run("keys", "rotate", "--all", "--algorithm", algorithm, folder=tmp_path)

        assert 2 == done.returncode
        assert "RS256" in done.stderr
        assert "EdDSA" in done.stderr
