"""What an answer has to be, read from the return annotation of its hook."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

Check: TypeAlias = Callable[[Any], bool]


def answer_check(spec: Callable[..., Any]) -> Check:
    """A function that says whether a value (other than None) is an answer to the hook."""
    return _check(get_type_hints(spec)["return"])


def event_of(spec: Callable[..., Any]) -> type:
    """What the hook is given."""
    given: type = get_type_hints(spec)["event"]
    return given


def described(answer: Any) -> str:
    """The answer's type in words; never its content."""
    if isinstance(answer, list | tuple) and answer:
        return f"{type(answer).__name__} of {', '.join(sorted({type(item).__name__ for item in answer}))}"
    return type(answer).__name__


def _check(hint: Any) -> Check:
    choices = [choice for choice in get_args(hint) or (hint,) if choice is not types.NoneType]
    if get_origin(hint) is Sequence:
        fits = _check(get_args(hint)[0])
        return lambda value: isinstance(value, list | tuple) and all(fits(item) for item in value)
    if not choices:
        return lambda _: False
    if isinstance(hint, types.UnionType):
        (choice,) = choices
        return _check(choice)
    if getattr(hint, "_is_protocol", False):
        members = _members(hint)
        return lambda value: not isinstance(value, type) and all(hasattr(value, member) for member in members)
    if isinstance(hint, type):
        return lambda value: isinstance(value, hint)
    # The async generators of an around hook: the manager checks the function instead.
    return lambda _: True


def _members(protocol: type) -> tuple[str, ...]:
    functions = (name for name, value in vars(protocol).items() if isinstance(value, types.FunctionType))
    return tuple(name for name in (*protocol.__annotations__, *functions) if not name.startswith("_"))
