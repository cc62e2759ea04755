"""What earlier proofs of a sign-in depend on."""

from __future__ import annotations

from poolhouse.flows.sign_in.handles import digest
from poolhouse.records.users import User


def basis_of(user: User) -> str:
    """Changes when the user's password does, and with every disabling or sign-out everywhere: what was proven before
    counts no more after."""
    return f"{user.epoch}/{digest(user.credential.hash.encode()) if user.credential else '-'}"
