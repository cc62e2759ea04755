"""The signing keys of one pool, ready for use: what signs now, what checks, and the key set that is published."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from poolhouse.ports.world import Secrets
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.tokens import key_forms
from poolhouse.tokens.jose import Signer, Verifier

PURPOSE = "signing-key"
KNOWN: Final[Mapping[str, Algorithm]] = {each.value: each for each in Algorithm}
"""What this version can sign with and check, by the text in the record."""


def sealed_key(
    pool_id: str,
    use: str,
    slot: str,
    algorithm: Algorithm,
    private: bytes,
    now: float,
    starts: float,
    secrets: Secrets,
) -> SigningKey:
    """The record of a new key. ``private`` is PKCS #8 in DER. Raises ``ValueError`` for anything but a usual key of the
    algorithm."""
    public = key_forms.private_key(private, algorithm).public_key()
    members = key_forms.members(public)
    # A kid is 44 characters of base64 ending in "=", which is what a SHA-256 comes to.
    digest = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    kid = b64encode(digest).decode()
    return SigningKey(
        pool_id=pool_id,
        slot=slot,
        kid=kid,
        use=use,
        sealed=secrets.seal(PURPOSE, f"{pool_id}/{kid}", private),
        algorithm=algorithm.value,
        modulus=members.get("n", ""),
        public={} if "n" in members else members,
        created=now,
        active_from=starts,
    )


class PoolKeys:
    """The keys of a pool as they were read at ``read_at``. Private keys are opened when they first sign. What
    ``before`` has opened is taken over: a kid is the digest of its key.

    A key whose algorithm only a later version knows is published as that one wrote it, so that clients can check with
    it wherever they ask. Here it neither signs nor checks (decision 0008)."""

    def __init__(
        self, records: Sequence[SigningKey], secrets: Secrets, read_at: float, before: PoolKeys | None = None
    ) -> None:
        self.records = tuple(records)
        self.read_at = read_at
        self._secrets = secrets
        kids = {key.kid for key in self.records}
        self._signers: dict[str, Signer] = {}
        verifiers: dict[str, Verifier] = {}
        if before is not None:
            self._signers.update((kid, signer) for kid, signer in before._signers.items() if kid in kids)
            verifiers.update((kid, verifier) for (_, kid), (_, verifier) in before._verifiers.items())
        self._verifiers: dict[tuple[str, str], tuple[float | None, Verifier]] = {
            (key.use.partition(":")[0], key.kid): (
                key.retires,
                verifiers.get(key.kid) or _verifier(key, KNOWN[key.algorithm]),
            )
            for key in self.records
            if key.algorithm in KNOWN
        }
        published = [key for key in records if not _is_retired(key.retires, read_at)]
        self.jwks = msgspec.json.encode({"keys": [_jwk(key) for key in published]})
        self.algorithms = tuple(sorted({key.algorithm for key in published}))

    def newest(self, use: str) -> SigningKey | None:
        return max((key for key in self.records if key.use == use), key=place_of, default=None)

    def signer(self, use: str, now: float) -> Signer | None:
        """The newest key whose time to sign has come; one that is still waiting only where there is no other. None
        where the pool has no key for this use that this version can sign with."""
        started, waiting = None, None
        for key in self.records:
            if key.use != use or key.algorithm not in KNOWN or _is_retired(key.retires, now):
                continue
            if key.active_from > now:
                waiting = key if waiting is None or key.active_from < waiting.active_from else waiting
            elif started is None or key.active_from > started.active_from:
                started = key
        chosen = started or waiting
        if chosen is None:
            return None
        return self._signers.get(chosen.kid) or self._open(chosen)

    def signer_by(self, algorithm: str, now: float) -> Signer | None:
        """For ID tokens by this algorithm: the pool's own key where it is for that, or else the newest of those that
        were made for clients that chose it. None where none signs yet."""
        usual = self.signer("id", now)
        if usual is not None and usual.algorithm == algorithm:
            return usual
        use = beside(algorithm)
        begun = any(key.active_from <= now for key in self.records if key.use == use)
        return self.signer(use, now) if begun else None

    def verifier(self, use: str, kid: str | None, now: float) -> Verifier | None:
        """None where no key of this use and name is published."""
        found = self._verifiers.get((use, kid or ""))
        return None if found is None or _is_retired(found[0], now) else found[1]

    def _open(self, key: SigningKey) -> Signer:
        der = self._secrets.open(PURPOSE, f"{key.pool_id}/{key.kid}", key.sealed)
        private = key_forms.private_key(der, KNOWN[key.algorithm])
        signer = self._signers[key.kid] = Signer(private, key.kid, key.algorithm)
        return signer


def beside(algorithm: str) -> str:
    """The use of keys that sign ID tokens for clients alone that chose this algorithm."""
    return f"id:{algorithm}"


def next_slot(key: SigningKey | None, use: str) -> str:
    """The place after this key's; the first where there is none."""
    return f"{use}.{place_of(key) + 1 if key else 1}"


def place_of(key: SigningKey) -> int:
    """The number of the key's slot."""
    return int(key.slot.rpartition(".")[2])


def _is_retired(retires: float | None, now: float) -> bool:
    return retires is not None and retires <= now


def _verifier(key: SigningKey, algorithm: Algorithm) -> Verifier:
    return Verifier(key_forms.public_key(_members(key), algorithm), algorithm.value, ours=True)


def _members(key: SigningKey) -> Mapping[str, str]:
    return key_forms.rsa_members(key.modulus) if key.modulus else key.public


def _jwk(key: SigningKey) -> dict[str, str]:
    # What the record says of itself stands last: no member of the key may speak for it.
    return {**_members(key), "alg": key.algorithm, "kid": key.kid, "use": "sig"}
