"""The time, chance and the master key: what flows need of the world. Protocols only."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Epoch seconds."""


class Chance(Protocol):
    """Randomness that cannot be guessed, and identifiers made of it."""

    def token(self) -> str:
        """256 random bits, base64url without padding."""

    def raw(self, size: int) -> bytes: ...

    def digits(self, count: int) -> str: ...

    def letters(self, count: int, alphabet: str) -> str: ...

    def uuid(self) -> str: ...


class Secrets(Protocol):
    """The master key at work. A sealed text names the key version that sealed it; ``purpose`` and ``context`` are bound
    into it, so that it opens nowhere else."""

    @property
    def fingerprint(self) -> str:
        """Names the master key that derives, and tells nothing about it."""

    def seal(self, purpose: str, context: str, plain: bytes) -> str: ...

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        """Raises ``ValueError`` when it was not sealed by us for this purpose and context."""

    def derive(self, purpose: str, *parts: str) -> bytes:
        """32 bytes that are always the same for the same words, and unknown to anyone without the master key."""
