"""What somebody's logins make tags of the caller that they become: attributes for access control. Pure.

A tag says what the provider's token says, or it is not there. What credentials cannot bear is left out: a condition
that needs such a tag is not met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from poolhouse.errors import LoginRefused
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.settings import MOST_TAG_BYTES, MOST_TAGS, is_tag_text, tag_bytes
from poolhouse.ports.identities import Proven
from poolhouse.records.identities import IdentityPool, PrincipalTags

VALUE_LENGTH: Final = 256
CLIENT_TAG: Final = "client"
USERNAME_TAG: Final = "username"

_SAML_CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
SAML_DEFAULTS: Final[Mapping[str, str]] = {
    CLIENT_TAG: f"{_SAML_CLAIMS}nameidentifier",
    USERNAME_TAG: f"{_SAML_CLAIMS}name",
}
"""An assertion has neither an audience of one app nor a subject that says who it is."""


class Tagged(Struct, frozen=True):
    """The ``tags``, and the keys of those that the token had a value for that cannot be one (``left_out``)."""

    tags: Mapping[str, str] = {}
    left_out: tuple[str, ...] = ()


def principal_tags(pool: IdentityPool, proven: Sequence[Proven]) -> Mapping[str, str]:
    """The tags alone. Raises as ``tagged``."""
    return tagged(pool, proven).tags


def tagged(pool: IdentityPool, proven: Sequence[Proven]) -> Tagged:
    """By all logins of the call together; of two that give the same tag the first is believed.

    Raises ``LoginRefused`` where all together are more than credentials bear: none is dropped for another, which the
    user may have written.
    """
    by_name = {each.provider: each for each in pool.principal_tags}
    tags: dict[str, str] = {}
    left_out: list[str] = []
    taken: set[str] = set()
    for login in proven:
        mapped = next((by_name[name] for name in login.names or (login.provider,) if name in by_name), None)
        for key, said in _said(mapped, login):
            if said is None or key.casefold() in taken:
                continue
            taken.add(key.casefold())
            value = _text(said)
            if value is None:
                left_out.append(key)
            else:
                tags[key] = value
    if len(tags) > MOST_TAGS or tag_bytes(tags) > MOST_TAG_BYTES:
        raise LoginRefused(Reason.PRINCIPAL_TAGS_SIZE, most=MOST_TAG_BYTES)
    return Tagged(tags, tuple(left_out))


def _said(mapped: PrincipalTags | None, login: Proven) -> Sequence[tuple[str, Any]]:
    """What the login says for each tag, in the order in which they were set."""
    if mapped is None:
        return ()
    if not mapped.use_defaults:
        return [(key, login.claims.get(claim)) for key, claim in mapped.claims.items()]
    if login.kind == "developer":
        return ()
    if login.kind == "saml":
        return [(key, login.claims.get(claim)) for key, claim in SAML_DEFAULTS.items()]
    return ((CLIENT_TAG, login.app), (USERNAME_TAG, login.subject))


def _text(said: Any) -> str | None:
    """The value of a tag: a text as it is, a number or a truth value as JSON has it, a list of one as that one. None
    for all that a tag cannot be."""
    if isinstance(said, list | tuple):
        if len(said) != 1:
            return None
        said = said[0]
    if isinstance(said, bool | int | float):
        said = msgspec.json.encode(said).decode()
    return said if isinstance(said, str) and is_tag_text(said, VALUE_LENGTH) else None
