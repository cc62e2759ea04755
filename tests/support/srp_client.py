"""The client's half of SRP, in plain integers: written from the protocol, not from our own arithmetic."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

from poolhouse.records.clients import Client
from tests.support.house import House
from tests.support.sign_in import Answer, Asking, Reply, respond

# RFC 3526, section 4.
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22"
    "514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6"
    "F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3D"
    "C2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E8603"
    "9B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB31"
    "43DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2


def pad(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def hashed(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


class SrpClient:
    def __init__(self, house: House, client: Client) -> None:
        self._house = house
        self._client = client
        self._a = secrets.randbits(256)
        self._big_a = pow(G, self._a, N)

    @property
    def big_a(self) -> str:
        return f"{self._big_a:x}"

    async def begin(self, username: str) -> Asking:
        reply = await self._house.begin(self._client, username, flow="USER_SRP_AUTH", SRP_A=self.big_a)
        assert isinstance(reply, Asking)
        return reply

    async def answer(self, asking: Asking, password: str, *, handle: str | None = "") -> Reply:
        sent = asking.public
        pool = self._client.pool_id.partition("_")[2]
        identity = sent["USER_ID_FOR_SRP"]
        big_b = int(sent["SRP_B"], 16)
        inner = hashlib.sha256(f"{pool}{identity}:{password}".encode()).digest()
        x = hashed(pad(int(sent["SALT"], 16)), inner)
        u = hashed(pad(self._big_a), pad(big_b))
        k = hashed(pad(N), pad(G))
        shared = pow((big_b - k * pow(G, x, N)) % N, self._a + u * x, N)
        inner_key = hmac.digest(pad(u), pad(shared), "sha256")
        key = hmac.digest(inner_key, b"Caldera Derived Key\x01", "sha256")[:16]
        moment = time.gmtime(self._house.clock.now())
        timestamp = time.strftime(f"%a %b {moment.tm_mday} %H:%M:%S UTC %Y", moment)
        block = base64.b64decode(sent["SECRET_BLOCK"])
        claim = hmac.digest(key, pool.encode() + identity.encode() + block + timestamp.encode(), "sha256")
        return await respond(
            self._house.services,
            self._client,
            Answer(
                challenge="PASSWORD_VERIFIER",
                handle=asking.handle if handle == "" else handle,
                answers={
                    "USERNAME": identity,
                    "PASSWORD_CLAIM_SECRET_BLOCK": sent["SECRET_BLOCK"],
                    "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(claim).decode(),
                    "TIMESTAMP": timestamp,
                },
            ),
        )
