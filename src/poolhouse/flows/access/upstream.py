"""What the API behind a gateway is told of who passes: header fields, and the objects that functions behind API Gateway
know as ``requestContext``.

Every field is ours alone. A face removes all of ``FIELDS`` from what the client sent before it adds any.
"""

from __future__ import annotations

import json
from typing import Any, Final

from poolhouse.flows.access.gateway import Holder
from poolhouse.ports.access import Session

IDENTITY: Final = "X-Identity-Id"
POOL: Final = "X-Identity-Pool-Id"
KIND: Final = "X-Auth-Type"
PROVIDER: Final = "X-Auth-Provider"
PRINCIPAL: Final = "X-Principal-Arn"
TAGS: Final = "X-Principal-Tags"
SUBJECT: Final = "X-Auth-Subject"
CLIENT: Final = "X-Auth-Client"
SCOPES: Final = "X-Auth-Scopes"
FIELDS: Final = (IDENTITY, POOL, KIND, PROVIDER, PRINCIPAL, TAGS, SUBJECT, CLIENT, SCOPES)
_UNAUTHENTICATED: Final = "unauthenticated"


def fields(holder: Holder) -> dict[str, str]:
    """Header fields for the API; those that have nothing to say are empty, so that they replace a client's."""
    said = dict.fromkeys(FIELDS, "")
    if holder.caller is None:
        claims = holder.claims
        said |= {
            KIND: "token",
            PROVIDER: _plain(claims.get("iss")),
            SUBJECT: _plain(claims.get("sub")),
            CLIENT: _plain(claims.get("client_id", claims.get("aud"))),
            SCOPES: _plain(claims.get("scope")),
        }
        return said
    said |= {PRINCIPAL: _plain(holder.caller.arn), KIND: "key"}
    session = holder.caller.session
    if session is not None and session.identity_id is not None:
        said |= {
            IDENTITY: _plain(session.identity_id),
            POOL: _plain(session.pool_id),
            KIND: _kind(session),
            PROVIDER: _plain(_provider(session)),
            TAGS: json.dumps(dict(session.tags), separators=(",", ":")) if session.tags else "",
        }
    elif session is not None:
        said |= {KIND: "role"}
    return said


def rest_context(holder: Holder) -> dict[str, Any]:
    """``requestContext.identity``, as REST APIs have it; ``authorizer.claims`` beside it for tokens."""
    caller, session = holder.caller, _session(holder)
    identity = {
        "cognitoIdentityId": session.identity_id if session else None,
        "cognitoIdentityPoolId": session.pool_id if session else None,
        "cognitoAuthenticationType": _kind(session) if session and session.identity_id else None,
        "cognitoAuthenticationProvider": (_provider(session) or None) if session else None,
        "accessKey": caller.key_id if caller else None,
        "accountId": _account(caller.arn) if caller else None,
        "caller": _user_id(holder),
        "user": _user_id(holder),
        "userArn": caller.arn if caller else None,
        "sourceIp": holder.source,
        "userAgent": holder.user_agent,
    }
    return {"identity": identity, **({"authorizer": {"claims": dict(holder.claims)}} if caller is None else {})}


def http_context(holder: Holder) -> dict[str, Any]:
    """``requestContext``, as HTTP APIs have it: ``authorizer.iam``, or ``authorizer.jwt`` for tokens."""
    http = {"sourceIp": holder.source, "userAgent": holder.user_agent}
    caller, session = holder.caller, _session(holder)
    if caller is None:
        scope = holder.claims.get("scope")
        scopes = scope.split() if isinstance(scope, str) else None
        return {"authorizer": {"jwt": {"claims": dict(holder.claims), "scopes": scopes}}, "http": http}
    cognito = None
    if session is not None and session.identity_id is not None:
        cognito = {"amr": list(session.amr), "identityId": session.identity_id, "identityPoolId": session.pool_id}
    iam = {
        "accessKey": caller.key_id,
        "accountId": _account(caller.arn),
        "callerId": _user_id(holder),
        "cognitoIdentity": cognito,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": _user_id(holder),
    }
    return {"authorizer": {"iam": iam}, "http": http}


def _session(holder: Holder) -> Session | None:
    return holder.caller.session if holder.caller is not None else None


def _kind(session: Session) -> str:
    return _UNAUTHENTICATED if _UNAUTHENTICATED in session.amr else "authenticated"


def _provider(session: Session) -> str:
    """``<provider>,<provider>:CognitoSignIn:<sub>``, as functions take it apart."""
    return ",".join([name for name in session.amr if name not in {"authenticated", _UNAUTHENTICATED}])


def _user_id(holder: Holder) -> str | None:
    caller, session = holder.caller, _session(holder)
    if caller is None:
        return None
    return f"{session.role_id}:{session.name}" if session is not None else caller.key_id


def _account(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _plain(value: object) -> str:
    """As a header field can say it: anything else is written as JSON escapes write it."""
    text = value if isinstance(value, str) else ""
    return text if text.isascii() and text.isprintable() else json.dumps(text)[1:-1]
