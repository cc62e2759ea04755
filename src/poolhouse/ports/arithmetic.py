"""Slow or secret arithmetic. Protocols only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, TypeVarTuple

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


class Tokens(Protocol):
    """Signatures. Claims are given and taken; no rule about them lives behind this port."""

    async def sign(self, pool_id: str, use: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS; ``use`` is ``id`` or ``access``."""

    async def sign_both(
        self, pool_id: str, id_claims: Mapping[str, Any], access_claims: Mapping[str, Any]
    ) -> tuple[str, str]: ...

    async def verify(self, token: str, use: str) -> Mapping[str, Any]:
        """The claims of a token that we signed for ``use`` with a published key of the pool that it names as issuer.
        Expiry is not looked at. Raises ``InvalidAccessToken`` for anything else."""

    async def make_keys(self, pool_id: str) -> None:
        """The pool has a key pair for each use. Doing it twice changes nothing."""

    def issuer(self, pool_id: str) -> str: ...
