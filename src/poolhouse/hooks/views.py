"""What a plugin may see of a pool, an app client and a user: values made for them, without a password hash, a sealed
secret, or anything else of which a copy is dangerous."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFunction:
    """What a pool's ``LambdaConfig`` says of one occasion: the ARN of a function, and the version of its events."""

    arn: str
    version: str = "V1_0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A user pool. ``username_attributes`` and ``alias_attributes`` say what users may sign in with, ``triggers`` which
    functions its ``LambdaConfig`` names, by occasion (``PreSignUp``). ``mfa`` is ``OFF``, ``OPTIONAL`` or ``ON``,
    ``mfa_factors`` are the second factors that its users may have; ``device_instead``: a remembered device stands in
    place of one; ``passkey_instead``: so does a passkey whose authenticator knew its user."""

    id: str
    name: str
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    auto_verified: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[str, TriggerFunction] = field(default_factory=dict)
    mfa: str = "OFF"
    mfa_factors: tuple[str, ...] = ()
    device_instead: bool = False
    passkey_instead: bool = False

    @staticmethod
    def of(pool: Pool) -> Directory:
        return Directory(
            id=pool.id,
            name=pool.name,
            username_attributes=pool.username_attributes,
            alias_attributes=pool.alias_attributes,
            auto_verified=pool.auto_verified,
            tags=MappingProxyType(pool.tags),
            triggers=MappingProxyType(
                {each.name: TriggerFunction(arn=each.function, version=each.events) for each in pool.triggers}
            ),
            mfa=pool.mfa.mode,
            mfa_factors=pool.second_factors,
            device_instead=pool.devices is not None and pool.devices.instead,
            passkey_instead=pool.passkeys is not None and pool.passkeys.instead,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app client of a pool. ``hides_users``: it may not learn which names exist."""

    id: str
    pool_id: str
    name: str
    hides_users: bool = False
    session_validity: int = 180
    """Seconds that a step of a sign-in may take."""

    @staticmethod
    def of(client: Client) -> App:
        return App(
            id=client.id,
            pool_id=client.pool_id,
            name=client.name,
            hides_users=client.hides_users,
            session_validity=client.session_validity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user of a pool. ``status`` is ``CONFIRMED``, ``FORCE_CHANGE_PASSWORD`` and so on; times are epoch seconds.
    ``enrolled`` are the factors that were set up, ``mfa`` the second factors that are asked for, ``preferred_mfa`` the
    one of them that needs no choice."""

    sub: str
    username: str
    status: str
    created: float
    modified: float
    enabled: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    has_password: bool = False
    enrolled: tuple[str, ...] = ()
    mfa: tuple[str, ...] = ()
    preferred_mfa: str | None = None
    passkey_mfa: bool = False

    @staticmethod
    def of(user: User) -> Person:
        return Person(
            sub=user.sub,
            username=user.username,
            status=user.status,
            created=user.created,
            modified=user.modified,
            enabled=user.enabled,
            attributes=MappingProxyType(user.attributes),
            has_password=user.credential is not None,
            enrolled=tuple(one.factor for one in user.factors if one.confirmed),
            mfa=user.mfa,
            preferred_mfa=user.preferred_mfa,
            passkey_mfa=user.passkey_mfa,
        )

    def has_verified(self, attribute: str) -> bool:
        return bool(self.attributes.get(attribute)) and self.attributes.get(f"{attribute}_verified") == "true"
