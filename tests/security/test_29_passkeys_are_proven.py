"""Row 29: a passkey is a proof or an error, never a yes or no that somebody may forget to look at; and whose it is says
its own record."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.ports.arithmetic import PasskeyTerms
from poolhouse.records.audit import AuditEntry
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_record
from poolhouse.testing import VirtualAuthenticator
from tests.support.house import House
from tests.support.passkeys import (
    ORIGIN,
    RP_ID,
    answered,
    begun,
    by_passkey,
    options_of,
    registered,
    with_passkey,
    with_passkeys,
)
from tests.support.sign_in import SignedIn


async def causes(house: House) -> list[str | None]:
    page = await house.built.store.find(collections.AUDIT, Query(limit=1000))
    entries = [to_record(entry, AuditEntry) for entry in page.entries]
    return [entry.facts.get("cause") for entry in entries if entry.action == "sign_in.failed"]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
async def test_a_passkey_signs_its_user_in(house: House, algorithm: str) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client, algorithm=algorithm)

    reply = await by_passkey(house, client, key)

    assert isinstance(reply, SignedIn)
    assert "jane" == (await house.bearer(reply.tokens)).user.username


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
async def test_an_answer_that_was_changed_proves_nothing(house: House, part: str) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    credential = key.get(options_of(asking), ORIGIN)
    other = key.get(options_of(await begun(house, client)), ORIGIN)
    credential["response"][part] = other["response"][part] if part != "authenticatorData" else tampered(credential)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


def tampered(credential: dict[str, Any]) -> str:
    """The authenticator's count is another."""
    said: str = credential["response"]["authenticatorData"]
    return f"{said[:-2]}{'E' if said[-2] != 'E' else 'I'}{said[-1]}"


async def test_anothers_passkey_does_not_sign_in_as_the_expected_user(house: House) -> None:
    """John's own passkey, a right signature over jane's challenge, and a handle that says jane."""
    _, client = await with_passkeys(house)
    await with_passkey(house, client)
    johns = await with_passkey(house, client, "john")
    asking = await begun(house, client)
    credential = johns.sign(johns.ids[0], options_of(asking), ORIGIN)

    for handle in (credential["response"]["userHandle"], None):
        credential["response"]["userHandle"] = handle
        with pytest.raises(errors.WrongCredentials):
            await answered(house, client, asking, credential)
        asking = await begun(house, client)
        credential = johns.sign(johns.ids[0], options_of(asking), ORIGIN)
    assert ["passkey: none of those that were asked for"] * 2 == await causes(house)


async def test_a_passkey_whose_record_says_another_user_is_that_users(house: House) -> None:
    """Not the session says whose it is: the same credential, under another account."""
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    john = await house.user(client, "john")
    asking = await begun(house, client)
    passkeys = house.built.ports.passkeys
    credential = key.get(options_of(asking), ORIGIN)
    credential["response"]["userHandle"] = None
    held = await passkeys.get(pool.id, credential["id"])
    assert held is not None
    await passkeys.save(replace(held, user_sub=john.sub))

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


async def test_a_handle_of_another_user_is_refused_whatever_was_signed(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    johns = await with_passkey(house, client, "john")
    asking, theirs = await begun(house, client), await begun(house, client, "john")
    credential = key.get(options_of(asking), ORIGIN)
    credential["response"]["userHandle"] = johns.get(options_of(theirs), ORIGIN)["response"]["userHandle"]

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


async def test_a_challenge_is_good_once_under_a_hundred_parallel_tries(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    credential = key.get(options_of(asking), ORIGIN)

    replies = await asyncio.gather(
        *(answered(house, client, asking, credential) for _ in range(100)), return_exceptions=True
    )

    assert 1 == sum(isinstance(reply, SignedIn) for reply in replies)
    assert 99 == sum(isinstance(reply, errors.InvalidSession) for reply in replies)


async def test_a_registration_is_good_once_under_a_hundred_parallel_tries(house: House) -> None:
    from poolhouse.server.passkey_options import creation_options

    _, client = await with_passkeys(house)
    await house.user(client)
    access = (await house.sign_in(client)).access
    passkeys = house.services.passkeys
    credential = VirtualAuthenticator().create(creation_options(await passkeys.start(access)), ORIGIN)

    replies = await asyncio.gather(*(passkeys.complete(access, credential) for _ in range(100)), return_exceptions=True)

    assert 99 == sum(isinstance(reply, errors.PasskeyChallengeNotFound) for reply in replies)
    assert 1 == len((await passkeys.page(access, 20, None)).items)


async def test_an_answer_to_another_challenge_is_refused(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    first, second = await begun(house, client), await begun(house, client)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, second, key.get(options_of(first), ORIGIN))


async def test_a_wrong_proof_spends_the_challenge(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), "https://example.org"))

    with pytest.raises(errors.InvalidSession):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


