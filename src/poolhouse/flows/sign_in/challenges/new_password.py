"""The challenge NEW_PASSWORD_REQUIRED: a temporary password is replaced at the first sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from poolhouse.errors import (
    AliasTaken,
    InvalidParameter,
    InvalidSession,
    NotAuthorized,
    VersionConflict,
    WrongCredentials,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.directory.values import check_values, missing_required, readable, require_writable
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.sign_in.questions import ChooseNewPassword, PasswordChosen
from poolhouse.flows.sign_in.steps import Posed, Run
from poolhouse.hooks.answers.sign_in import Passed, SignInState, Stage
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records.users import CONFIRMED, FORCE_CHANGE_PASSWORD

NAME = "NEW_PASSWORD_REQUIRED"


class NewPassword(Flow):
    name = NAME
    public_name: str | None = None
    answered_by = PasswordChosen
    counts_itself = True
    """Nothing is guessed here: the password was proven before."""

    def __init__(self, world: World, users: Users, credentials: Credentials) -> None:
        super().__init__(world)
        self._users = users
        self._credentials = credentials

    def stage(self) -> Stage:
        return Stage("new-password", self._applies, order=100)

    async def _applies(self, state: SignInState) -> str | None:
        return NAME if state.user is not None and state.user.status == FORCE_CHANGE_PASSWORD else None

    async def ask(self, run: Run) -> Posed:
        user = run.user
        if user is None:
            raise WrongCredentials
        allowed = readable(run.pool, run.client)
        return Posed(
            ChooseNewPassword(
                user.username,
                tuple(missing_required(run.pool, user.attributes)),
                {key: value for key, value in user.attributes.items() if key in allowed},
            )
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: PasswordChosen) -> Passed:
        user, pool = run.user, run.pool
        if user is None or user.status != FORCE_CHANGE_PASSWORD:
            raise InvalidSession
        new = {key: value for key, value in answer.attributes.items() if user.attributes.get(key) != value}
        for key in new:
            if user.attributes.get(key):
                raise NotAuthorized(Reason.ATTRIBUTE_PROVIDED_ALREADY, attribute=key)
        require_writable(pool, run.client, new)
        attributes = {**user.attributes, **check_values(pool, new, on="invite", who="user")}
        for name in missing_required(pool, attributes):
            raise InvalidParameter(Reason.REQUIRED_ATTRIBUTE_MISSING, attribute=name)
        changed = await self._credentials.change(pool, user, answer.password)
        changed = replace(changed, attributes=attributes, status=CONFIRMED, modified=self.world.clock.now())
        try:
            await self._users.save(pool, changed)
        except NameTaken as taken:
            raise AliasTaken(taken.name.kind) from None
        except VersionConflict:
            raise InvalidSession from None
        await self.world.audit.note(
            "password.chosen",
            pool_id=pool.id,
            client_id=run.client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"attributes": ",".join(sorted(new))} if new else {},
        )
        return Passed("new_password")
