"""Row 30: what a passkey has to be is the server's to say: algorithms, the verification of the user, attestation,
domain and origin are compared with what was asked for and stored here, whatever the page made of it."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace
from webauthn.helpers import base64url_to_bytes, encode_cbor, parse_attestation_object, parse_cbor

from poolhouse import errors
from poolhouse.crypto.passkeys import is_allowed
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.server.passkey_options import creation_options
from poolhouse.testing import passkeys
from poolhouse.testing.passkeys import VirtualAuthenticator
from tests.support.house import House
from tests.support.passkeys import (
    ORIGIN,
    RP_ID,
    WEB_AUTHN,
    answered,
    begun,
    by_passkey,
    options_of,
    registered,
    with_passkey,
    with_passkeys,
)
from tests.support.sign_in import SignedIn

HERE = {"https://example.com", "https://app.example.com", "https://app.example.com:8443", "https://a.b.example.com"}
ELSEWHERE = (
    "https://example.org",
    "https://notexample.com",
    "https://example.com.evil.org",
    "https://evil.org/example.com",
    "https://example.com@evil.org",
    "https://evil.org#.example.com",
    "https://evil.org?.example.com",
    "http://example.com",
    "http://localhost",
    "https://com",
    "https://example.com/",
    "https://example.com:port",
    "HTTPS://EXAMPLE.COM",
    "android:apk-key-hash:abc",
    "null",
    "",
)


@pytest.mark.parametrize("origin", sorted(HERE))
def test_pages_of_the_domain_and_below_it_may_use_its_passkeys(origin: str) -> None:
    assert is_allowed(origin, RP_ID)


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_a_page_from_elsewhere_may_not(house: House, origin: str) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), origin))
    with pytest.raises(errors.PasskeyOriginNotAllowed):
        await registered(house, await house.sign_in(client), origin=origin)


def test_a_machines_own_name_needs_no_tls() -> None:
    assert is_allowed("http://localhost:8080", "localhost")
    assert not is_allowed("http://127.0.0.1:8080", "localhost")


async def changed_options(house: House, client: Client, **changes: Any) -> tuple[TokenSet, dict[str, Any]]:
    """Options of a registration, as a page may have changed them."""
    if await house.built.ports.users.get(client.pool_id, "jane") is None:
        await house.user(client)
    tokens = await house.sign_in(client)
    return tokens, {**creation_options(await house.services.passkeys.start(tokens.access)), **changes}


async def test_a_passkey_of_another_domain_is_not_registered(house: House) -> None:
    _, client = await with_passkeys(house)
    tokens, options = await changed_options(house, client, rp={"id": "app.example.com"})

    with pytest.raises(errors.PasskeyRelyingPartyMismatch):
        await house.services.passkeys.complete(tokens.access, VirtualAuthenticator().create(options, ORIGIN))


async def test_a_passkey_of_another_domain_does_not_sign_in(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    options = {**options_of(asking), "rpId": "app.example.com"}

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.sign(key.ids[0], options, ORIGIN))


async def test_a_passkey_of_the_domain_that_the_pool_had_is_good_no_more(house: House) -> None:
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    now = PasskeyPolicy(rp_id="app.example.com")
    await house.built.ports.pools.save(replace(await house.services.pools.get(pool.id), passkeys=now))

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


async def test_a_challenge_that_was_not_given_out_registers_nothing(house: House) -> None:
    _, client = await with_passkeys(house)
    tokens, options = await changed_options(house, client, challenge="A" * 43)

    with pytest.raises(errors.PasskeyChallengeNotFound):
        await house.services.passkeys.complete(tokens.access, VirtualAuthenticator().create(options, ORIGIN))


async def test_anothers_challenge_registers_nothing_and_stays_theirs(house: House) -> None:
    _, client = await with_passkeys(house)
    await house.user(client, "john")
    johns = await house.sign_in(client, "john")
    theirs = creation_options(await house.services.passkeys.start(johns.access))
    tokens, _ = await changed_options(house, client)
    with pytest.raises(errors.PasskeyChallengeNotFound):
        await house.services.passkeys.complete(tokens.access, VirtualAuthenticator().create(theirs, ORIGIN))

    await house.services.passkeys.complete(johns.access, VirtualAuthenticator().create(theirs, ORIGIN))


async def test_a_challenge_of_a_registration_ends(house: House) -> None:
    _, client = await with_passkeys(house)
    tokens, options = await changed_options(house, client)
    house.clock.advance(300)

    with pytest.raises(errors.PasskeyChallengeNotFound):
        await house.services.passkeys.complete(tokens.access, VirtualAuthenticator().create(options, ORIGIN))


async def test_a_token_of_another_client_does_not_complete_a_registration(house: House) -> None:
    pool, client = await with_passkeys(house)
    _, options = await changed_options(house, client)
    other = await house.sign_in(await house.client(pool))

    with pytest.raises(errors.PasskeyClientMismatch):
        await house.services.passkeys.complete(other.access, VirtualAuthenticator().create(options, ORIGIN))


@pytest.mark.parametrize("policy", [{"verification": "required"}, {"instead": True}])
async def test_where_the_user_has_to_be_verified_presence_is_not_enough(house: House, policy: dict[str, Any]) -> None:
    _, client = await with_passkeys(house, **policy)
    tokens, options = await changed_options(house, client)
    with pytest.raises(errors.PasskeyNotSupported):
        await house.services.passkeys.complete(
            tokens.access, VirtualAuthenticator(knows_user=False).create(options, ORIGIN)
        )
    key = await registered(house, tokens)
    key.knows_user = False

    with pytest.raises(errors.WrongCredentials):
        await by_passkey(house, client, key)


async def test_a_policy_that_became_stricter_meanwhile_holds_at_once(house: House) -> None:
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client, knows_user=False)
    asking = await begun(house, client)
    stricter = PasskeyPolicy(rp_id=RP_ID, verification="required")
    await house.built.ports.pools.save(replace(await house.services.pools.get(pool.id), passkeys=stricter))

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


async def test_a_passkey_that_was_not_asked_for_is_not_taken(house: House) -> None:
    """The page asks for whichever it likes; one that was registered since is the user's own, and yet was not meant."""
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    await registered(house, await house.sign_in(client), key)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.sign(key.ids[1], options_of(asking), ORIGIN))


