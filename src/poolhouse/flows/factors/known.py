"""The factors that there are: what a pool can offer, what a user holds, and where somebody stands by that."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.flows.factors.decision import NO_FACTORS, Due, Standing, due
from poolhouse.flows.factors.factor import Enrols, Factor
from poolhouse.hooks.views import Directory, Person
from poolhouse.records.pools import FIELD_FACTORS

ORDER = FIELD_FACTORS
"""Others come behind."""


class Factors:
    """``seconds`` are those that can be asked for after a first proof. ``backups`` are never asked for: a user who has
    lost a second factor gives one in its place. Raises ``ValueError`` for two of one name, and for one whose proof is
    that of something else."""

    def __init__(
        self, seconds: Sequence[Factor], enrolling: Sequence[Enrols] = (), backups: Sequence[Factor] = ()
    ) -> None:
        every = (*seconds, *enrolling, *backups)
        if len({factor.name for factor in every}) != len(every):
            raise ValueError("two factors have the same name")
        asked = sorted((*seconds, *enrolling), key=lambda one: _place(one.name))
        self._by_name = {factor.name: factor for factor in asked}
        self._enrolling = {factor.name: factor for factor in enrolling}
        self.backups = tuple(backups)
        if taken := sorted(factor.name for factor in every if factor.proof in NO_FACTORS):
            raise ValueError(f"what {taken[0]} proves has the name of another proof")
        self._possessions = frozenset(factor.proof for factor in every)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    @property
    def wordless(self) -> tuple[str, ...]:
        """Those that the field has no word for, so that no operation can name them."""
        return tuple(name for name in (*self._enrolling, *(each.name for each in self.backups)) if name not in ORDER)

    def each(self) -> tuple[Factor, ...]:
        return tuple(self._by_name.values())

    def enrolling(self, name: str) -> Enrols | None:
        """The factor of this name, where it is one that is set up."""
        return self._enrolling.get(name)

    def second(self, name: str) -> Factor | None:
        """The second factor of this name."""
        return self._by_name.get(name)

    def is_held(self, name: str, pool: Directory, person: Person) -> bool:
        """Whether the user can be asked for it. What was set up stays good where the pool offers it no more, as long
        as it has second factors at all (contract: authentication, 9.1)."""
        factor = self._by_name.get(name)
        return factor is not None and factor.is_held(person) and (name in pool.mfa_factors or name in self._enrolling)

    def standing(self, pool: Directory, person: Person, *, on_device: bool = False) -> Standing:
        return Standing(
            mode=pool.mfa,
            settable=[name for name in self._by_name if name in pool.mfa_factors],
            enabled=person.mfa,
            preferred=person.preferred_mfa,
            held=[name for name in self._by_name if self.is_held(name, pool, person)],
            device=on_device and pool.device_instead,
            passkey=pool.passkey_instead and person.passkey_mfa,
        )

    def due(self, pool: Directory, person: Person, proofs: Sequence[str], *, on_device: bool = False) -> Due:
        """The second factor that is due after these proofs. ``on_device``: the client says that it is on a remembered
        device of the user."""
        return due(self.standing(pool, person, on_device=on_device), proofs, self._possessions)


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
