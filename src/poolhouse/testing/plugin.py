"""The pytest plugin. It is loaded in every run on a machine where Poolhouse is installed, so it loads nothing itself.

The fixtures for authors to override stand here; ``poolhouse`` needs pytest-asyncio, and stands in ``fixtures``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from poolhouse.hooks.context import Http
    from poolhouse.testing.clock import FakeClock
    from poolhouse.testing.harness import PluginUnderTest

# Their tests are an author's tests: a failure shows the values. (Not every installation says so by itself.)
pytest.register_assert_rewrite(
    "poolhouse.testing.challenge_suite",
    "poolhouse.testing.factor_suite",
    "poolhouse.testing.password_format_suite",
    "poolhouse.testing.sender_suite",
    "poolhouse.testing.store_suite",
)


def pytest_configure(config: pytest.Config) -> None:
    # pytest-asyncio is a pytest plugin itself: where it is used, it has been imported by now.
    if "pytest_asyncio" in sys.modules:
        from poolhouse.testing import fixtures

        config.pluginmanager.register(fixtures, "poolhouse-fixtures")
    else:
        config.pluginmanager.register(_WithoutAsyncio(), "poolhouse-fixtures")


@pytest.fixture
def poolhouse_plugins() -> Sequence[PluginUnderTest]:
    """The plugins that the server uses: names of installed ones, or pairs of a name and a plugin. Override it."""
    return ()


@pytest.fixture
def poolhouse_settings() -> Mapping[str, Mapping[str, Any]]:
    """Settings in the shape of the settings file, over the harness's own. Override it."""
    return {}


@pytest.fixture
def poolhouse_http() -> Http | None:
    """The way out of the plugins: a ``FakeHttp`` with the answers of the test. None is the real one. Override it."""
    return None


@pytest.fixture
def poolhouse_clock() -> FakeClock | None:
    """The time of the server and its plugins. None is one that starts now. Override it."""
    return None


class _WithoutAsyncio:
    @pytest.fixture
    def poolhouse(self) -> None:
        """Says what is missing."""
        pytest.fail("The fixture poolhouse needs pytest-asyncio: pip install 'poolhouse[testing]'", pytrace=False)
