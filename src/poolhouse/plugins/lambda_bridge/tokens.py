"""What a function may change of tokens, in three versions of the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from poolhouse import PreToken
from poolhouse.plugins.lambda_bridge.answered import Response


def pre_token(response: Response, event: PreToken, version: str) -> PreToken | None:
    """The event, changed. V1 changes the ID token, by texts only; V2 and V3 both tokens and the scopes, by any value.
    Groups count for both tokens in each version."""
    if version == "V1_0":
        details = response.inside("claimsOverrideDetails")
        if details is None:
            return None
        only_texts = details.strings("claimsToAddOrOverride")
        claims = _changed(event.id_claims, only_texts, details.texts("claimsToSuppress"))
        return _with_groups(dataclasses.replace(event, id_claims=claims), details)
    details = response.inside("claimsAndScopeOverrideDetails")
    if details is None:
        return None
    of_id, of_access = details.inside("idTokenGeneration"), details.inside("accessTokenGeneration")
    if of_id is not None:
        event = dataclasses.replace(event, id_claims=_claims(of_id, event.id_claims))
    if of_access is not None:
        event = dataclasses.replace(
            event,
            access_claims=_claims(of_access, event.access_claims),
            scopes=_scopes(of_access, event.scopes),
        )
    return _with_groups(event, details)


def _claims(part: Response, claims: Mapping[str, Any]) -> dict[str, Any]:
    added = part.inside("claimsToAddOrOverride")
    values = {} if added is None else added.values()
    if any(value is None for value in values.values()):
        raise part.wrong("a claim is null")
    return _changed(claims, values, part.texts("claimsToSuppress"))


def _changed(
    claims: Mapping[str, Any], added: Mapping[str, Any] | None, suppressed: Sequence[str] | None
) -> dict[str, Any]:
    """What is suppressed is gone, even where it is added, too."""
    gone = set(suppressed or ())
    return {name: value for name, value in {**claims, **(added or {})}.items() if name not in gone}


def _scopes(part: Response, scopes: Sequence[str]) -> tuple[str, ...]:
    added, gone = part.texts("scopesToAdd") or [], set(part.texts("scopesToSuppress") or [])
    if any(scope.split() != [scope] for scope in added):
        raise part.wrong("a scope has white space in it")
    return tuple(scope for scope in dict.fromkeys((*scopes, *added)) if scope not in gone)


def _with_groups(event: PreToken, details: Response) -> PreToken:
    """``groupOverrideDetails`` takes the place of groups and roles; one that is empty, or null, removes them. What it
    does not say stays."""
    if not details.has("groupOverrideDetails"):
        return event
    groups = details.inside("groupOverrideDetails")
    if groups is None or not groups.values():
        return dataclasses.replace(event, groups=(), roles=(), preferred_role=None)
    names, roles = groups.texts("groupsToOverride"), groups.texts("iamRolesToOverride")
    preferred = groups.text("preferredRole") if groups.has("preferredRole") else event.preferred_role
    return dataclasses.replace(
        event,
        groups=event.groups if names is None else tuple(names),
        roles=event.roles if roles is None else tuple(roles),
        preferred_role=preferred,
    )
