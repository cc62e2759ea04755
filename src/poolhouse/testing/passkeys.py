"""An authenticator without a browser: it makes passkeys and signs by them, as a telephone or a key of hardware does
(WebAuthn level 3, sections 6.1 and 6.5). It shares no line with what the server checks by.

What is wrong with an answer is said by whoever asks for one: another ``origin``, a changed ``challenge`` in the
options, ``knows_user`` taken away, a copy of the whole authenticator.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from msgspec import Struct

Algorithm = Literal["ES256", "EdDSA", "RS256", "ES512", "RS1", "RS256 of 1024 bits"]
"""The last three are such as a server should refuse."""

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class _Held(Struct, frozen=True):
    id: bytes
    rp_id: str
    handle: bytes
    sign: Callable[[bytes], bytes]

    def __repr__(self) -> str:
        return f"_Held(rp_id={self.rp_id!r})"


class NoSuchPasskey(Exception):
    """The authenticator has none of the passkeys that were asked for."""


class VirtualAuthenticator:
    """``knows_user``: the user shows a finger or types a PIN when asked. ``counts``: it says how often it has signed,
    as keys of hardware do; ``sign_count`` is how often. ``provider`` is the kind of authenticator (AAGUID). ``framed``:
    the page is within one of somebody else.

    Options are those that the server gives: ``CredentialCreationOptions``, and ``CREDENTIAL_REQUEST_OPTIONS`` (text or
    its JSON). What comes back is what a browser's ``credential.toJSON()`` gives.
    """

    def __init__(
        self,
        *,
        algorithm: Algorithm = "ES256",
        knows_user: bool = True,
        counts: bool = False,
        provider: bytes = bytes(16),
    ) -> None:
        self.algorithm = algorithm
        self.knows_user = knows_user
        self.counts = counts
        self.provider = provider
        self.framed = False
        self.sign_count = 0
        self._held: list[_Held] = []

    def create(
        self,
        options: Mapping[str, Any] | str,
        origin: str,
        *,
        id: bytes | None = None,  # noqa: A002 - the word of the field
    ) -> dict[str, Any]:
        """A new passkey, as a page of ``origin`` is told of it. ``id`` None makes one up."""
        asked = _mapping(options)
        sign, key = _pair(self.algorithm)
        held = _Held(id or secrets.token_bytes(32), asked["rp"]["id"], _bytes(asked["user"]["id"]), sign)
        self._held.append(held)
        told = self._client_data("webauthn.create", asked["challenge"], origin)
        attested = self.provider + len(held.id).to_bytes(2, "big") + held.id + _cbor(key)
        data = self._data(held.rp_id, _ATTESTED) + attested
        return _answer(
            held,
            clientDataJSON=told,
            attestationObject=_cbor({"fmt": "none", "attStmt": {}, "authData": data}),
            transports=["internal"],
        )

    def get(self, options: Mapping[str, Any] | str, origin: str) -> dict[str, Any]:
        """An answer by the newest passkey that is asked for. Raises ``NoSuchPasskey``."""
        asked = _mapping(options)
        wanted = {_bytes(each["id"]) for each in asked.get("allowCredentials", ())}
        fitting = [held for held in self._held if held.rp_id == asked["rpId"] and (not wanted or held.id in wanted)]
        if not fitting:
            raise NoSuchPasskey
        return self.sign(fitting[-1].id, asked, origin)

    def sign(self, id: bytes, options: Mapping[str, Any] | str, origin: str) -> dict[str, Any]:  # noqa: A002
        """An answer by the passkey of this id, whatever was asked for."""
        asked = _mapping(options)
        held = next(each for each in self._held if each.id == id)
        self.sign_count += 1
        told = self._client_data("webauthn.get", asked["challenge"], origin)
        data = self._data(asked["rpId"], 0)
        return _answer(
            held,
            clientDataJSON=told,
            authenticatorData=data,
            signature=held.sign(data + hashlib.sha256(told).digest()),
            userHandle=held.handle,
        )

    @property
    def ids(self) -> list[bytes]:
        """Of the passkeys that it made, in their order."""
        return [held.id for held in self._held]

    def _client_data(self, kind: str, challenge: str, origin: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": self.framed}
        return json.dumps(told, separators=(",", ":")).encode()

    def _data(self, rp_id: str, flags: int) -> bytes:
        said = flags | _PRESENT | (_VERIFIED if self.knows_user else 0)
        count = self.sign_count if self.counts else 0
        return hashlib.sha256(rp_id.encode()).digest() + bytes([said]) + count.to_bytes(4, "big")


def _answer(held: _Held, **parts: bytes | list[str]) -> dict[str, Any]:
    response = {name: text_of(part) if isinstance(part, bytes) else part for name, part in parts.items()}
    return {
        "id": text_of(held.id),
        "rawId": text_of(held.id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    }


def _pair(algorithm: Algorithm) -> tuple[Callable[[bytes], bytes], dict[int, int | bytes]]:
    """What signs, and the public key (COSE; RFC 9053)."""
    if algorithm == "EdDSA":
        edwards = ed25519.Ed25519PrivateKey.generate()
        return edwards.sign, {1: 1, 3: -8, -1: 6, -2: edwards.public_key().public_bytes_raw()}
    if algorithm.startswith("RS"):
        bits = 1024 if "1024" in algorithm else 2048
        number = rsa.generate_private_key(65537, bits)
        public = number.public_key().public_numbers()
        named = -65535 if algorithm == "RS1" else -257
        return (
            lambda said: number.sign(said, padding.PKCS1v15(), hashes.SHA256()),
            {1: 3, 3: named, -1: public.n.to_bytes(bits // 8, "big"), -2: public.e.to_bytes(3, "big")},
        )
    if algorithm == "ES512":
        wide = ec.generate_private_key(ec.SECP521R1())
        far = wide.public_key().public_numbers()
        return (
            lambda said: wide.sign(said, ec.ECDSA(hashes.SHA512())),
            {1: 2, 3: -36, -1: 3, -2: far.x.to_bytes(66, "big"), -3: far.y.to_bytes(66, "big")},
        )
    curve = ec.generate_private_key(ec.SECP256R1())
    point = curve.public_key().public_numbers()
    return (
        lambda said: curve.sign(said, ec.ECDSA(hashes.SHA256())),
        {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")},
    )


def _cbor(value: Any) -> bytes:
    """As much of CBOR (RFC 8949) as an authenticator writes: numbers, bytes, text, and mappings of them."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(held) for key, held in value.items())


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    size = 1 if number < 1 << 8 else 2 if number < 1 << 16 else 4
    return bytes([kind << 5 | {1: 24, 2: 25, 4: 26}[size]]) + number.to_bytes(size, "big")


def _mapping(options: Mapping[str, Any] | str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(options) if isinstance(options, str) else options
    return read


def text_of(raw: bytes) -> str:
    """Base64url without padding, as WebAuthn writes bytes in JSON."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
