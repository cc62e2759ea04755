"""USER_SRP_AUTH: the password never travels."""

from __future__ import annotations

from poolhouse.errors import MissingParameter
from poolhouse.flows.sign_in.challenges import srp
from poolhouse.flows.sign_in.steps import Opening, Outcome, Run
from poolhouse.hooks.answers.sign_in import Next

_FLOWS = frozenset({"USER_SRP_AUTH"})


class BySrp:
    public = _FLOWS
    by_admin = _FLOWS
    by_pages: frozenset[str] = frozenset()
    migrates = False

    def require(self, opening: Opening) -> None:
        if not opening.srp_a:
            raise MissingParameter("SRP_A")

    def is_guess(self, opening: Opening) -> bool:
        return False

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        return run, Next(srp.NAME)

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        return outcome
