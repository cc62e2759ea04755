"""Fixtures over a MongoDB server. A conftest has them by importing them:
``from tests.support.mongodb_fixtures import mongodb_database, mongodb_uri``."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support import mongodb

_STARTED = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def mongodb_uri(request: pytest.FixtureRequest) -> str:
    """The address of a MongoDB server: the one that ``POOLHOUSE_TEST_MONGODB`` names, or one for this run of the tests.

    Skips where none can be had without installing something; where skips are forbidden it is installed.
    """
    if named := os.environ.get("POOLHOUSE_TEST_MONGODB"):
        return named
    stash = request.config.stash
    if _STARTED not in stash:
        forbids_skips = os.environ.get("POOLHOUSE_TEST_FORBID_SKIPS") == "1"
        if not mongodb.is_at_hand() and not forbids_skips:
            pytest.skip(
                "no MongoDB server: set POOLHOUSE_TEST_MONGODB, or run python tests/support/mongodb.py --prepare"
            )
        # A process of its own stops the server even where this one is killed: its standard input ends then.
        command = [sys.executable, str(Path(mongodb.__file__))]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        request.config.add_cleanup(lambda: _end(server))
        assert server.stdout is not None
        stash[_STARTED] = server.stdout.readline().strip()
    assert stash[_STARTED], "the MongoDB server did not start"
    return stash[_STARTED]


@pytest.fixture
def mongodb_database(mongodb_uri: str) -> str:
    """The address of a database of the test's own."""
    parts = urlsplit(mongodb_uri)
    return urlunsplit(parts._replace(path=f"/test_{uuid.uuid4().hex}"))


def _end(server: subprocess.Popen[str]) -> None:
    server.communicate()
