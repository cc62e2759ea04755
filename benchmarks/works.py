"""The works that are measured as a share of their limit: what is asked, how often, and what no server could leave out.

``A`` is in every limit; ``needs`` is the arithmetic that comes on top of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from benchmarks import load
from benchmarks.factors import app_sign_in, device_sign_in, passkey_sign_in
from benchmarks.identities import gateway_signature, gateway_token, get_id, identity_credentials
from benchmarks.load import Connection, Prepared, in_turn, succeeding
from benchmarks.machines import client_credentials, introspection
from benchmarks.people import authorize, code_exchange, sign_in_page, token_refresh, user_info
from benchmarks.pool import BenchPool, SrpUser
from benchmarks.primitives import ARGON2ID, EDDSA, ES256, HMAC_CHAIN, POWER, SIGNATURE, VERIFICATION
from poolhouse.records.keys import Algorithm

USERS = 32
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """``times`` is how many pieces make one measurement: some tenth of a second, as long as the limit's own take.
    ``reach`` is the share of the limit that was promised; None where nothing was. So many ``users`` have to be in the
    pool, which signs by ``algorithm``: two passwords are hashed for each, at full cost."""

    name: str
    title: str
    limit: str
    reach: float | None
    times: int
    prepare: Callable[[int, BenchPool], Awaitable[Prepared]]
    users: int = USERS
    needs: Mapping[str, int] = field(default_factory=dict)
    algorithm: Algorithm = Algorithm.RS256


async def password_sign_in(port: int, pool: BenchPool) -> Prepared:
    return await in_turn(port, [pool.sign_in(user) for user in pool.users])


async def srp_sign_in(port: int, pool: BenchPool) -> Prepared:
    users = [SrpUser(pool, user) for user in pool.users]
    turn = count()

    async def sign_in(connection: Connection) -> tuple[bytes, bytes]:
        user = users[next(turn) % len(users)]
        asked = await connection.ask(user.opening)
        request = user.answer(asked.json())
        return request, (await connection.ask(request)).body

    async def journey(connection: Connection, _: int) -> None:
        await sign_in(connection)

    connection = await Connection.open(port)
    for _ in users:
        request, answer = await sign_in(connection)
    connection.close()
    return Prepared(journey, request, answer)


async def refresh(port: int, pool: BenchPool) -> Prepared:
    tokens = [signed_in["RefreshToken"] for signed_in in await pool.signed_in(port, CONNECTIONS)]
    return await succeeding(port, tokens, pool.refresh, lambda said: said["AuthenticationResult"]["RefreshToken"])


async def get_user(port: int, pool: BenchPool) -> Prepared:
    signed_in = await pool.signed_in(port, USERS)
    return await in_turn(port, [pool.get_user(tokens["AccessToken"]) for tokens in signed_in])


async def discovery(port: int, pool: BenchPool) -> Prepared:
    return await in_turn(port, [load.get(f"/{pool.id}/.well-known/openid-configuration")])


async def key_set(port: int, pool: BenchPool) -> Prepared:
    return await in_turn(port, [load.get(f"/{pool.id}/.well-known/jwks.json")])


WORKS = (
    Work(
        name="password",
        title="Password sign-in",
        limit="A + argon2id + 2 signatures",
        reach=0.9,
        times=16,
        prepare=password_sign_in,
        needs={ARGON2ID: 1, SIGNATURE: 2},
    ),
    Work(
        name="srp",
        title="SRP sign-in (two requests)",
        limit="A + 3 powers + 2 signatures",
        reach=0.7,
        times=32,
        prepare=srp_sign_in,
        needs={POWER: 3, SIGNATURE: 2},
    ),
    Work(
        name="totp",
        title="Password sign-in with an authenticator app (two requests)",
        limit="A + argon2id + 2 signatures",
        reach=0.6,
        times=16,
        prepare=app_sign_in,
        users=0,
        needs={ARGON2ID: 1, SIGNATURE: 2},
    ),
    Work(
        name="device",
        title="Password sign-in on a remembered device (three requests)",
        limit="A + argon2id + 3 powers + 2 signatures",
        reach=0.6,
        times=16,
        prepare=device_sign_in,
        users=0,
        needs={ARGON2ID: 1, POWER: 3, SIGNATURE: 2},
    ),
    Work(
        name="passkey",
        title="Sign-in with a passkey (two requests)",
        limit="A + 2 signatures",
        reach=0.6,
        times=32,
        prepare=passkey_sign_in,
        users=0,
        needs={SIGNATURE: 2},
    ),
    Work(
        name="refresh",
        title="Refresh with rotation",
        limit="A + 2 signatures",
        reach=0.7,
        times=96,
        prepare=refresh,
        needs={SIGNATURE: 2},
    ),
    Work(
        name="refresh-es256",
        title="Refresh with rotation, ES256",
        limit="A + 2 signatures by ES256",
        reach=None,
        times=200,
        prepare=refresh,
        users=CONNECTIONS,
        needs={ES256: 2},
        algorithm=Algorithm.ES256,
    ),
    Work(
        name="refresh-eddsa",
        title="Refresh with rotation, EdDSA",
        limit="A + 2 signatures by Ed25519",
        reach=None,
        times=200,
        prepare=refresh,
        users=CONNECTIONS,
        needs={EDDSA: 2},
        algorithm=Algorithm.EDDSA,
    ),
    Work(
        name="get-user",
        title="GetUser",
        limit="A + 1 verification",
        reach=0.35,
        times=800,
        prepare=get_user,
        needs={VERIFICATION: 1},
    ),
    Work(
        name="client-credentials",
        title="Client credentials",
        limit="A + 1 signature",
        reach=0.8,
        times=192,
        prepare=client_credentials,
        users=0,
        needs={SIGNATURE: 1},
    ),
    Work(
        name="introspection",
        title="Introspection of a machine's token",
        limit="A + 1 verification",
        reach=0.5,
        times=800,
        prepare=introspection,
        users=0,
        needs={VERIFICATION: 1},
    ),
    Work(
        name="code-exchange",
        title="Code exchange with PKCE",
        limit="A + 2 signatures",
        reach=0.6,
        times=96,
        prepare=code_exchange,
        users=CONNECTIONS,
        needs={SIGNATURE: 2},
    ),
    Work(
        name="token-refresh",
        title="Refresh with rotation at the token endpoint",
        limit="A + 2 signatures",
        reach=0.68,
        times=96,
        prepare=token_refresh,
        users=CONNECTIONS,
        needs={SIGNATURE: 2},
    ),
    Work(
        name="user-info",
        title="UserInfo",
        limit="A + 1 verification",
        reach=0.55,
        times=800,
        prepare=user_info,
        users=CONNECTIONS,
        needs={VERIFICATION: 1},
    ),
    Work(
        name="authorize",
        title="Authorization request of who is signed in",
        limit="A",
        reach=None,
        times=400,
        prepare=authorize,
        users=CONNECTIONS,
    ),
    Work(
        name="sign-in-page",
        title="Sign-in page",
        limit="A",
        reach=0.3,
        times=400,
        prepare=sign_in_page,
        users=0,
    ),
    Work(
        name="get-id",
        title="GetId of a known user",
        limit="A + 1 verification",
        reach=0.5,
        times=800,
        prepare=get_id,
        users=CONNECTIONS,
        needs={VERIFICATION: 1},
    ),
    Work(
        name="identity-credentials",
        title="Credentials for an identity",
        limit="A + 1 verification",
        reach=0.5,
        times=400,
        prepare=identity_credentials,
        users=CONNECTIONS,
        needs={VERIFICATION: 1},
    ),
    Work(
        name="gateway-signature",
        title="Gateway: a signature by temporary credentials",
        limit="A + 1 HMAC chain",
        reach=0.4,
        times=800,
        prepare=gateway_signature,
        users=CONNECTIONS,
        needs={HMAC_CHAIN: 1},
    ),
    Work(
        name="gateway-token",
        title="Gateway: an access token",
        limit="A + 1 verification",
        reach=0.5,
        times=800,
        prepare=gateway_token,
        users=CONNECTIONS,
        needs={VERIFICATION: 1},
    ),
    Work(name="discovery", title="Discovery", limit="A", reach=1.0, times=1600, prepare=discovery, users=0),
    Work(name="jwks", title="JWKS", limit="A", reach=1.0, times=1600, prepare=key_set, users=0),
)

IDENTITIES = ("get-id", "identity-credentials", "gateway-signature", "gateway-token")
"""The works of identity pools, and of the gateway."""

OAUTH = (
    "client-credentials",
    "introspection",
    "code-exchange",
    "token-refresh",
    "user-info",
    "authorize",
    "sign-in-page",
    "discovery",
    "jwks",
)
"""The works of the OAuth endpoints and of the hosted pages."""
