"""Whether the tests notice: each module of the table is changed in small ways, each time a test has to fail.

``make mutants`` tries all modules, ``make mutants ARGS="flows/grants/gate tokens/jose"`` these. mutmut makes the
mutants and tries them; here is what it cannot know: which tests belong to which module. Each module is tried in a copy
of its own under ``build/mutants``, so that nothing here is ever changed. What survives is printed, and explained in
``docs/security.md``.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.table import TESTS

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "mutants"
ENOUGH = 0.95

SURVIVED = {0, 5, 33}
"""What mutmut remembers of a mutant that no test failed for, or that no test came to."""

# Loaded once, before the mutants part ways: a server loads it when it is built, which would be for each of them. So are
# the keys that tests share: six of RSA, for each mutant, were most of the work of tokens/keys.
# A mutant that nobody but the fiftieth example notices wants a test of its own. That there is an example is enough:
# looking for the smallest one takes minutes.
WARM = """

import importlib
import pkgutil

from hypothesis import Phase
from poolhouse.testing.keys import COUNT, premade_key

settings.register_profile(
    "few", settings.get_profile("unhurried"), max_examples=25, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("few")

for number in range(COUNT):
    premade_key(number)

for early in ("argon2", "gmpy2", "jose.backends"):
    importlib.import_module(early)
for folder in ("crypto", "server.cognito", "server.operation", "server.oidc", "server.parts", "store.repositories"):
    package = importlib.import_module(f"poolhouse.{folder}")
    for found in pkgutil.walk_packages(package.__path__, f"poolhouse.{folder}."):
        importlib.import_module(found.name)
"""

# As ``mutmut show`` does it for one, for all: it is the reading of the module that takes the time.
SHOW = """
import sys
from mutmut.__main__ import show
for name in sys.argv[1:]:
    show.callback(name)
    print("\\f")
"""

TIMED_OUT = {-24, 24, 36, 152, 255}
"""What it remembers of one whose tests did not end within its time. On a busy machine that says nothing, so those are
tried once more."""

SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/poolhouse/{module}.py"]
# What looks for leaks collects all garbage after each run, which is half of what trying a mutant costs.
pytest_add_cli_args = [
  "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:unraisableexception",
  "-p", "no:threadexception", "--hypothesis-seed=0",
]
pytest_add_cli_args_test_selection = {tests}
# Texts for the log and for whoever writes a plugin are no behaviour.
do_not_mutate_patterns = ['BadToken\\(', '(Value|Type)Error\\(', 'return f"<']
process_isolation = "forkserver"
# Seconds: (how long its tests take without a change + the first) * the second. One that waits for ever has to end too.
timeout_constant = 20.0
timeout_multiplier = 2.0
track_dependencies = false
use_git_change_detection = false
use_setproctitle = false
"""


def without_decorators(source: str) -> str:
    """The same module, with ``name = decorator(name)`` for every decorated function: mutmut leaves those that have
    decorators alone. Nothing is remembered between calls: a mutant would be handed what another one worked out."""
    lines = source.splitlines()
    for node in sorted(_decorated(ast.parse(source)), key=lambda node: -node.lineno):
        indent = " " * node.col_offset
        wraps = [ast.unparse(decorator) for decorator in node.decorator_list]
        after = [f"{indent}{node.name} = {wrap}({node.name})" for wrap in reversed(wraps) if "lru_cache" not in wrap]
        first = min(decorator.lineno for decorator in node.decorator_list)
        lines[node.end_lineno : node.end_lineno] = after
        del lines[first - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"


def _decorated(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            yield node


def prepare(module: str) -> Path:
    """A copy of the project for the mutants of one module."""
    place = WORK / module.replace("/", "-")
    shutil.rmtree(place, ignore_errors=True)
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    source = place / "src" / "poolhouse" / f"{module}.py"
    source.write_text(without_decorators(source.read_text(encoding="utf-8")), encoding="utf-8")
    with (place / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(WARM)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = SETTINGS.format(module=module, tests=json.dumps(TESTS[module]))
    (place / "pyproject.toml").write_text(project + settings, encoding="utf-8")
    return place


def tried(module: str, names: Sequence[str] = ()) -> tuple[int, list[str], list[str]]:
    """How many mutants the module had, those that survived, as changes to read, and the names of those whose tests did
    not end. ``names`` are patterns of those to try (``*__mutmut_*7`` is a tenth of them); none: all."""
    place = prepare(module)
    codes = _run(module, place, names)
    endless = [name for name, code in codes.items() if code in TIMED_OUT]
    if endless:
        codes |= _run(module, place, endless)
    alive = [name for name, code in codes.items() if code in SURVIVED]
    shown = [sys.executable, "-c", SHOW, *alive]
    changes = subprocess.run(shown, cwd=place, capture_output=True, text=True, check=True).stdout
    endless = [name for name, code in codes.items() if code in TIMED_OUT]
    return len(codes), changes.strip("\f\n").split("\f") if alive else [], endless


def _run(module: str, place: Path, names: Sequence[str]) -> dict[str, int]:
    """What mutmut remembers of each mutant that it has tried so far."""
    with (place / "log").open("a", encoding="utf-8") as log:
        run = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
        ran = subprocess.run(run, cwd=place, stdout=log, stderr=log, check=False)
    if ran.returncode:
        raise SystemExit(f"{module}: mutmut has failed, see {place / 'log'}")
    found = json.loads((place / "mutants" / "src" / "poolhouse" / f"{module}.py.meta").read_text(encoding="utf-8"))
    return {name: code for name, code in found["exit_code_by_key"].items() if code is not None}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description="Try whether tests notice small changes.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of: {', '.join(TESTS)}")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="of a mutant's name, as *7")
    given = parser.parse_args()
    modules = given.modules or list(TESTS)
    too_many = []
    for module in modules:
        if module not in TESTS:
            parser.error(f"{module} is not in tests/mutants/table.py")
        count, survivors, endless = tried(module, given.only)
        print(*survivors, *(f"{name} did not end" for name in endless), sep="\n")
        print(f"{module}: {count - len(survivors)} of {count} mutants were noticed", flush=True)
        if count - len(survivors) < ENOUGH * count:
            too_many.append(module)
    if too_many:
        raise SystemExit(f"less than {ENOUGH:.0%} noticed: {', '.join(too_many)}")


if __name__ == "__main__":
    main()
