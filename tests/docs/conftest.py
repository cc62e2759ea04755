"""What the tests of the docs need, or are skipped without."""

from __future__ import annotations

from tests.support.packages import packages

__all__ = ["packages"]
