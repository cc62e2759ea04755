"""What was measured, as values, and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("Work", "Limit", "Limit, µs", "Measured, µs", "Beside, µs", "Share", "Reach", "Verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as it is shown. ``beside`` is what the work takes beside its limit, which depends less on
    the machine than the share does. ``reached`` is None where there is nothing to reach."""

    work: str
    limit: str
    limit_figure: str
    measured: str
    share: str
    reach: str
    reached: bool | None
    beside: str = ""

    @property
    def verdict(self) -> str:
        return {True: "reached", False: "missed", None: ""}[self.reached]

    def cells(self) -> tuple[str, ...]:
        return (
            self.work,
            self.limit,
            self.limit_figure,
            self.measured,
            self.beside,
            self.share,
            self.reach,
            self.verdict,
        )


def table(rows: Sequence[Row]) -> str:
    """Markdown, readable as it is."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([shown[0], rule, *shown[1:]])
