"""Requests to APIs behind a gateway, signed by the AWS SDK."""

from __future__ import annotations

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.server_process import ROOT


def signed(
    method: str,
    url: str,
    body: bytes = b"",
    *,
    key: tuple[str, ...] = ROOT,
    service: str = "execute-api",
    **headers: str,
) -> dict[str, str]:
    """The header fields of the request. ``headers`` are signed with it; their names have underscores for hyphens."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = AWSRequest(method, url, data=body, headers=more)
    SigV4Auth(Credentials(*key), service, "us-east-1").add_auth(asked)
    return {"Host": url.split("/")[2], **dict(asked.headers.items())}
