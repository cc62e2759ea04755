"""Whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable

from poolhouse.records.messages import OutboxEntry


def in_turn(entries: Iterable[OutboxEntry], behind: str | None = None) -> list[OutboxEntry]:
    """One of each pool, then the second of each, and so on; of a pool those that came first at the front. The pools
    begin behind the one that was served last."""
    of_pools: dict[str, list[OutboxEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.ripe, entry.id)):
        of_pools.setdefault(entry.pool_id, []).append(entry)
    pools = sorted(of_pools, key=lambda pool: (behind is not None and pool <= behind, pool))
    place = {pool: number for number, pool in enumerate(pools)}
    rounds = [(turn, place[pool], entry) for pool in pools for turn, entry in enumerate(of_pools[pool])]
    return [entry for _, _, entry in sorted(rounds, key=lambda one: one[:2])]
