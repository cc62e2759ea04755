"""The key ring: signs for every pool, checks what was signed, publishes the keys, and replaces them."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec

from poolhouse.errors import (
    InvalidAccessToken,
    NotOffered,
    PoolNotFound,
    SigningFailed,
    StoreAway,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.tokens.checked import Checked, CheckedTokens, digest_of
from poolhouse.tokens.jose import BadToken, Signer, half_hash, read
from poolhouse.tokens.making import KeyMaker
from poolhouse.tokens.pool_keys import KNOWN, PoolKeys, beside, next_slot, place_of, sealed_key

USES: Final[Mapping[str, Algorithm]] = {"id": Algorithm.RS256, "access": Algorithm.RS256}
"""What a pool signs, and with what it begins."""

POOL_ID = re.compile(r"[A-Za-z0-9-]{1,32}_[A-Za-z0-9]{1,32}")


class SigningKeys(Protocol):
    """The keys of pools in the store."""

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        """All keys of the pool. One whose ``retires`` has passed may be missing."""

    async def add(self, key: SigningKey) -> bool:
        """The key stands in its slot. False, and nothing changed, where another key of the pool does."""

    async def save(self, key: SigningKey) -> SigningKey:
        """The record is stored under its next version. Raises ``VersionConflict``."""


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
        *,
        uses: Mapping[str, Algorithm] = USES,
    ) -> None:
        """``uses`` is what a tenant signs, and by which algorithm where it has no key for that yet."""
        self._uses = uses
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

    async def sign(self, pool_id: str, use: str, claims: Mapping[str, Any], *, typ: str | None = None) -> str:
        return (await self._signer(pool_id, use)).sign(claims, typ=typ)

    async def sign_both(
        self,
        pool_id: str,
        id_claims: Mapping[str, Any],
        access_claims: Mapping[str, Any],
        *,
        algorithm: str | None = None,
    ) -> tuple[str, str]:
        id_signer = await self._id_signer(pool_id, algorithm)
        access_signer = await self._signer(pool_id, "access")
        id_token = id_signer.sign(id_claims)
        # A signature holds the loop for longer than most answers take: whoever waits need not wait for two.
        await asyncio.sleep(0)
        return id_token, access_signer.sign(access_claims)

    async def sign_id(
        self,
        pool_id: str,
        claims: Mapping[str, Any],
        vouched: Mapping[str, str],
        *,
        algorithm: str | None = None,
        typ: str | None = None,
    ) -> str:
        signer = await self._id_signer(pool_id, algorithm)
        hashed = {name: half_hash(signer.algorithm, text) for name, text in vouched.items()}
        # As above: whoever waits need not wait for two signatures.
        await asyncio.sleep(0)
        return signer.sign({**claims, **hashed}, typ=typ)

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
        return (self._fresh(pool_id) or await self._published(pool_id)).jwks

    async def algorithms(self, pool_id: str) -> tuple[str, ...]:
        """Those of the published keys. Raises ``PoolNotFound`` where there are no keys."""
        return (self._fresh(pool_id) or await self._published(pool_id)).algorithms

    async def all_of(self, pool_id: str) -> Sequence[SigningKey]:
        return await self._keys.list(pool_id)

    async def make_keys(self, pool_id: str) -> None:
        await self._completed(pool_id)

    async def offer(self, pool_id: str, algorithm: Algorithm) -> None:
        """There is a key for ID tokens by this algorithm, beside the pool's own, or it signs so already. As every new
        key it is published before it signs; until then the pool's own does. Doing it twice changes nothing."""
        keys = await self._load(pool_id)
        usual, newest = keys.newest("id"), keys.newest(beside(algorithm))
        if (usual is not None and usual.algorithm == algorithm) or (newest is not None and newest.retires is None):
            return
        (private,) = await self._made([algorithm])
        now, use = self._clock.now(), beside(algorithm)
        starts = now + self._limits.lead
        slot = next_slot(newest, use)
        await self._keys.add(sealed_key(pool_id, use, slot, algorithm, private, now, starts, self._secrets))
        await self._load(pool_id)

    async def rotate(
        self, pool_id: str, overlap: float, algorithm: Algorithm | None = None, chosen: Collection[str] = ()
    ) -> None:
        """Each use has a new key: published now, signing after the lead time. The keys before it stay published for
        ``overlap`` seconds longer than they sign, which should be the longest life of a token. A use whose newest key
        waits to sign is left as it is, so that rotating twice does no more than rotating once.

        The new key is for the algorithm of the newest one, unless another is asked for. Then a key that waits is no
        reason to wait: it retires when it would begin to sign, if there is time for every process to see that. Raises
        ``NotOffered`` where the newest key is for an algorithm that this version does not know, and none is asked for.

        ``chosen`` are the algorithms that clients have chosen for their ID tokens: those that are not the pool's have
        new keys too, and keys for what nobody chooses any more retire with the others.

        A crash between the writes leaves an old key published for longer; the next rotation retires it."""
        keys = await self._load(pool_id)
        now = self._clock.now()
        starts = now + self._limits.lead
        wanted = algorithm or _chosen(keys.records)
        others = {beside(text): KNOWN[text] for text in chosen if text in KNOWN and text != wanted}
        wants = dict.fromkeys(self._uses, wanted) | others
        due = [use for use, by in wants.items() if _is_due(keys.newest(use), by, now)]
        for use, private in zip(due, await self._made(wants[use] for use in due), strict=True):
            slot, by = next_slot(keys.newest(use), use), wants[use]
            if not await self._keys.add(sealed_key(pool_id, use, slot, by, private, now, starts, self._secrets)):
                continue
            for key, retires in _retiring(keys.records, use, now, now + self._limits.fresh, starts + overlap):
                await self._retire(key, retires)
        for key in keys.records:
            if key.use not in wants and key.algorithm in KNOWN and key.retires is None:
                await self._retire(key, starts + overlap)
        await self._load(pool_id)

    async def _completed(self, pool_id: str) -> PoolKeys:
        """The pool's keys, one for each use at least."""
        keys = await self._load(pool_id)
        missing = [use for use in self._uses if keys.newest(use) is None]
        if not missing:
            return keys
        now = self._clock.now()
        for use, private in zip(missing, await self._made(self._uses[use] for use in missing), strict=True):
            # Whoever loses the slot has nothing to do: a key stands in it.
            slot, by = next_slot(None, use), self._uses[use]
            await self._keys.add(sealed_key(pool_id, use, slot, by, private, now, now, self._secrets))
        return await self._load(pool_id)

    async def _retire(self, key: SigningKey, at: float) -> None:
        try:
            await self._keys.save(msgspec.structs.replace(key, retires=at))
        except VersionConflict:
            return  # somebody else retired it

    async def _made(self, algorithms: Iterable[Algorithm]) -> Sequence[bytes]:
        return await asyncio.gather(*(self._maker.make(algorithm) for algorithm in algorithms))

    def _pool_named_by(self, issuer: object) -> str:
        if not isinstance(issuer, str) or not issuer.startswith(self._prefix):
            raise BadToken("the issuer is not here")
        pool_id = issuer[len(self._prefix) :]
        if not POOL_ID.fullmatch(pool_id):
            raise BadToken("the issuer is no pool")
        return pool_id

    async def _signer(self, pool_id: str, use: str) -> Signer:
        keys = self._fresh(pool_id) or await self._at_most_old(pool_id, self._limits.fresh)
        signer = keys.signer(use, self._clock.now())
        if signer is None:
            # The making of the pool was cut short before its keys were there.
            keys = await self._completed(pool_id)
            signer = keys.signer(use, self._clock.now())
        if signer is None:
            newest = keys.newest(use)
            raise PoolNotFound(pool_id) if newest is None else SigningFailed(newest.algorithm)
        return signer

    async def _id_signer(self, pool_id: str, algorithm: str | None) -> Signer:
        usual = await self._signer(pool_id, "id")
        if algorithm is None or usual.algorithm == algorithm:
            return usual
        keys = await self._at_most_old(pool_id, self._limits.fresh)
        return keys.signer_by(algorithm, self._clock.now()) or usual

    def _fresh(self, pool_id: str) -> PoolKeys | None:
        """The pool's keys, where they need not be read."""
        keys = self._held.get(pool_id)
        if keys is None or not 0 <= self._clock.now() - keys.read_at < self._limits.fresh:
            return None
        self._held.move_to_end(pool_id)
        return keys

    async def _published(self, pool_id: str) -> PoolKeys:
        keys = await self._at_most_old(pool_id, self._limits.fresh)
        if not keys.records:
            raise PoolNotFound(pool_id)
        return keys

    async def _at_most_old(self, pool_id: str, seconds: float) -> PoolKeys:
        """The pool's keys as they were at most so many seconds ago."""
        keys = self._held.get(pool_id) or self._absent.get(pool_id)
        # What was read after now was read before the clock was set back: its age is not known.
        age = None if keys is None else self._clock.now() - keys.read_at
        if keys is None or age is None or not 0 <= age < (seconds if keys.records else self._limits.reread):
            try:
                return await self._read(pool_id)
            except StoreAway:
                # What was known stays true until somebody can say otherwise: who verifies tokens elsewhere must not
                # stop for our store.
                if keys is None or not keys.records:
                    raise
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


