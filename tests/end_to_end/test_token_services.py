"""Credentials of AWS and of S3-compatible stores, over the wire: asked for by our plugins, good for their services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from poolhouse import Credentials, IssueCredentials
from poolhouse.plugins.sts.aws import AwsStsPlugin
from poolhouse.plugins.sts.stores import S3StsPlugin
from poolhouse.server.http_client import HttpClient
from poolhouse.testing import plugin_context
from tests.support.moto_server import MotoServer, moto_server

REGION = "us-east-1"
BUCKET = "folders"
MINE, OTHERS = "us-east-1:aaaa/letter", "us-east-1:bbbb/letter"
ROLE = "arn:aws:iam::123456789012:role/Users"


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto") / "log") as server:
        everything: dict[str, Any] = {
            "endpoint_url": server.url,
            "region_name": REGION,
            "aws_access_key_id": "setting-up",
            "aws_secret_access_key": "setting-up",
        }
        s3 = boto3.client("s3", **everything)
        s3.create_bucket(Bucket=BUCKET)
        for key in (MINE, OTHERS):
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"hello")
        iam = boto3.client("iam", **everything)
        iam.create_role(RoleName="Users", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
        mine = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/us-east-1:aaaa/*"}
        iam.put_role_policy(
            RoleName="Users",
            PolicyName="folder",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [mine]}),
        )
        yield server


def plugin(kind: str, url: str, http: HttpClient) -> Any:
    if kind == "aws":
        return AwsStsPlugin(plugin_context({"endpoint": url}, http=http))
    return S3StsPlugin(plugin_context({"stores": {"moto": {"endpoint": url}}}, http=http))


async def given(moto: MotoServer, kind: str, **change: Any) -> Credentials:
    http = HttpClient(allowed=[moto.url])
    event: dict[str, Any] = {
        "identity_id": "us-east-1:aaaa",
        "pool_id": "us-east-1:pool",
        "role_arn": ROLE,
        "backend": kind,
        "session_name": "CognitoIdentityCredentials",
        "is_guest": False,
        "token": "a.token.that-the-mock-believes",
        **change,
    }
    try:
        answer = await plugin(kind, moto.url, http).issue_credentials(IssueCredentials(**event))
    finally:
        await http.close()
    assert isinstance(answer, Credentials)
    return answer


def get(moto: MotoServer, credentials: Credentials, key: str) -> Any:
    s3 = boto3.client(
        "s3",
        endpoint_url=moto.url,
        region_name=REGION,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret,
        aws_session_token=credentials.session_token,
    )
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


@pytest.mark.parametrize("kind", ["aws", "s3:moto"])
async def test_the_credentials_open_the_own_folder_and_no_other(moto: MotoServer, kind: str) -> None:
    moto.require_nothing()
    credentials = await given(moto, kind)
    wrong = Credentials(
        access_key_id=credentials.access_key_id,
        secret="wrong",
        session_token=credentials.session_token,
        expires=credentials.expires,
    )
    moto.require_signatures()

    assert b"hello" == await asyncio.to_thread(get, moto, credentials, MINE)
    for some, key, code in ((credentials, OTHERS, "AccessDenied"), (wrong, MINE, "SignatureDoesNotMatch")):
        with pytest.raises(ClientError) as refused:
            await asyncio.to_thread(get, moto, some, key)
        assert code == refused.value.response["Error"]["Code"]
