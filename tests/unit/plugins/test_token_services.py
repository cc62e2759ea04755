"""Credentials of others: what token services are asked, and what becomes of what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from poolhouse import (
    HttpAnswer,
    HttpFailed,
    HttpNotSent,
    InvocationFailed,
    IssueCredentials,
    OutputUnusable,
    SettingInvalid,
)
from poolhouse.plugins.sts.aws import AwsStsPlugin
from poolhouse.plugins.sts.stores import S3StsPlugin
from poolhouse.testing import FakeHttp, plugin_context

ROLE = "arn:aws:iam::123456789012:role/Users"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
GIVEN = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
 <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAX</AccessKeyId>
 <SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>tok/en+==</SessionToken>
 <Expiration>2026-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


def event(**change: Any) -> IssueCredentials:
    given: dict[str, Any] = {
        "identity_id": "eu-west-1:1",
        "pool_id": "eu-west-1:2",
        "role_arn": ROLE,
        "backend": "aws",
        "session_name": "CognitoIdentityCredentials",
        "is_guest": False,
        "token": "a.token.of-ours",
        **change,
    }
    return IssueCredentials(**given)


def aws(http: FakeHttp, **settings: Any) -> AwsStsPlugin:
    return AwsStsPlugin(plugin_context(settings, http=http))


def sent(http: FakeHttp) -> Mapping[str, str]:
    (request,) = http.requests
    assert request.body is not None
    return {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}


async def test_aws_is_asked_with_our_token_and_its_credentials_are_given_on() -> None:
    http = FakeHttp([HttpAnswer(200, {}, GIVEN)])

    given = await aws(http, region="eu-west-1").issue_credentials(event(policies=(POLICY,)))

    assert given is not None
    assert ("ASIAX", "a&b", "tok/en+==", 1767323045.0) == (
        given.access_key_id,
        given.secret,
        given.session_token,
        given.expires,
    )
    assert "https://sts.eu-west-1.amazonaws.com/" == http.requests[0].url
    form = dict(sent(http))
    assert '"s3:*"' in form.pop("Policy")
    assert {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "CognitoIdentityCredentials",
        "WebIdentityToken": "a.token.of-ours",
        "DurationSeconds": "3600",
    } == form


async def test_aws_may_know_a_role_by_another_name_and_limits_guests_by_its_own_policies() -> None:
    http = FakeHttp([HttpAnswer(200, {}, GIVEN)])
    theirs, limit = "arn:aws:iam::999999999999:role/App", "arn:aws:iam::aws:policy/Little"

    await aws(http, roles={ROLE: theirs}, session_policies=[limit]).issue_credentials(event(is_guest=True))

    assert (theirs, limit) == (sent(http)["RoleArn"], sent(http)["PolicyArns.member.1.arn"])


@pytest.mark.parametrize("backend", ["local", "s3:minio", "AWS"])
async def test_aws_is_not_asked_for_roles_of_others(backend: str) -> None:
    assert await aws(FakeHttp()).issue_credentials(event(backend=backend)) is None


def stores(http: FakeHttp, **role: Any) -> S3StsPlugin:
    settings = {"stores": {"minio": {"endpoint": "https://minio.example.com", **role}}}
    return S3StsPlugin(plugin_context(settings, http=http))


@pytest.mark.parametrize(
    ("role", "named"), [({}, ROLE), ({"role": "none"}, None), ({"role": "arn:minio:x"}, "arn:minio:x")]
)
async def test_a_store_is_told_the_role_in_its_own_way(role: dict[str, str], named: str | None) -> None:
    http = FakeHttp([HttpAnswer(200, {}, GIVEN)])

    given = await stores(http, **role).issue_credentials(event(backend="s3:minio"))

    assert given is not None
    assert named == sent(http).get("RoleArn")
    assert "https://minio.example.com" == http.requests[0].url


@pytest.mark.parametrize("backend", ["aws", "local", "s3:other", "minio"])
async def test_a_store_is_not_asked_for_roles_of_others(backend: str) -> None:
    assert await stores(FakeHttp()).issue_credentials(event(backend=backend)) is None


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HttpFailed("no answer"), InvocationFailed),
        (HttpNotSent("no connection"), InvocationFailed),
        (HttpAnswer(503, {}, b""), InvocationFailed),
        (
            HttpAnswer(403, {}, b"<Error><Code>AccessDenied</Code></Error>"),
            OutputUnusable,
        ),
        (HttpAnswer(302, {}, b""), OutputUnusable),
        (HttpAnswer(200, {}, b"<html>"), OutputUnusable),
        (HttpAnswer(200, {}, GIVEN.replace(b"ASIAX", b"")), OutputUnusable),
        (HttpAnswer(200, {}, GIVEN.replace(b"2026-01-02T", b"soon")), OutputUnusable),
        (HttpAnswer(200, {}, b"\xff\xfe"), OutputUnusable),
    ],
)
async def test_what_is_no_good_answer_gives_no_credentials(answer: Any, told: type[Exception]) -> None:
    with pytest.raises(told):
        await aws(FakeHttp([answer])).issue_credentials(event())


@pytest.mark.parametrize(
    "change", [{"token": ""}, {"seconds": 899}, {"policies": (POLICY, POLICY)}, {"policies": ({"x": "y" * 2048},)}]
)
async def test_what_the_service_could_not_keep_is_not_asked_for(change: dict[str, Any]) -> None:
    http = FakeHttp()

    with pytest.raises(OutputUnusable):
        await aws(http).issue_credentials(event(**change))
    assert not http.requests


@pytest.mark.parametrize(
    ("plugin", "settings"),
    [
        (AwsStsPlugin, {"region": "eu west"}),
        (AwsStsPlugin, {"key": "AKIA"}),
        (AwsStsPlugin, {"roles": ["x"]}),
        (AwsStsPlugin, {"session_policies": "x"}),
        (S3StsPlugin, {}),
        (S3StsPlugin, {"stores": {"minio": "x"}}),
        (S3StsPlugin, {"stores": {"minio": {}}}),
        (S3StsPlugin, {"stores": {"minio": {"endpoint": "https://x", "key": "y"}}}),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(plugin: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid):
        plugin(plugin_context(settings))
