"""The table of parts is what there is, and a part that is off costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from poolhouse.config.settings import OFFERED, Development, Settings
from poolhouse.server import parts
from poolhouse.server.part import Built, Part

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "poolhouse" / "server" / "parts"

SERVED = """
import asyncio, sys
from poolhouse.config.settings import Secret, Server, Settings, Store
from poolhouse.server.app import build

async def serve():
    settings = Settings(store=Store(url=Secret("memory:")), server=Server(parts=tuple(sys.argv[1:])))
    server = await build(settings, [bytes(range(32))])
    await server.workers.close()

asyncio.run(serve())
print(*sys.modules)
"""


OF_USER_POOLS = (
    "poolhouse.flows.accounts",
    "poolhouse.flows.clients",
    "poolhouse.flows.directory",
    "poolhouse.flows.factors",
    "poolhouse.flows.grants",
    "poolhouse.flows.oauth",
    "poolhouse.flows.pools",
    "poolhouse.flows.services.oauth",
    "poolhouse.flows.services.user_pools",
    "poolhouse.flows.sign_in",
    "poolhouse.flows.transfer",
    "poolhouse.ports.user_pools",
    "poolhouse.server.cognito.user_pools",
    "poolhouse.server.domains",
    "poolhouse.server.oidc.authorize",
    "poolhouse.server.oidc.requests",
    "poolhouse.server.pages",
    "poolhouse.server.parts.oauth",
    "poolhouse.server.parts.user_pools",
)
OF_IDENTITY_POOLS = (
    "poolhouse.flows.identities",
    "poolhouse.flows.services.identities",
    "poolhouse.server.cognito.identity_pools",
    "poolhouse.server.parts.identities",
)


def modules_of(*offered: str) -> set[str]:
    """The modules that a server has imported that offers this."""
    command = [sys.executable, "-c", SERVED, *offered]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(run.stdout.split())


def among(modules: set[str], packages: tuple[str, ...]) -> set[str]:
    """The packages of which something was imported."""
    return {package for package in packages if any(f"{module}.".startswith(f"{package}.") for module in modules)}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that a server with the settings of production has imported."""
    return modules_of(*OFFERED)


def test_a_server_of_everything_imports_everything(imported: set[str]) -> None:
    every = (*OF_USER_POOLS, *OF_IDENTITY_POOLS)

    assert set(every) == among(imported, every)


def test_a_server_of_identity_pools_imports_nothing_of_user_pools() -> None:
    alone = modules_of("identities")

    assert set() == among(alone, OF_USER_POOLS)
    assert set(OF_IDENTITY_POOLS) == among(alone, OF_IDENTITY_POOLS)


def test_a_server_of_user_pools_imports_nothing_of_identity_pools() -> None:
    alone = modules_of("user_pools")

    assert set() == among(alone, OF_IDENTITY_POOLS)
    assert "poolhouse.server.cognito.user_pools.api" in alone


def test_the_table_names_every_part_and_nothing_else() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(parts.PARTS)


@pytest.mark.parametrize("name", parts.PARTS)
def test_every_part_is_built_on_the_ground_with_what_was_built_before(name: str) -> None:
    build = import_module(f"poolhouse.server.parts.{name}").build

    signature = inspect.signature(build)

    assert inspect.iscoroutinefunction(build)
    assert ["Ground", "Built"] == [parameter.annotation for parameter in signature.parameters.values()]
    assert "Part" == signature.return_annotation


def test_a_part_that_is_off_is_never_imported(imported: set[str]) -> None:
    on = {name for name in parts.PARTS if f"poolhouse.server.parts.{name}" in imported}

    assert {name for name, is_on in parts.PARTS.items() if is_on(Settings())} == on
    assert "outbox_page" not in on
    assert "poolhouse.server.operation.outbox_page" not in imported


def test_the_outbox_page_is_a_part_of_development_only() -> None:
    is_on = parts.PARTS["outbox_page"]
    development = Development(enabled=True)

    assert is_on(Settings(dev=development))
    assert not is_on(Settings())
    assert not is_on(Settings(dev=replace(development, outbox_page=False)))


def test_a_part_finds_what_an_earlier_one_gives_by_its_type() -> None:
    built = Built()
    built.add(Part(gives=("text", 5)))

    assert 5 == built.one(int)
    with pytest.raises(LookupError, match="float"):
        built.one(float)
