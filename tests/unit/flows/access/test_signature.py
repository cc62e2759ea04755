from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from poolhouse.errors import CallerRefused
from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.signatures import Signatures
from poolhouse.flows.access.signatures_canonical import canonical_requests, derive_signing_key
from poolhouse.server.cognito.user_pools.errors import failure
from tests.support.json_api import ACCOUNT, NOON, ROOT, ManualClock, sign

HOST = "auth.example.com"
BODY = b'{"UserPoolId":"eu-west-1_a"}'
PLAIN = {
    "Host": HOST,
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSCognitoIdentityProviderService.DescribeUserPool",
}
SIGNED = sign(f"http://{HOST}/", BODY, PLAIN)
PROTOCOL = {
    "MissingAuthenticationTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
}


def signatures(now: float = NOON) -> Signatures:
    clock = ManualClock(now)
    return Signatures(Callers(now=clock.now, account=ACCOUNT, root=ROOT), service="cognito-idp", now=clock.now)


async def refusal(
    headers: Mapping[str, str] | CIMultiDict[str],
    *,
    body: bytes = BODY,
    target: str = "/",
    method: str = "POST",
    now: float = NOON,
) -> str:
    with pytest.raises(CallerRefused) as raised:
        await signatures(now).verify(method, target, CIMultiDict(headers), body)
    told = failure(raised.value, None)
    assert 400 == told.status
    return told.name


async def test_a_request_signed_by_the_sdk_is_believed() -> None:
    signed = await signatures().verify("POST", "/", CIMultiDict(SIGNED), BODY)

    assert "AKIAROOT" == signed.caller.key_id
    assert "eu-west-1" == signed.region


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a",
        "/a/b/",
        "/a%20b/%C3%A9",
        "/a/../b/./c",
        "//a//b",
        "/?b=2&a=1&a=0",
        "/?flag",
        "/x?a=%2F&a%2F=1",
        "/~a-b_c.d",
    ],
)
async def test_paths_and_queries_are_signed_as_the_sdk_signs_them(target: str) -> None:
    headers = sign(f"http://{HOST}{target}", BODY, PLAIN)

    assert (await signatures().verify("POST", target, CIMultiDict(headers), BODY)).caller


@pytest.mark.parametrize("value", ["a  b", "  a", "a\tb ", "é", "a,b"])
async def test_header_values_are_signed_as_the_sdk_signs_them(value: str) -> None:
    headers = sign(f"http://{HOST}/", BODY, {**PLAIN, "X-Amz-User-Agent": value})

    assert (await signatures().verify("POST", "/", CIMultiDict(headers), BODY)).caller


async def test_an_empty_body_and_a_date_header_can_be_signed() -> None:
    date = format_datetime(datetime.fromtimestamp(NOON, UTC), usegmt=True)
    headers = sign(f"http://{HOST}/", b"", {**PLAIN, "Date": date})

    assert "X-Amz-Date" not in headers
    assert (await signatures().verify("POST", "/", CIMultiDict(headers), b"")).caller


@pytest.fixture(params=["UTC0", "EAST-14", "WEST12"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's clock shows the time of this zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0200", "-1130"])
@pytest.mark.usefixtures("somewhere")
async def test_a_date_header_means_the_same_instant_in_every_zone_of_client_and_server(zone: str) -> None:
    offset = {"+0200": 120, "-1130": -690}.get(zone, 0)
    shown = datetime.fromtimestamp(NOON, timezone(timedelta(minutes=offset)))
    headers = CIMultiDict({**PLAIN, "Date": f"{shown:%a, %d %b %Y %H:%M:%S} {zone}"})
    instant = f"{datetime.fromtimestamp(NOON, UTC):%Y%m%dT%H%M%SZ}"
    names = ("date", "host", "x-amz-target")
    scope = f"{instant[:8]}/eu-west-1/cognito-idp/aws4_request"
    request = hashlib.sha256(
        next(canonical_requests("POST", "/", headers, names, hashlib.sha256(BODY).hexdigest()))
    ).hexdigest()
    key = derive_signing_key(ROOT[1].encode(), instant[:8], "eu-west-1", "cognito-idp")
    text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{request}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ROOT[0]}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )

    assert (await signatures().verify("POST", "/", headers, BODY)).caller


