"""What is looked at once more when a password was right: checking it took time, and others write meanwhile.

It is one round to the store, beside the one that forgets the wrong guesses. What tokens will say of groups, and whether
the pool is still there, is looked at in the same round where nobody is asked between that moment and the tokens; where
a plugin is, it may change both, and they are looked at after it.
"""

from __future__ import annotations

from poolhouse.flows.flow import Flow, World
from poolhouse.flows.sign_in.steps import Now
from poolhouse.flows.together import together
from poolhouse.hooks import specs
from poolhouse.ports.groups import Groups
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import Users
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class Again(Flow):
    """``has_stages``: whether plugins are asked what is due after a proof."""

    def __init__(self, world: World, pools: Pools, users: Users, groups: Groups, *, has_stages: bool) -> None:
        super().__init__(world)
        self._pools = pools
        self._users = users
        self._groups = groups
        self._has_stages = has_stages

    async def look(self, pool: Pool, user: User) -> Now:
        """Raises ``PoolNotFound``."""
        if self._has_stages or self.world.hooks.implements(specs.post_authentication, pool):
            return Now(await self._users.get(pool.id, user.sub))
        found, groups, _ = await together(
            self._users.get(pool.id, user.sub), self._groups.of_user(user), self._pools.require(pool.id)
        )
        return Now(found, tuple(groups))
