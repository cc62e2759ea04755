"""Foreign password hashes."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Fit(Enum):
    """Whether a password fits a hash.

    ``IN_PART``: it does as far as the format looks, which is not to its end. The rest is not proven then, and the hash
    is kept: one of this password would refuse the right one from now on."""

    NO = "no"
    IN_PART = "in part"
    WHOLE = "whole"

    def __bool__(self) -> bool:
        return self is not Fit.NO


class PasswordFormat(Protocol):
    """A foreign password hash that can be checked, for users who came from elsewhere. ``verify`` is plain arithmetic:
    it is called in a worker thread. It raises ``ValueError`` for a hash that it cannot read.

    A format that cuts, folds or trims passwords answers with a ``Fit``; for one that sees all of them, True says
    ``Fit.WHOLE`` and False ``Fit.NO``."""

    name: str

    def recognises(self, encoded: str) -> bool: ...

    def verify(self, encoded: str, password: str) -> bool | Fit: ...
