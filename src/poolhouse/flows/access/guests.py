"""What guests may do at most, whatever their role allows: the session policy of their credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from poolhouse.flows.access.policy_documents import WITH_VARIABLES, from_json, parse_policy

GUEST_POLICY: Final[Mapping[str, Any]] = {
    "Version": WITH_VARIABLES,
    "Statement": [
        {
            "Sid": "Guests",
            "Effect": "Allow",
            "Action": ["cognito-sync:*", "execute-api:*", "s3:*", "cognito-identity:*", "mobileanalytics:*"],
            "Resource": "*",
        }
    ],
}
"""Where the settings say no other. It is in force in the enhanced flow only: a guest who needs more takes the classic
one."""


class GuestPolicy(Struct, frozen=True):
    """What is in force here."""

    document: Mapping[str, Any]


def guest_policy(said: Mapping[str, Any] | str | None) -> GuestPolicy:
    """What the settings say; None: nothing, and the usual one is in force. Raises ``PolicyMalformed``."""
    document = from_json(said) if isinstance(said, str) else said
    if document is None:
        return GuestPolicy(GUEST_POLICY)
    parse_policy(document)
    return GuestPolicy(document)
