"""Foreign password hashes."""

from __future__ import annotations

from typing import Protocol


class PasswordFormat(Protocol):
    """A foreign password hash that can be checked, for users who came from elsewhere. ``verify`` is plain arithmetic:
    it is called in a worker thread. It raises ``ValueError`` for a hash that it cannot read."""

    name: str

    def recognises(self, encoded: str) -> bool: ...

    def verify(self, encoded: str, password: str) -> bool: ...
