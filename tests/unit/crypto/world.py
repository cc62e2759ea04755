"""A small world for keys and hashes: a clock that stands still, chance that can be foreseen, keys in a dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from poolhouse.crypto.vault import Vault
from poolhouse.errors import VersionConflict
from poolhouse.records.keys import SigningKey

NOW = 1_700_000_000.0
BASE_URL = "https://auth.example.com"
POOL = "us-east-1_AbCdEfGhI"


class FakeClock:
    def __init__(self, now: float = NOW) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


class ForeseenChance:
    """Never the same bytes twice, and the same ones in every run."""

    def __init__(self) -> None:
        self._drawn = 0

    def raw(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(str(self._drawn).encode()).digest(size)

    def token(self) -> str:
        return self.raw(32).hex()

    def digits(self, count: int) -> str:
        return "".join(str(byte % 10) for byte in self.raw(count))

    def letters(self, count: int, alphabet: str) -> str:
        return "".join(alphabet[byte % len(alphabet)] for byte in self.raw(count))

    def uuid(self) -> str:
        return self.raw(16).hex()


def master_key(name: str = "first") -> bytes:
    return hashlib.sha256(name.encode()).digest()


def vault(*names: str) -> Vault:
    """A vault with master keys of these names, the newest first."""
    return Vault([master_key(name) for name in names or ("first",)], ForeseenChance())


class KeptKeys:
    """Signing keys in a dictionary; ``reads`` counts how often they were asked for."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], SigningKey] = {}
        self.reads = 0

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        self.reads += 1
        return [key for (owner, _), key in sorted(self.kept.items()) if owner == pool_id]

    async def add(self, key: SigningKey) -> bool:
        if (key.pool_id, key.slot) in self.kept:
            return False
        self.kept[key.pool_id, key.slot] = msgspec.structs.replace(key, version=1)
        return True

    async def save(self, key: SigningKey) -> SigningKey:
        place = (key.pool_id, key.slot)
        if place not in self.kept or self.kept[place].version != key.version:
            raise VersionConflict
        self.kept[place] = msgspec.structs.replace(key, version=key.version + 1)
        return self.kept[place]
