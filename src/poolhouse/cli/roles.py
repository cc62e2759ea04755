"""Roles and policies, as the commands treat them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from poolhouse.cli.failures import SETTINGS, Failure
from poolhouse.cli.keys import read_json, understood
from poolhouse.flows.access.policies import Decision, Document, Explained, Permissions, parse_policy, parse_trust
from poolhouse.records.access import ManagedPolicy, Role
from poolhouse.server.app import Server

INLINE: Final = "inline"


def read_document(path: Path, *, trust: bool = False) -> dict[str, Any]:
    """A policy in JSON; with ``trust`` one that says who may take a role. Raises ``Failure``."""
    found = read_json(path)
    with understood(path):
        (parse_trust if trust else parse_policy)(found)
    return dict(found)


async def roles(server: Server) -> AsyncIterator[Role]:
    """Those of the file first."""
    for role in server.access.roles.filed.values():
        yield role
    cursor: str | None = None
    while True:
        page = await server.access.roles.page(200, cursor)
        for role in page.items:
            yield role
        if (cursor := page.cursor) is None:
            return


async def policies(server: Server) -> AsyncIterator[ManagedPolicy]:
    cursor: str | None = None
    while True:
        page = await server.access.policies.page(200, cursor)
        for policy in page.items:
            yield policy
        if (cursor := page.cursor) is None:
            return


def role_line(server: Server, role: Role) -> str:
    """A role in a line."""
    where = "of the file" if role.name in server.access.roles.filed else f"made {instant(role.created)}"
    count = len(role.policies) + len(role.attached)
    return f"{server.access.roles.arn(role)}  {count} policies  {role.backend}  {where}"


def role_lines(server: Server, role: Role) -> Iterable[str]:
    """All of a role, for people; its documents are JSON."""
    yield f"arn       {server.access.roles.arn(role)}"
    yield f"longest   {role.longest} s"
    yield f"backend   {role.backend}"
    yield f"attached  {', '.join(role.attached) or '-'}"
    if role.revoked_before is not None:
        yield f"revoked   what was made until {instant(role.revoked_before)}"
    yield f"trust     {_indented(role.trust)}"
    for name, document in role.policies.items():
        yield f"policy    {name} {_indented(document)}"


def _indented(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2)


def instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


# --- the simulator ---------------------------------------------------------------------------------------------------


async def documents_of(server: Server, name: str) -> tuple[Document, ...]:
    """The policies of a role, its own and those that are attached. Raises ``RoleNotFound``."""
    roles = server.access.roles
    known = await server.access.book.find(roles.arn(await roles.get(name)))
    return () if known is None else known.documents


def document_in(path: Path) -> Document:
    """Raises ``Failure``."""
    return parse_policy(read_document(path), path.name)


def context_of(said: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """``key=value``; a key that is said several times has several values. Raises ``Failure``."""
    found: dict[str, str | tuple[str, ...]] = {}
    for word in said:
        key, equals, value = word.partition("=")
        if not equals or ":" not in key:
            raise Failure(f"--context {word}: expected KEY=VALUE, as aws:SourceIp=192.0.2.7", SETTINGS)
        name, before = key.lower(), found.get(key.lower())
        found[name] = value if before is None else (*((before,) if isinstance(before, str) else before), value)
    return found


def verdict(decision: Decision) -> str:
    """The decision in a sentence."""
    return {
        "allowed": f"allowed by {decision.statement}" if decision.statement else "allowed: everybody may",
        "denied": f"denied by {decision.statement}",
        "not allowed": "not allowed: no statement allows it",
        "session": "not allowed: the role allows it, and a session policy does not",
        "too much": "not allowed: the resource is too long, or the policies take too long",
    }[decision.why]


def explained(permissions: Permissions, action: str, resource: str) -> list[str]:
    """What each statement says to it, a line each."""
    return [_explained(each) for each in permissions.explain(action, resource)]


def _explained(each: Explained) -> str:
    effect = "Allow" if each.allows else "Deny"
    said = "matches" if each.matches else f"does not match: {each.unlike}"
    kind = "session, " if each.is_session else ""
    return f"  {kind}{each.policy}, {each.place}, {effect}: {said}"
