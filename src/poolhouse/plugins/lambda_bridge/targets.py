"""Where the functions are: an ARN is looked up in what the operator said, and its target is read.

* ``python:module.function`` is called in this process;
* ``http(s)://...`` gets the event by POST, and answers with it;
* ``http(s)://.../2015-03-31/functions/NAME/invocations`` speaks the Invoke API of Lambda, as local emulators do.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote, urlsplit

from poolhouse import SettingInvalid

_FUNCTION_ARN: Final = re.compile(r"(arn:[^:]+:lambda:[^:]*:[^:]*:function:([\w-]+))(?::[\w$-]+)?")
"""Without what stands behind the name: a version, or an alias."""
_PYTHON: Final = re.compile(r"python:((?:[^\W\d]\w*\.)+)([^\W\d]\w*)")
_ADDRESS: Final = re.compile(r"(https?://[^\s/?#@]+)(/[^\s?#]*)?(?:\?[^\s#]*)?")
_INVOKE_PATH: Final = re.compile(r"/2015-03-31/functions/[^/]+/invocations")


@dataclass(frozen=True, slots=True)
class PythonTarget:
    function: Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """``by_invoke``: it speaks the Invoke API."""

    url: str
    by_invoke: bool


def function_name(arn: str) -> str:
    """The name in the ARN of a function; the whole of what is none."""
    found = _FUNCTION_ARN.fullmatch(arn)
    return found[2] if found else arn


def place_of(arn: str, functions: Mapping[str, str], elsewhere: str | None) -> str | None:
    """Where the function of this ARN is, in the operator's words; None where nobody said. Who names a function means
    every version and alias of it. ``elsewhere`` has its name put behind it."""
    found = _FUNCTION_ARN.fullmatch(arn)
    place = functions.get(arn) or (functions.get(found[1]) if found else None)
    if place is None and found and elsewhere:
        return elsewhere + quote(found[2])
    return place


def read_target(place: str) -> PythonTarget | HttpTarget:
    """Raises ``SettingInvalid`` for what is no place, or a Python function that is not there."""
    if (named := _PYTHON.fullmatch(place)) is not None:
        return PythonTarget(_imported(named[1].rstrip("."), named[2]))
    if (address := _address(place)) is None:
        raise SettingInvalid(
            f"{place.partition(':')[0]!r} does not begin the place of a function: it is python:module.function or "
            "http(s)://..., without a user name."
        )
    return HttpTarget(place, by_invoke=_INVOKE_PATH.fullmatch(address[2] or "") is not None)


def read_all(functions: Mapping[str, str], elsewhere: str | None) -> dict[str, PythonTarget | HttpTarget]:
    """The targets by their places. Raises ``SettingInvalid``, which names what is wrong by its ARN; and where no name
    can be put behind ``elsewhere``."""
    targets = {}
    for arn, place in functions.items():
        if _FUNCTION_ARN.fullmatch(arn) is None:
            raise SettingInvalid(f"{arn} is no ARN of a function (arn:aws:lambda:REGION:ACCOUNT:function:NAME).")
        try:
            targets[place] = read_target(place)
        except SettingInvalid as error:
            raise SettingInvalid(f"{arn}: {error}") from error
    if elsewhere:
        _require_prefix(elsewhere)
    return targets


def _require_prefix(elsewhere: str) -> None:
    """The name of a function can be put behind it. Raises ``SettingInvalid``."""
    if (named := _PYTHON.fullmatch(f"{elsewhere}name")) is not None and named[2] == "name":
        _module(named[1].rstrip("."))
        return
    address = _address(f"{elsewhere}name")
    if address is None or address[1].endswith("name"):
        # Not shown as it is: a user name may stand in it, and a password.
        raise SettingInvalid(
            "where all other functions are (dev.functions) is http(s)://.../, without a user name, and with an end "
            "that their names can be put behind."
        )


def _address(place: str) -> re.Match[str] | None:
    """None for what nobody could connect to."""
    try:
        urlsplit(place).port  # noqa: B018 - it is read, and raises, where it is asked for
    except ValueError:
        return None
    return _ADDRESS.fullmatch(place)


def origins(functions: Mapping[str, str], elsewhere: str | None) -> tuple[str, ...]:
    """The hosts that the operator named by naming functions, as ``http://host:port``. What is no place is left to
    ``read_target``."""
    found = map(_address, (*functions.values(), elsewhere or ""))
    return tuple(dict.fromkeys(address[1] for address in found if address is not None))


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise SettingInvalid(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def _imported(module: str, name: str) -> Callable[[dict[str, Any], Any], Any]:
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise SettingInvalid(f"{module}.{name} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(function):
        raise SettingInvalid(f"{module}.{name} cannot be called.")
    called: Callable[[dict[str, Any], Any], Any] = function
    return called
