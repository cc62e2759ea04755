"""What a plugin is given in a test without a server."""

from __future__ import annotations

import pytest

from poolhouse import HttpAnswer, HttpNotSent, KeyTaken
from poolhouse.testing import FakeClock, FakeHttp, HttpRequest, plugin_context


async def test_a_plugin_has_settings_time_chance_and_documents_of_its_own() -> None:
    clock = FakeClock(at=1000.0)
    context = plugin_context({"word": "green"}, name="mine", clock=clock)
    other = plugin_context()

    await context.collection("things").insert("a", value={"n": 1}, expires=1010.0)

    assert ("mine", "green", 1000.0) == (context.name, context.settings.text("word"), context.clock.now())
    assert len(context.chance.digits(6)) == 6
    assert await other.collection("things").get("a") is None
    with pytest.raises(KeyTaken):
        await context.collection("things").insert("a", value={})
    clock.advance(10)
    assert await context.collection("things").get("a") is None


async def test_the_outside_world_answers_what_the_test_has_written() -> None:
    http = FakeHttp([HttpAnswer(200, {}, b"{}"), HttpNotSent("closed")])
    context = plugin_context(http=http)

    answer = await context.http.request("POST", "https://example.com/", headers={"A": "b"}, body=b"x")

    assert answer.status == 200
    with pytest.raises(HttpNotSent):
        await context.http.request("GET", "https://example.com/2")
    with pytest.raises(AssertionError, match="no answer for request number 3: GET"):
        await context.http.request("GET", "https://example.com/3")
    assert http.requests[0] == HttpRequest("POST", "https://example.com/", {"A": "b"}, b"x")
