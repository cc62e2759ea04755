"""Where identity pools and identities are kept, and who can tell whose a login is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from poolhouse.ports.jobs import JobLeases
from poolhouse.ports.paging import Slice
from poolhouse.records.identities import Identity, IdentityPool, Login
from poolhouse.records.keys import SigningKey


class IdentityPools(Protocol):
    async def get(self, pool_id: str) -> IdentityPool:
        """Raises ``IdentityPoolNotFound``. The answer may be some seconds old (a bounded cache)."""

    async def fresh(self, pool_id: str) -> IdentityPool:
        """As it stands in the store now: for administrators, who have just changed it elsewhere. Raises
        ``IdentityPoolNotFound``."""

    async def add(self, pool: IdentityPool) -> IdentityPool: ...

    async def save(self, pool: IdentityPool) -> IdentityPool:
        """Raises ``ConcurrentModification``."""

    async def delete(self, pool_id: str) -> None:
        """The pool is gone, and what was cached of it here. What is its own is still there: ``remove_some``."""

    async def remove_some(self, pool_id: str, limit: int) -> int:
        """Up to so many documents that are the pool's own were removed; how many. 0: none is left."""

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice: ...

    async def count(self, most: int) -> int:
        """How many pools there are in all regions; ``most`` where there are more."""


class Identities(Protocol):
    """Identities are found by their id alone: no operation on one names its pool."""

    async def get(self, identity_id: str) -> Identity | None:
        """None for one that was deleted, too."""

    async def deleted(self, identity_id: str) -> Identity | None:
        """What is known for a while of one that was deleted; None for any other."""

    async def add(self, identity: Identity) -> Identity:
        """Raises ``KeyTaken``; ``IdentityPoolNotFound`` where its pool was removed at the same moment."""

    async def save(self, identity: Identity) -> Identity:
        """Raises ``VersionConflict``."""

    async def delete(self, identity: Identity) -> bool:
        """True if this call removed it. Nothing is known of it any more: for one that nobody has heard of."""

    async def strike(self, identity: Identity) -> None:
        """A deleted identity is on no list any more."""

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        """Identities of a pool, the disabled ones too."""


class Logins(Protocol):
    """One of a digest in a pool: that is what makes an identity the only one of its user."""

    async def get(self, pool_id: str, digest: str) -> Login | None: ...

    async def add(self, login: Login) -> Login:
        """Raises ``KeyTaken``: somebody was faster, and ``get`` tells whose it is now."""

    async def save(self, login: Login) -> Login:
        """Raises ``VersionConflict``."""

    async def delete(self, login: Login) -> bool:
        """The login is gone unless it was changed meanwhile."""

    async def of_identity(self, pool_id: str, identity_id: str) -> Sequence[Login]:
        """All of them: at most twenty, by rule."""


class Proven(Struct, frozen=True, kw_only=True):
    """A login that was verified. ``provider`` is the canonical name (a key of ``Logins``, in clear); ``subject`` the
    provider's own id of the user, which is never stored, logged or shown; ``app`` the app id that the token was made
    for; ``names`` those under which role mappings and principal tags may stand, the best first; ``claims`` what the
    token says; ``amr`` what a token of ours says about it; ``saml_roles`` the ARNs that an assertion offers.

    ``kind`` is ``user_pool``, ``oidc``, ``social``, ``saml``, ``developer`` or ``plugin``.
    """

    provider: str
    subject: str
    app: str
    kind: str
    names: tuple[str, ...] = ()
    claims: Mapping[str, Any] = {}
    amr: tuple[str, ...] = ()
    saml_roles: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Proven(provider={self.provider!r}, kind={self.kind!r})"


class OwnToken(Struct, frozen=True, kw_only=True):
    """A token of our own issuer that was verified (the login ``cognito-identity.amazonaws.com``). ``expires``: what is
    given for it in its kind lasts no longer."""

    pool_id: str
    identity_id: str
    amr: tuple[str, ...]
    tags: Mapping[str, str] = {}
    issued: float = 0.0
    expires: float | None = None


class LoginProofs(Protocol):
    """Whether logins are what they say (identity pools, section 4)."""

    async def prove(self, pool: IdentityPool, logins: Mapping[str, str]) -> Sequence[Proven]:
        """All of them, or none: raises ``LoginRefused`` for the first that is not good, ``InvalidParameter`` where the
        developer provider's is among them, ``ProviderAway`` where a provider does not answer. Our own key is none of
        them."""

    async def prove_own(self, pool: IdentityPool, token: str) -> OwnToken:
        """What a token of ours says, for this pool. That of a guest proves nothing, and says so: its ``amr`` is
        ``unauthenticated``. Raises ``LoginRefused``."""


