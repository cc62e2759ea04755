"""Callers of signed operations: the root key of the settings, and the keys in the store."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.keys import AccessKeyAdministration
from poolhouse.server.ground import Ground
from poolhouse.store.repositories.access import AccessKeyRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    keys: AccessKeyAdministration
    callers: Callers


def build(ground: Ground) -> Access:
    """Access, on the ground."""
    settings, world = ground.settings, ground.surroundings
    root_id, root_secret = settings.root.access_key_id, settings.root.secret_access_key
    keys = AccessKeyRepository(ground.store, ground.cursors)
    callers = Callers(
        now=world.clock.now,
        account=settings.server.account_id,
        root=(root_id, root_secret.reveal()) if root_id and root_secret else None,
        keys=keys,
        secrets=ground.vault,
    )
    administration = AccessKeyAdministration(keys, ground.vault, world.chance, world.clock, ground.trail)
    return Access(keys=administration, callers=callers)
