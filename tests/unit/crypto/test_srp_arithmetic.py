"""SRP against the published vector, and against a client written down from the formulas."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from gmpy2 import mpz, powmod
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.crypto import srp
from poolhouse.crypto.srp import G, N, Srp6a
from poolhouse.crypto.workers import Workers
from poolhouse.errors import InvalidParameter
from poolhouse.ports.arithmetic import SrpOpening
from tests.unit.crypto.world import ForeseenChance

POOL_NAME, USER, PASSWORD = "AbCdEfGhI", "jane", "Corr3ct-Horse!"
SALT = bytes.fromhex("f1e2d3c4b5a697887766554433221100")
SMALL_A = mpz("1122334455667788990011223344556677889900112233445566778899001122", 16)
SMALL_B = "99aabbccddeeff00112233445566778899aabbccddeeff001122334455667788"
SECRET_BLOCK = b"opaque-secret-block"
TIMESTAMP = "Tue Sep 5 02:05:06 UTC 2023"


class ChosenChance(ForeseenChance):
    def raw(self, size: int) -> bytes:
        assert 32 == size
        return bytes.fromhex(SMALL_B)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(threads=1)
    yield made
    await made.close()


def shortened(value: str) -> tuple[str, str]:
    return value[:32], value[-32:]


def client_signature(
    password: str, salt: bytes, a: mpz, big_b: mpz, identity: str = POOL_NAME + USER, timestamp: str = TIMESTAMP
) -> bytes:
    """What a client sends, step by step from the formulas."""

    def h(*parts: bytes) -> mpz:
        return mpz(hashlib.sha256(b"".join(parts)).hexdigest(), 16)

    def pad(value: mpz) -> bytes:
        text = value.digits(16)
        raw = bytes.fromhex(text if len(text) % 2 == 0 else "0" + text)
        return b"\0" + raw if raw[0] >= 0x80 else raw

    k = h(pad(N), pad(G))
    x = h(pad(mpz(salt.hex(), 16)), hashlib.sha256(f"{identity}:{password}".encode()).digest())
    u = h(pad(powmod(G, a, N)), pad(big_b))
    shared = powmod((big_b - k * powmod(G, x, N)) % N, a + u * x, N)
    extracted = hmac.digest(pad(u), pad(shared), "sha256")
    key = hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]
    return hmac.digest(key, identity.encode() + SECRET_BLOCK + timestamp.encode(), "sha256")


async def test_the_published_vector_comes_out_on_both_sides(workers: Workers) -> None:
    server = Srp6a(workers, ChosenChance())
    big_a = powmod(G, SMALL_A, N).digits(16)

    x = srp.password_exponent(POOL_NAME, USER, PASSWORD, SALT)
    verifier = await server.verifier(POOL_NAME, USER, PASSWORD, SALT)
    opening = await server.open(verifier, big_a)
    u = srp._hashed(srp.pad(mpz(big_a, 16)), srp.pad(mpz(opening.B, 16)))
    shared = powmod(mpz(big_a, 16) * powmod(mpz(verifier, 16), u, N), mpz(opening.b, 16), N)
    proof = await server.proof(
        identity=POOL_NAME + USER,
        verifier=verifier,
        big_a=big_a,
        opening=opening,
        secret_block=SECRET_BLOCK,
        timestamp=TIMESTAMP,
    )

    assert "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6" == srp.K.digits(16)
    assert "37c036a78aebe78e9dde56efe4940e6f78fdfc0f8d0824600206e801d9b1973e" == x.digits(16)
    assert 768 == len(verifier)
    assert ("954f39dd0db7e81ad3fba3229b3bc54c", "d4720638d9a4904aa6a84e57fa93b758") == shortened(verifier)
    assert ("9f46fa2dd59851ecccfffae76b37c57a", "f5b50f66d0613918ae4128490dd700df") == shortened(big_a)
    assert SMALL_B == opening.b
    assert ("5c59e76a476cce95751dbef03227b0d8", "db72bf4ef9e752cec2c47941f7900b4d") == shortened(opening.B)
    assert "a6cb9df4d66b3335114cf96ace64a957d96e619c4995c7ec9d824a4f389a0332" == u.digits(16)
    assert ("9b36a9a15d10237502e83e306d514562", "f1f820bad93dabacbc827799104b320a") == shortened(shared.digits(16))
    assert "2ecfc24e93278fd97ccf1f1a03d9a84d" == srp.session_key(u, shared).hex()
    assert "FZ20ZL34csBB5Tc13BQN44jgtO81S/LrgIQrvXFkzMg=" == base64.b64encode(proof).decode()
    assert proof == client_signature(PASSWORD, SALT, SMALL_A, mpz(opening.B, 16))


async def test_a_client_with_the_password_and_odd_looking_values_is_understood(workers: Workers) -> None:
    server = Srp6a(workers, ForeseenChance())
    salt = bytes(3) + b"salt with zeros in front"
    verifier = await server.verifier(POOL_NAME, USER, "pässwörd", salt)
    a = next(mpz(n) for n in range(10**75, 10**75 + 99) if len(powmod(G, n, N).digits(16)) % 2)
    big_a = powmod(G, a, N).digits(16).upper()

    opening = await server.open(verifier, big_a)
    proof = await server.proof(
        identity=POOL_NAME + USER,
        verifier=verifier,
        big_a=big_a,
        opening=opening,
        secret_block=SECRET_BLOCK,
        timestamp=TIMESTAMP,
    )

    assert proof == client_signature("pässwörd", salt, a, mpz(opening.B, 16))
    assert proof != client_signature("passwörd", salt, a, mpz(opening.B, 16))


async def test_every_opening_has_its_own_secret_of_256_bits(workers: Workers) -> None:
    server = Srp6a(workers, ForeseenChance())

    openings = [await server.open("abc", "ff") for _ in range(3)]

    assert 3 == len({opening.b for opening in openings})
    assert min(len(opening.b) for opening in openings) > 60


async def test_an_opening_needs_no_worker_once_the_powers_of_g_are_known() -> None:
    busy = Workers(threads=1)
    server = Srp6a(busy, ForeseenChance())
    await server.open("abc", "ff")
    await busy.close()

    assert (await server.open("abc", "ff")).B


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_a_multiple_of_n_is_refused_before_it_gives_anybody_a_key(workers: Workers, times: int) -> None:
    server, big_a = Srp6a(workers, ForeseenChance()), (N * times).digits(16)

    with pytest.raises(InvalidParameter):
        await server.open("abc", big_a)
    with pytest.raises(InvalidParameter):
        await server.proof(
            identity="x",
            verifier="abc",
            big_a=big_a,
            opening=SrpOpening(b="1", B="1"),
            secret_block=b"",
            timestamp="",
        )


@pytest.mark.parametrize("big_a", ["", "0x12", "-1", "+1", " 1", "1 ", "1_0", "12\n", "xyz", "f" * 771, "\uff11"])
async def test_what_is_no_hex_number_of_fitting_length_is_refused(workers: Workers, big_a: str) -> None:
    with pytest.raises(InvalidParameter):
        await Srp6a(workers, ForeseenChance()).open("abc", big_a)


@given(st.integers(0, 2**256 - 1))
def test_powers_of_g_by_table_are_powers(exponent: int) -> None:
    assert powmod(G, exponent, N) == srp.power_of_g(mpz(exponent))


@given(st.integers(0, 2**64))
def test_padding_is_as_short_as_possible_and_never_negative(value: int) -> None:
    padded = srp.pad(mpz(value))

    assert value == int.from_bytes(padded, "big", signed=True)
    assert len(padded) == 1 or padded[0] != 0 or padded[1] >= 0x80
