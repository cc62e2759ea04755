"""Identity pools, the identities in them, and the logins that lead to them."""

from __future__ import annotations

from poolhouse.records.base import Kept, StoredRecord


class UserPoolProvider(Kept, frozen=True, kw_only=True):
    """A user pool whose users have identities: ``name`` as logins call it, ``client_id`` the one audience that is good.
    With ``asks_server`` the pool is asked whether the user was signed out, disabled or deleted meanwhile."""

    name: str
    client_id: str
    asks_server: bool | None = None


class RoleRule(Kept, frozen=True, kw_only=True):
    """``match`` is ``Equals``, ``Contains``, ``StartsWith`` or ``NotEqual``."""

    claim: str
    match: str
    value: str
    role_arn: str


class RoleMapping(Kept, frozen=True, kw_only=True):
    """How users of a provider (of a user pool with ``:<client id>`` behind its name) get their role: by their
    ``Token``, or by ``Rules``. ``ambiguous`` is what happens where neither says which: ``AuthenticatedRole``, ``Deny``.
    """

    provider: str
    kind: str
    ambiguous: str | None = None
    rules: tuple[RoleRule, ...] = ()


class PrincipalTags(Kept, frozen=True, kw_only=True):
    """Which claims of a provider's tokens become tags of the caller: by tag the name of the claim; with
    ``use_defaults`` ``client`` and ``username`` are."""

    provider: str
    use_defaults: bool = False
    claims: dict[str, str] = {}


class IdentityPool(StoredRecord, frozen=True, kw_only=True):
    """A pool of identities. ``allows_classic`` None means that nothing was said: then the classic flow works.

    ``social`` holds the app id by provider (Twitter's with the app's secret behind it); ``roles`` an ARN for
    ``authenticated`` and ``unauthenticated``.
    ``sealed_pepper`` is what digests of logins are keyed with. Credentials made before ``revoked_before`` are over.
    """

    id: str
    name: str
    created: float
    modified: float
    allows_guests: bool
    allows_classic: bool | None = None
    social: dict[str, str] = {}
    developer_provider: str | None = None
    oidc_provider_arns: tuple[str, ...] = ()
    user_pools: tuple[UserPoolProvider, ...] = ()
    saml_provider_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    roles: dict[str, str] = {}
    mappings: tuple[RoleMapping, ...] = ()
    principal_tags: tuple[PrincipalTags, ...] = ()
    sealed_pepper: str
    revoked_before: float | None = None

    def __repr__(self) -> str:
        # The app ids of some providers have a secret behind them.
        return f"IdentityPool(id={self.id!r}, name={self.name!r}, version={self.version!r})"

    @property
    def region(self) -> str:
        return self.id.partition(":")[0]


class Identity(StoredRecord, frozen=True, kw_only=True):
    """Somebody, by an identifier that says nothing. ``had_login``: it had a login once, and never serves guests again.

    ``merging_into`` names the identity that it becomes a part of, from the first write of a merge on; ``is_disabled``
    once that is done; ``absorbing`` names those of which this is not known to be done. ``seniority`` is what counts for
    its age where identities merge, if a developer has said so: the lesser is older. ``claimed_by`` holds the digests of
    the logins that made somebody of a guest: they are its own from before they are written on, until they are unlinked.
    ``expires`` is set for one that was deleted: until then it is known that it was, so that a login that came late is
    set free."""

    id: str
    pool_id: str
    created: float
    modified: float
    had_login: bool = False
    merging_into: str | None = None
    is_disabled: bool = False
    revoked_before: float | None = None
    absorbing: tuple[str, ...] = ()
    claimed_by: tuple[str, ...] = ()
    seniority: float | None = None
    expires: float | None = None


class Login(StoredRecord, frozen=True, kw_only=True):
    """That somebody of a provider is this identity. ``digest`` is keyed and one-way: of the provider's own id of them
    nothing is kept. ``sealed_developer_id`` is the exception: developers may ask for the ids that they gave."""

    pool_id: str
    digest: str
    provider: str
    identity_id: str
    linked: float
    sealed_developer_id: str | None = None
