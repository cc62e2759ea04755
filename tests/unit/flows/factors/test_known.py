"""Factors that plugins bring stand beside ours, and prove nothing but themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from poolhouse import Asked, Enrolling, Factor, Fits, Holder, hookimpl
from poolhouse.flows.factors.decision import NO_FACTORS
from tests.support.house import opened_house


class Push:
    name = "PUSH"

    def __init__(self, proof: str) -> None:
        self.proof = proof

    @hookimpl
    def register_factors(self) -> Sequence[Factor]:
        return [self]

    async def offer(self, holder: Holder) -> bool:
        return True

    async def enrol(self, holder: Holder) -> Enrolling:
        return Enrolling()

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked()

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        return Fits()


@pytest.mark.parametrize("proof", sorted(NO_FACTORS))
async def test_a_factor_whose_proof_is_that_of_something_else_is_refused_at_the_start(proof: str) -> None:
    """Called ``password``, a factor would be proven by the password alone."""
    with pytest.raises(ValueError, match="PUSH"):
        async with opened_house(plugins=[("push", Push(proof))]):
            pass


async def test_a_factor_with_a_proof_of_its_own_stands_beside_ours() -> None:
    async with opened_house(plugins=[("push", Push("push"))]) as house:
        pool = await house.pool()

    assert "PUSH" not in pool.mfa.factors
