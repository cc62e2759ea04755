"""Users, and what proves who they are."""

from __future__ import annotations

from poolhouse.records.base import Kept, StoredRecord
from poolhouse.records.factors import RecoveryCodes

UNCONFIRMED = "UNCONFIRMED"
CONFIRMED = "CONFIRMED"
FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a state, not a secret
RESET_REQUIRED = "RESET_REQUIRED"
EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


class Credential(Kept, frozen=True, kw_only=True):
    """What proves a password. ``hash`` names its own format; ``verifier`` is salt and verifier of SRP, sealed as bytes.
    None where the password never was here (imported hashes), or the pool keeps none."""

    hash: str
    set_at: float
    srp: str | None = None
    """The verifier in its first form: hex, twice as long. It is read, and written no more."""
    verifier: str | None = None

    def __repr__(self) -> str:
        return f"Credential(set_at={self.set_at!r})"


class Enrolment(Kept, frozen=True, kw_only=True):
    """A factor that the user set up, or is about to: then it is not ``confirmed``, and proves nothing yet. ``sealed``
    is what the factor keeps, ``label`` what the user calls it. At most two of a factor: one of either kind."""

    id: str
    factor: str
    sealed: str
    created: float
    label: str | None = None
    confirmed: bool = False

    def __repr__(self) -> str:
        return f"Enrolment(factor={self.factor!r}, confirmed={self.confirmed!r})"


class User(StoredRecord, frozen=True, kw_only=True):
    """A person's record in a pool. ``username`` is the internal name and never changes; ``sub`` is the id.

    ``attributes`` holds text only (booleans as "true"/"false"), without ``sub``. ``pending`` holds values that wait for
    their verification. ``epoch`` counts global sign-outs: a grant of an older epoch is dead. ``spent`` remembers, per
    purpose, the id of the code that was used last: the write that uses a code is the write that has its effect.
    """

    pool_id: str
    sub: str
    username: str
    created: float
    modified: float
    status: str = UNCONFIRMED
    enabled: bool = True
    attributes: dict[str, str] = {}
    pending: dict[str, str] = {}
    credential: Credential | None = None
    temporary_until: float | None = None
    history: tuple[str, ...] = ()
    """Hashes of earlier passwords, newest first."""
    epoch: int = 0
    spent: dict[str, str] = {}
    mfa: tuple[str, ...] = ()
    """Second factors that are asked for, by the names of their challenges."""
    preferred_mfa: str | None = None
    """One of them that is asked for without a choice."""
    factors: tuple[Enrolment, ...] = ()
    passkey_mfa: bool = False
    """A passkey stands for a second factor, too, where the pool has it so."""
    trust: int = 0
    """Counts what made the user's remembered devices forgotten: each is remembered in one of these."""
    recovery: RecoveryCodes | None = None
    """None: the user never asked for any, or has no second factor any more."""

    def enrolment(self, factor: str, *, confirmed: bool = True) -> Enrolment | None:
        """The user's own of this factor; with ``confirmed=False``, the one that is about to be."""
        return next((one for one in self.factors if one.factor == factor and one.confirmed is confirmed), None)

    @property
    def can_recover(self) -> bool:
        """Whether there is a recovery code to be given in place of a second factor."""
        return self.recovery is not None and bool(self.recovery.digests)

    def has_verified(self, attribute: str) -> bool:
        return bool(self.attributes.get(attribute)) and self.attributes.get(f"{attribute}_verified") == "true"
