"""Which second factor is asked for, in what order, and when: one function of plain values (contract: authentication,
section 9). It knows no factor by itself, asks nothing, and keeps nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct

DEVICE: Final = "device"
"""What a remembered device proves."""
PASSKEY: Final = "passkey"
"""What a passkey proves."""
VERIFIED_PASSKEY: Final = "verified-passkey"
"""What a passkey proves whose authenticator knew its user: something that one has, and is or knows."""
SIGN_UP_CODE: Final = "sign_up_code"
"""What the code of a sign-up proves, in the sign-in that follows: less than any factor of the user."""
NO_FACTORS: Final = frozenset({"password", "custom", DEVICE, PASSKEY, VERIFIED_PASSKEY, SIGN_UP_CODE})
"""Proofs that have a meaning here: a factor that called its own by one of these names would be counted as what it is
not."""


class Standing(Struct, frozen=True, kw_only=True):
    """``mode`` is the pool's; ``settable`` are the factors that its users may set up. Of the user: ``enabled`` are the
    factors that are to be asked for, ``preferred`` the one of them that needs no choice, ``held`` those that can be
    asked for at all: set up, or with a contact to send to. All in the order in which they are shown. ``device``: the
    client says that it is on a remembered device, and the pool takes that for a second factor. ``passkey``: pool and
    user take a passkey whose authenticator knew its user for both factors."""

    mode: str
    settable: Sequence[str] = ()
    enabled: Sequence[str] = ()
    preferred: str | None = None
    held: Sequence[str] = ()
    device: bool = False
    passkey: bool = False

    @property
    def active(self) -> tuple[str, ...]:
        """The factors of which one is asked for. Where everybody needs one and the user has said nothing, all that they
        hold."""
        if self.mode == "OFF":
            return ()
        said = tuple(factor for factor in self.held if factor in self.enabled)
        return said if said or self.mode == "OPTIONAL" else tuple(self.held)


class Ask(Struct, frozen=True):
    """This factor is asked for."""

    factor: str


class Choose(Struct, frozen=True):
    """The user says which of these."""

    factors: tuple[str, ...]


class SetUp(Struct, frozen=True):
    """The user has none, and needs one: one of these can be set up."""

    factors: tuple[str, ...]


class AskDevice(Struct, frozen=True):
    """The device proves that it is the remembered one."""


Due = Ask | AskDevice | Choose | SetUp | None


def due(standing: Standing, proofs: Collection[str], possessions: Collection[str]) -> Due:
    """What is asked for after these proofs; None where they are enough. ``possessions`` are the proofs of factors.

    A mode that only a later version knows is taken for the strictest (decision 0008).
    """
    good = (*possessions, DEVICE) if standing.device else possessions
    if standing.mode == "OFF" or is_enough(proofs, good) or (standing.passkey and VERIFIED_PASSKEY in proofs):
        return None
    active = standing.active
    if not active:
        return None if standing.mode == "OPTIONAL" else SetUp(tuple(standing.settable))
    if standing.device and DEVICE not in proofs:
        return AskDevice()
    if len(active) == 1:
        return Ask(active[0])
    return Ask(standing.preferred) if standing.preferred in active else Choose(active)


def is_enough(proofs: Collection[str], possessions: Collection[str]) -> bool:
    """Whether a possession was proven, and something else. Where plugins decide alone who may in, and no password was
    asked for, it is theirs to say (contract: authentication, 7.3)."""
    had = set(proofs) & set(possessions)
    if not had:
        return "custom" in proofs and "password" not in proofs
    return len(had) > 1 or "password" in proofs or "custom" in proofs
