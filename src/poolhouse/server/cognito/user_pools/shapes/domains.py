"""Domains in both spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors.reasons import Reason
from poolhouse.flows.pools.domains import DomainSettings, Surroundings
from poolhouse.records.domains import CUSTOM, Domain
from poolhouse.server.cognito.user_pools.shapes.pools import Rule, refuse_not_offered

_NOT_OFFERED: Final[tuple[Rule, ...]] = (("Routing", (), Reason.SETTING_NOT_OFFERED, {}),)


def domain_settings(given: Mapping[str, Any]) -> DomainSettings:
    """Raises ``InvalidParameter`` for what is not offered."""
    refuse_not_offered(given, _NOT_OFFERED)
    custom = given.get("CustomDomainConfig", {})
    return DomainSettings(
        certificate=custom.get("CertificateArn"),
        security_policy=custom.get("SecurityPolicy"),
        pages=given.get("ManagedLoginVersion"),
    )


def domain_made(domain: Domain, surroundings: Surroundings) -> dict[str, Any]:
    """What Create and UpdateUserPoolDomain answer. Where the field has the host of a distribution that the name has to
    lead to, that is the server itself; a prefix leads there already, and nothing is said, as in the field."""
    return {
        "ManagedLoginVersion": domain.pages,
        "CloudFrontDomain": surroundings.host if domain.kind == CUSTOM else None,
    }


def domain_structure(domain: Domain, surroundings: Surroundings, account: str) -> dict[str, Any]:
    """DomainDescriptionType. ``Version`` says when it was changed last, in epoch seconds."""
    custom = {"CertificateArn": domain.certificate, "SecurityPolicy": domain.security_policy}
    return {
        "UserPoolId": domain.pool_id,
        "AWSAccountId": account,
        "Domain": domain.name,
        "CloudFrontDistribution": surroundings.host,
        "Version": str(int(domain.modified)),
        "Status": "ACTIVE",
        "CustomDomainConfig": custom if domain.kind == CUSTOM else None,
        "ManagedLoginVersion": domain.pages,
    }
