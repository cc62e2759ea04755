"""Events are frozen through and through: whoever gets one cannot change it for those after."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from poolhouse.errors import PluginFailed
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.accounts import PreSignUp
from poolhouse.hooks.events.grants import PreToken
from poolhouse.ports.origin import Origin

TOKEN = PreToken(
    source="TokenGeneration_Authentication",
    pool_id="p",
    client_id="c",
    username="ada",
    attributes={"email": "ada@example.com"},
    id_claims={"plan": "free", "tags": ["a"], "address": {"locality": "Paris"}},
    origin=Origin(context_data={"ip_address": "198.51.100.1"}),
)

CHANGES: Mapping[str, Callable[[Any], Any]] = {
    "what the client says of its device": lambda event: event.origin.context_data.update(ip_address="192.0.2.1"),
    "an item": lambda event: event.id_claims.__setitem__("plan", "gold"),
    "an item gone": lambda event: event.id_claims.__delitem__("plan"),
    "update": lambda event: event.attributes.update(email="eve@example.com"),
    "setdefault": lambda event: event.attributes.setdefault("x", "y"),
    "pop": lambda event: event.attributes.pop("email"),
    "popitem": lambda event: event.attributes.popitem(),
    "clear": lambda event: event.id_claims.clear(),
    "or": lambda event: event.id_claims.__ior__({"plan": "gold"}),
    "a mapping within": lambda event: event.id_claims["address"].update(locality="Rome"),
    "a list within": lambda event: event.id_claims["tags"].append("b"),
    "an item of a list": lambda event: event.id_claims["tags"].__setitem__(0, "b"),
    "sort": lambda event: event.id_claims["tags"].sort(),
    "a list that grows": lambda event: event.id_claims["tags"].__iadd__(["b"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_nothing_in_an_event_can_be_changed_in_place(change: Callable[[Any], Any]) -> None:
    before = json.dumps([TOKEN.id_claims, TOKEN.attributes, TOKEN.origin.context_data])

    with pytest.raises(TypeError, match="frozen: answer with dataclasses"):
        change(TOKEN)

    assert before == json.dumps([TOKEN.id_claims, TOKEN.attributes, TOKEN.origin.context_data])


def test_what_an_event_was_made_of_can_change_without_it() -> None:
    attributes = {"email": "ada@example.com"}
    event = PreSignUp(source="s", pool_id="p", client_id=None, username="ada", attributes=attributes)

    attributes["email"] = "eve@example.com"

    assert {"email": "ada@example.com"} == event.attributes


async def test_claims_that_are_changed_without_being_returned_are_not_signed() -> None:
    async def changes(event: Any) -> None:
        event.id_claims["role"] = "admin"

    hooks = Hooks([Implementation("pre_token", "sly", changes)])

    with pytest.raises(PluginFailed):
        await hooks.amend(specs.pre_token, TOKEN)


async def test_what_one_plugin_returns_the_next_cannot_change_either() -> None:
    seen: list[PreToken] = []

    async def adds(event: PreToken) -> PreToken:
        return dataclasses.replace(event, id_claims={**event.id_claims, "roles": ["reader"]})

    async def looks(event: PreToken) -> None:
        seen.append(event)

    await Hooks([Implementation("pre_token", "a", adds), Implementation("pre_token", "b", looks)]).amend(
        specs.pre_token, TOKEN
    )

    with pytest.raises(TypeError):
        seen[0].id_claims["roles"].append("admin")


def test_what_stands_in_an_event_is_read_copied_and_encoded_like_any_other_mapping() -> None:
    claims = TOKEN.id_claims
    plain = {"plan": "free", "tags": ["a"], "address": {"locality": "Paris"}}

    mine = copy.deepcopy(dict(claims))
    mine["address"]["locality"] = "Rome"
    mine["tags"].append("b")

    assert plain == claims
    assert plain == json.loads(json.dumps(claims)) == msgspec.json.decode(msgspec.json.encode(claims))
    assert {**plain, "plan": "gold"} == {**claims, "plan": "gold"}