async def test_the_same_signature_is_verified_again_by_the_kept_key() -> None:
    check = signatures()

    for _ in range(2):
        assert (await check.verify("POST", "/", CIMultiDict(SIGNED), BODY)).caller


async def test_without_a_signature_there_is_no_token() -> None:
    assert "MissingAuthenticationTokenException" == await refusal(PLAIN)


@pytest.mark.parametrize(
    "change",
    [
        {"X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteUserPool"},
        {"Content-Type": "application/json"},
        {"Host": "other.example.com"},
        {"X-Amz-Date": "20250615T150641Z"},
    ],
)
async def test_a_changed_header_breaks_the_signature(change: dict[str, str]) -> None:
    assert "InvalidSignatureException" == await refusal({**SIGNED, **change})


async def test_a_changed_body_path_query_or_method_breaks_the_signature() -> None:
    assert "InvalidSignatureException" == await refusal(SIGNED, body=BODY + b" ")
    assert "InvalidSignatureException" == await refusal(SIGNED, target="/other")
    assert "InvalidSignatureException" == await refusal(SIGNED, target="/?a=1")
    assert "InvalidSignatureException" == await refusal(SIGNED, method="PUT")


async def test_forwarded_headers_do_not_stand_in_for_the_host() -> None:
    headers = {**SIGNED, "Host": "inner.example.com", "X-Forwarded-Host": HOST, "Forwarded": f"host={HOST}"}

    assert "InvalidSignatureException" == await refusal(headers)


async def test_a_wrong_secret_is_a_wrong_signature() -> None:
    headers = sign(f"http://{HOST}/", BODY, PLAIN, key=("AKIAROOT", "guess"))

    assert "InvalidSignatureException" == await refusal(headers)


async def test_an_unknown_key_is_not_recognised() -> None:
    headers = sign(f"http://{HOST}/", BODY, PLAIN, key=("AKIANONE", "root-secret"))

    assert "UnrecognizedClientException" == await refusal(headers)


@pytest.mark.parametrize(("offset", "fits"), [(299, True), (300, True), (301, False), (-299, True), (-301, False)])
async def test_a_signature_is_good_for_five_minutes_around_now(offset: int, fits: bool) -> None:
    if fits:
        assert (await signatures(NOON + offset).verify("POST", "/", CIMultiDict(SIGNED), BODY)).caller
    else:
        assert "InvalidSignatureException" == await refusal(SIGNED, now=NOON + offset)


async def test_a_signature_for_another_service_is_no_good_here() -> None:
    headers = sign(f"http://{HOST}/", BODY, PLAIN, service="cognito-identity")

    assert "InvalidSignatureException" == await refusal(headers)


async def test_the_region_is_that_of_the_signature() -> None:
    headers = sign(f"http://{HOST}/", BODY, PLAIN, region="us-east-2")

    assert "us-east-2" == (await signatures().verify("POST", "/", CIMultiDict(headers), BODY)).region


async def test_a_security_token_must_be_signed() -> None:
    assert "IncompleteSignatureException" == await refusal({**SIGNED, "X-Amz-Security-Token": "temporary"})


async def test_a_key_that_is_not_temporary_has_no_security_token() -> None:
    headers = sign(f"http://{HOST}/", BODY, {**PLAIN, "X-Amz-Security-Token": "temporary"})

    assert "UnrecognizedClientException" == await refusal(headers)


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date"])
async def test_a_header_given_twice_is_refused(name: str) -> None:
    headers = CIMultiDict(SIGNED)
    headers.add(name, SIGNED[name])

    assert "IncompleteSignatureException" == await refusal(headers)


@pytest.mark.parametrize("unsigned", ["host", "x-amz-target", "x-amz-date"])
async def test_host_target_and_date_must_be_signed(unsigned: str) -> None:
    names = sorted({"content-type", "host", "x-amz-date", "x-amz-target"} - {unsigned})

    assert "IncompleteSignatureException" == await refusal({**SIGNED, **authorization(SignedHeaders=";".join(names))})


