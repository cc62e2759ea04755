"""What users prove who they are by, beside a password, where it is more than a part of their own record."""

from __future__ import annotations

from typing import Final

from poolhouse.records.base import Kept, StoredRecord

WEB_AUTHN: Final = "WEB_AUTHN"
"""The field's name of passkeys, among the ways to begin and as a challenge."""
RECOVERY_CODE: Final = "RECOVERY_CODE"
"""Our name of recovery codes, as a challenge: the field has none."""


class Device(StoredRecord, frozen=True, kw_only=True):
    """A device that a user signed in on, and whose client sent a verifier for it. ``key`` names it, ``group`` is the
    first half of the name that its secret was hashed with, ``sealed`` its salt and verifier. Only one that is
    ``remembered`` is good for anything. ``trust`` is the user's when it was confirmed: in another one it is forgotten.
    ``address`` is where it was last seen."""

    pool_id: str
    user_sub: str
    key: str
    group: str
    sealed: str
    created: float
    modified: float
    authenticated: float
    trust: int = 0
    name: str | None = None
    remembered: bool = False
    address: str = ""

    def __repr__(self) -> str:
        return f"Device(remembered={self.remembered!r})"


class Passkey(StoredRecord, frozen=True, kw_only=True):
    """A public key of a user, whose other half an authenticator keeps (WebAuthn). ``id`` is the credential's, in
    base64url; ``rp_id`` the domain that it is good for, ``key`` the public key (COSE, base64url). ``sign_count`` is
    what the authenticator last said of how often it signed; 0 where it does not count. ``attachment`` is ``platform``,
    ``cross-platform`` or None, where the client did not say."""

    pool_id: str
    user_sub: str
    id: str
    rp_id: str
    key: str
    created: float
    name: str
    sign_count: int = 0
    transports: tuple[str, ...] = ()
    attachment: str | None = None

    def __repr__(self) -> str:
        return f"Passkey(rp_id={self.rp_id!r})"


class PasskeyOptions(StoredRecord, frozen=True, kw_only=True):
    """What a user who registers a passkey was told, and what comes back is compared with. ``digest`` is that of the
    challenge. Taken out of the store with the answer, so that it is good once."""

    pool_id: str
    user_sub: str
    digest: str
    client_id: str
    rp_id: str
    verification: str
    expires: float

    def __repr__(self) -> str:
        return f"PasskeyOptions(rp_id={self.rp_id!r})"


class RecoveryCodes(Kept, frozen=True, kw_only=True):
    """A set of codes that a user wrote down, each good once in place of a second factor. ``digests`` are keyed ones of
    those that were not used: a code is used by the write that takes its digest away. ``id`` is the set's, and part of
    each digest. A part of the user's record, so that the codes go with it, and a sign-in reads nothing more."""

    id: str
    digests: tuple[str, ...]
    created: float

    def __repr__(self) -> str:
        return f"RecoveryCodes(left={len(self.digests)!r})"
