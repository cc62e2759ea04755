"""The signing keys of one pool, ready for use: what signs now, what checks, and the key set that is published."""

from __future__ import annotations

import hashlib
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from poolhouse.ports.world import Secrets
from poolhouse.records.keys import SigningKey
from poolhouse.tokens.jose import Signer, Verifier, encoded

PURPOSE = "signing-key"
EXPONENT = 65537


def sealed_key(
    pool_id: str, use: str, slot: str, private: bytes, now: float, starts: float, secrets: Secrets
) -> SigningKey:
    """The record of a new key. ``private`` is PKCS #8 in DER. Raises ``ValueError`` for anything but a usual RSA
    key."""
    key = _loaded(private)
    public = key.public_key()
    numbers = public.public_numbers()
    if numbers.e != EXPONENT:
        raise ValueError("an RSA key with an unusual exponent")
    # A kid is 44 characters of base64 ending in "=", which is what a SHA-256 comes to.
    digest = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    kid = b64encode(digest).decode()
    return SigningKey(
        pool_id=pool_id,
        slot=slot,
        kid=kid,
        use=use,
        sealed=secrets.seal(PURPOSE, f"{pool_id}/{kid}", private),
        modulus=encoded(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")).decode(),
        created=now,
        active_from=starts,
    )


class PoolKeys:
    """The keys of a pool as they were read at ``read_at``. Private keys are opened when they first sign. What
    ``before`` has opened is taken over: a kid is the digest of its key."""

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
            (key.use, key.kid): (key.retires, verifiers.get(key.kid) or _verifier(key)) for key in self.records
        }
        published = [key for key in records if not _is_retired(key.retires, read_at)]
        self.jwks = msgspec.json.encode({"keys": [_jwk(key) for key in published]})

    def newest(self, use: str) -> SigningKey | None:
        return max((key for key in self.records if key.use == use), key=_number, default=None)

    def signer(self, use: str, now: float) -> Signer | None:
        """The newest key whose time to sign has come; one that is still waiting only where there is no other. None
        where the pool has no key for this use."""
        started, waiting = None, None
        for key in self.records:
            if key.use != use or _is_retired(key.retires, now):
                continue
            if key.active_from > now:
                waiting = key if waiting is None or key.active_from < waiting.active_from else waiting
            elif started is None or key.active_from > started.active_from:
                started = key
        chosen = started or waiting
        if chosen is None:
            return None
        return self._signers.get(chosen.kid) or self._open(chosen)

    def verifier(self, use: str, kid: str | None, now: float) -> Verifier | None:
        """None where no key of this use and name is published."""
        found = self._verifiers.get((use, kid or ""))
        return None if found is None or _is_retired(found[0], now) else found[1]

    def _open(self, key: SigningKey) -> Signer:
        private = _loaded(self._secrets.open(PURPOSE, f"{key.pool_id}/{key.kid}", key.sealed))
        signer = self._signers[key.kid] = Signer(private, key.kid)
        return signer


def next_slot(key: SigningKey | None, use: str) -> str:
    """The place after this key's; the first where there is none."""
    return f"{use}.{_number(key) + 1 if key else 1}"


def _number(key: SigningKey) -> int:
    return int(key.slot.rpartition(".")[2])


def _is_retired(retires: float | None, now: float) -> bool:
    return retires is not None and retires <= now


def _loaded(private: bytes) -> RSAPrivateKey:
    # The library's check of a key takes longer than a hundred signatures. Ours was sealed, so it is as we made it.
    key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def _verifier(key: SigningKey) -> Verifier:
    modulus = int.from_bytes(urlsafe_b64decode(key.modulus + "=" * (-len(key.modulus) % 4)), "big")
    return Verifier(RSAPublicNumbers(EXPONENT, modulus).public_key(), Signer.algorithm)


def _jwk(key: SigningKey) -> dict[str, str]:
    return {"alg": Signer.algorithm, "e": "AQAB", "kid": key.kid, "kty": "RSA", "n": key.modulus, "use": "sig"}