@pytest.mark.parametrize(
    "change",
    [
        {"Credential": None},
        {"SignedHeaders": None},
        {"Signature": None},
        {"Credential": "AKIAROOT"},
        {"Credential": "AKIAROOT/20250615/eu-west-1/cognito-idp/aws5_request"},
        {"Credential": "/20250615/eu-west-1/cognito-idp/aws4_request"},
        {"Credential": "AKIAROOT/2025061/eu-west-1/cognito-idp/aws4_request"},
        {"Credential": "AKIAROOT/20250615/eu_west/cognito-idp/aws4_request"},
        {"Credential": "AKIAROOT/20250615/EU-WEST-1/cognito-idp/aws4_request"},
        {"Signature": "0" * 63},
        {"Signature": "A" * 64},
        {"Signature": "é" * 64},
        {"SignedHeaders": "x-amz-target;host;x-amz-date"},
        {"SignedHeaders": "host;host;x-amz-date;x-amz-target"},
        {"SignedHeaders": "Host;x-amz-date;x-amz-target"},
        {"SignedHeaders": "host;x-amz-date;x-amz-missing;x-amz-target"},
        {"SignedHeaders": "host\n;x-amz-date;x-amz-target"},
        {"Extra": "1"},
    ],
)
async def test_a_malformed_authorization_is_incomplete(change: dict[str, str | None]) -> None:
    assert "IncompleteSignatureException" == await refusal({**SIGNED, **authorization(**change)})


@pytest.mark.parametrize(
    "value", ["Bearer abc", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256 Credential=a", "AWS abc:def", ""]
)
async def test_another_scheme_is_incomplete(value: str) -> None:
    assert "IncompleteSignatureException" == await refusal({**SIGNED, "Authorization": value})


@pytest.mark.parametrize("instant", ["", "yesterday", "20250615", "20251345T999999Z", "20250615T150640+0200"])
async def test_a_malformed_date_is_incomplete(instant: str) -> None:
    day = {
        **SIGNED,
        **authorization(Credential=f"AKIAROOT/{instant[:8] or 20250615}/eu-west-1/cognito-idp/aws4_request"),
    }

    assert "IncompleteSignatureException" == await refusal({**day, "X-Amz-Date": instant})


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Jan 2025 00:00:00 GMT", "Sun, 15 Jun 99999 15:06:40 GMT"])
async def test_a_malformed_date_header_is_incomplete(date: str) -> None:
    headers = {**SIGNED, **authorization(SignedHeaders="date;host;x-amz-target"), "Date": date}
    del headers["X-Amz-Date"]

    assert "IncompleteSignatureException" == await refusal(headers)


async def test_the_day_of_the_credential_is_the_day_of_the_request() -> None:
    other_day = authorization(Credential="AKIAROOT/20250614/eu-west-1/cognito-idp/aws4_request")

    assert "InvalidSignatureException" == await refusal({**SIGNED, **other_day})


def test_the_signing_key_is_the_published_example() -> None:
    """From the vendor's description of the algorithm."""
    key = derive_signing_key(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")

    assert "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9" == key.hex()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(max_size=200)
        | st.from_regex(r"AWS4-HMAC-SHA256 (Credential|Signature|SignedHeaders)=[a-z0-9/;,= ]{0,80}", fullmatch=True)
        | st.sampled_from([SIGNED["Authorization"]]).flatmap(
            lambda text: st.integers(0, len(text) - 1).map(lambda at: text[:at] + "\udcff" + text[at + 1 :])
        ),
        max_size=2,
    )
)
async def test_no_garbage_is_anything_but_a_declared_refusal(values: list[str]) -> None:
    headers = CIMultiDict({name: value for name, value in SIGNED.items() if name != "Authorization"})
    headers.extend(("Authorization", value) for value in values)

    with pytest.raises(CallerRefused) as refused:
        await signatures().verify("POST", "/", headers, BODY)

    assert failure(refused.value, None).name in PROTOCOL
    assert str(refused.value).encode()


def authorization(**change: Any) -> dict[str, str]:
    """The header of ``SIGNED`` with some parts replaced, or left out."""
    parts = dict(part.strip().partition("=")[::2] for part in SIGNED["Authorization"].partition(" ")[2].split(","))
    parts = {name: value for name, value in {**parts, **change}.items() if value is not None}
    return {"Authorization": "AWS4-HMAC-SHA256 " + ", ".join(f"{name}={value}" for name, value in parts.items())}
