"""Callers of signed operations: the root key of the settings, and the keys in the store; roles and their policies; and
how often each class of operations may be called."""

from __future__ import annotations

from pathlib import Path

from poolhouse.config.settings import Settings
from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access import guests
from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.keys import AccessKeyAdministration
from poolhouse.flows.access.managed_policies import PolicyAdministration
from poolhouse.flows.access.refusals import Refusals
from poolhouse.flows.access.revocations import RevocationBook
from poolhouse.flows.access.role_administration import RoleAdministration
from poolhouse.flows.access.role_files import roles_in
from poolhouse.flows.access.roles import RoleBook
from poolhouse.flows.access.temporary import TemporaryCallers
from poolhouse.flows.access.uses import KeyUses
from poolhouse.flows.protection.limits import RequestClasses
from poolhouse.flows.services.access import AccessServices
from poolhouse.records.access import Role
from poolhouse.server.ground import Ground, NotStartable
from poolhouse.server.part import Built, Part
from poolhouse.store.repositories.access import AccessKeyRepository, ManagedPolicyRepository, RoleRepository
from poolhouse.store.repositories.identities import IdentityPoolRepository, IdentityRepository


async def build(ground: Ground, _: Built) -> Part:
    """Gives the callers, their keys, roles and policies, what guests may do, and the classes of requests. Raises
    ``NotStartable``."""
    settings, world = ground.settings, ground.surroundings
    root_id, root_secret = settings.root.access_key_id, settings.root.secret_access_key
    keys = AccessKeyRepository(ground.store, ground.cursors)
    uses = KeyUses(keys, world.clock.now)
    own, access = TemporaryCredentials(ground.vault, world.chance), _roles_and_policies(ground)
    revocations = RevocationBook(
        access.book,
        IdentityPoolRepository(ground.store, ground.cursors, world.clock, ground.vault),
        IdentityRepository(ground.store, ground.cursors),
        world.clock.now,
    )
    callers = Callers(
        now=ground.surroundings.clock.now,
        account=settings.server.account_id,
        root=(root_id, root_secret.reveal()) if root_id and root_secret else None,
        keys=keys,
        secrets=ground.vault,
        uses=uses,
        refusals=Refusals(ground.trail, world.clock.now),
        temporary=TemporaryCallers(own, access.book, revocations, world.clock.now),
    )
    administration = AccessKeyAdministration(keys, ground.vault, world.chance, world.clock, ground.trail)
    classes = RequestClasses(world.clock, {} if settings.dev.enabled else settings.limits.requests)
    policy = guest_policy(settings)
    return Part(gives=(callers, administration, uses, access, access.book, policy, classes, own, revocations))


def _roles_and_policies(ground: Ground) -> AccessServices:
    server, clock, trail = ground.settings.server, ground.surroundings.clock, ground.trail
    roles = RoleRepository(ground.store, ground.cursors)
    policies = ManagedPolicyRepository(ground.store, ground.cursors)
    filed = filed_roles(ground.settings)
    issuer = server.base_url.partition("://")[2]
    return AccessServices(
        roles=RoleAdministration(roles, policies, clock, trail, account=server.account_id, filed=filed),
        policies=PolicyAdministration(policies, roles, clock, trail),
        book=RoleBook(roles, policies, clock.now, account=server.account_id, issuer=issuer, filed=filed),
    )


def filed_roles(settings: Settings) -> tuple[Role, ...]:
    """The roles of the file of roles. Raises ``NotStartable`` with what is wrong with it."""
    if settings.access.roles_file is None:
        return ()
    path = Path(settings.access.roles_file)
    try:
        return roles_in(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotStartable(f"The file of roles {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NotStartable(f"The file of roles {path} is not text in UTF-8.") from None
    except PolicyMalformed as malformed:
        raise NotStartable(f"The file of roles {path} cannot be used. {malformed}") from None


def guest_policy(settings: Settings) -> guests.GuestPolicy:
    """What guests may do at most. Raises ``NotStartable`` where the settings say something that is no policy."""
    try:
        return guests.guest_policy(settings.identities.guest_policy)
    except PolicyMalformed as malformed:
        raise NotStartable(f"The setting identities.guest_policy cannot be used. {malformed}") from None