async def test_a_page_within_somebody_elses_page_is_refused(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    key.framed = True

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


@pytest.mark.parametrize("number", [-7, -257, -8])
async def test_these_algorithms_are_asked_for(house: House, number: int) -> None:
    _, client = await with_passkeys(house)
    _, options = await changed_options(house, client)

    assert number in [each["alg"] for each in options["pubKeyCredParams"]]
    assert 3 == len(options["pubKeyCredParams"])


@pytest.mark.parametrize("algorithm", ["ES512", "RS1", "RS256 of 1024 bits"])
async def test_another_algorithm_or_a_short_key_is_not_registered(house: House, algorithm: Any) -> None:
    _, client = await with_passkeys(house)
    tokens, options = await changed_options(house, client)

    with pytest.raises(errors.PasskeyNotSupported):
        await house.services.passkeys.complete(
            tokens.access, VirtualAuthenticator(algorithm=algorithm).create(options, ORIGIN)
        )


def certified(made: dict[str, Any]) -> dict[str, Any]:
    """The new passkey, attested in the way of a key of hardware (fido-u2f), and rightly so."""
    attested = parse_attestation_object(base64url_to_bytes(made["response"]["attestationObject"]))
    plain = parse_cbor(base64url_to_bytes(made["response"]["attestationObject"]))["authData"]
    held = attested.auth_data.attested_credential_data
    assert held is not None
    point = parse_cbor(held.credential_public_key)
    signed = b"".join(
        (
            b"\0",
            plain[:32],
            hashlib.sha256(base64url_to_bytes(made["response"]["clientDataJSON"])).digest(),
            held.credential_id,
            b"\4" + point[-2] + point[-3],
        )
    )
    maker = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a maker")])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, maker.public_key(), 1, begin, begin + datetime.timedelta(days=9999))
        .sign(maker, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    statement = {"sig": maker.sign(signed, ec.ECDSA(hashes.SHA256())), "x5c": [certificate]}
    whole = encode_cbor({"fmt": "fido-u2f", "attStmt": statement, "authData": plain})
    return {**made, "response": {**made["response"], "attestationObject": passkeys.text_of(whole)}}


async def test_an_attestation_that_was_not_asked_for_is_not_taken(house: House) -> None:
    _, client = await with_passkeys(house)
    tokens, options = await changed_options(house, client)
    made = certified(VirtualAuthenticator().create(options, ORIGIN))

    with pytest.raises(errors.PasskeyNotSupported):
        await house.services.passkeys.complete(tokens.access, made)


async def test_a_passkey_is_not_registered_twice_whoever_has_it(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    await house.user(client, "john")
    johns = await house.sign_in(client, "john")
    options = creation_options(await house.services.passkeys.start(johns.access))

    with pytest.raises(errors.PasskeyNotSupported):
        await house.services.passkeys.complete(johns.access, key.create(options, ORIGIN, id=key.ids[0]))


async def test_a_sign_in_is_no_registration_and_the_other_way_round(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    credential = key.get(options_of(asking), ORIGIN)
    credential["response"]["clientDataJSON"] = passkeys.text_of(
        json.dumps({"type": "webauthn.create", "challenge": options_of(asking)["challenge"], "origin": ORIGIN}).encode()
    )

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


async def test_pools_without_passkeys_take_none(house: House) -> None:
    pool, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    tokens = await house.sign_in(client)
    await house.built.ports.pools.save(replace(await house.services.pools.get(pool.id), first_factors=("PASSWORD",)))

    with pytest.raises(errors.PasskeysNotEnabled):
        await registered(house, tokens)
    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))
    reply = await house.begin(client, flow="USER_AUTH", PREFERRED_CHALLENGE=WEB_AUTHN)
    assert not isinstance(reply, SignedIn)
    assert WEB_AUTHN not in reply.available
