"""USER_PASSWORD_AUTH and its administrator twins: the password is in the first request."""

from __future__ import annotations

from poolhouse.errors import MissingParameter
from poolhouse.flows.sign_in.password import PasswordCheck
from poolhouse.flows.sign_in.steps import Opening, Outcome, Run


class ByPassword:
    public = frozenset({"USER_PASSWORD_AUTH"})
    by_admin = frozenset({"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
    by_pages: frozenset[str] = frozenset()
    migrates = True

    def __init__(self, passwords: PasswordCheck) -> None:
        self._passwords = passwords

    def require(self, opening: Opening) -> None:
        if not opening.password:
            raise MissingParameter("PASSWORD")

    def is_guess(self, opening: Opening) -> bool:
        return True

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        return await self._passwords.check(run, opening.password or "", migrates_with=opening.metadata)

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        return outcome
