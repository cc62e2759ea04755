"""Real servers for these tests: one process for each kind of store, or two, kept until the last test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.end_to_end.functions import riddle
from tests.support import server_process
from tests.support.live import Live
from tests.support.mongodb_fixtures import mongodb_uri
from tests.support.server_process import ServerProcess

__all__ = ["mongodb_uri"]

FUNCTIONS = {
    "POOLHOUSE_TRIGGERS": json.dumps(riddle.HERE),
    # They are imported where the server runs.
    "PYTHONPATH": str(Path(__file__).parents[2]),
}
STORES = ["sqlite", pytest.param("mongodb", marks=pytest.mark.requires_mongodb)]


@dataclass
class Servers:
    """Starts what is asked for, once: random order would otherwise start a server for nearly every test."""

    folder: Path
    mongodb: Callable[[], str]
    end: ExitStack
    stores: dict[str, str] = field(default_factory=dict)
    started: dict[tuple[str, int], ServerProcess] = field(default_factory=dict)
    read: dict[tuple[str, int], int] = field(default_factory=dict)

    def get(self, kind: str, number: int = 0) -> Live:
        """The server of this number over the store of this kind. All numbers share the store, the outbox, and the
        address that tokens name."""
        if (kind, number) not in self.started:
            if number:
                self.get(kind)
            server = server_process.start(
                self.store(kind),
                self.folder,
                f"{kind}-{number}",
                first=self.started.get((kind, 0)),
                extra=FUNCTIONS,
            )
            self.end.callback(server.end)
            self.started[kind, number] = server
        server = self.started[kind, number]
        return Live(server.base_url, server.outbox, kind)

    def complaints(self) -> list[str]:
        """What the servers logged as errors since this was asked last."""
        found: list[str] = []
        for key, server in self.started.items():
            lines = server.written().splitlines()
            found += [line for line in lines[self.read.get(key, 0) :] if _is_error(line)]
            self.read[key] = len(lines)
        return found

    def store(self, kind: str) -> str:
        """Its address."""
        if kind not in self.stores:
            self.stores[kind] = f"sqlite:{self.folder / 'end-to-end.db'}" if kind == "sqlite" else self._database()
        return self.stores[kind]

    def _database(self) -> str:
        parts = urlsplit(self.mongodb())
        return urlunsplit(parts._replace(path=f"/end_to_end_{uuid.uuid4().hex}"))


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    def mongodb() -> str:
        uri: str = request.getfixturevalue("mongodb_uri")
        return uri

    with ExitStack() as end:
        yield Servers(tmp_path_factory.mktemp("servers"), mongodb, end)


def _is_error(line: str) -> bool:
    # That nothing sends messages is how these servers are set up: the tests read them from a file.
    return '"level": "error"' in line and "Nothing here sends messages" not in line


@pytest.fixture(autouse=True)
def nothing_went_wrong_in_the_servers(servers: Servers) -> Iterator[None]:
    yield
    assert [] == servers.complaints()


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def live(servers: Servers, kind: str) -> Live:
    """A server, over each kind of store."""
    return servers.get(kind)


@pytest.fixture
def other(servers: Servers, kind: str) -> Live:
    """A second process over the same store as ``live``."""
    return servers.get(kind, 1)
