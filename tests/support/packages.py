"""Whether packages may be installed from an index: it takes minutes."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def packages() -> None:
    """Packages may be installed, from the index of this machine."""
    if os.environ.get("POOLHOUSE_TEST_PACKAGES") != "1":
        pytest.skip("it installs everything anew, from a package index: say POOLHOUSE_TEST_PACKAGES=1")
