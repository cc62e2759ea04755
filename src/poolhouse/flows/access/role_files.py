"""Roles that stand in a file, as automation writes them: by name, in the field's own documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors import InvalidParameter, PolicyMalformed
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.policy_documents import from_json, parse_policy, parse_trust
from poolhouse.flows.access.role_settings import require_backend, require_longest, require_name
from poolhouse.records.access import Role

_TRUST: Final = "AssumeRolePolicyDocument"
_POLICY: Final = "PolicyDocument"
_KEYS: Final = frozenset({_TRUST, _POLICY, "MaxSessionDuration", "Backend"})
_LARGEST: Final = 4 * 1024 * 1024


def roles_in(text: str) -> tuple[Role, ...]:
    """The roles of a file. Raises ``PolicyMalformed``, whose sentence names the role."""
    given = from_json(text, most=_LARGEST)
    if not isinstance(given, Mapping):
        raise PolicyMalformed(Reason.ROLES_FILE_FORM)
    return tuple(_role(name, said) for name, said in given.items())


def _role(name: str, said: Any) -> Role:
    try:
        return _read(name, said)
    except (PolicyMalformed, InvalidParameter) as error:
        wrong = str(error)
        raise PolicyMalformed(Reason.ROLES_FILE_ROLE, name=name[:64], wrong=wrong) from None


def _read(name: str, said: Any) -> Role:
    require_name(name)
    if not isinstance(said, Mapping):
        raise PolicyMalformed(Reason.POLICY_NOT_AN_OBJECT, place="the role")
    for key in said:
        if key not in _KEYS:
            raise PolicyMalformed(Reason.POLICY_KEY_UNKNOWN, place="the role", name=key[:64])
    if _TRUST not in said:
        raise PolicyMalformed(Reason.POLICY_KEY_MISSING, place="the role", name=_TRUST)
    trust = _plain(said[_TRUST])
    parse_trust(trust)
    policies = {}
    if _POLICY in said:
        policies[_POLICY] = _plain(said[_POLICY])
        parse_policy(policies[_POLICY])
    longest, backend = said.get("MaxSessionDuration", 3600), said.get("Backend", "local")
    require_longest(longest)
    require_backend(backend)
    return Role(name=name, created=0.0, trust=trust, policies=policies, longest=longest, backend=backend)


def _plain(document: Any) -> Any:
    """A document may stand there as a text, as IAM's API gives it."""
    return from_json(document) if isinstance(document, str) else document
