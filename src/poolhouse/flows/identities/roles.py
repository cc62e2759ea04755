"""Which role an identity gets: by its logins, and by what is set for its pool. Pure.

A SAML assertion offers roles by itself; a rule that is set for its provider goes before that. An assertion that offers
none is treated as any other login for which nothing is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from poolhouse.errors import NoRole, NotAuthorized
from poolhouse.errors.reasons import Reason
from poolhouse.ports.identities import Proven
from poolhouse.records.identities import IdentityPool, RoleMapping, RoleRule

AUTHENTICATED: Final = "authenticated"
UNAUTHENTICATED: Final = "unauthenticated"
ROLES_CLAIM: Final = "cognito:roles"
PREFERRED_CLAIM: Final = "cognito:preferred_role"


def role_of(pool: IdentityPool, resolved_logins: Sequence[Proven], custom: str | None, *, guest: bool) -> str:
    """The ARN. ``custom`` is the role that the client asks for; None: it does not say.

    Raises ``NoRole`` where the pool has none for this identity, ``NotAuthorized`` where ``custom`` is none of those
    that may be taken, and where nobody says which.
    """
    if guest:
        if custom is not None:
            raise NotAuthorized(Reason.CUSTOM_ROLE_REFUSED)
        return _usual(pool, UNAUTHENTICATED)
    login, mapping = _used(pool, resolved_logins)
    if login is not None and login.saml_roles and (mapping is None or mapping.kind != "Rules"):
        return _one_of(login.saml_roles, custom)
    if login is None or mapping is None:
        return _usual(pool, AUTHENTICATED)
    if mapping.kind == "Rules":
        matching = [rule.role_arn for rule in mapping.rules if _matches(rule, login.claims)]
        if custom is not None:
            return _asked_for(custom, matching)
        return matching[0] if matching else _ambiguous(pool, mapping)
    offered = _texts_of_list(login.claims.get(ROLES_CLAIM))
    if custom is not None:
        return _asked_for(custom, offered)
    preferred = login.claims.get(PREFERRED_CLAIM)
    if isinstance(preferred, str) and preferred:
        return preferred
    return offered[0] if len(offered) == 1 else _ambiguous(pool, mapping)


def _used(pool: IdentityPool, logins: Sequence[Proven]) -> tuple[Proven | None, RoleMapping | None]:
    """The first login that a mapping is set for; or else the first of all, for which none is."""
    by_name = {mapping.provider: mapping for mapping in pool.mappings}
    for login in logins:
        for name in login.names or (login.provider,):
            if name in by_name:
                return login, by_name[name]
    return (logins[0] if logins else None), None


def _usual(pool: IdentityPool, kind: str) -> str:
    role = pool.roles.get(kind)
    if role is None:
        raise NoRole
    return role


def _one_of(offered: Sequence[str], custom: str | None) -> str:
    if custom is not None:
        return _asked_for(custom, offered)
    if len(offered) > 1:
        raise NotAuthorized(Reason.ROLE_AMBIGUOUS)
    return offered[0]


def _asked_for(custom: str, offered: Sequence[str]) -> str:
    if custom not in offered:
        raise NotAuthorized(Reason.CUSTOM_ROLE_REFUSED)
    return custom


def _ambiguous(pool: IdentityPool, mapping: RoleMapping) -> str:
    if mapping.ambiguous != "AuthenticatedRole":
        raise NotAuthorized(Reason.ROLE_AMBIGUOUS)
    return _usual(pool, AUTHENTICATED)


def _matches(rule: RoleRule, claims: Mapping[str, Any]) -> bool:
    """A claim that is not there matches nothing, not even ``NotEqual``."""
    said = claims.get(rule.claim)
    if said is None:
        return False
    values = [_text(each) for each in (said if isinstance(said, list | tuple) else (said,))]
    match rule.match:
        case "Equals":
            return rule.value in values
        case "Contains":
            return any(rule.value in value for value in values)
        case "StartsWith":
            return any(value.startswith(rule.value) for value in values)
        case "NotEqual":
            return rule.value not in values
    return False


def _text(value: Any) -> str:
    """As rules compare it: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _texts_of_list(said: Any) -> Sequence[str]:
    """A claim that is a list, or a text with commas."""
    if isinstance(said, str):
        said = said.split(",")
    if not isinstance(said, list | tuple):
        return ()
    return tuple(each.strip() for each in said if isinstance(each, str) and each.strip())