def _chosen(records: Sequence[SigningKey]) -> Algorithm:
    """The pool's algorithm: that of its own key that was made last."""
    keys = [key for key in records if key.use in USES]
    if not keys:
        return Algorithm.RS256
    text = max(keys, key=lambda key: (key.created, place_of(key))).algorithm
    if text not in KNOWN:
        raise NotOffered(Reason.ALGORITHM_NOT_KNOWN, algorithm=text)
    return KNOWN[text]


def _is_due(newest: SigningKey | None, wanted: Algorithm, now: float) -> bool:
    return newest is None or newest.active_from <= now or newest.algorithm != wanted


def _retiring(
    keys: Sequence[SigningKey], use: str, now: float, seen: float, end: float
) -> Iterator[tuple[SigningKey, float]]:
    """The keys of a use that have a successor now, and when each retires: at ``end``, if it has signed or will.
    ``seen`` is when every process has seen the successor: a key that would begin to sign later does not begin."""
    left = [key for key in keys if key.use == use and (key.retires is None or key.retires > now)]
    signing = max((key for key in left if key.active_from <= now), key=lambda key: key.active_from, default=None)
    for key in left:
        if key is signing:
            # It may have been about to retire, for the sake of one that will never sign.
            if key.retires is None or key.retires < end:
                yield key, end
        elif key.retires is None:
            yield key, key.active_from if signing is not None and key.active_from > seen else end
