"""What conditions and variables of policies know of a caller and of a request, by their keys in lower case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from poolhouse.flows.access.policies import Context
from poolhouse.ports.access import Session

IDENTITY_PROVIDER: Final = "cognito-identity.amazonaws.com"
"""What stands before ``:sub``, ``:aud`` and ``:amr`` of an identity, wherever it is from."""


def of_user(name: str, *, arn: str, key_id: str, account: str) -> Context:
    """The holder of an access key."""
    return {
        "aws:username": name,
        "aws:userid": key_id,
        "aws:principalarn": arn,
        "aws:principalaccount": account,
        "aws:principaltype": "User",
    }


def of_session(session: Session, *, account: str) -> Context:
    """Who has temporary credentials: of an identity of ours, or of another provider's user."""
    known: dict[str, str | tuple[str, ...]] = {
        f"aws:principaltag/{name.lower()}": value for name, value in session.tags.items()
    }
    known |= {
        "aws:userid": f"{session.role_id}:{session.name}",
        "aws:principalarn": session.role_arn,
        "aws:principalaccount": account,
        "aws:principaltype": "AssumedRole",
        "aws:tokenissuetime": _instant(session.issued),
    }
    provider = IDENTITY_PROVIDER if session.identity_id is not None else session.provider
    if provider is not None:
        known["aws:federatedprovider"] = provider
        subject = session.identity_id if session.identity_id is not None else session.subject
        audience = session.pool_id if session.identity_id is not None else session.audience
        known |= {f"{provider.lower()}:{key}": value for key, value in (("sub", subject), ("aud", audience)) if value}
        if session.amr:
            known[f"{provider.lower()}:amr"] = session.amr
    return known


def of_request(now: float, *, source_ip: str, region: str, user_agent: str = "", secure: bool | None = None) -> Context:
    """``secure`` is whether it came by TLS; None: that is not known."""
    known: dict[str, str | tuple[str, ...]] = {
        "aws:currenttime": _instant(now),
        "aws:epochtime": str(int(now)),
        "aws:requestedregion": region,
        "aws:sourceip": source_ip,
    }
    if user_agent:
        known["aws:useragent"] = user_agent
    if secure is not None:
        known["aws:securetransport"] = "true" if secure else "false"
    return known


def _instant(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
