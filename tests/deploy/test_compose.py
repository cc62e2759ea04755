"""``deploy/compose``: services that fit each other, secrets that are made once, and a Poolhouse that may do little."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from poolhouse.config.settings import Settings
from tests.support.command import PATIENCE
from tests.support.containerfile import words
from tests.support.deployed import IMAGE, settings, stops_within
from tests.support.fronts import DEPLOY

COMPOSE = DEPLOY / "compose"


@pytest.fixture
def composed(tmp_path: Path) -> Path:
    """The folder as it is after its script has run."""
    folder = tmp_path / "compose"
    shutil.copytree(COMPOSE, folder, ignore=shutil.ignore_patterns("secrets"))
    subprocess.run([folder / "secrets.sh"], check=True, timeout=PATIENCE)
    return folder


def compose() -> Any:
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))


def test_the_composed_poolhouse_has_settings_that_it_can_use(composed: Path) -> None:
    places = {
        f"/run/secrets/{name}": composed / "secrets" / name for name in ("root-secret", "store-url", "master-key")
    }

    given = settings((composed / "poolhouse.toml").read_text(encoding="utf-8"), places, composed)

    password = (composed / "secrets" / "mongodb-poolhouse").read_text(encoding="utf-8")
    assert f"mongodb://poolhouse:{password}@mongodb/poolhouse" == given.store.url.reveal()
    assert set(places) == {f"/run/secrets/{name}" for name in compose()["services"]["poolhouse"]["secrets"]}


def test_secrets_that_are_there_stay_as_they_are_and_are_shut_away(composed: Path) -> None:
    before = {file.name: file.read_text(encoding="utf-8") for file in (composed / "secrets").iterdir()}

    subprocess.run([composed / "secrets.sh"], check=True, timeout=PATIENCE)

    assert before == {file.name: file.read_text(encoding="utf-8") for file in (composed / "secrets").iterdir()}
    assert len(before) == len(set(before.values())) == 5
    assert 0o700 == (composed / "secrets").stat().st_mode & 0o777


def test_the_composed_poolhouse_may_do_little_and_has_time_to_stop() -> None:
    service = compose()["services"]["poolhouse"]

    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert float(service["stop_grace_period"].removesuffix("s")) >= stops_within(Settings())
    assert all(
        port.startswith("127.0.0.1:") for each in compose()["services"].values() for port in each.get("ports", ())
    )


def test_everything_that_a_composed_service_names_is_there(composed: Path) -> None:
    given = compose()
    for service in given["services"].values():
        for kind in ("secrets", "configs"):
            named = {item if isinstance(item, str) else item["source"] for item in service.get(kind, ())}
            assert named <= set(given[kind])
    for item in given["configs"].values():
        assert (COMPOSE / item["file"]).is_file()
    for item in given["secrets"].values():
        assert (composed / item["file"]).is_file()


def test_compose_takes_the_file(composed: Path) -> None:
    engine = next((each for each in ("docker", "podman") if _has_compose(each)), None)
    if engine is None:
        pytest.skip("neither docker compose nor podman compose is installed")
    shutil.copy(DEPLOY / "mongodb.js", composed.parent)

    done = subprocess.run(
        [engine, "compose", "config", "--quiet"],
        cwd=composed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)


def _has_compose(engine: str) -> bool:
    if shutil.which(engine) is None:
        return False
    return (
        subprocess.run([engine, "compose", "version"], capture_output=True, timeout=PATIENCE, check=False).returncode
        == 0
    )


def test_the_image_starts_what_compose_starts() -> None:
    assert ["poolhouse"] == words(IMAGE.last("ENTRYPOINT"))
    assert ["serve"] == words(IMAGE.last("CMD"))
    assert {"poolhouse"} == {compose()["services"]["poolhouse"]["image"]}
