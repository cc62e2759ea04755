"""Single values of the settings: secrets that hide themselves, and text or TOML read as what a setting wants to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")


class Secret:
    """A text that does not show itself: not in ``repr``, not in ``str``, not in a log line, not in a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('...')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


class SettingsError(Exception):
    """The settings cannot be used. ``problems`` are all that were found, one sentence each, without secret values."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["The settings cannot be used:", *(f"  - {problem}" for problem in problems)]))


class Wrong(ValueError):  # noqa: N818 - read as a statement
    """A value is not what its setting wants. The message completes "...: expected ..."."""


Reader = Callable[[Any], Any]
"""Takes what TOML or the environment gave (the latter is always text), returns the value or raises ``Wrong``."""


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Wrong("a text")


def secret(value: Any) -> Secret:
    """An empty one is an error: a variable that was meant to be filled."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, str) and value.strip():
        return Secret(value)
    raise Wrong("a text that is not empty")


def switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in TRUE + FALSE:
        return value.strip().lower() in TRUE
    raise Wrong("true or false")


def whole(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        number = value
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) <= 20:
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise Wrong(f"a whole number from {least} to {most}")
        return number

    return read


def seconds(least: float, most: float) -> Reader:
    def read(value: Any) -> float:
        number = value
        if isinstance(value, str):
            try:
                number = float(value)
            except ValueError:
                number = None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not least <= number <= most:
            raise Wrong(f"a number of seconds from {least:g} to {most:g}")
        return float(number)

    return read


def one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if isinstance(value, str) and value.strip().lower() in choices:
            return value.strip().lower()
        raise Wrong("one of " + ", ".join(choices))

    return read


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts; from the environment, separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise Wrong("a list of texts")


def seconds_by_name(value: Any) -> Mapping[str, float]:
    read = seconds(0.001, 3600)
    if isinstance(value, Mapping):
        return {name: read(limit) for name, limit in value.items()}
    raise Wrong("a table of names and seconds")


def figures_by_name(value: Any) -> Mapping[str, int]:
    read = whole(0, 10_000_000)
    if isinstance(value, Mapping):
        return {name: read(figure) for name, figure in value.items()}
    raise Wrong("a table of names and whole numbers")


def secrets_by_name(value: Any) -> Mapping[str, Secret]:
    if isinstance(value, Mapping):
        return {name: secret(each) for name, each in value.items()}
    raise Wrong("a table of names and secrets")


def functions(value: Any) -> Mapping[str, str]:
    """A table from ARNs to where their functions are; from the environment, as a JSON object."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if isinstance(value, Mapping) and all(
        isinstance(arn, str) and arn.startswith("arn:") and isinstance(target, str) for arn, target in value.items()
    ):
        return dict(value)
    raise Wrong("a table from ARNs of functions to where they are")


def guarded_apis(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """A table of APIs behind a gateway, by their ids; from the environment, as a JSON object."""
    wanted = "a table of APIs by their ids, each with pools, clients, scopes (lists of texts) and upstream (an address)"
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Wrong(wanted) from None
    if not isinstance(value, Mapping):
        raise Wrong(wanted)
    for said in value.values():
        if not isinstance(said, Mapping) or not said.keys() <= {"pools", "clients", "scopes", "upstream"}:
            raise Wrong(wanted)
        for name, given in said.items():
            if name == "upstream":
                is_right = isinstance(given, str) and given.startswith(("http://", "https://")) and given[-1] != "/"
            else:
                is_right = isinstance(given, list) and all(isinstance(each, str) and each for each in given)
            if not is_right:
                raise Wrong(wanted)
    return {name: dict(said) for name, said in value.items()}


def policy(value: Any) -> Mapping[str, Any] | str:
    """A document, as a table or as JSON. Whether it is a policy, who uses it finds out."""
    if isinstance(value, Mapping) or (isinstance(value, str) and value.strip().startswith("{")):
        return value
    raise Wrong("a policy: a table, or a JSON object")


def table(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise Wrong("a table")


def from_elsewhere(value: Any, environment: Mapping[str, str]) -> Any:
    """``{ env = "NAME" }`` and ``{ file = "path" }`` are replaced by what they stand for, at any depth; so no secret
    has to stand in the settings file. Raises ``Wrong`` where there is nothing."""
    if isinstance(value, list):
        return [from_elsewhere(part, environment) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"env"} and isinstance(value["env"], str):
        if (found := environment.get(value["env"])) is None:
            raise Wrong(f"the environment variable {value['env']} to be set")
        return found
    if value.keys() == {"file"} and isinstance(value["file"], str):
        try:
            return Path(value["file"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Wrong(f"a readable file at {value['file']}") from error
    return {name: from_elsewhere(part, environment) for name, part in value.items()}
