"""What is kept of a login: a digest that is keyed by its pool, and leads back to nobody."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from poolhouse.flows.identities.pools import PEPPER
from poolhouse.ports.world import Secrets
from poolhouse.records.identities import IdentityPool, Login

DEVELOPER_ID: Final = "developer-user-id"


def login_digest(secrets: Secrets, pool: IdentityPool, provider: str, subject: str) -> str:
    """The same for the same user of the same provider, as long as the pool is there. Digests of two pools have nothing
    in common, and without the pool's key nobody can try subjects out."""
    pepper = secrets.open(PEPPER, pool.id, pool.sealed_pepper)
    return hmac.new(pepper, _text(provider) + b"\0" + _text(subject), hashlib.sha256).hexdigest()


def sealed_developer_id(secrets: Secrets, pool: IdentityPool, digest: str, developer_id: str) -> str:
    """The developer's own id of a user: the one that can be asked for again. It opens at its login's place only."""
    return secrets.seal(DEVELOPER_ID, f"{pool.id}/{digest}", _text(developer_id))


def developer_id(secrets: Secrets, login: Login) -> str | None:
    """None where the login is a public provider's."""
    if login.sealed_developer_id is None:
        return None
    plain = secrets.open(DEVELOPER_ID, f"{login.pool_id}/{login.digest}", login.sealed_developer_id)
    return plain.decode("utf-8", "surrogatepass")


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
