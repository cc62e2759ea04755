"""The table of ``make mutants`` is about what there is, and mutmut can read what it is given."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import without_decorators
from tests.mutants.table import TESTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", TESTS)
def test_every_module_and_all_of_its_tests_exist(module: str) -> None:
    source = ROOT / "src" / "poolhouse" / f"{module}.py"

    assert source.is_file()
    assert [] == [test for test in TESTS[module] if not (ROOT / test).exists()]
    assert [] == [
        node.name
        for node in ast.walk(ast.parse(without_decorators(source.read_text(encoding="utf-8"))))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
    ]


def test_a_decorated_function_is_the_same_without_the_sign() -> None:
    source = "class A:\n    @staticmethod\n    @twice(2)\n    def f():\n        return 1\n\n    x = 1\n"

    bare = "class A:\n    def f():\n        return 1\n    f = twice(2)(f)\n    f = staticmethod(f)\n\n    x = 1\n"
    assert bare == without_decorators(source)


def test_what_one_mutant_worked_out_is_not_remembered_for_the_next() -> None:
    assert "def f():\n    return 1\n" == without_decorators("@lru_cache(maxsize=1)\ndef f():\n    return 1\n")
