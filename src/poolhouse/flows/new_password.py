"""The challenge NEW_PASSWORD_REQUIRED: a temporary password is replaced at the first sign-in."""

from __future__ import annotations

import json
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
from poolhouse.flows.credentials import Credentials
from poolhouse.flows.flow import Flow, Kit
from poolhouse.flows.machine import require_answer
from poolhouse.flows.ports import NameTaken
from poolhouse.flows.schema import check_values, missing_required, readable, require_writable
from poolhouse.hooks.answers import Asked, Passed, SignInState, Stage
from poolhouse.records import CONFIRMED, FORCE_CHANGE_PASSWORD

NAME = "NEW_PASSWORD_REQUIRED"
_PREFIX = "userAttributes."


class NewPassword(Flow):
    name = NAME
    counts_itself = True
    """Nothing is guessed here: the password was proven before."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        super().__init__(kit)
        self._credentials = credentials

    def stage(self) -> Stage:
        return Stage("new-password", self._applies, order=100)

    async def _applies(self, state: SignInState) -> str | None:
        return NAME if state.user is not None and state.user.status == FORCE_CHANGE_PASSWORD else None

    async def ask(self, state: SignInState) -> Asked:
        if state.user is None:
            raise WrongCredentials
        missing = missing_required(state.pool, state.user.attributes)
        allowed = readable(state.pool, state.client)
        shown = {key: value for key, value in state.user.attributes.items() if key in allowed}
        return Asked(
            public={
                "USER_ID_FOR_SRP": state.user.username,
                "requiredAttributes": json.dumps([_PREFIX + name for name in missing]),
                "userAttributes": json.dumps(shown),
            }
        )

    async def check(self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]) -> Passed:
        user, pool = state.user, state.pool
        if user is None or user.status != FORCE_CHANGE_PASSWORD:
            raise InvalidSession
        password = require_answer(answers, "NEW_PASSWORD")
        given = {
            key.removeprefix(_PREFIX): value for key, value in answers.items() if key.startswith(_PREFIX) and value
        }
        new = {key: value for key, value in given.items() if user.attributes.get(key) != value}
        for key in new:
            if user.attributes.get(key):
                raise NotAuthorized(f"Cannot modify an already provided {key}")
        require_writable(pool, state.client, new)
        attributes = {**user.attributes, **check_values(pool, new, on="invite", who="user")}
        for name in missing_required(pool, attributes):
            raise InvalidParameter(f"Invalid attributes given, {name} is missing")
        changed = await self._credentials.change(pool, user, password)
        changed = replace(changed, attributes=attributes, status=CONFIRMED, modified=self.kit.clock.now())
        try:
            await self.kit.users.save(pool, changed)
        except NameTaken as taken:
            raise AliasTaken(taken.name.kind) from None
        except VersionConflict:
            raise InvalidSession from None
        await self.kit.audit.note("password.chosen", pool_id=pool.id, client_id=state.client.id, subject=user.sub)
        return Passed(NAME)
