"""What botocore signs is verified: ten thousand requests made up from a seed, and nothing that was changed after."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from multidict import CIMultiDict

from poolhouse.errors import CallerRefused
from poolhouse.flows.access.signatures import GATEWAY, STORE, Signatures
from poolhouse.ports.access import Credentials
from tests.support.json_api import NOON, ROOT
from tests.support.temporary import TemporaryWorld, session

REQUESTS = 10_000
LOTS = 8
INSTANT = datetime.fromtimestamp(NOON, UTC).strftime("%Y%m%dT%H%M%SZ")
ODD = "abcXYZ019-_.~!$&'()*+,;=:@ /%\"<>[]^`{|}éß漢"
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH")


class Sent:
    """A request as it arrives."""

    def __init__(self, method: str, target: str, headers: CIMultiDict[str], body: bytes) -> None:
        self.method, self.target, self.headers, self.body = method, target, headers, body


def text(chance: random.Random, most: int) -> str:
    return "".join(chance.choice(ODD) for _ in range(chance.randrange(most + 1)))


def path(chance: random.Random, *, is_store: bool) -> str:
    segments = [
        quote(text(chance, 8), safe=chance.choice(("", "~", ":@", "!$'()*,"))) for _ in range(chance.randrange(5))
    ]
    if not is_store and chance.random() < 0.2:
        segments.insert(0, chance.choice((".", "..", "")))
    return "/" + "/".join(segments)


def query(chance: random.Random) -> str:
    pairs = []
    for _ in range(chance.randrange(5)):
        name, value = quote(text(chance, 5), safe=""), quote(text(chance, 6), safe="")
        pairs.append(chance.choice((f"{name}={value}", f"{name}=", f"a={value}")) if name else f"b={value}")
    return "&".join(pairs)


def headers(chance: random.Random) -> list[tuple[str, str]]:
    found = [("Content-Type", chance.choice(("text/plain", "application/json; charset=utf-8")))]
    for number in range(chance.randrange(4)):
        value = chance.choice(("x", "  two   spaces ", "a,b", "é", "tab\tbed", '"quoted  text"'))
        found.append((chance.choice((f"X-Own-{number}", "X-Amz-Meta-Colour", "Range", "Accept")), value))
    return list({name: (name, value) for name, value in found}.values())


SIGNERS: dict[bool, tuple[type[Any], type[Any]]] = {
    False: (SigV4Auth, SigV4QueryAuth),
    True: (S3SigV4Auth, S3SigV4QueryAuth),
}


def signed(chance: random.Random, who: Credentials | tuple[str, str], *, is_store: bool) -> Sent:
    """A request made up and signed by the SDK's own signer."""
    is_presigned = chance.random() < 0.3
    body = chance.randbytes(chance.randrange(40)) if not is_presigned or is_store else b""
    method = chance.choice(METHODS)
    port = chance.choice(("", ":8443"))
    target = path(chance, is_store=is_store)
    asked = query(chance)
    url = f"https://api.example.com{port}{target}" + (f"?{asked}" if asked else "")
    request = AWSRequest(method=method, url=url, data=b"" if is_presigned else body, headers=dict(headers(chance)))
    given = (
        BotoCredentials(*who)
        if isinstance(who, tuple)
        else BotoCredentials(who.access_key_id, who.secret, who.session_token)
    )
    signer = SIGNERS[is_store][is_presigned]
    more = {"expires": chance.randrange(1, 604_801)} if is_presigned else {}
    one = signer(given, "s3" if is_store else "execute-api", "eu-west-1", **more)
    request.context["timestamp"] = INSTANT
    request.context.update({"payload_signing_enabled": True} if is_store else {})
    one._modify_request_before_signing(request)
    canonical = one.canonical_request(request)
    one._inject_signature_to_request(request, one.signature(one.string_to_sign(request, canonical), request))
    arrived = CIMultiDict({"Host": f"api.example.com{port}"})
    for name, value in request.headers.items():
        arrived[name] = value
    arrived["X-Unsigned"] = "added on the way"
    address = request.url.partition("api.example.com" + port)[2]
    return Sent(method, address if address.startswith("/") else f"/{address}", arrived, body)


def changed(chance: random.Random, sent: Sent) -> Sent:
    """The same with one thing that was signed changed."""
    names = [name for name in ("Content-Type", "Host", "X-Amz-Date") if name in sent.headers]
    names = [name for name in names if name.lower() in str(sent.headers.get("Authorization", "host")).lower()]
    match chance.randrange(4):
        case 0:
            return Sent("OPTIONS", sent.target, sent.headers, sent.body)
        case 1:
            end = "&" if "?" in sent.target else "?"
            return Sent(sent.method, f"{sent.target}{end}added={chance.randrange(99)}", sent.headers, sent.body)
        case 2:
            place, _, asked = sent.target.partition("?")
            return Sent(sent.method, f"{place}x?{asked}" if asked else f"{place}x", sent.headers, sent.body)
        case _:
            name = chance.choice(names)
            return Sent(
                sent.method, sent.target, CIMultiDict({**sent.headers, name: sent.headers[name] + "0"}), sent.body
            )


@pytest.mark.parametrize("lot", range(LOTS))
async def test_what_the_sdk_signs_is_right_and_what_was_changed_after_is_not(lot: int) -> None:
    chance = random.Random(lot)
    world = TemporaryWorld()
    who: list[Credentials | tuple[str, str]] = [ROOT, *(world.credentials.issue(session()) for _ in range(3))]
    checks = {
        True: Signatures(world.callers, service="s3", now=world.clock.now, terms=STORE),
        False: Signatures(world.callers, service="execute-api", now=world.clock.now, terms=GATEWAY),
    }
    wrong: list[str] = []
    for _ in range(REQUESTS // LOTS):
        is_store = chance.random() < 0.4
        sent = signed(chance, chance.choice(who), is_store=is_store)
        try:
            await checks[is_store].verify(sent.method, sent.target, sent.headers, sent.body, is_secure=True)
        except CallerRefused as error:
            wrong.append(f"refused ({error}): {sent.method} {sent.target} {dict(sent.headers)}")
        other = changed(chance, sent)
        try:
            await checks[is_store].verify(other.method, other.target, other.headers, other.body, is_secure=True)
            wrong.append(f"passed: {other.method} {other.target} {dict(other.headers)}")
        except CallerRefused:
            pass

    assert not wrong, "\n".join(wrong[:5])
