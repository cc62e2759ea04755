"""What a plugin's constructor gets, without a server: settings as given, a fake clock, documents in memory, answers of
the outside world that the test has written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poolhouse.hooks.context import Chance, Clock, Http, HttpAnswer, PluginContext
from poolhouse.hooks.messages import PluginMessages
from poolhouse.hooks.views import Directory
from poolhouse.records.messages import Message
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS, StoredPluginDocuments
from poolhouse.testing.clock import FakeClock


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that a plugin made."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)


class FakeHttp:
    """The way out, leading nowhere: gives the answers in turn, and keeps the requests. An answer that is an exception
    (``HttpFailed``, ``HttpNotSent``) is raised. A request for which no answer is left fails the test."""

    def __init__(self, answers: Iterable[HttpAnswer | Exception] = ()) -> None:
        self._answers = list(answers)
        self.requests: list[HttpRequest] = []

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        time_limit: float | None = None,
    ) -> HttpAnswer:
        self.requests.append(HttpRequest(method, url, dict(headers or {}), body))
        if not self._answers:
            raise AssertionError(f"The test has no answer for request number {len(self.requests)}: {method} {url}")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def plugin_context(
    settings: Mapping[str, Any] | None = None,
    *,
    name: str = "under-test",
    clock: Clock | None = None,
    chance: Chance | None = None,
    http: Http | None = None,
    messages: list[Message] | None = None,
    directories: Iterable[Directory] = (),
) -> PluginContext:
    """A context of its own for the plugin ``name``: no document outlives it. Without a ``FakeHttp`` that has answers,
    every request by ``http`` fails the test. What the plugin sends is put into ``messages``;
    ``directories`` are the pools that there are."""
    clock, chance, sent = clock or FakeClock(), chance or SystemChance(), [] if messages is None else messages

    pools = {each.id: each for each in directories}

    async def put(message: Message) -> None:
        sent.append(message)

    async def directory(pool_id: str) -> Directory | None:
        return pools.get(pool_id)

    return PluginContext.of(
        name,
        settings or {},
        clock=clock,
        chance=chance,
        http=http or FakeHttp(),
        documents=StoredPluginDocuments(MemoryStore([PLUGIN_DOCUMENTS], clock)),
        messages=PluginMessages(name, chance.uuid, put),
        directory=directory,
    )
