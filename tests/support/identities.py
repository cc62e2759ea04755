"""An identity pool with roles, and an API behind the gateway: a folder for each identity."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poolhouse.testing.made import MadeClient
from tests.support import server_process
from tests.support.live import Live, boto3_client
from tests.support.server_process import REGION, ROOT

ACCOUNT = "000000000000"
OWN = "${cognito-identity.amazonaws.com:sub}"
GUESTS, USERS = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("guests", "users"))


@dataclass(frozen=True)
class Identities:
    """``live`` is the server; ``pool`` the id of an identity pool in it, ``client`` the app client whose users have
    identities there, ``login`` the name of their logins."""

    live: Live
    pool: str
    client: MadeClient

    @property
    def login(self) -> str:
        return f"cognito-idp.{REGION}.amazonaws.com/{self.client.pool_id}"

    @property
    def aws(self) -> Any:
        """As an administrator."""
        return boto3_client(
            self.live.base_url, "cognito-identity", aws_access_key_id=ROOT[0], aws_secret_access_key=ROOT[1]
        )

    @property
    def public(self) -> Any:
        return boto3_client(self.live.base_url, "cognito-identity")

    def token(self, name: str) -> str:
        """An ID token of a user."""
        return self.live.sign_in(self.client, name)["IdToken"]


def roles(pool: str) -> dict[str, Any]:
    """A role for guests, who read in a folder of their own, and one for users, who do all there: in the form of
    ``POOLHOUSE_ROLES_FILE``."""

    def role(amr: str, *methods: str) -> dict[str, Any]:
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {"cognito-identity.amazonaws.com:aud": pool},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr},
            },
        }
        own = [f"arn:aws:execute-api:*:*:files/prod/{method}/{OWN}/*" for method in methods]
        allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": own}
        return {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]},
        }

    return {"guests": role("unauthenticated", "GET"), "users": role("authenticated", "*")}


@contextmanager
def identities(store: str, folder: Path) -> Iterator[Identities]:
    """A server over the store, as somebody sets it up: the pools first, then the roles, which name one of them."""
    with _files() as port:
        said = {"POOLHOUSE_GATEWAY_APIS": json.dumps({"files": {"upstream": f"http://127.0.0.1:{port}"}})}
        server = server_process.start(store, folder, "identities", extra=said)
        try:
            live = Live(server.base_url, server.outbox, store.partition(":")[0])
            client = live.client(live.pool())
            made = Identities(live, "", client)
            pool = made.aws.create_identity_pool(
                IdentityPoolName="apps",
                AllowUnauthenticatedIdentities=True,
                AllowClassicFlow=True,
                CognitoIdentityProviders=[{"ProviderName": made.login, "ClientId": client.id}],
            )["IdentityPoolId"]
        finally:
            server.end()
        (folder / "roles.json").write_text(json.dumps(roles(pool)), encoding="utf-8")
        said["POOLHOUSE_ROLES_FILE"] = str(folder / "roles.json")
        server = server_process.start(store, folder, "identities", port=server.port, extra=said)
        try:
            made = Identities(live, pool, client)
            made.aws.set_identity_pool_roles(
                IdentityPoolId=pool, Roles={"unauthenticated": GUESTS, "authenticated": USERS}
            )
            yield made
        finally:
            server.end()


@contextmanager
def _files() -> Iterator[int]:
    """The API: it has every file."""

    class Api(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = json.dumps(dict(self.headers.items())).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        yield api.server_address[1]
        api.shutdown()
