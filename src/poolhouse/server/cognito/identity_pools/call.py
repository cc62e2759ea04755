"""One call of an operation of identity pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from poolhouse.errors import AccessDenied, SignatureMissing

if TYPE_CHECKING:
    from poolhouse.flows.access.callers import Caller
    from poolhouse.flows.services.identities import IdentityServices

_HANDING_ON: Final = "iam:PassRole"
_PASSED_TO_US: Final = {"iam:passedtoservice": "cognito-identity.amazonaws.com"}

OPERATIONS: Final = "poolhouse.server.cognito.identity_pools.operations"
"""The package of the handlers."""


class Call:
    """One call of an operation: its checked input, and what a handler may reach.

    ``caller`` is None for operations that need no signature. ``region`` is that of the signature, or else the server's.
    ``known`` is what policies may ask of the request.
    """

    __slots__ = ("account", "caller", "input", "known", "region", "request_id", "services", "source_ip")

    def __init__(
        self,
        *,
        input: dict[str, Any],  # noqa: A002 - the word of the model
        services: IdentityServices,
        region: str,
        account: str,
        request_id: str,
        caller: Caller | None,
        source_ip: str,
        known: Mapping[str, str | tuple[str, ...]],
    ) -> None:
        self.input = input
        self.services = services
        self.region = region
        self.account = account
        self.request_id = request_id
        self.caller = caller
        self.source_ip = source_ip
        self.known = known

    def require_passing(self, role_arn: str) -> None:
        """The caller may give this role to identities, beside doing the operation itself. Raises ``AccessDenied``."""
        caller = self.caller
        if caller is None:
            raise SignatureMissing
        if not caller.policy.allows(_HANDING_ON, role_arn, {**self.known, **_PASSED_TO_US}):
            raise AccessDenied(caller=caller.arn, action=_HANDING_ON, resource=role_arn)
