"""The key ring: signs for every pool, checks what was signed, publishes the keys, and replaces them."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from poolhouse.errors import InvalidAccessToken, PoolNotFound, VersionConflict
from poolhouse.ports.arithmetic import Workers
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.keys import SigningKey
from poolhouse.tokens.checked import Checked, CheckedTokens, digest_of
from poolhouse.tokens.jose import BadToken, Signer, read
from poolhouse.tokens.pool_keys import EXPONENT, PoolKeys, next_slot, sealed_key

USES = ("id", "access")
KEY_BITS = 2048

POOL_ID = re.compile(r"[A-Za-z0-9-]{1,32}_[A-Za-z0-9]{1,32}")


class SigningKeys(Protocol):
    """The keys of pools in the store."""

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        """All keys of the pool. One whose ``retires`` has passed may be missing."""

    async def add(self, key: SigningKey) -> bool:
        """The key stands in its slot. False, and nothing changed, where another key of the pool does."""

    async def save(self, key: SigningKey) -> SigningKey:
        """The record is stored under its next version. Raises ``VersionConflict``."""


class KeyMaker(Protocol):
    async def make(self) -> bytes:
        """A new RSA key of 2048 bits, PKCS #8 in DER."""


class RsaKeyMaker:
    """Makes keys in the workers: a tenth of a second each, more or less."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def make(self) -> bytes:
        return await self._workers.run(_generate)


def _generate() -> bytes:
    key = rsa.generate_private_key(EXPONENT, KEY_BITS)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


class RingLimits(msgspec.Struct, frozen=True):
    """Seconds and counts.

    ``lead``: how long a new key is published before it signs, so that verifiers that keep the key set have it by then.
    ``fresh``: how long keys are used as they were read; a rotation elsewhere is seen after that, at the latest.
    ``reread``: how long an unknown key name does not lead to the store again. ``pools``: how many pools are kept.
    """

    lead: int = 300
    fresh: int = 60
    reread: int = 5
    pools: int = 2000


class KeyRing:
    """Implements the tokens port. Signs on the event loop: see ``crypto.workers`` for why."""

    def __init__(
        self,
        base_url: str,
        keys: SigningKeys,
        secrets: Secrets,
        maker: KeyMaker,
        clock: Clock,
        limits: RingLimits = RingLimits(),
    ) -> None:
        self._prefix = f"{base_url}/"
        self._keys = keys
        self._secrets = secrets
        self._maker = maker
        self._clock = clock
        self._limits = limits
        self._held: OrderedDict[str, PoolKeys] = OrderedDict()
        # Names of pools that have no keys are anybody's invention: they must not push out the pools that exist.
        self._absent: OrderedDict[str, PoolKeys] = OrderedDict()
        self._reading: dict[str, asyncio.Task[PoolKeys]] = {}
        self._checked = CheckedTokens()

    def issuer(self, pool_id: str) -> str:
        return self._prefix + pool_id

    async def sign(self, pool_id: str, use: str, claims: Mapping[str, Any]) -> str:
        return (await self._signer(pool_id, use)).sign(claims)

    async def sign_both(
        self, pool_id: str, id_claims: Mapping[str, Any], access_claims: Mapping[str, Any]
    ) -> tuple[str, str]:
        id_signer = await self._signer(pool_id, "id")
        access_signer = await self._signer(pool_id, "access")
        return id_signer.sign(id_claims), access_signer.sign(access_claims)

    async def verify(self, token: str, use: str) -> Mapping[str, Any]:
        now = self._clock.now()
        digest = digest_of(token)
        checked = self._checked.get(digest)
        if checked is not None:
            keys = await self._at_most_old(checked.pool_id, self._limits.fresh)
            if keys.verifier(use, checked.kid, now) is checked.verifier:
                return checked.claims
        try:
            parts = read(token)
            pool_id = self._pool_named_by(parts.claims.get("iss"))
            keys = await self._at_most_old(pool_id, self._limits.fresh)
            verifier = keys.verifier(use, parts.header.kid, now)
            if verifier is None:
                keys = await self._at_most_old(pool_id, self._limits.reread)
                verifier = keys.verifier(use, parts.header.kid, now)
            if verifier is None:
                raise BadToken("no published key of the pool has this name and use")
            # The keys are those of the pool in iss, so a right signature makes iss true as well.
            claims = MappingProxyType(verifier.check(parts))
        except BadToken as bad:
            raise InvalidAccessToken(detail=str(bad)) from bad
        self._checked.put(digest, Checked(pool_id, parts.header.kid, verifier, claims))
        return claims

    async def jwks(self, pool_id: str) -> bytes:
        """The published key set as JSON. Raises ``PoolNotFound`` where there are no keys."""
        keys = await self._at_most_old(pool_id, self._limits.fresh)
        if not keys.records:
            raise PoolNotFound(pool_id)
        return keys.jwks

    async def all_of(self, pool_id: str) -> Sequence[SigningKey]:
        return await self._keys.list(pool_id)

    async def make_keys(self, pool_id: str) -> None:
        await self._completed(pool_id)

    async def rotate(self, pool_id: str, overlap: float) -> None:
        """Each use has a new key: published now, signing after the lead time. The keys before it stay published for
        ``overlap`` seconds longer than they sign, which should be the longest life of a token. A use whose newest key
        waits to sign is left as it is, so that rotating twice does no more than rotating once.

        A crash between the writes leaves an old key published for longer; the next rotation retires it."""
        keys = await self._load(pool_id)
        now = self._clock.now()
        starts = now + self._limits.lead
        due = [use for use in USES if (newest := keys.newest(use)) is None or newest.active_from <= now]
        for use, private in zip(due, await self._made(len(due)), strict=True):
            slot = next_slot(keys.newest(use), use)
            if not await self._keys.add(sealed_key(pool_id, use, slot, private, now, starts, self._secrets)):
                continue
            for key in keys.records:
                if key.use == use and key.retires is None:
                    await self._retire(key, starts + overlap)
        await self._load(pool_id)

    async def _completed(self, pool_id: str) -> PoolKeys:
        """The pool's keys, one for each use at least."""
        keys = await self._load(pool_id)
        missing = [use for use in USES if keys.newest(use) is None]
        if not missing:
            return keys
        now = self._clock.now()
        for use, private in zip(missing, await self._made(len(missing)), strict=True):
            # Whoever loses the slot has nothing to do: a key stands in it.
            await self._keys.add(sealed_key(pool_id, use, next_slot(None, use), private, now, now, self._secrets))
        return await self._load(pool_id)

    async def _retire(self, key: SigningKey, at: float) -> None:
        try:
            await self._keys.save(msgspec.structs.replace(key, retires=at))
        except VersionConflict:
            return  # somebody else retired it

    async def _made(self, count: int) -> Sequence[bytes]:
        return await asyncio.gather(*(self._maker.make() for _ in range(count)))

    def _pool_named_by(self, issuer: object) -> str:
        if not isinstance(issuer, str) or not issuer.startswith(self._prefix):
            raise BadToken("the issuer is not here")
        pool_id = issuer[len(self._prefix) :]
        if not POOL_ID.fullmatch(pool_id):
            raise BadToken("the issuer is no pool")
        return pool_id

    async def _signer(self, pool_id: str, use: str) -> Signer:
        keys = await self._at_most_old(pool_id, self._limits.fresh)
        signer = keys.signer(use, self._clock.now())
        if signer is None:
            # The making of the pool was cut short before its keys were there.
            signer = (await self._completed(pool_id)).signer(use, self._clock.now())
        if signer is None:
            raise PoolNotFound(pool_id)
        return signer

    async def _at_most_old(self, pool_id: str, seconds: float) -> PoolKeys:
        """The pool's keys as they were at most so many seconds ago."""
        keys = self._held.get(pool_id) or self._absent.get(pool_id)
        if keys is None or keys.read_at + (seconds if keys.records else self._limits.reread) <= self._clock.now():
            return await self._read(pool_id)
        if keys.records:
            self._held.move_to_end(pool_id)
        return keys

    async def _read(self, pool_id: str) -> PoolKeys:
        """The pool's keys from the store. Callers at the same moment share one reading, which may have begun
        earlier."""
        reading = self._reading.get(pool_id)
        if reading is None:
            reading = self._reading[pool_id] = asyncio.create_task(self._load(pool_id))
            reading.add_done_callback(lambda _: self._reading.pop(pool_id, None))
        return await asyncio.shield(reading)

    async def _load(self, pool_id: str) -> PoolKeys:
        now = self._clock.now()
        records = await self._keys.list(pool_id)
        before = self._held.pop(pool_id, None)
        self._absent.pop(pool_id, None)
        keys = PoolKeys(records, self._secrets, now, before)
        kept = self._held if records else self._absent
        kept[pool_id] = keys
        if len(kept) > self._limits.pools:
            kept.popitem(last=False)
        return keys
