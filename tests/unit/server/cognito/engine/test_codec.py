from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poolhouse.server.cognito.engine.codec import decode, encode, is_accepted
from poolhouse.server.cognito.engine.failures import ProtocolError

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00\\ud800"}',
        b'{"a": "\x00"}',
        b"\xef\xbb\xbf{}",
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a":' + b"[" * 30_000,
        b'{"a":' * 10_000,
    ],
)
def test_what_is_not_one_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError) as raised:
        decode(body)

    assert "SerializationException" == raised.value.name


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": 1, "\\u0061": 1}',
        b'{"a": {"b": ":", "b": ":"}}',
        b'{"a": "\\u003a", "a": "\\u003A"}',
        b'{"a": [{"b": 1}, {"c": "\\u003a", "b": 1, "b": 1}]}',
        b'{":": 1, ":": 2}',
        b'{"a" :1,"a":2}',
        b'{"a"\n:1,"a"\t:2,"b":"\\":"}',
        b'{"a"\r:1,"a":"12:00:00"}',
    ],
)
def test_a_member_given_twice_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="given twice"):
        decode(body)


@pytest.mark.parametrize("body", [b'{"a": "b:c", "d": ["e:f", {"g": ":"}]}', b'{"a": "\\u003a"}', b'{"a:": {"a:": 1}}'])
def test_colons_in_text_are_no_members(body: bytes) -> None:
    assert json.loads(body) == decode(body)


def test_nesting_ends_somewhere() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * depth + b"]" * depth + b"}"

    assert "a" in decode(nested(31))
    with pytest.raises(ProtocolError, match="too deeply"):
        decode(nested(32))


@pytest.mark.parametrize("part", [b"[]", b"{}", b"0"])
def test_a_body_of_very_many_values_is_refused_before_it_is_read(part: bytes) -> None:
    with pytest.raises(ProtocolError, match="too many values"):
        decode(b'{"a": [' + b",".join([part] * 210_000) + b"]}")


@UNHURRIED
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_every_object_is_read_as_any_other_reader_reads_it(value: dict[str, Any]) -> None:
    assert value == decode(json.dumps(value).encode())


NAMES = st.sampled_from(["a", "b", ":", '"', '":', " :", "\\", "\u00e9"])
SPACE = st.sampled_from(["", "", "", " ", "\n", "\r", "\t", "  "])


@st.composite
def written_objects(draw: st.DrawFn, depth: int = 2) -> tuple[str, bool]:
    """The text of an object, however its author may have spaced it, and whether some object in it names a member
    twice."""
    names = draw(st.lists(NAMES, max_size=4))
    twice = len(set(names)) != len(names)
    members = []
    for name in names:
        text, inner_twice = json.dumps(draw(NAMES | st.just("Tue Sep 5 02:05:06 UTC 2023"))), False
        if depth and draw(st.booleans()):
            text, inner_twice = draw(written_objects(depth - 1))
        twice = twice or inner_twice
        members.append("".join((draw(SPACE), json.dumps(name), draw(SPACE), ":", draw(SPACE), text, draw(SPACE))))
    return "{" + ",".join(members) + "}", twice


@UNHURRIED
@given(written_objects())
def test_a_member_given_twice_is_always_refused_and_nothing_else_is(written: tuple[str, bool]) -> None:
    text, twice = written

    if twice:
        with pytest.raises(ProtocolError, match="given twice"):
            decode(text.encode())
    else:
        assert json.loads(text) == decode(text.encode())


@UNHURRIED
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = decode(body)
    except ProtocolError:
        return

    assert json.loads(body) == value


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/x-amz-json-1.1", True),
        ("application/x-amz-json-1.0", True),
        ("application/json", True),
        ("Application/X-Amz-JSON-1.1; charset=UTF-8", True),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
        ("text/plain; application/json", False),
    ],
)
def test_only_json_content_types_are_accepted(content_type: str, expected: bool) -> None:
    assert expected == is_accepted(content_type)


def test_bytes_leave_as_base64() -> None:
    assert b'{"B":"YWJj"}' == encode({"B": b"abc"})
