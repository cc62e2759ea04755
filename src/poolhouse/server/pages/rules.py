"""The rules of a pool's passwords, as a page says them: to people, to password managers, and to the script that marks
them as they are met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from poolhouse.flows.directory.passwords import LONGEST, SYMBOLS
from poolhouse.records.pools import PasswordPolicy

Policy = Mapping[str, int | bool]

_CLASSES: Final = (
    ("upper", "rule.upper", "[A-Z]", "required: upper;"),
    ("lower", "rule.lower", "[a-z]", "required: lower;"),
    ("digits", "rule.digits", "[0-9]", "required: digit;"),
)
_SYMBOLS: Final = "".join(sorted(SYMBOLS - {" "}))


class Rule(Struct, frozen=True):
    """``id`` of its sentence with the number in it, ``test`` a regular expression of JavaScript's."""

    id: str
    n: int | None = None
    test: str | None = None


class PasswordRules(Struct, frozen=True):
    """``line`` is for password managers (the attribute ``passwordrules``)."""

    shortest: int
    line: str
    rules: tuple[Rule, ...]


def policy_of(policy: PasswordPolicy) -> Policy:
    """As views have it."""
    return {
        "length": policy.minimum_length,
        "lower": policy.require_lowercase,
        "upper": policy.require_uppercase,
        "digits": policy.require_numbers,
        "symbols": policy.require_symbols,
        "history": policy.history,
    }


def password_rules(policy: Policy) -> PasswordRules:
    length = int(policy.get("length", 0)) or 1
    listed = [Rule("rule.length", length, f"^[^]{{{length},}}$")]
    line = [f"minlength: {length};"]
    for name, sentence, letters, word in _CLASSES:
        if policy.get(name):
            listed.append(Rule(sentence, None, letters))
            line.append(word)
    if policy.get("symbols"):
        listed.append(Rule("rule.symbols", None, f"[{_in_class(_SYMBOLS)}]"))
        line.append("required: [-!#$%&()*+,./:;<=>?@^_`{|}~];")
    if history := int(policy.get("history", 0)):
        listed.append(Rule("rule.history", history))
    if len(line) == 1:
        # Where no kinds of letters are asked for, words are what makes a good one.
        listed[0] = Rule("rule.words", length, listed[0].test)
    else:
        line.insert(1, f"maxlength: {LONGEST};")
    return PasswordRules(length, " ".join(line), tuple(listed))


def _in_class(letters: str) -> str:
    """For a class of a regular expression with the flag ``u``."""
    return re.sub(r"([\\\]\[^\-/(){}.*+?|$])", r"\\\1", letters)
