from __future__ import annotations

import pytest

from tests.support.json_api import KeysInMemory, ManualClock


@pytest.fixture(name="clock")
def _clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(name="keys")
def _keys() -> KeysInMemory:
    return KeysInMemory()
