"""Temporary credentials of our own. All that they are is sealed in their token: nothing is stored, and nothing is read
to open them.

The secret is computed from key id and token by the vault's key that derives, which stays when the master key is
rotated; the token names the version of the master key that sealed it, so that what an older one sealed still opens.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from poolhouse.errors import AccessKeyUnknown, SessionTooLarge
from poolhouse.ports.access import Credentials, Session
from poolhouse.ports.world import Chance, Secrets

PREFIX: Final = "ASIA"
"""What the ids of temporary keys begin with, and no others do."""
TOKEN_LIMIT: Final = 6144
"""Characters of a token at most: it has to fit into a header, beside others."""
_SEALING: Final = "temporary-credentials"
_SECRET: Final = "temporary-secret"  # noqa: S105 - what it is for, not the secret
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET_SIZE: Final = 40


class _Sealed(Struct, frozen=True, array_like=True):
    """A session as it is sealed: values only, as tokens are sent with every request. Fields are added at the end, with
    defaults, and none is ever taken away: tokens of yesterday's version are opened by today's, and the other way."""

    role_arn: str
    role_id: str
    name: str
    issued: float
    expires: float
    identity_id: str | None = None
    pool_id: str | None = None
    amr: tuple[str, ...] = ()
    provider: str | None = None
    subject: str | None = None
    audience: str | None = None
    tags: Mapping[str, str] = {}
    policies: tuple[Mapping[str, Any], ...] = ()


class Opened(Struct, frozen=True):
    """What authentic credentials say. They may be over."""

    session: Session
    secret: bytes

    def __repr__(self) -> str:
        return f"Opened(session={self.session!r})"


class TemporaryCredentials:
    """What was opened is remembered, for ``at_most`` tokens. Safe to ask with anything: what is no token costs one try
    to open it."""

    def __init__(self, secrets: Secrets, chance: Chance, *, at_most: int = 4096) -> None:
        self._secrets = secrets
        self._chance = chance
        self._at_most = at_most
        self._opened: OrderedDict[bytes, Opened] = OrderedDict()
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Sealed)

    def issue(self, session: Session) -> Credentials:
        """New credentials for the session. Raises ``SessionTooLarge`` where its policies and tags fit into no token."""
        key_id = PREFIX + self._chance.letters(16, _LETTERS)
        sealed = _Sealed(*(getattr(session, name) for name in _Sealed.__struct_fields__))
        token = self._secrets.seal(_SEALING, key_id, self._encoder.encode(sealed))
        if len(token) > TOKEN_LIMIT:
            raise SessionTooLarge
        secret = self._secret(key_id, token).decode()
        return Credentials(access_key_id=key_id, secret=secret, session_token=token, expires=session.expires)

    def open(self, key_id: str, token: str) -> Opened:
        """What the token says, and the secret that belongs to both. Whether the credentials are over is asked only once
        a signature has proven who asks. Raises ``AccessKeyUnknown`` for what we did not give out together."""
        if len(token) > TOKEN_LIMIT or not key_id.startswith(PREFIX) or not (key_id.isascii() and token.isascii()):
            raise AccessKeyUnknown
        # By a digest: a long token is not kept a second time, and is compared with none that is.
        slot = hashlib.sha256(f"{key_id}\0{token}".encode()).digest()
        opened = self._opened.get(slot)
        if opened is not None:
            self._opened.move_to_end(slot)
            return opened
        try:
            sealed = self._decoder.decode(self._secrets.open(_SEALING, key_id, token))
        except (ValueError, msgspec.DecodeError):
            raise AccessKeyUnknown from None
        opened = self._opened[slot] = Opened(Session(**structs.asdict(sealed)), self._secret(key_id, token))
        if len(self._opened) > self._at_most:
            self._opened.popitem(last=False)
        return opened

    def _secret(self, key_id: str, token: str) -> bytes:
        return b64encode(self._secrets.derive(_SECRET, key_id, token))[:_SECRET_SIZE]
