"""The options of dev and serve, read without the library for command lines."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from poolhouse.cli import commands, quick, starting


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["dev"], ("dev", {})),
        (["serve", "--workers", "4"], ("serve", {"workers": 4})),
        (["serve", "--parts", "identities"], ("serve", {"parts": "identities"})),
        (
            ["serve", "--config=a.toml", "--listen", "[::1]:9", "--access-log"],
            ("serve", {"config": Path("a.toml"), "listen": "[::1]:9", "access_log": True}),
        ),
    ],
)
def test_plain_words_are_read(words: list[str], read: object) -> None:
    assert read == quick.read(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["check"],
        ["dev", "--help"],
        ["dev", "--workers", "2"],
        ["serve", "--workers"],
        ["serve", "--workers", "0"],
        ["serve", "--workers", "two"],
        ["serve", "--listen", "--config"],
        ["serve", "--config", "a", "--config", "b"],
        ["serve", "--access-log=yes"],
        ["serve", "now"],
    ],
)
def test_whatever_is_not_plain_is_left_to_the_library(words: list[str]) -> None:
    assert quick.read(words) is None


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_both_readers_know_the_same_options(command: str) -> None:
    known = {*quick.OPTIONS[command].values(), *quick.FLAGS[command].values()}

    assert known == set(inspect.signature(getattr(commands, command)).parameters)
    assert known == set(inspect.signature(getattr(starting, command)).parameters)
