"""What the tests of ``deploy/`` need, or are skipped without."""

from __future__ import annotations

from tests.support.packages import packages

__all__ = ["packages"]
