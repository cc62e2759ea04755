"""The options of ``dev`` and ``serve``, read without the library for command lines: it takes a tenth of the start.

Only what is plainly right is read here. Everything else, help and errors included, is left to the library, which knows
the same options (a test compares them).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

OPTIONS: Final = {
    "dev": {"--config": "config", "--listen": "listen", "--plugins-dir": "plugins_dir"},
    "serve": {"--config": "config", "--listen": "listen", "--parts": "parts", "--workers": "workers"},
}
_FLAGS: Final = {"--access-log": "access_log", "--trace-plugins": "trace_plugins"}
FLAGS: Final = {"dev": _FLAGS, "serve": {**_FLAGS, "--new-store": "new_store"}}


def read(arguments: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    """The command and what was said to it; None where this is not a plain ``dev`` or ``serve``."""
    if not arguments or arguments[0] not in OPTIONS:
        return None
    command = arguments[0]
    said: dict[str, Any] = {}
    left = list(arguments[1:])
    while left:
        word, equals, value = left.pop(0).partition("=")
        if word in FLAGS[command] and not equals:
            said[FLAGS[command][word]] = True
            continue
        name = OPTIONS[command].get(word)
        if name is None or name in said or not (equals or left):
            return None
        read_value = _value(name, value if equals else left.pop(0))
        if read_value is None:
            return None
        said[name] = read_value
    return command, said


def _value(name: str, text: str) -> Any:
    if name == "workers":
        return int(text) if text.isdecimal() and text.isascii() and 1 <= int(text) <= 64 else None
    if not text or text.startswith("-"):
        return None
    return Path(text) if name in {"config", "plugins_dir"} else text
