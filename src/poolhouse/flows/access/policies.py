"""What an access key may do: IAM-style statements. Denied unless allowed; a denial wins over any allowance.

A statement that says more than is understood here (conditions, exceptions, variables) never allows, and denies all that
its plain parts name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

_PLAIN: Final = frozenset({"Sid", "Effect", "Action", "Resource"})


class _Statement(Struct, frozen=True):
    allows: bool
    action: re.Pattern[str]
    resource: re.Pattern[str]

    def concerns(self, action: str, resource: str) -> bool:
        return self.action.fullmatch(action) is not None and self.resource.fullmatch(resource) is not None


class Policy:
    """The statements of one key, ready to be asked."""

    __slots__ = ("_statements",)

    def __init__(self, statements: Iterable[Mapping[str, Any]]) -> None:
        self._statements = tuple(
            statement for statement in (_statement(raw) for raw in statements) if statement is not None
        )

    def allows(self, action: str, resource: str, context: Mapping[str, Any] = {}) -> bool:
        """``action`` as in ``cognito-idp:AdminGetUser``; ``resource`` an ARN, or ``*`` where there is none."""
        allowed = False
        for statement in self._statements:
            if statement.concerns(action, resource):
                if not statement.allows:
                    return False
                allowed = True
        return allowed


def _statement(raw: Mapping[str, Any]) -> _Statement | None:
    """None for an allowance that allows nothing, because we cannot tell what it is tied to."""
    allows = raw.get("Effect") == "Allow"
    actions, resources = _texts(raw.get("Action")), _texts(raw.get("Resource"))
    understood = actions is not None and resources is not None and raw.keys() <= _PLAIN
    if understood:
        understood = not any("${" in text for text in (*(actions or ()), *(resources or ())))
    if allows and not understood:
        return None
    if not understood:
        actions, resources = _widened(actions), _widened(resources)
    return _Statement(allows, _globs(actions or (), ignore_case=True), _globs(resources or (), ignore_case=False))


def _texts(value: Any) -> tuple[str, ...] | None:
    """One text, or several; None for anything else."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _widened(texts: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a denial covers that is not fully understood: its plain texts, and all where one is not plain."""
    if texts is None or any("${" in text for text in texts):
        return ("*",)
    return texts


def _globs(texts: Sequence[str], *, ignore_case: bool) -> re.Pattern[str]:
    """One pattern for all texts; without any, nothing matches."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile("|".join(_glob(text) for text in texts) if texts else "(?!)", flags)


def _glob(text: str) -> str:
    """``*`` is any text, ``?`` one character. What follows a star is matched at its first place and not tried again, so
    that no policy can make matching slow; the part after the last star is bound to the end."""
    parts = [re.escape(part).replace(r"\?", ".") for part in re.sub(r"\*+", "*", text).split("*")]
    if len(parts) == 1:
        return parts[0]
    middle = "".join(f"(?>.*?{part})" for part in parts[1:-1])
    return f"{parts[0]}{middle}.*{parts[-1]}" if parts[-1] else f"{parts[0]}{middle}.*"


EVERYTHING: Final = Policy([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
