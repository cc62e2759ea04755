"""Slow or secret arithmetic. Protocols only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

from msgspec import Struct

from poolhouse.ports.passwords import Fit

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class Workers(Protocol):
    """Threads for what is slow: a few, behind a bounded queue."""

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """What the function returned in a worker thread. Raises what it raised, and ``TooManyRequests`` when the queue
        is full."""


class Passwords(Protocol):
    """Password hashes: slow arithmetic in a bounded pool. Raises ``TooManyRequests`` when the pool's queue is full."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, encoded: str | None) -> Fit:
        """Whether the password fits. With None the same work is done, and the answer is ``Fit.NO``."""

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash has other parameters, or another format, than ``hash`` would give it today."""

    def can_read(self, encoded: str) -> bool:
        """Whether ``verify`` can ever say yes to this hash."""

    def why_unreadable(self, encoded: str) -> str | None:
        """Which part of a hash that cannot be read is not understood, without showing any of it; None for others."""

    def is_peppered(self, encoded: str) -> bool:
        """Whether the hash has the pepper of a master key in it: it is of use only where that key is."""


class SrpOpening(Struct, frozen=True):
    """``b`` is the server's secret, ``B`` its public value; both lower-case hex."""

    b: str
    B: str


class Srp(Protocol):
    """SRP-6a over the 3072-bit group, as the clients compute it. Arithmetic runs in the bounded pool."""

    async def verifier(self, pool_name: str, username: str, password: str, salt: bytes) -> str:
        """Lower-case hex of ``v``."""

    def can_verify(self, verifier: str) -> bool:
        """Whether the hex number is one that a secret can have: neither out of the group nor a trivial member."""

    async def open(self, verifier: str, big_a: str) -> SrpOpening:
        """Raises ``InvalidParameter`` when A is not a usable public value."""

    async def proof(
        self,
        *,
        identity: str,
        verifier: str,
        big_a: str,
        opening: SrpOpening,
        secret_block: bytes,
        timestamp: str,
    ) -> bytes:
        """The signature that a client with the password would send. ``identity`` is pool name + user name."""


PASSKEY_ALGORITHMS: Final = (-7, -257, -8)
"""ES256, RS256 and EdDSA, by their numbers (COSE). The first is what nearly every authenticator has."""


class PasskeyTerms(Struct, frozen=True):
    """What an authenticator was asked for, and its answer has to keep: ``challenge`` is what it signs, ``rp_id`` the
    domain; with ``verified`` it has to know its user, by a finger or a PIN."""

    challenge: bytes
    rp_id: str
    verified: bool

    def __repr__(self) -> str:
        return f"PasskeyTerms(rp_id={self.rp_id!r}, verified={self.verified!r})"


class PasskeyMade(Struct, frozen=True):
    """``id`` and ``key`` (COSE) in base64url; ``provider`` is the kind of the authenticator (AAGUID), all zeros where
    it does not say."""

    id: str
    key: str
    sign_count: int
    provider: str

    def __repr__(self) -> str:
        return "PasskeyMade()"


class PasskeyUsed(Struct, frozen=True):
    """``sign_count`` as the authenticator says, ``verified`` whether it knew its user."""

    sign_count: int
    verified: bool


class PasskeyProofs(Protocol):
    """Answers of authenticators (WebAuthn level 3, sections 7.1 and 7.2). Nothing here says yes or no: what is returned
    was proven, and everything else raises. Arithmetic runs in the bounded pool."""

    def challenge_of(self, client_data: str) -> bytes:
        """What the answer says that it signed: nothing is proven by it. Raises ``PasskeyRefused``."""

    async def made(self, credential: Mapping[str, Any], terms: PasskeyTerms) -> PasskeyMade:
        """The new passkey. Raises ``PasskeyNotSupported``, ``PasskeyOriginNotAllowed``,
        ``PasskeyRelyingPartyMismatch``, ``TooManyRequests``."""

    async def used(self, credential: Mapping[str, Any], terms: PasskeyTerms, key: str | None) -> PasskeyUsed:
        """The answer was signed with the other half of the key. With None the same work is done, and it raises.

        Raises ``PasskeyRefused``, whose ``detail`` says why and shows nothing; ``TooManyRequests``.
        """


class Tokens(Protocol):
    """Signatures. Claims are given and taken; no rule about them lives behind this port."""

    async def sign(self, pool_id: str, use: str, claims: Mapping[str, Any], *, typ: str | None = None) -> str:
        """A compact JWS; ``use`` is ``id`` or ``access``. ``typ`` says of what kind it is, where that has a name."""

    async def sign_both(
        self,
        pool_id: str,
        id_claims: Mapping[str, Any],
        access_claims: Mapping[str, Any],
        *,
        algorithm: str | None = None,
    ) -> tuple[str, str]:
        """``algorithm`` is what the client chose for its ID tokens (None: nothing). Where no key of the pool signs by
        it yet, or this version does not know it, the pool's own does."""

    async def sign_id(
        self,
        pool_id: str,
        claims: Mapping[str, Any],
        vouched: Mapping[str, str],
        *,
        algorithm: str | None = None,
        typ: str | None = None,
    ) -> str:
        """A compact JWS for ``id``, by ``algorithm`` as above. ``vouched`` is what it vouches for, by claim: each of
        these says the left half of the text's hash, by the hash of the signature's algorithm (OpenID Connect Core 1.0
        section 3.1.3.6)."""

    async def verify(self, token: str, use: str) -> Mapping[str, Any]:
        """The claims of a token that we signed for ``use`` with a published key of the pool that it names as issuer.
        Expiry is not looked at. Raises ``InvalidAccessToken`` for anything else."""

    async def make_keys(self, pool_id: str) -> None:
        """The pool has a key pair for each use. Doing it twice changes nothing."""

    def issuer(self, pool_id: str) -> str: ...
