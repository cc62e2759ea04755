"""Providers and the issuer's keys by the command line, in processes of their own, beside a running server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from poolhouse.testing.clock import FakeClock
from poolhouse.testing.saml_provider import FakeSamlProvider
from tests.support.command import MASTER_KEY, free_port, run, started

ARN = "arn:aws:iam::000000000000"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Mapping[str, str], str]]:
    """A server that offers identity pools alone: its folder, its environment, its address."""
    folder, port = tmp_path_factory.mktemp("providers"), free_port()
    env = {
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_STORE": "sqlite:store.db",
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_SERVER_PARTS": "identities",
    }
    with started("serve", folder=folder, env=env) as process:
        process.wait_for(r"127\.0\.0\.1")
        yield folder, env, f"http://127.0.0.1:{port}"


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def test_saml_providers_come_change_and_go(served: tuple[Path, Mapping[str, str], str]) -> None:
    folder, env, _ = served
    idp = FakeSamlProvider("https://idp.example.org/entity", FakeClock())
    other = FakeSamlProvider("https://other.example.org/entity", FakeClock())
    (folder / "corp.xml").write_text(idp.metadata, encoding="utf-8")
    (folder / "other.xml").write_text(other.metadata, encoding="utf-8")

    def saml(*words: str) -> tuple[int, str]:
        done = run("providers", "saml", *words, folder=folder, env=env)
        return done.returncode, (done.stdout + done.stderr).strip()

    assert (0, "There are no SAML providers.") == saml("list")
    assert (0, f"{ARN}:saml-provider/corp") == saml("add", "corp", "--metadata", "corp.xml")
    assert (0, f"{ARN}:saml-provider/corp") == saml("list")
    assert (1, "There is a provider of this name already.") == saml("add", "corp", "--metadata", "corp.xml")
    status, said = saml("set", "corp", "--metadata", "other.xml")
    assert (1, True) == (status, "another provider" in said)
    assert (0, "corp is changed.") == saml("set", "corp", "--metadata", "corp.xml")
    status, shown = saml("show", "corp")
    assert (0, [f"{ARN}:saml-provider/corp", idp.entity]) == (status, shown.splitlines()[:2])
    status, said = saml("add", "x", "--metadata", "nowhere.xml")
    assert (1, True) == (status, "cannot be read" in said)
    assert (0, "corp is removed.") == saml("remove", "corp")
    assert (1, "There is no provider of this name.") == saml("remove", "corp")


def test_the_key_of_the_issuer_is_replaced(served: tuple[Path, Mapping[str, str], str]) -> None:
    folder, env, url = served
    configuration = get(f"{url}/.well-known/openid-configuration")
    before = get(configuration["jwks_uri"])["keys"]

    rotated = run("keys", "rotate-issuer", folder=folder, env=env)
    listed = run("keys", "list-issuer", folder=folder, env=env)

    assert 0 == rotated.returncode, rotated.stderr
    assert "stays published for 86400 s" in rotated.stdout
    lines = listed.stdout.splitlines()
    assert ["openid:RS512.1", "openid:RS512.2"] == [line.split()[0] for line in lines]
    assert before[0]["kid"] in lines[0]
    assert url == configuration["issuer"]


def test_a_server_without_identity_pools_says_so(tmp_path: Path) -> None:
    env = {
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_STORE": "sqlite:store.db",
        "POOLHOUSE_SERVER_PARTS": "user_pools",
    }
    with started("serve", folder=tmp_path, env={**env, "POOLHOUSE_LISTEN": f"127.0.0.1:{free_port()}"}) as process:
        process.wait_for(r"127\.0\.0\.1")

    done = run("providers", "oidc", "list", folder=tmp_path, env=env)

    assert done.returncode != 0
    assert "This needs identities, and the setting server.parts leaves it out." in done.stderr
