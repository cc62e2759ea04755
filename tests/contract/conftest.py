"""What the contract tests share."""

from __future__ import annotations

import pytest

from tests.support.mongodb_fixtures import mongodb_database, mongodb_uri

__all__ = ["mongodb_database", "mongodb_uri"]

pytest.register_assert_rewrite("poolhouse.testing.store_suite")
