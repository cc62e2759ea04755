"""Beyond the rows: who signed in, who failed to, and what was changed stands in the audit trail, without any secret."""

from __future__ import annotations

import json

import pytest

from poolhouse import errors
from poolhouse.errors import Refused
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from tests.support.house import PASSWORD, House, opened_house

WRONG = "Wr0ng-Horse!"


async def notes(house: House, pool: Pool) -> list[dict[str, object]]:
    page = await house.built.store.find(collections.AUDIT, Query(prefix=(pool.id,), limit=1000))
    return [dict(entry.value) for entry in page.entries]


async def test_good_and_bad_sign_ins_are_noted(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password=WRONG)
    with pytest.raises(errors.UserNotFound):
        await house.sign_in(client, "nobody")
    await house.sign_in(client)

    noted = [(note["action"], note.get("subject")) for note in await notes(house, pool)]

    assert 1 == noted.count(("sign_in.failed", user.sub))
    assert 1 == noted.count(("sign_in.succeeded", user.sub))


class Guess:
    """Asks for a number, three times at most."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if event.session and event.session[-1].passed:
            return ChallengeDecision(issue_tokens=True)
        return (
            ChallengeDecision(fail=True) if len(event.session) >= 3 else ChallengeDecision(challenge="CUSTOM_CHALLENGE")
        )

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(private={"number": "7"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == event.private["number"]


async def test_a_wrong_answer_to_a_plugin_is_noted_even_where_another_round_follows() -> None:
    async with opened_house(plugins=[("guess", Guess())]) as house:
        pool = await house.pool()
        client = await house.client(pool)
        user = await house.user(client)
        asking = await house.begin(client, flow="CUSTOM_AUTH")

        again = await house.answer(client, asking, ANSWER="5")
        once_more = await house.answer(client, again, ANSWER="6")
        await house.answer(client, once_more, ANSWER="7")

        noted = [(note["action"], note.get("subject")) for note in await notes(house, pool)]
        assert 2 == noted.count(("sign_in.failed", user.sub))
        assert 1 == noted.count(("sign_in.succeeded", user.sub))


class NoTokens:
    @hookimpl
    def pre_token(self, event: PreToken) -> PreToken:
        raise Refused("not today")


async def test_a_sign_in_that_is_refused_its_tokens_is_noted_as_refused() -> None:
    async with opened_house(plugins=[("strict", NoTokens())]) as house:
        pool = await house.pool()
        client = await house.client(pool)
        user = await house.user(client)
        with pytest.raises(Refused):
            await house.sign_in(client)

        noted = [(note["action"], note.get("subject")) for note in await notes(house, pool)]
        assert 1 == noted.count(("sign_in.failed", user.sub))
        assert "sign_in.succeeded" not in {action for action, _ in noted}


async def test_a_change_of_what_signs_somebody_in_is_noted(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    await house.services.profile.change_password(tokens.access, PASSWORD, "An0ther-Horse!")
    await house.services.profile.update(tokens.access, {"email": "new@example.com"}, {})
    await house.services.profile.verify(tokens.access, "email", house.last_code())
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(client, "jane", house.last_code(), PASSWORD, metadata={}, secret_hash=None)
    await house.services.revocation.revoke(client, tokens.refresh or "", None)
    await house.services.users.set_password(pool, "jane", WRONG, permanent=True)
    await house.services.users.disable(pool, "jane")

    noted = await notes(house, pool)

    assert {
        "password.changed",
        "contact.verified",
        "password.recovered",
        "grants.revoked",
        "password.set",
        "user.disabled",
    } <= {str(note["action"]) for note in noted}
    text = json.dumps(noted)
    assert not any(secret in text for secret in (PASSWORD, WRONG, "example.com", tokens.refresh or "", tokens.access))