class OwnTokens(Protocol):
    """The tokens of our own issuer, for identities."""

    @property
    def issuer(self) -> str: ...

    async def sign(self, claims: Mapping[str, Any]) -> str:
        """``iss`` is added."""

    async def verify(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a token that we signed with a key that is still published; None for anything else. Its times
        are not looked at."""


class OwnKeys(Protocol):
    """The keys of our own issuer."""

    async def rotate(self) -> int:
        """There is a new key: published now, signing after the lead time. The one before it stays published for so
        many seconds after it has signed. Doing it twice does no more than doing it once."""

    async def all_of(self) -> Sequence[SigningKey]:
        """As they stand in the store, by slot."""


class UserPoolsHere(Struct, frozen=True, kw_only=True):
    """The user pools of this very server, for who takes the ID tokens of them. ``has`` says whether there is a pool of
    this id. ``verify`` gives the claims of an ID token of a pool of ours, whose times are not looked at, and raises
    ``InvalidAccessToken``. ``require_current`` raises ``NotAuthorized`` (or another error of its kind) where the user
    of such claims is gone, disabled, or was signed out since."""

    has: Callable[[str], Awaitable[bool]]
    verify: Callable[[str], Awaitable[Mapping[str, Any]]]
    require_current: Callable[[str, Mapping[str, Any]], Awaitable[None]]


class ForeignToken(Struct, frozen=True):
    """A token of another issuer, taken apart. ``claims`` are what it says, not what is true. ``parts`` is for who
    checks it."""

    claims: Mapping[str, Any]
    parts: object

    def __repr__(self) -> str:
        return "ForeignToken()"


class ForeignKeys(Protocol):
    """The keys that an issuer publishes."""

    def check(self, token: ForeignToken) -> bool | None:
        """Whether one of them has signed it. None: there is none of the name that it gives."""


class ForeignTokens(Protocol):
    """Signatures of other issuers."""

    def read(self, token: str) -> ForeignToken:
        """Raises ``ValueError`` for what is no token."""

    def keys(self, jwks: bytes, algorithms: Collection[str] = ()) -> ForeignKeys:
        """Of a key set (RFC 7517). ``algorithms`` are those that the issuer declares, for keys that do not say theirs.
        Raises ``ValueError``."""


class SamlTerms(Struct, frozen=True, kw_only=True):
    """What a response has to be: of the provider of this ``metadata`` (XML), for one of the ``audiences``, delivered to
    one of the ``recipients``. ``now`` in epoch seconds."""

    metadata: str
    audiences: tuple[str, ...]
    recipients: tuple[str, ...]
    now: float


class SamlStatement(Struct, frozen=True, kw_only=True):
    """What a provider has signed about somebody. ``subject`` is the name that it has for them, ``name_format`` of which
    kind that is, ``qualifiers`` what it is unique within, ``attributes`` the values by name."""

    issuer: str
    audience: str
    subject: str
    name_format: str
    qualifiers: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"SamlStatement(issuer={self.issuer!r})"


class SamlResponses(Protocol):
    """Responses and metadata of SAML 2.0. Arithmetic runs in the bounded pool."""

    async def read(self, response: str, terms: SamlTerms) -> SamlStatement:
        """What a response (base64) says, once all of it is proven. Raises ``LoginRefused``, and ``NotOffered`` where
        this server was installed without what reads SAML."""

    async def entity_of(self, metadata: str) -> str:
        """The name of the provider that the metadata is of, with a key at least. Raises ``InvalidParameter``, and
        ``NotOffered`` as above."""


class OAuth1(Protocol):
    """Requests that are signed by OAuth 1.0a (RFC 5849), with HMAC-SHA1."""

    def authorization(
        self, url: str, consumer: tuple[str, str], token: tuple[str, str], *, nonce: str, instant: int
    ) -> str:
        """The header of a GET. Keys come with their secrets."""


class IdentityPorts(Struct, frozen=True, kw_only=True):
    """All that the flows of identity pools need of the world, in one place for who wires them."""

    pools: IdentityPools
    identities: Identities
    logins: Logins
    jobs: JobLeases
