"""Beyond the rows: nothing of a factor stands in a log line, an answer that is not its own, a text of a value, the
trail, or the store."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from poolhouse import errors
from poolhouse.flows.factors.factor import Posing
from poolhouse.flows.sign_in.questions import CodeGiven
from poolhouse.flows.sign_in.set_up import Begun
from poolhouse.hooks.answers.factors import Enrolling, Fits
from poolhouse.hooks.answers.sign_in import Asked
from poolhouse.hooks.events.audit import Audit
from poolhouse.hooks.kinds import hookimpl
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.security.served import served
from tests.support.factors import SMS, TOTP, asked, begun_in_sign_in, confirmed_in_sign_in, with_factors
from tests.support.house import PASSWORD


async def test_no_secret_and_no_code_of_a_factor_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[Audit] = []

    class Hears:
        @hookimpl
        def audit(self, event: Audit) -> None:
            heard.append(event)

    clock = FakeClock()
    store = MemoryStore(collections.ALL, clock)
    secrets: set[str] = set()
    answers: list[str] = []
    async with served(store=store, clock=clock, plugins=[("hears", Hears())]) as (house, api):
        pool = await with_factors(house, await house.pool(), "ON", SMS, TOTP)
        client = await house.client(pool)
        await house.user(client)
        asking = asked(await house.begin(client))
        app, session = await begun_in_sign_in(house, asking)
        secrets |= {app.secret, app.code(), session, session.partition(".")[0]}
        with pytest.raises(errors.EnrolmentMismatch) as refused:
            await confirmed_in_sign_in(house, session, app.wrong())
        answers += [str(refused.value), repr(refused.value)]
        session = await confirmed_in_sign_in(house, session, app.code(), "phone")
        await house.answer(client, replace(asking, handle=session))
        await house.services.users.update(pool, "jane", {"phone_number": "+14155550123"}, {})
        for factor in (TOTP, SMS):
            house.clock.advance(60)
            await api.call(
                "AdminSetUserMFAPreference",
                {
                    "UserPoolId": pool.id,
                    "Username": "jane",
                    "SoftwareTokenMfaSettings": {"Enabled": factor == TOTP},
                    "SMSMfaSettings": {"Enabled": factor == SMS},
                },
            )
            begun = await api.call(
                "InitiateAuth",
                {
                    "ClientId": client.id,
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "AuthParameters": {"USERNAME": "jane", "PASSWORD": PASSWORD},
                },
            )
            assert factor == begun.json["ChallengeName"]
            code = app.code() if factor == TOTP else house.last_code()
            secrets.add(code)
            for given in ("no code", code, code):
                answer = await api.call(
                    "RespondToAuthChallenge",
                    {
                        "ClientId": client.id,
                        "ChallengeName": factor,
                        "Session": begun.json["Session"],
                        "ChallengeResponses": {"USERNAME": "jane", f"{factor}_CODE": given},
                    },
                )
                answers.append(answer.body.decode())
        user = await house.services.users.require(pool, "jane")
        stored = [
            json.dumps([entry.key, entry.value])
            for collection in collections.ALL
            for entry in (await store.find(collection, Query(limit=1000))).entries
        ]

    assert user.factors
    lines = [caplog.handler.format(record) + str(vars(record)) for record in caplog.records]
    trail = [f"{event!r} {event.facts}" for event in heard]
    told = {"log": lines, "answers": answers, "store": stored, "trail": trail, "user": [repr(user), str(user)]}
    assert all(told.values())
    assert {} == {
        place: [secret for secret in secrets for text in texts if stands_in(secret, text)]
        for place, texts in told.items()
        if any(stands_in(secret, text) for secret in secrets for text in texts)
    }


def stands_in(secret: str, text: str) -> bool:
    """A code is six digits: it must stand by itself, or every number is one."""
    if secret.isdecimal():
        return any(f"{left}{secret}{right}" in text for left in " '\"" for right in " .'\"")
    return secret in text


def test_no_text_of_a_value_shows_what_it_holds() -> None:
    secret = "JBSWY3DPEHPK3PXP"
    values = [
        Begun(secret, {"secret": secret}),
        Enrolling(shown={"secret": secret}, kept={"secret": secret}),
        Fits(once=secret),
        Posing(private={"secret": secret}),
        CodeGiven(secret),
        Asked(private={"secret": secret}),
    ]

    assert [] == [value for value in values if secret in f"{value!r}{value}"]
