"""Row 42: the one page there is (the outbox of development) shows text as text, and runs nothing."""

from __future__ import annotations

import re

from poolhouse.config.settings import Development, Server
from poolhouse.records.messages import Message
from tests.security.served import served
from tests.support.house import PASSWORD

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>{nonce}{{7*7}}"
DEVELOPMENT = Development(enabled=True, demo=False)


async def test_a_message_is_shown_as_text() -> None:
    async with served(dev=DEVELOPMENT) as (house, api):
        message = Message(id="1", channel="email", to=EVIL, purpose=EVIL, subject=EVIL, body=EVIL, code=EVIL)
        await house.built.outbox.put(message)
        async with api.session.get(f"{api.url}_dev/outbox") as answer:
            page, headers = await answer.text(), answer.headers

    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|img|svg)", page)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert ("nosniff", "no-store") == (headers["X-Content-Type-Options"], headers["Cache-Control"])


async def test_outside_development_there_is_no_such_page() -> None:
    async with served() as (_, api), api.session.get(f"{api.url}_dev/outbox") as answer:
        assert 404 == answer.status


async def test_a_page_of_another_name_does_not_reach_it() -> None:
    """A name that somebody points at this machine would make the outbox part of their own site."""
    async with served(dev=DEVELOPMENT, server=Server(base_url="http://pool.test:8080")) as (_, api):
        statuses = {}
        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "pool.test:8080", "localhost:1"):
            async with api.session.get(f"{api.url}_dev/outbox", headers={"Host": host}) as answer:
                statuses[host] = answer.status

    assert {"evil.example": 404, "evil.example:8080": 404, "127.0.0.1.evil.example": 404} == {
        host: status for host, status in statuses.items() if "evil" in host
    }
    assert {200} == {status for host, status in statuses.items() if "evil" not in host}


async def test_an_error_is_no_page() -> None:
    async with served() as (house, api):
        client = await house.client(await house.pool())
        parameters = {"USERNAME": EVIL, "PASSWORD": PASSWORD}
        given = {"ClientId": client.id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        refused = await api.call("InitiateAuth", given)
        async with api.session.get(f"{api.url}<script>") as missing:
            kind, text = missing.content_type, await missing.text()

    assert "application/x-amz-json-1.1" == refused.headers["Content-Type"]
    assert ("application/json", False) == (kind, "<script>" in text)
