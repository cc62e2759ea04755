"""The address of a store says which adapter it is, and only that one is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.store.memory import MemoryStore
from poolhouse.store.mongo_async import PyMongoStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.open import open_store
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory:", MemoryStore),
        ("sqlite:store.db", SqliteStore),
        ("sqlite:/var/lib/poolhouse/store.db", SqliteStore),
        ("mongodb://localhost/poolhouse", MotorStore),
        ("mongodb+srv://user:secret@cluster.example/poolhouse", MotorStore),
    ],
)
def test_each_scheme_has_its_adapter(url: str, kind: type) -> None:
    assert type(open_store(url, (), FakeClock())) is kind


@pytest.mark.parametrize(
    "url",
    ["", "memory", "memory:x", "sqlite", "sqlite:", "sqlite::memory:", "mongodb:x", "postgres://u:s3cret@h", "MEMORY:"],
)
def test_any_other_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidParameter, match="sqlite:PATH") as refused:
        open_store(url, (), FakeClock())

    assert "s3cret" not in str(refused.value)


def test_the_driver_for_mongodb_is_chosen() -> None:
    assert type(open_store("mongodb://h/x", (), FakeClock(), driver="pymongo")) is PyMongoStore


@pytest.mark.parametrize(
    ("url", "driver", "loaded"),
    [
        ("memory:", "motor", []),
        ("sqlite:x", "motor", ["sqlite3"]),
        ("mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=1", "motor", ["motor", "pymongo"]),
        ("mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=1", "pymongo", ["pymongo"]),
    ],
)
def test_only_the_driver_that_is_needed_is_loaded(tmp_path: Path, url: str, driver: str, loaded: list[str]) -> None:
    program = """
import asyncio, contextlib, sys
from poolhouse.store.open import open_store
with contextlib.suppress(Exception):
    asyncio.run(open_store(sys.argv[1], (), None, driver=sys.argv[2]).start())
print(*sorted({'motor', 'pymongo', 'sqlite3'} & set(sys.modules)))
"""

    run = subprocess.run(
        [sys.executable, "-c", program, url, driver], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert loaded == run.stdout.split()
