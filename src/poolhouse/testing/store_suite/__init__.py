"""What every store must do, as tests. A store's author subclasses ``StoreSuite`` and gives it the store::

    class TestMyStore(StoreSuite):
        @pytest_asyncio.fixture
        async def store(self, clock):
            store = MyStore(COLLECTIONS, clock)
            await store.start()
            yield store
            await store.close()

The store is empty at the beginning of each test. Hypothesis has to be installed.
"""

from __future__ import annotations

from poolhouse.testing.store_suite.base import COLLECTIONS as COLLECTIONS
from poolhouse.testing.store_suite.base import HOSTILE as HOSTILE
from poolhouse.testing.store_suite.finding import Finding
from poolhouse.testing.store_suite.racing import Racing
from poolhouse.testing.store_suite.text import Text
from poolhouse.testing.store_suite.verbs import Verbs


class StoreSuite(Verbs, Finding, Racing, Text):
    """Subclasses have an async fixture ``store``: started, empty, with ``COLLECTIONS``, going by ``clock``."""
