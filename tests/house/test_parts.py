"""The table of parts is what there is, and a part that is off costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from poolhouse.config.settings import Development, Settings
from poolhouse.server import parts
from poolhouse.server.part import Built, Part

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "poolhouse" / "server" / "parts"

SERVED = """
import asyncio, sys
from poolhouse.config.settings import Secret, Settings, Store
from poolhouse.server.app import build

async def serve():
    server = await build(Settings(store=Store(url=Secret("memory:"))), [bytes(range(32))])
    await server.workers.close()

asyncio.run(serve())
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that a server with the settings of production has imported."""
    run = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, timeout=60, check=True)
    return set(run.stdout.split())


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
