"""SRP-6a over the 3072-bit group of RFC 3526, in the form that user-pool clients compute it.

About time. ``b`` is fresh for every attempt and used for one power, so nobody can measure twice with the same secret;
the verifier is a base, raised to a power that its client knows, inside the same call. GMP's plain power is therefore
used, not its slower constant-time one. The table for powers of g is indexed by the same fresh ``b``, or by ``x`` when a
password is set. Signatures are compared by the caller, in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache

import gmpy2
from gmpy2 import mpz

from poolhouse.crypto.workers import Workers
from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.ports.arithmetic import SrpOpening
from poolhouse.ports.world import Chance

# RFC 3526 section 4: the 3072-bit MODP group. The generator is 2.
N_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22"
    "514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6"
    "F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3D"
    "C2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E8603"
    "9B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB31"
    "43DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
N = mpz(N_HEX, 16)
G = mpz(2)
SECRET_SIZE = 32
WINDOW = 5
INFO = b"Caldera Derived Key\x01"

# 768 digits hold any value below N; two more allow for the leading 00 that some clients keep.
PUBLIC_VALUE = re.compile(r"[0-9a-fA-F]{1,770}")


def pad(value: mpz) -> bytes:
    """The integer's bytes as clients hash them: as few as possible, with a leading 00 where the top bit is set."""
    return int(value).to_bytes(value.bit_length() // 8 + 1, "big")


def _hashed(*parts: bytes) -> mpz:
    return mpz(hashlib.sha256(b"".join(parts)).hexdigest(), 16)


K = _hashed(pad(N), pad(G))


@cache
def _powers_of_g() -> tuple[tuple[mpz, ...], ...]:
    """For each window of a 256-bit exponent the powers of g that it can stand for. Some 0.7 MB, made at first use in 5
    ms."""
    table = []
    base = G
    for _ in range(-(-SECRET_SIZE * 8 // WINDOW)):
        row = [mpz(1)]
        for _ in range((1 << WINDOW) - 1):
            row.append(row[-1] * base % N)
        table.append(tuple(row))
        base = row[-1] * base % N
    return tuple(table)


def power_of_g(exponent: mpz) -> mpz:
    """g to the exponent (at most 256 bits) modulo N, in 52 multiplications instead of 256 squarings (0.14 ms instead
    of 0.7)."""
    digits = int(exponent)
    mask = (1 << WINDOW) - 1
    product = mpz(1)
    for row in _powers_of_g():
        if digit := digits & mask:
            product = product * row[digit] % N
        digits >>= WINDOW
    return product


def power(base: mpz, exponent: mpz) -> mpz:
    """The power modulo N; other threads run meanwhile."""
    gmpy2.get_context().allow_release_gil = True  # the context is this thread's own
    return gmpy2.powmod(base, exponent, N)


def public_value(text: str) -> mpz:
    """The client's A. Raises ``InvalidParameter`` for what is no hex number of a fitting length, and for a multiple of
    N, which would make the shared secret 0 whatever the password is."""
    if not PUBLIC_VALUE.fullmatch(text):
        raise InvalidParameter(Reason.SRP_A_INVALID)
    value = mpz(text, 16)
    if value % N == 0:
        raise InvalidParameter(Reason.SRP_A_INVALID)
    return value


def password_exponent(pool_name: str, username: str, password: str, salt: bytes) -> mpz:
    """x. The password is hashed as it was typed: a client that normalises nothing has to find the same value."""
    inner = hashlib.sha256(f"{pool_name}{username}:{password}".encode("utf-8", "surrogatepass")).digest()
    return _hashed(pad(mpz(int.from_bytes(salt, "big"))), inner)


def session_key(u: mpz, shared: mpz) -> bytes:
    """HKDF-SHA256 with one block, cut to 16 bytes."""
    extracted = hmac.digest(pad(u), pad(shared), hashlib.sha256)
    return hmac.digest(extracted, INFO, hashlib.sha256)[:16]


class Srp6a:
    """Implements the SRP port. Opening takes one power (of g, by table), a proof takes two."""

    def __init__(self, workers: Workers, chance: Chance) -> None:
        self._workers = workers
        self._chance = chance

    async def verifier(self, pool_name: str, username: str, password: str, salt: bytes) -> str:
        return await self._workers.run(_verifier, pool_name, username, password, salt)

    def can_verify(self, verifier: str) -> bool:
        return bool(1 < mpz(verifier, 16) < N - 1)

    async def open(self, verifier: str, big_a: str) -> SrpOpening:
        a = public_value(big_a)
        if not _powers_of_g.cache_info().currsize:
            await self._workers.run(_powers_of_g)
        # Here: multiplications hold the interpreter's lock anyway, and together they take less than one signature.
        while (opening := _open(verifier, a, self._chance.raw(SECRET_SIZE))) is None:
            pass
        return opening

    async def proof(
        self,
        *,
        identity: str,
        verifier: str,
        big_a: str,
        opening: SrpOpening,
        secret_block: bytes,
        timestamp: str,
    ) -> bytes:
        a = public_value(big_a)
        key = await self._workers.run(_key, verifier, a, opening)
        message = identity.encode("utf-8", "surrogatepass") + secret_block + timestamp.encode("utf-8", "surrogatepass")
        return hmac.digest(key, message, hashlib.sha256)


def _verifier(pool_name: str, username: str, password: str, salt: bytes) -> str:
    v: str = power_of_g(password_exponent(pool_name, username, password, salt)).digits(16)
    return v


def _open(verifier: str, a: mpz, secret: bytes) -> SrpOpening | None:
    """None when chance hit a value that the protocol forbids (B or u is 0)."""
    b = mpz(int.from_bytes(secret, "big"))
    big_b = (K * mpz(verifier, 16) + power_of_g(b)) % N
    if big_b == 0 or _hashed(pad(a), pad(big_b)) == 0:
        return None
    return SrpOpening(b=b.digits(16), B=big_b.digits(16))


def _key(verifier: str, a: mpz, opening: SrpOpening) -> bytes:
    u = _hashed(pad(a), pad(mpz(opening.B, 16)))
    shared = power(a * power(mpz(verifier, 16), u) % N, mpz(opening.b, 16))
    return session_key(u, shared)
