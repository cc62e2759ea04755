"""``docs/operations.md``, made from the model, the handlers and the reasons: what is answered, and why the rest is not.

``python -m poolhouse.server.cognito.catalogue`` writes it; with ``--check`` it only tells whether it is up to date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from poolhouse.server.cognito.engine.failures import UNEXPLAINED
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools import call as identity_pools
from poolhouse.server.cognito.identity_pools import noted as of_identity_pools
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.not_offered import SUBJECTS
from poolhouse.server.cognito.user_pools import call as user_pools
from poolhouse.server.cognito.user_pools import noted as of_user_pools
from poolhouse.server.cognito.user_pools.model import user_pools_model

DEFAULT: Final = Path("docs") / "operations.md"
_CALLERS: Final = {"public": "anybody", "token": "access token", "signed": "signature"}
_INTRODUCTION: Final = """\
# Operations

Made by `python -m poolhouse.server.cognito.catalogue`; do not edit. The lists are those of the service models. An
operation that is not answered says so, with `UnsupportedOperationException` and the reason given here.

The last column is what an operation leaves in the audit trail ([security.md](security.md#the-trail)), or why it leaves
nothing.
"""


class Service(Struct, frozen=True, kw_only=True):
    """What the page says of one: the operations that are ``answered``, what each leaves in the trail (``noted``,
    ``silent``), and the ``reasons`` why the others are not answered."""

    title: str
    model: ServiceModel
    answered: Collection[str]
    noted: Mapping[str, tuple[str, ...]]
    silent: Mapping[str, tuple[str, ...]]
    reasons: Mapping[str, tuple[str, ...]] = {}


def services() -> tuple[Service, ...]:
    return (
        Service(
            title="User pools",
            model=user_pools_model(),
            answered=load_operations(user_pools.OPERATIONS).keys(),
            noted=of_user_pools.NOTED,
            silent=of_user_pools.SILENT,
            reasons=SUBJECTS,
        ),
        Service(
            title="Identity pools",
            model=identity_pools_model(),
            answered=load_operations(identity_pools.OPERATIONS).keys(),
            noted=of_identity_pools.NOTED,
            silent=of_identity_pools.SILENT,
        ),
    )


def render(listed: Iterable[Service]) -> str:
    """The text of the page."""
    return "\n".join([_INTRODUCTION, *(line for service in listed for line in _section(service))])


def _section(service: Service) -> Iterator[str]:
    operations, answered = service.model.operations, service.answered
    rest = len(operations) - len(answered)
    yield f"## {service.title}"
    yield ""
    yield f"`{service.model.service}`, {len(operations)} operations: {len(answered)} are answered, {rest} are not."
    yield ""
    yield "| Operation | Caller | In the trail |"
    yield "|---|---|---|"
    for name in sorted(answered):
        yield f"| `{name}` | {_CALLERS[operations[name].caller]} | {_trail(service, name)} |"
    yield ""
    if not rest:
        return
    listed = {name for names in service.reasons.values() for name in names}
    unexplained = tuple(name for name in operations if name not in answered and name not in listed)
    yield f"### {service.title}: not answered"
    yield ""
    yield "| Operation | Caller | Reason |"
    yield "|---|---|---|"
    for reason, names in [*service.reasons.items(), (UNEXPLAINED, unexplained)]:
        for name in names:
            if name not in answered:
                yield f"| `{name}` | {_CALLERS[operations[name].caller]} | {reason} |"
    yield ""


def _trail(service: Service, name: str) -> str:
    if name in service.noted:
        return ", ".join(f"`{action}`" for action in service.noted[name])
    return next((f"nothing: {reason}" for reason, names in service.silent.items() if name in names), "?")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the page is (now) up to date, 1 when ``--check`` finds that it is not."""
    parser = argparse.ArgumentParser(prog="poolhouse.server.cognito.catalogue", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether the page is up to date")
    parser.add_argument("--path", type=Path, default=DEFAULT)
    options = parser.parse_args(arguments)
    page = render(services())
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
