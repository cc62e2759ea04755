"""What a signature stands for, text by text, and what is said of one that is none (Signature Version 4)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from multidict import CIMultiDict

from poolhouse.errors import PoolhouseError, SignatureIncomplete, SignatureInvalid
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.signatures import Signatures
from poolhouse.flows.access.signatures_canonical import canonical_requests, derive_signing_key
from poolhouse.flows.access.signatures_claims import Claim, parse_authorization
from tests.support.json_api import ACCOUNT, NOON, ROOT, ManualClock, sign

HOST = "auth.example.com"
BODY = b"{}"
PLAIN = {"Host": HOST, "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
SIGNED = sign(f"http://{HOST}/", BODY, PLAIN)
DAY = SIGNED["X-Amz-Date"][:8]
EMPTY = hashlib.sha256(b"").hexdigest()


def headers(*pairs: tuple[str, str]) -> CIMultiDict[str]:
    return CIMultiDict(pairs)


def authorization(**change: Any) -> str:
    """The header of ``SIGNED`` with some parts replaced, or left out."""
    parts = dict(part.strip().partition("=")[::2] for part in SIGNED["Authorization"].partition(" ")[2].split(","))
    parts = {name: value for name, value in {**parts, **change}.items() if value is not None}
    return "AWS4-HMAC-SHA256 " + ", ".join(f"{name}={value}" for name, value in parts.items())


def signatures(now: float = NOON) -> Signatures:
    clock = ManualClock(now)
    return Signatures(Callers(now=clock.now, account=ACCOUNT, root=ROOT), service="cognito-idp", now=clock.now)


def canonical_request(method: str, target: str, given: CIMultiDict[str], signed: tuple[str, ...], body: bytes) -> bytes:
    return next(canonical_requests(method, target, given, signed, hashlib.sha256(body).hexdigest()))


# --- the canonical text ----------------------------------------------------------------------------------------------


def test_the_text_has_method_path_query_headers_their_names_and_the_digest_of_the_body() -> None:
    given = headers(("Host", HOST), ("X-Amz-Date", "  20250615T150640Z "), ("Other", "x"))

    text = canonical_request("POST", "/a?b=1", given, ("host", "x-amz-date"), b"body")

    lines = ["POST", "/a", "b=1", f"host:{HOST}", "x-amz-date:20250615T150640Z", "", "host;x-amz-date"]
    assert "\n".join([*lines, hashlib.sha256(b"body").hexdigest()]).encode() == text


def test_values_of_one_name_are_joined_and_white_space_is_one_space() -> None:
    given = headers(("X-A", " a  b "), ("X-A", "c\t d"))

    assert b"\nx-a:a b,c d\n" in canonical_request("POST", "/", given, ("x-a",), b"")


def test_what_is_no_text_is_signed_as_the_bytes_that_were_sent() -> None:
    text = canonical_request("POST", "/\udcff?\udcfe=1", headers(("X-A", "\udcfd")), ("x-a",), b"")

    assert b"POST\n/%FF\n" + b"\xfe=1\nx-a:\xfd\n\nx-a\n" + EMPTY.encode() == text


def test_a_header_that_is_signed_and_not_there_is_told() -> None:
    with pytest.raises(SignatureIncomplete, match="x-missing") as refused:
        canonical_request("POST", "/", headers(("Host", HOST)), ("host", "x-missing"), b"")

    assert Reason.SIGNED_HEADER_MISSING == reason(refused.value)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("//", "/"),
        ("/.", "/"),
        ("/..", "/"),
        ("/../", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/b/../c", "/a/c"),
        ("/a/b/c/../../d/", "/a/d/"),
        ("/a/../../b", "/b"),
        ("/a/..", "/"),
        ("/a%20b", "/a%2520b"),
        ("/~a b", "/~a%20b"),
        ("/é", "/%C3%A9"),
    ],
)
def test_a_path_is_signed_without_detours(path: str, canonical: str) -> None:
    lines = canonical_request("POST", path, headers(("Host", "h")), ("host",), b"").split(b"\n")

    assert canonical.encode() == lines[1]


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("a", "a="),
        ("a=b=c", "a=b=c"),
        ("a=%2F", "a=%2F"),
        ("a&b&", "=&a=&b="),
    ],
)
def test_a_query_is_signed_in_order(query: str, canonical: str) -> None:
    lines = canonical_request("POST", f"/?{query}", headers(("Host", "h")), ("host",), b"").split(b"\n")

    assert canonical.encode() == lines[2]


def test_only_the_first_question_mark_divides() -> None:
    lines = canonical_request("POST", "/a?b=?c", headers(("Host", "h")), ("host",), b"").split(b"\n")

    assert [b"/a", b"b=?c"] == lines[1:3]


# --- what the header says --------------------------------------------------------------------------------------------


def test_the_parts_of_the_header_are_read_in_any_order_and_spacing() -> None:
    signature = "0" * 64
    scope = "20250615/eu-west-1/cognito-idp/aws4_request"
    names = "host;x-amz-date;x-amz-target"
    parts = (f"Signature={signature}", f"SignedHeaders={names}", f"Credential=AKIA/ROOT/{scope}")
    claim = Claim("AKIA/ROOT", "20250615", "eu-west-1", "cognito-idp", tuple(names.split(";")), signature)

    for between in (",", ", ", " , "):
        assert claim == parse_authorization([f" AWS4-HMAC-SHA256 {between.join(parts)} "])
    assert scope == claim.scope


def reason(error: PoolhouseError) -> Reason:
    assert error.statement is not None
    return error.statement.reason


SCOPE = f"AKIAROOT/{DAY}/eu-west-1/cognito-idp"
ALL = "host;x-amz-date;x-amz-target"
REFUSED: list[tuple[str, Reason]] = [
    ("AWS4 Credential=a", Reason.AUTHORIZATION_ALGORITHM),
    ("", Reason.AUTHORIZATION_ALGORITHM),
    ("AWS4-HMAC-SHA256", Reason.AUTHORIZATION_PARTS),
    (authorization(Extra="1"), Reason.AUTHORIZATION_PARTS),
    (authorization(Signature=""), Reason.AUTHORIZATION_PARTS),
    (authorization() + ", Signature=" + "0" * 64, Reason.AUTHORIZATION_PARTS),
    (authorization(Signature=None), Reason.AUTHORIZATION_LACKS),
    (authorization(Credential=None, Signature=None), Reason.AUTHORIZATION_LACKS),
    (authorization(Credential="AKIAROOT"), Reason.CREDENTIAL_FORM),
    (authorization(Credential=f"/{DAY}/eu-west-1/cognito-idp/aws4_request"), Reason.CREDENTIAL_FORM),
    (authorization(Credential=f"{DAY}/eu-west-1/cognito-idp/aws4_request"), Reason.CREDENTIAL_FORM),
    (authorization(Credential=f"{SCOPE}/aws5_request"), Reason.CREDENTIAL_FORM),
    (authorization(Credential="AKIAROOT/2025061/eu-west-1/cognito-idp/aws4_request"), Reason.CREDENTIAL_SCOPE),
    (authorization(Credential=f"AKIAROOT/{DAY}/eu_west/cognito-idp/aws4_request"), Reason.CREDENTIAL_SCOPE),
    (authorization(Signature="0" * 63), Reason.SIGNATURE_FORM),
    (authorization(Signature="G" * 64), Reason.SIGNATURE_FORM),
    (authorization(SignedHeaders=f"a b;{ALL}"), Reason.SIGNED_HEADERS_FORM),
    (authorization(SignedHeaders=f"a=b;{ALL}"), Reason.SIGNED_HEADERS_FORM),
    (authorization(SignedHeaders="x-amz-date;host;x-amz-target"), Reason.SIGNED_HEADERS_FORM),
    (authorization(SignedHeaders=f"host;{ALL}"), Reason.SIGNED_HEADERS_FORM),
    (authorization(SignedHeaders="x-amz-date;x-amz-target"), Reason.SIGNED_HEADERS_LACK),
    (authorization(SignedHeaders="host;x-amz-date"), Reason.SIGNED_HEADERS_LACK),
    (authorization(SignedHeaders="host;x-amz-target"), Reason.SIGNED_HEADERS_LACK),
]


@pytest.mark.parametrize(("value", "told"), REFUSED)
def test_who_signs_in_another_form_is_told_what_is_wrong(value: str, told: Reason) -> None:
    with pytest.raises(SignatureIncomplete) as refused:
        parse_authorization([value])

    assert told == reason(refused.value)
    assert "{" not in str(refused.value)
    assert "None" not in str(refused.value)


def test_two_headers_are_one_too_many() -> None:
    with pytest.raises(SignatureIncomplete) as refused:
        parse_authorization([authorization(), authorization()])

    assert Reason.AUTHORIZATION_TWICE == reason(refused.value)


def test_the_date_may_be_signed_in_either_header() -> None:
    for names in (ALL, "date;host;x-amz-target", "date;host;x-amz-date;x-amz-target"):
        assert tuple(names.split(";")) == parse_authorization([authorization(SignedHeaders=names)]).signed_headers


# --- the instant -----------------------------------------------------------------------------------------------------

WHEN: dict[str, tuple[dict[str, str | None], Reason]] = {
    "not signed": (
        {"Authorization": authorization(SignedHeaders="date;host;x-amz-target")},
        Reason.AMZ_DATE_NOT_SIGNED,
    ),
    "neither": ({"X-Amz-Date": None}, Reason.DATE_NOT_SIGNED),
    "date not signed": ({"X-Amz-Date": None, "Date": "Sun, 15 Jun 2025 15:06:40 GMT"}, Reason.DATE_NOT_SIGNED),
    "no date": (
        {
            "X-Amz-Date": None,
            "Date": "yesterday",
            "Authorization": authorization(SignedHeaders="date;host;x-amz-target"),
        },
        Reason.DATE_NO_DATE,
    ),
    "form": ({"X-Amz-Date": f"{DAY}T150640"}, Reason.AMZ_DATE_FORM),
    "no instant": ({"X-Amz-Date": f"{DAY}T256199Z"}, Reason.SIGNATURE_DATE_NONE),
}


@pytest.mark.parametrize("name", WHEN)
async def test_who_signs_no_instant_is_told_so(name: str) -> None:
    change, told = WHEN[name]
    sent = {key: value for key, value in {**SIGNED, **change}.items() if value is not None}

    with pytest.raises(SignatureIncomplete) as refused:
        await signatures().verify("POST", "/", CIMultiDict(sent), BODY)

    assert told == reason(refused.value)


@pytest.mark.parametrize(("offset", "told"), [(300.5, Reason.SIGNATURE_EXPIRED), (-300.5, Reason.SIGNATURE_EARLY)])
async def test_who_signs_too_early_or_too_late_is_told_which(offset: float, told: Reason) -> None:
    with pytest.raises(SignatureInvalid, match=SIGNED["X-Amz-Date"]) as refused:
        await signatures(NOON + offset).verify("POST", "/", CIMultiDict(SIGNED), BODY)

    assert told == reason(refused.value)


@pytest.mark.parametrize("offset", [300.0, -300.0])
async def test_five_minutes_are_five_minutes(offset: float) -> None:
    assert (await signatures(NOON + offset).verify("POST", "/", CIMultiDict(SIGNED), BODY)).caller


async def test_other_refusals_say_why() -> None:
    other = sign(f"http://{HOST}/", BODY, PLAIN, service="cognito-identity")
    wrong = sign(f"http://{HOST}/", BODY, PLAIN, key=("AKIAROOT", "guess"))
    another_day = {
        **SIGNED,
        "Authorization": authorization(Credential="AKIAROOT/20200101/eu-west-1/cognito-idp/aws4_request"),
    }

    for sent, told, word in (
        (other, Reason.SIGNATURE_FOR_ANOTHER_SERVICE, "cognito-idp"),
        (wrong, Reason.SIGNATURE_WRONG, "."),
        (another_day, Reason.CREDENTIAL_DATE, "."),
    ):
        with pytest.raises(SignatureInvalid, match=word) as refused:
            await signatures().verify("POST", "/", CIMultiDict(sent), BODY)
        assert told == reason(refused.value)


# --- keys that are kept ----------------------------------------------------------------------------------------------


async def test_the_kept_keys_are_the_right_ones_and_no_more_than_256() -> None:
    check = signatures()
    for n in range(300):
        sent = sign(f"http://{HOST}/", BODY, PLAIN, region=f"eu-west-{n}")
        assert f"eu-west-{n}" == (await check.verify("POST", "/", CIMultiDict(sent), BODY)).region

    kept = check._signing_keys
    assert 256 == len(kept)
    assert [f"eu-west-{n}" for n in range(44, 300)] == [region for _, _, _, region in kept]
    for (key_id, secret, day, region), key in kept.items():
        assert (key_id, day) == ("AKIAROOT", DAY)
        assert derive_signing_key(secret, day, region, "cognito-idp") == key


async def test_a_wrong_signature_leaves_nothing_behind() -> None:
    check = signatures()
    sent = sign(f"http://{HOST}/", BODY, PLAIN, key=("AKIAROOT", "guess"))

    with pytest.raises(SignatureInvalid):
        await check.verify("POST", "/", CIMultiDict(sent), BODY)

    assert not check._signing_keys


async def test_a_kept_key_is_used_again_and_not_made_anew() -> None:
    check = signatures()
    await check.verify("POST", "/", CIMultiDict(SIGNED), BODY)
    (slot,) = check._signing_keys
    check._signing_keys[slot] = b"another"

    with pytest.raises(SignatureInvalid):
        await check.verify("POST", "/", CIMultiDict(SIGNED), BODY)
