"""How sure a sign-in makes: from what was proven to the words that clients read. ``acr`` is a level of ours, ``amr``
the methods by their registered words (RFC 8176)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

ONE: Final = "1fa"
"""One proof, or several of the same kind."""
TWO: Final = "mfa"
"""A possession, and something else."""
RESISTANT: Final = "phr"
"""A passkey whose authenticator knew its user: two kinds at once, and nothing that another site could be given."""
LEVELS: Final = (ONE, TWO, RESISTANT)
"""From the lowest to the highest."""

_METHODS: Final = {
    "password": ("pwd",),
    "totp": ("otp",),
    "sms": ("sms",),
    "email": ("otp",),
    "device": ("swk",),
    "passkey": ("pop",),
    "verified-passkey": ("pop", "user"),
    "sign_up_code": ("otp",),
    "recovery_code": ("otp",),
}
_VERIFIED_PASSKEY: Final = "verified-passkey"
_KNOWLEDGE: Final = frozenset({"password", "custom"})
_NEITHER: Final = frozenset({"new_password", "sign_up_code"})
"""What follows a proof, and what proves less than any factor. All that is named nowhere here is a factor's proof: of
a possession."""


def acr(proofs: Collection[str]) -> str:
    """The level that these proofs reach together."""
    if _VERIFIED_PASSKEY in proofs:
        return RESISTANT
    possessions = {proof for proof in proofs if proof not in _KNOWLEDGE and proof not in _NEITHER}
    is_known = not _KNOWLEDGE.isdisjoint(proofs)
    return TWO if len(possessions) > 1 or (possessions and is_known) else ONE


def amr(proofs: Iterable[str]) -> tuple[str, ...]:
    """The methods, each once, in the order in which they were used. A plugin's have no registered word; that there was
    more than one kind is said in any case."""
    given = tuple(proofs)
    methods = [method for proof in given for method in _METHODS.get(proof, ())]
    if acr(given) != ONE:
        methods.append("mfa")
    return tuple(dict.fromkeys(methods))


def reaches(reached: str | None, wanted: str) -> bool:
    """Whether a session of one level is good where another is wanted. A level that nobody knows is reached by none."""
    if reached not in LEVELS or wanted not in LEVELS:
        return False
    return LEVELS.index(reached) >= LEVELS.index(wanted)


def first_reachable(wishes: Iterable[str]) -> str | None:
    """The first of the levels that a client wishes for which there is here (oidc.md A10); None where there is none."""
    return next((wish for wish in wishes if wish in LEVELS), None)
