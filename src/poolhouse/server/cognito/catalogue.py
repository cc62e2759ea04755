"""``docs/operations.md``, made from the model, the handlers and the reasons: what is answered, and why the rest is not.

``python -m poolhouse.server.cognito.catalogue`` writes it; with ``--check`` it only tells whether it is up to date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from poolhouse.server.cognito.engine.failures import UNEXPLAINED
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.not_offered import SUBJECTS
from poolhouse.server.cognito.user_pools.call import OPERATIONS
from poolhouse.server.cognito.user_pools.model import user_pools_model
from poolhouse.server.cognito.user_pools.noted import NOTED, SILENT

DEFAULT: Final = Path("docs") / "operations.md"
_CALLERS: Final = {"public": "anybody", "token": "access token", "signed": "signature"}
_INTRODUCTION: Final = """\
# Operations

Made by `python -m poolhouse.server.cognito.catalogue`; do not edit. The list is that of the service model
(`{service}`, {total} operations): {answered} are answered, {rest} are not. An operation that is not answered says so,
with `UnsupportedOperationException` and the reason given here.

The last column is what an operation leaves in the audit trail ([security.md](security.md#the-trail)), or why it leaves
nothing.

## Answered

| Operation | Caller | In the trail |
|---|---|---|
"""


def render(model: ServiceModel, answered: Collection[str]) -> str:
    """The text of the page."""
    listed = {name for names in SUBJECTS.values() for name in names}
    unexplained = tuple(name for name in model.operations if name not in answered and name not in listed)
    total = len(model.operations)
    introduction = _INTRODUCTION.format(
        service=model.service, total=total, answered=len(answered), rest=total - len(answered)
    )
    lines = [introduction.rstrip("\n")]
    lines += [f"| `{name}` | {_CALLERS[model.operations[name].caller]} | {_trail(name)} |" for name in sorted(answered)]
    lines += ["", "## Not answered", "", "| Operation | Caller | Reason |", "|---|---|---|"]
    for reason, names in [*SUBJECTS.items(), (UNEXPLAINED, unexplained)]:
        lines += [
            f"| `{name}` | {_CALLERS[model.operations[name].caller]} | {reason} |"
            for name in names
            if name not in answered
        ]
    return "\n".join([*lines, ""])


def _trail(name: str) -> str:
    if name in NOTED:
        return ", ".join(f"`{action}`" for action in NOTED[name])
    return next((f"nothing: {reason}" for reason, names in SILENT.items() if name in names), "?")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the page is (now) up to date, 1 when ``--check`` finds that it is not."""
    parser = argparse.ArgumentParser(prog="poolhouse.server.cognito.catalogue", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether the page is up to date")
    parser.add_argument("--path", type=Path, default=DEFAULT)
    options = parser.parse_args(arguments)
    page = render(user_pools_model(), load_operations(OPERATIONS).keys())
    path: Path = options.path
    if not options.check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == page:
        return 0
    sys.stderr.write(f"{path} is not up to date: run python -m poolhouse.server.cognito.catalogue\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
