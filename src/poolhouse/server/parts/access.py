"""Callers of signed operations: the root key of the settings, and the keys in the store; and how often each class of
operations may be called."""

from __future__ import annotations

from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.keys import AccessKeyAdministration
from poolhouse.flows.access.refusals import Refusals
from poolhouse.flows.access.uses import KeyUses
from poolhouse.flows.protection.limits import RequestClasses
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, Part
from poolhouse.store.repositories.access import AccessKeyRepository


async def build(ground: Ground, _: Built) -> Part:
    """Gives the callers, their keys, and the classes of requests."""
    settings, world = ground.settings, ground.surroundings
    root_id, root_secret = settings.root.access_key_id, settings.root.secret_access_key
    keys = AccessKeyRepository(ground.store, ground.cursors)
    uses = KeyUses(keys, world.clock.now)
    callers = Callers(
        now=ground.surroundings.clock.now,
        account=settings.server.account_id,
        root=(root_id, root_secret.reveal()) if root_id and root_secret else None,
        keys=keys,
        secrets=ground.vault,
        uses=uses,
        refusals=Refusals(ground.trail, world.clock.now),
    )
    administration = AccessKeyAdministration(keys, ground.vault, world.chance, world.clock, ground.trail)
    classes = RequestClasses(world.clock, {} if settings.dev.enabled else settings.limits.requests)
    return Part(gives=(callers, administration, uses, classes))