async def test_a_challenge_ends_with_its_session(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    house.clock.advance(client.session_validity)

    with pytest.raises(errors.InvalidSession):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


async def test_a_copy_of_an_authenticator_is_refused_and_the_trail_says_so(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client, counts=True)
    clone = copy.copy(key)
    assert isinstance(await by_passkey(house, client, key), SignedIn)

    with pytest.raises(errors.WrongCredentials):
        await by_passkey(house, client, clone)

    assert ["passkey: its sign count went back, as that of a copy does"] == await causes(house)


async def test_an_authenticator_that_counted_and_does_not_any_more_is_refused(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client, counts=True)
    assert isinstance(await by_passkey(house, client, key), SignedIn)
    key.counts = False

    with pytest.raises(errors.WrongCredentials):
        await by_passkey(house, client, key)


async def test_wrong_proofs_are_counted_for_passkeys_and_lock_the_user_out_of_nothing_else(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    for _ in range(5):
        asking = await begun(house, client)
        with pytest.raises(errors.WrongCredentials):
            await answered(house, client, asking, key.get(options_of(asking), "https://example.org"))

    with pytest.raises(errors.AttemptsExceeded):
        await by_passkey(house, client, key)

    tokens = await house.sign_in(client)
    new = await registered(house, tokens)
    assert isinstance(await by_passkey(house, client, new), SignedIn)


async def test_wrong_proofs_that_a_name_alone_can_give_have_a_way_back(house: House) -> None:
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    for _ in range(5):
        asking = await begun(house, client)
        with pytest.raises(errors.WrongCredentials):
            await answered(house, client, asking, key.get(options_of(asking), "https://example.org"))

    await house.services.users.set_password(pool, "jane", "An0ther-Horse!", permanent=True)

    assert isinstance(await by_passkey(house, client, key), SignedIn)


async def test_no_record_is_no_proof_and_as_much_work(house: House) -> None:
    """The arithmetic raises where nobody's key is given, whatever it finds."""
    proofs = house.built.ports.passkey_proofs
    key = VirtualAuthenticator()
    user = {"id": "amFuZQ", "name": "jane", "displayName": "jane"}
    made = {"rp": {"id": RP_ID}, "user": user, "challenge": "AAAA"}
    key.create(made, ORIGIN)
    credential = key.get({"rpId": RP_ID, "challenge": "AAAA"}, ORIGIN)

    with pytest.raises(errors.PasskeyRefused):
        await proofs.used(credential, PasskeyTerms(b"\0\0\0", RP_ID, False), None)


async def test_nothing_of_a_passkey_is_in_the_trail_or_in_a_text_of_a_value(house: House) -> None:
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    credential = key.get(options_of(asking), ORIGIN)
    held = await house.built.ports.passkeys.get(pool.id, credential["id"])
    with pytest.raises(errors.WrongCredentials) as refused:
        await answered(house, client, asking, key.get(options_of(asking), "https://example.org"))

    page = await house.built.store.find(collections.AUDIT, Query(limit=1000))
    told = json.dumps([entry.value for entry in page.entries]) + repr(held) + repr(asking)
    told += f"{refused.value}{refused.value.detail}"

    assert held is not None
    assert [] == [part for part in (held.id, held.key, *credential["response"].values()) if part in told]


async def test_a_passkey_that_was_deleted_meanwhile_proves_nothing(house: House) -> None:
    _, client = await with_passkeys(house)
    await house.user(client)
    tokens = await house.sign_in(client)
    key = await registered(house, tokens)
    asking = await begun(house, client)
    credential = key.get(options_of(asking), ORIGIN)
    await house.services.passkeys.delete(tokens.access, credential["id"])

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)
