"""Patterns of policies: ``*`` is any text, ``?`` one character, ``${...}`` the value of a key. What a key has is text
and never a pattern.

Nothing here becomes a regular expression. Matching goes from left to right and never back over a ``*`` that has found
its place, and what it costs is counted: who asks has so much work to spend, and is refused when it is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

ARN_FIELDS: Final = 6
_STEP: Final = 200
"""What a step of ours costs, in comparisons of two characters."""
_LONGEST_NAME: Final = 256


class Wild(Enum):
    ANY = "*"
    ONE = "?"


class Variable(Struct, frozen=True):
    """The value of a key, by its name in lower case; ``default`` where it has none."""

    name: str
    default: str | None = None


Piece: TypeAlias = str | Wild | Variable


class Asking(Protocol):
    """The request that a pattern is asked for."""

    def value_of(self, variable: Variable) -> str | None:
        """None: it has none, or several."""

    def spend(self, work: int) -> None:
        """Raises ``TooMuchWork``."""


class TooMuchWork(Exception):  # noqa: N818 - it is no error of anybody's program
    """A request would cost too much: nobody waits for the end."""


class NotClosed(ValueError):  # noqa: N818 - read as a statement
    """``${`` begins something that is no variable."""


def pieces(text: str, *, variables: bool) -> tuple[Piece, ...]:
    """The parts of a pattern; without ``variables`` a ``$`` is a ``$``. Raises ``NotClosed``."""
    found: list[Piece] = []
    literal: list[str] = []

    def put(piece: Piece) -> None:
        if literal:
            found.append("".join(literal))
            literal.clear()
        found.append(piece)

    at = 0
    while at < len(text):
        sign = text[at]
        if variables and text.startswith("${", at):
            end = text.find("}", at)
            if end < 0:
                raise NotClosed
            inside = _inside(text[at + 2 : end])
            if isinstance(inside, str):
                literal.append(inside)
            else:
                put(inside)
            at = end
        elif sign == "*":
            put(Wild.ANY)
        elif sign == "?":
            put(Wild.ONE)
        else:
            literal.append(sign)
        at += 1
    if literal:
        found.append("".join(literal))
    return tuple(found)


def _inside(text: str) -> str | Variable:
    """What stands between the braces. Raises ``NotClosed``."""
    if text in ("*", "?", "$"):
        return text
    name, comma, rest = text.partition(",")
    name, rest = name.strip(), rest.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or ":" not in name or set(name) & set("${'*?"):
        raise NotClosed
    if not comma:
        return Variable(name.lower())
    if len(rest) < 2 or rest[0] != "'" or rest[-1] != "'" or "'" in rest[1:-1]:
        raise NotClosed
    return Variable(name.lower(), rest[1:-1])


def variables_of(pattern: Sequence[Piece]) -> list[Variable]:
    return [piece for piece in pattern if isinstance(piece, Variable)]


class _Holed(Struct, frozen=True):
    """A text with holes, which any character fills: how long it is, and what stands where between them."""

    length: int
    chunks: tuple[tuple[int, str], ...]

    def stands_in(self, text: str, at: int) -> bool:
        return all(text.startswith(chunk, at + offset) for offset, chunk in self.chunks)


_Segment: TypeAlias = str | _Holed


def _segments(pattern: Sequence[str | Wild]) -> tuple[_Segment, ...]:
    """What stands between the ``*``."""
    runs: list[list[str | Wild]] = [[]]
    for piece in pattern:
        if piece is Wild.ANY:
            # Several in a row are one.
            if runs[-1] or len(runs) == 1:
                runs.append([])
        else:
            runs[-1].append(piece)
    return tuple(_segment(run) for run in runs)


def _segment(run: Sequence[str | Wild]) -> _Segment:
    if Wild.ONE not in run:
        return "".join(piece for piece in run if isinstance(piece, str))
    chunks: list[tuple[int, str]] = []
    at = 0
    for piece in run:
        if isinstance(piece, str):
            chunks.append((at, piece))
            at += len(piece)
        else:
            at += 1
    return _Holed(at, tuple(chunks))


def _matches(segments: Sequence[_Segment], text: str, asking: Asking) -> bool:
    first, last = segments[0], segments[-1]
    asking.spend(_STEP * len(segments))
    if len(segments) == 1:
        if isinstance(first, str):
            return first == text
        asking.spend(_STEP * len(first.chunks))
        return first.length == len(text) and first.stands_in(text, 0)
    begin, end = _length(first), len(text) - _length(last)
    if begin > end or not _stands_in(first, text, 0, asking) or not _stands_in(last, text, end, asking):
        return False
    for segment in segments[1:-1]:
        at = _found(segment, text, begin, end, asking)
        if at < 0:
            return False
        begin = at + _length(segment)
    return True


def _length(segment: _Segment) -> int:
    return len(segment) if isinstance(segment, str) else segment.length


def _stands_in(segment: _Segment, text: str, at: int, asking: Asking) -> bool:
    if isinstance(segment, str):
        return text.startswith(segment, at)
    asking.spend(_STEP * len(segment.chunks))
    return segment.stands_in(text, at)


def _found(segment: _Segment, text: str, begin: int, end: int, asking: Asking) -> int:
    """Where it stands for the first time between ``begin`` and ``end``; -1: nowhere."""
    if isinstance(segment, str):
        asking.spend(max(end - begin, 0) * (4 + min(len(segment), 200)) // 4)
        return text.find(segment, begin, end)
    if not segment.chunks:
        return begin if begin + segment.length <= end else -1
    # Only where its longest part stands can the whole stand.
    offset, longest = max(segment.chunks, key=lambda chunk: len(chunk[1]))
    at = begin
    while True:
        asking.spend(_STEP * (1 + len(segment.chunks)) + max(end - at, 0))
        at = text.find(longest, at + offset, end) - offset
        if at < begin or at + segment.length > end:
            return -1
        if segment.stands_in(text, at):
            return at
        at += 1


Matcher: TypeAlias = Callable[[str, Asking], bool]


def matcher(pattern: Sequence[Piece]) -> Matcher:
    """Whether a text is one of those that the pattern stands for. One with a variable that has no value stands for
    none."""
    if any(isinstance(piece, Variable) for piece in pattern):
        return lambda text, asking: _matches_filled(pattern, text, asking)
    segments = _segments([piece for piece in pattern if not isinstance(piece, Variable)])
    if len(segments) == 1 and isinstance(segments[0], str):
        literal = segments[0]
        return lambda text, _: text == literal
    if segments == ("", ""):
        return lambda text, asking: True  # noqa: ARG005 - every text
    if len(segments) == 2 and segments[1] == "" and isinstance(segments[0], str):
        prefix = segments[0]
        return lambda text, _: text.startswith(prefix)
    return lambda text, asking: _matches(segments, text, asking)


def filled(pattern: Sequence[Piece], asking: Asking) -> list[str | Wild] | None:
    """The pattern with values in place of its variables. None where one has no value."""
    found: list[str | Wild] = []
    for piece in pattern:
        if isinstance(piece, Variable):
            value = asking.value_of(piece)
            if value is None:
                return None
            found.append(value)
        else:
            found.append(piece)
    return found


def _matches_filled(pattern: Sequence[Piece], text: str, asking: Asking) -> bool:
    asking.spend(_STEP * len(pattern))
    known = filled(pattern, asking)
    return known is not None and _matches(_segments(known), text, asking)


def arn_fields(pattern: Sequence[Piece]) -> tuple[tuple[Piece, ...], ...] | None:
    """The six fields of a pattern of ARNs, the last with all colons that are left. None where it is none."""
    fields: list[list[Piece]] = [[]]
    for piece in pattern:
        if not isinstance(piece, str):
            fields[-1].append(piece)
            continue
        parts = piece.split(":", ARN_FIELDS - len(fields))
        for number, part in enumerate(parts):
            if number:
                fields.append([])
            if part:
                fields[-1].append(part)
    if len(fields) != ARN_FIELDS or fields[0] != ["arn"] or not fields[-1]:
        return None
    return tuple(tuple(field) for field in fields)


def fields_of(text: str) -> list[str] | None:
    """The six fields of an ARN; None for what is none."""
    fields = text.split(":", ARN_FIELDS - 1)
    return fields if len(fields) == ARN_FIELDS and fields[0] == "arn" else None


FieldsMatcher: TypeAlias = Callable[[Sequence[str], Asking], bool]


def arn_matcher(fields: Sequence[Sequence[Piece]]) -> FieldsMatcher:
    """Whether an ARN, given by its fields, is one that the pattern stands for: field by field, so that a ``*`` does not
    run over a colon but in the last."""
    checks = [(number, matcher(field)) for number, field in enumerate(fields) if number and field != (Wild.ANY,)]

    def matches(given: Sequence[str], asking: Asking) -> bool:
        asking.spend(_STEP)
        return all(check(given[number], asking) for number, check in checks)

    return matches
