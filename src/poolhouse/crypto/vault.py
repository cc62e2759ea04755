"""The master key at work: seals what must be read again, derives what must only be the same again."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from poolhouse.ports.world import Chance

KEY_SIZE = 32
NONCE_SIZE = 12
KEPT_CIPHERS = 256
"""Bound of the cache of keyed ciphers; there is one for each master key and purpose in use."""


class Vault:
    """Implements the secrets port with AES-256-GCM and one key per master key and purpose.

    ``keys`` are master keys of 32 bytes, the newest first. The newest seals, all of them open, and the last one, the
    oldest, derives: derived values (the password pepper, made-up salts) cannot be made anew from what is stored, so
    they may not change when the master key is rotated. The oldest key therefore stays in the list for good.

    A sealed text is ``v1.<key id>.<base64url of nonce, ciphertext and tag>``. The key id is derived from the key, so
    the order of the list may change. Nonces are 96 random bits: one key and purpose is good for some 2^32 seals.
    """

    def __init__(self, keys: Sequence[bytes], chance: Chance) -> None:
        if not keys:
            raise ValueError("the vault needs a master key")
        if any(len(key) != KEY_SIZE for key in keys):
            raise ValueError(f"a master key has {KEY_SIZE} bytes")
        if len(set(keys)) != len(keys):
            raise ValueError("a master key is listed twice")
        self._chance = chance
        self._keys = {_key_id(key): key for key in keys}
        self._newest = _key_id(keys[0])
        self._oldest = _key_id(keys[-1])
        # What depends on the key alone is computed once: it is most of the work.
        self._deriving = hmac.new(_subkey(keys[-1], b"derive"), digestmod="sha256")
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    def __repr__(self) -> str:
        return f"<Vault with {len(self._keys)} master keys>"

    def __reduce__(self) -> str:
        raise TypeError("a vault cannot be copied out of its process")

    @property
    def fingerprint(self) -> str:
        """Names the key that derives, and tells nothing about it. A store remembers it, so that a server started with
        another key can say so instead of finding every password wrong."""
        return self._oldest

    def seal(self, purpose: str, context: str, plain: bytes) -> str:
        nonce = self._chance.raw(NONCE_SIZE)
        cipher = self._cipher(self._newest, purpose)
        sealed = nonce + cipher.encrypt(nonce, plain, _joined(purpose, context))
        return f"v1.{self._newest}.{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        version, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        if version != "v1" or not body.isascii():
            raise ValueError("not a sealed text")
        if key_id not in self._keys:
            raise ValueError("sealed with a master key that is not listed")
        raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        try:
            return self._cipher(key_id, purpose).decrypt(raw[:NONCE_SIZE], raw[NONCE_SIZE:], _joined(purpose, context))
        except InvalidTag:
            raise ValueError("not sealed for this purpose and context") from None

    def derive(self, purpose: str, *parts: str) -> bytes:
        deriving = self._deriving.copy()
        deriving.update(_joined(purpose, *parts))
        return deriving.digest()

    def is_outdated(self, sealed: str) -> bool:
        """Whether the text was sealed with another master key than the newest."""
        return not sealed.startswith(f"v1.{self._newest}.")

    def _cipher(self, key_id: str, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = AESGCM(_subkey(self._keys[key_id], b"seal", purpose.encode()))
            if len(self._ciphers) < KEPT_CIPHERS:
                self._ciphers[key_id, purpose] = cipher
        return cipher


def _joined(*parts: str) -> bytes:
    """The parts, each after its length: no two lists of parts give the same bytes."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _subkey(key: bytes, *info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) for one block: extract with a salt of ours, expand once."""
    extracted = hmac.digest(b"poolhouse master key", key, hashlib.sha256)
    return hmac.digest(extracted, b"/".join(info) + b"\x01", hashlib.sha256)


def _key_id(key: bytes) -> str:
    return _subkey(key, b"id")[:6].hex()
