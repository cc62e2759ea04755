"""Identities in the words of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from poolhouse.flows.identities.administration import Described

MOST_RESULTS: Final = 60


def identity_description(described: Described) -> dict[str, Any]:
    """IdentityDescription: of the logins the names alone."""
    identity = described.identity
    return {
        "IdentityId": identity.id,
        "Logins": list(described.providers) or None,
        "CreationDate": identity.created,
        "LastModifiedDate": identity.modified,
    }


def unprocessed(identity_ids: Sequence[str]) -> list[dict[str, Any]]:
    return [{"IdentityId": each, "ErrorCode": "InternalServerError"} for each in identity_ids]
