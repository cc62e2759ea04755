"""What the product refuses, it can say in any language: reasons and facts, no bare sentences."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from poolhouse import errors
from poolhouse.errors.reasons import Reason

SOURCE = Path(__file__).parents[2] / "src" / "poolhouse"
MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
ERRORS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.PoolhouseError)
}
BOUND = ("crypto/", "flows/", "server/", "store/", "tokens/")
# Which argument is the reason, where it is not the first; None where a class has all its facts by place.
PLACES = {"AliasTaken": 1} | dict.fromkeys(
    (
        "AccessDenied",
        "ClientNotFound",
        "IdentityNotFound",
        "IdentityPoolNotFound",
        "InvocationFailed",
        "MissingParameter",
        "OutputUnusable",
        "PluginAnswerInvalid",
        "PluginFailed",
        "PoolNotFound",
        "ScopeNotFound",
        "SigningFailed",
    )
)


def placeholders(reason: Reason) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(reason.value) if name is not None}


def statements(tree: ast.Module) -> Iterator[tuple[ast.Call, str, ast.expr | None]]:
    """Each making of an error or a statement: its class, and what it says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            place = PLACES.get(name, 0)
            if (name in ERRORS or name == "Statement") and place is not None:
                yield node, name, node.args[place] if len(node.args) > place else None


def is_reason(said: ast.expr | None) -> bool:
    match said:
        case None | ast.Name(id="reason") | ast.Attribute(attr="statement"):
            return True
        case ast.Attribute(value=ast.Name(id="Reason")):
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return is_reason(body) and is_reason(orelse)
    return False


def named(said: ast.AST) -> set[Reason]:
    return {
        Reason[node.attr]
        for node in ast.walk(said)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"
    }


class Said(NamedTuple):
    """What a module says where it refuses: bare sentences, reasons whose facts are others, and all reasons."""

    bare: list[str]
    wrong: list[str]
    reasons: set[Reason]


@cache
def said_in(module: str) -> Said:
    """Read when a test asks for it, and not while tests are collected; the tree is not kept."""
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    bare, wrong = [], []
    for call, name, said in statements(tree):
        if not is_reason(said):
            bare.append(f"line {call.lineno}: {ast.unparse(call)}")
        facts = {word.arg for word in call.keywords} - {"detail"} | ({"attribute"} if name == "AliasTaken" else set())
        if any(facts != placeholders(reason) for reason in (named(said) if said is not None else ())):
            wrong.append(f"line {call.lineno}: {ast.unparse(call)}")
    return Said(bare, wrong, named(tree))


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(BOUND)])
def test_nothing_is_refused_in_a_bare_sentence(module: str) -> None:
    assert [] == said_in(module).bare


@pytest.mark.parametrize("module", MODULES)
def test_every_statement_has_the_facts_of_its_sentence(module: str) -> None:
    assert [] == said_in(module).wrong


def test_every_reason_is_given_somewhere() -> None:
    given = {reason for module in MODULES if module != "errors/reasons.py" for reason in said_in(module).reasons}

    assert set() == set(Reason) - given


def test_no_two_reasons_say_the_same() -> None:
    assert len(Reason) == len(Reason.__members__)


@pytest.mark.parametrize("name", sorted(set(ERRORS) - set(PLACES) - {"Refused"}))
def test_what_a_class_says_usually_needs_no_facts(name: str) -> None:
    error = ERRORS[name]()

    assert error.statement is not None
    assert (ERRORS[name].usual.value, {}) == (str(error), error.statement.facts)


def test_the_pattern_knows_bare_sentences() -> None:
    texts = ['NotAuthorized("no")', 'InvalidParameter(f"{x} no")', "InvalidParameter(_NO)", "errors.Invalid(str(x))"]
    texts += ['AliasTaken(kind, "no")', 'raise NotFound("a" + b)']

    assert [False] * 6 == [is_reason(said) for text in texts for _, _, said in statements(ast.parse(text))]
