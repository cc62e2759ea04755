"""What the harness makes for a test, as values: a pool, a client, a user, a sign-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MadePool:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MadeClient:
    """``secret`` is None for a public client."""

    id: str
    pool_id: str
    secret: str | None = field(default=None, repr=False)

    def secret_hash(self, username: str) -> str:
        """The ``SecretHash`` that this client sends along. Raises ``ValueError`` for a public client."""
        if self.secret is None:
            raise ValueError("A client without a secret sends no SecretHash.")
        digest = hmac.digest(self.secret.encode(), (username + self.id).encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class MadeUser:
    """``username`` is the name that was asked for; ``sub`` is the user's id."""

    pool_id: str
    username: str
    sub: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in gave. The claims are read, not verified: the server just signed them."""

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def access_claims(self) -> Mapping[str, Any]:
        return _claims(self.access_token)

    @property
    def id_claims(self) -> Mapping[str, Any]:
        return _claims(self.id_token)


class SignInUnfinished(AssertionError):  # noqa: N818 - read as a statement
    """The sign-in asks for more than a password. ``challenge`` says what for, ``session`` and ``parameters`` are what
    ``respond_to_auth_challenge`` goes on with."""

    def __init__(self, challenge: str, session: str, parameters: Mapping[str, str]) -> None:
        super().__init__(f"The sign-in asks for {challenge}; go on with respond_to_auth_challenge.")
        self.challenge = challenge
        self.session = session
        self.parameters = parameters


def _claims(token: str) -> Mapping[str, Any]:
    payload = token.split(".")[1]
    claims: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
