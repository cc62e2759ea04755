"""What can be set on an app client, and which settings fit together."""

from __future__ import annotations

from typing import Any

from poolhouse.errors import InvalidOAuthFlow, InvalidParameter, ScopeNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.redirects import check_redirect
from poolhouse.flows.clients.validity import Validity, seconds_of
from poolhouse.flows.directory import values
from poolhouse.records.base import Record
from poolhouse.records.clients import Rotation
from poolhouse.records.pools import Pool

MOST_URLS = 100
MOST_SCOPES = 50
LONGEST_GRACE = 60

LOCAL_PROVIDER = "COGNITO"
STANDARD_SCOPES = frozenset({"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"})

LEGACY = frozenset({"ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"})
MODERN = frozenset(
    {
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_CUSTOM_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_AUTH",
    }
)
DEFAULT_FLOWS = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"})
_OAUTH_FLOWS = frozenset({"code", "implicit", "client_credentials"})


class ClientSettings(Record, frozen=True, kw_only=True):
    """What can be said of a client at any time; what is left out returns to the default that stands here.

    ``name`` is the exception: None leaves it as it is. For ``flows`` and the attribute lists None means "not said", and
    so does an empty list.
    """

    name: str | None = None
    flows: tuple[str, ...] | None = None
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    validity: Validity = Validity()
    rotation: Rotation = Rotation()
    hides_users: bool = False
    revocable: bool = True
    propagates_context: bool = False
    callback_urls: tuple[str, ...] = ()
    logout_urls: tuple[str, ...] = ()
    default_redirect_uri: str | None = None
    oauth_enabled: bool = False
    oauth_flows: tuple[str, ...] = ()
    oauth_scopes: tuple[str, ...] = ()
    identity_providers: tuple[str, ...] = ()
    kept: dict[str, Any] = {}


def check(
    pool: Pool, settings: ClientSettings, *, has_secret: bool, known_scopes: frozenset[str] = frozenset()
) -> None:
    """The settings fit together and fit the pool, whose resource servers have the ``known_scopes``.

    Raises ``InvalidParameter``, ``InvalidOAuthFlow``, ``ScopeNotFound``.
    """
    _check_flows(settings)
    seconds_of(settings.validity)
    _check_attributes(pool, settings)
    _check_urls(settings)
    _check_oauth(settings, has_secret=has_secret, known_scopes=known_scopes)
    for provider in settings.identity_providers:
        if provider != LOCAL_PROVIDER:
            raise InvalidParameter(Reason.PROVIDER_NOT_FOUND, provider=provider, pool_id=pool.id)
    if settings.propagates_context and not has_secret:
        raise InvalidParameter(Reason.CONTEXT_NEEDS_SECRET)


def _check_flows(settings: ClientSettings) -> None:
    flows = frozenset(settings.flows or ())
    if unknown := flows - LEGACY - MODERN:
        raise InvalidParameter(Reason.AUTH_FLOW_UNKNOWN, flow=min(unknown))
    if flows & LEGACY and flows & MODERN:
        raise InvalidParameter(Reason.AUTH_FLOWS_MIXED)
    if not 0 <= settings.rotation.grace <= LONGEST_GRACE:
        raise InvalidParameter(Reason.GRACE_TOO_LONG, most=LONGEST_GRACE)
    if settings.rotation.enabled and "ALLOW_REFRESH_TOKEN_AUTH" in flows:
        raise InvalidParameter(Reason.REFRESH_FLOW_WITH_ROTATION)


def _check_attributes(pool: Pool, settings: ClientSettings) -> None:
    may_read, may_write = values.listable(pool)
    if not may_read.issuperset(settings.read_attributes or ()):
        raise InvalidParameter(Reason.READ_ATTRIBUTES_INVALID)
    if settings.write_attributes:
        required = {entry.name for entry in pool.schema if entry.required and entry.name in may_write}
        if not required <= set(settings.write_attributes) <= may_write:
            raise InvalidParameter(Reason.WRITE_ATTRIBUTES_INVALID)


def _check_urls(settings: ClientSettings) -> None:
    for urls in (settings.callback_urls, settings.logout_urls):
        if len(urls) > MOST_URLS:
            raise InvalidParameter(Reason.TOO_MANY_URLS, most=MOST_URLS)
        for url in urls:
            check_redirect(url)
    if settings.default_redirect_uri is not None and settings.default_redirect_uri not in settings.callback_urls:
        raise InvalidParameter(Reason.DEFAULT_REDIRECT_NOT_LISTED)


def _check_oauth(settings: ClientSettings, *, has_secret: bool, known_scopes: frozenset[str]) -> None:
    flows, scopes = frozenset(settings.oauth_flows), settings.oauth_scopes
    if unknown := flows - _OAUTH_FLOWS:
        raise InvalidOAuthFlow(Reason.OAUTH_FLOW_UNKNOWN, flow=min(unknown))
    if len(scopes) > MOST_SCOPES:
        raise InvalidParameter(Reason.TOO_MANY_SCOPES, most=MOST_SCOPES)
    if "client_credentials" in flows:
        if len(flows) > 1:
            raise InvalidOAuthFlow(Reason.CLIENT_CREDENTIALS_NOT_ALONE)
        if not has_secret:
            raise InvalidOAuthFlow(Reason.CLIENT_CREDENTIALS_WITHOUT_SECRET)
        if not STANDARD_SCOPES.isdisjoint(scopes):
            raise InvalidOAuthFlow(Reason.CLIENT_CREDENTIALS_FOREIGN_SCOPES)
    for scope in scopes:
        if scope not in STANDARD_SCOPES and scope not in known_scopes:
            raise ScopeNotFound(scope)
    if settings.oauth_enabled and not (flows and scopes):
        raise InvalidParameter(Reason.OAUTH_SETTINGS_MISSING)
